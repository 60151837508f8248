"""How long the layout of a drawing takes: a table, and with --json {"layout_ms": {shape: {blocks: ms}}} last."""

from __future__ import annotations

import json
import random
import sys
import time

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.graph import Block, Graph, PortRef, Wire, sorted_wires
from engine.graph.layout import laid_out


def drawn(count: int, reach: float) -> Graph:
    """`count` blocks, every fifth joining two branches; wires reach back about `reach` blocks."""
    chance = random.Random(count)
    blocks, wires = {}, []
    for number in range(count):
        id = f"b{number:05d}"
        type = chance.choice(("relu", "conv2d", "dense", "dropout", "add"))
        blocks[id] = Block(id, type, type)
        for port in ("a", "b") if type == "add" else ("input",):
            source = max(0, number - 1 - int(chance.expovariate(1 / reach)))
            if number:
                wires.append(Wire(PortRef(f"b{source:05d}", "output"), PortRef(id, port)))
    return Graph(blocks=blocks, wires=sorted_wires(wires))


def main() -> None:
    """Print the table."""
    result: dict[str, dict[str, float]] = {}
    for name, reach in (("chains", 0.3), ("branches", 3.0), ("wide", 30.0), ("star", 1000.0)):
        for count in (500, 5_000):
            graph = drawn(count, reach)
            start = time.perf_counter()
            laid_out(graph, BLOCK_TYPES)
            took = 1000 * (time.perf_counter() - start)
            result.setdefault(name, {})[str(count)] = round(took, 1)
            sys.stdout.write(f"{name:10} {count:6} blocks {took:8.1f} ms\n")
    if "--json" in sys.argv:
        sys.stdout.write(json.dumps({"layout_ms": result}) + "\n")


if __name__ == "__main__":
    main()
