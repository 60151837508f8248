"""An edit costs what it changed, and what is remembered changes no answer."""

from __future__ import annotations

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.graph import edits
from engine.graph.graph import Block, Graph, PortRef, Wire, decode_graph, encode_graph, sorted_wires
from engine.graph.paths import within
from tests.engine.compile.analysed import (
    SCOPE,
    classifier,
    dense_in_a_container,
    drawing,
    only,
    residual_of_another_width,
    shapes,
)


def nested(levels: int) -> Graph:
    """Residual in residual …, the innermost a ReLU."""
    body = Graph(blocks={"deep": Block("deep", "relu", "Deep")})
    for level in range(levels, 0, -1):
        inner = "deep" if level == levels else f"box{level + 1}"
        ports = ("input", "output") if inner == "deep" else (f"entry{level + 1}", f"exit{level + 1}")
        entry, exit = f"entry{level}", f"exit{level}"
        blocks = {**body.blocks, entry: Block(entry, "entry", "Entry"), exit: Block(exit, "exit", "Exit")}
        wires = [
            *body.wires,
            Wire(PortRef(entry, "output"), PortRef(inner, ports[0])),
            Wire(PortRef(inner, ports[1]), PortRef(exit, "input")),
        ]
        box = Block(f"box{level}", "residual", f"Box {level}", body=Graph(blocks=blocks, wires=sorted_wires(wires)))
        body = Graph(blocks={box.id: box})
    wire = Wire(PortRef("in", "image"), PortRef("box1", "entry1"))
    return Graph(blocks={"in": drawing().graph.blocks["in"], **body.blocks}, wires=(wire,))


def test_thirty_two_containers_deep_costs_no_more_than_its_depth(
    analyser: Analyser, monkeypatch: pytest.MonkeyPatch
) -> None:
    visits = 0
    original = Analyser._record

    def counted(self: Analyser, *arguments: object) -> object:
        nonlocal visits
        visits += 1
        return original(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Analyser, "_record", counted)
    graph = nested(32)
    analysis = analyser.analyse(graph)
    assert not analysis.problems
    path = tuple(f"box{level}" for level in range(1, 33))
    assert shapes(analysis)["/".join((*path, "deep", "output"))] == "N×1×8×8"
    assert visits < 600
    visits = 0
    edited = within(graph, path, lambda body, scope: edits._with_block(body, Block("deep", "elu", "Deep")), SCOPE)
    assert not analyser.analyse(edited).problems
    assert visits < 600


@pytest.mark.parametrize("sent", [False, True], ids=["same values", "decoded anew"])
def test_an_edit_costs_what_it_changed(sent: bool, analysed_ids: list[str]) -> None:
    analyser, graph = Analyser(BLOCK_TYPES), classifier().graph
    analyser.analyse(graph)
    analysed_ids.clear()
    graph = edits.set_parameter(graph, SCOPE, "dense", "bias", False)
    analyser.analyse(decode_graph(encode_graph(graph)) if sent else graph)
    assert analysed_ids == ["dense"]


def edit_sequence() -> list[Graph]:
    """Drawings one edit apart, good and bad by turns."""
    first = classifier().graph
    found = [first, edits.disconnect(first, SCOPE, (PortRef("flat", "input"),))]
    found.append(edits.disconnect(found[-1], SCOPE, (PortRef("dense", "input"),)))
    found.append(edits.connect(found[-1], SCOPE, PortRef("flat", "output"), PortRef("dense", "input")))
    found.append(edits.connect(found[-1], SCOPE, PortRef("conv", "output"), PortRef("flat", "input")))
    found.append(edits.set_bypassed(found[-1], SCOPE, ("conv",), True))
    found.append(edits.set_parameter(found[-1], SCOPE, "conv", "out_channels", 3))
    found.append(edits.set_bypassed(found[-1], SCOPE, ("conv",), False))
    found.append(edits.remove_blocks(found[-1], SCOPE, ("flat",)))
    found.append(edits.disconnect(found[-1], SCOPE, (PortRef("loss", "target"),)))
    found += [residual_of_another_width(), dense_in_a_container(), nested(3)]
    return found + found[::-1]


def test_what_is_remembered_never_changes_an_answer() -> None:
    remembering = Analyser(BLOCK_TYPES)
    for graph in edit_sequence():
        assert remembering.analyse(graph) == Analyser(BLOCK_TYPES).analyse(graph)


def test_what_a_container_adds_sees_what_enters_now(analyser: Analyser) -> None:
    drawn = drawing("x: 64 float32", "y: 12 float32")
    drawn.add("box", "highway")
    entry = next(id for id, block in drawn.graph.blocks["box"].body.blocks.items() if block.type == "entry")
    drawn.wire("in.x", f"box.{entry}")
    assert not analyser.analyse(drawn.graph).problems
    unplugged = edits.disconnect(drawn.graph, SCOPE, (PortRef("box", entry),))
    narrow = edits.connect(unplugged, SCOPE, PortRef("in", "y"), PortRef("box", entry))
    problem = only(analyser.analyse(narrow))
    assert "Highway mixes its input N×12 with its body’s result N×64" in problem.sentence


def test_a_wire_taken_away_from_what_waited_is_told(analyser: Analyser) -> None:
    drawn = drawing()
    drawn.add("dense", "dense")
    drawn.add("relu", "relu")
    drawn.chain("in.image", "dense", "relu")
    analyser.analyse(drawn.graph)
    cut = edits.disconnect(drawn.graph, SCOPE, (PortRef("relu", "input"),))
    assert (("relu",), "input-open") in [(problem.path, problem.code) for problem in analyser.analyse(cut).problems]


def test_wires_to_ports_that_are_no_more_are_told(analyser: Analyser) -> None:
    graph = classifier().graph
    wires = [
        Wire(PortRef("in", "picture"), wire.target) if wire.target.block == "conv" else wire for wire in graph.wires
    ]
    wires.append(Wire(PortRef("in", "label"), PortRef("flat", "second")))
    problems = analyser.analyse(Graph(blocks=graph.blocks, wires=sorted_wires(wires))).problems
    assert [problem.sentence for problem in problems] == [
        "Input has no port picture. Its ports are image, label.",
        "Flatten has no port second. Its ports are input.",
    ]
