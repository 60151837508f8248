"""How long analysing a drawing of 1,000 blocks takes, with a warm process.

`cold_repeated_ms`: ten stages of a hundred blocks, alike; `cold_distinct_ms`: every convolution has its own width;
`edit_ms`: one parameter changed and changed back, the drawing decoded anew as the worker gets it.
Best of several, for machines are noisy. `--json` prints an object on the last line.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.graph.edits import set_parameter
from engine.graph.graph import Block, Graph, PortRef, Wire, decode_graph, encode_graph, sorted_wires
from engine.graph.scope import Scope
from engine.graph.values import Value

BLOCKS = 1_000
KINDS = ("conv2d", "batch_norm2d", "relu", "conv2d", "dropout")
MIDDLE = "b0500"


def chain(distinct: bool) -> Graph:
    """An Input and `BLOCKS` − 1 blocks behind it; all different in what they are asked, or by turns the same."""
    fields = ("image: 3×32×32", "label: 10 classes")
    blocks = {"input": Block("input", "input", "Input", {"fields": fields})}
    wires, source = [], PortRef("input", "image")
    for number in range(BLOCKS - 1):
        type = KINDS[number % len(KINDS)]
        parameters: dict[str, Value] = {}
        if type == "conv2d":
            parameters["out_channels"] = 3 + number if distinct else 16
        id = f"b{number:04}"
        blocks[id] = Block(id, type, id, parameters)
        wires.append(Wire(source, PortRef(id, "input")))
        source = PortRef(id, "output")
    return Graph(blocks=blocks, wires=sorted_wires(wires))


def best_ms(run: Callable[[], object], times: int) -> float:
    """The shortest of `times` runs, in milliseconds."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        found.append(time.perf_counter() - start)
    return min(found) * 1000


def cold(graph: Graph, times: int) -> float:
    """Analysis by an Analyser that knows nothing."""

    def run() -> None:
        analysis = Analyser(BLOCK_TYPES).analyse(graph)
        assert not analysis.problems
        assert len(analysis.costs) == BLOCKS

    return best_ms(run, times)


def edits(graph: Graph, times: int) -> float:
    """Analysis after a changed parameter in the middle whose effects are known already."""
    analyser, scope = Analyser(BLOCK_TYPES), Scope(types=BLOCK_TYPES)
    changed = set_parameter(graph, scope, MIDDLE, "bias", False)
    states = [encode_graph(changed), encode_graph(graph)]
    for state in states:
        analyser.analyse(decode_graph(state))
    waiting = [decode_graph(states[number % 2]) for number in range(times)]
    return best_ms(lambda: analyser.analyse(waiting.pop()), times)


def main() -> None:
    """Measure, print a table, and with --json an object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print an object on the last line")
    parser.add_argument("--times", type=int, default=5, help="how often each is measured")
    chosen = parser.parse_args()
    Analyser(BLOCK_TYPES).analyse(chain(False))
    figures = {
        "cold_repeated_ms": cold(chain(False), chosen.times),
        "cold_distinct_ms": cold(chain(True), chosen.times),
        "edit_ms": edits(chain(True), chosen.times * 4),
    }
    reach = {"cold_repeated_ms": 300, "cold_distinct_ms": 1_500, "edit_ms": 5}
    print(f"{BLOCKS} blocks, best of {chosen.times}")
    for name, value in figures.items():
        print(f"  {name:<18} {value:8.1f}   reach {reach[name]}")
    if chosen.json:
        print(json.dumps({name: round(value, 2) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
