"""Values that a file has and no field would take, and their repairs."""

from __future__ import annotations

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.graph import edits
from engine.graph.graph import Block, Graph, PortRef, Wire, sorted_wires
from engine.graph.paths import within
from engine.graph.problem import Problem
from engine.graph.scope import Scope
from engine.graph.values import Value
from engine.project.drawing import Drawing

SCOPE = Scope(types=BLOCK_TYPES)


def by_hand(table: Value, body: tuple[str, ...] = ()) -> Graph:
    """A convolution by table on six maps, its table as somebody wrote it into a file; in a container if need be."""
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("in", "input", fields=("image: 6×14×14 float32",))
    drawing.add("c3", "table_conv2d")
    drawing.chain("in.image", "c3")
    block = Block("c3", "table_conv2d", "C3", {"table": table})
    if not body:
        return Graph({**drawing.graph.blocks, "c3": block}, drawing.graph.wires)
    return Graph({"box": Block("box", "group", "Box", body=Graph({"c3": block}))})


def found(graph: Graph) -> Problem:
    problems = Analyser(BLOCK_TYPES).analyse(graph).problems
    return next(problem for problem in problems if "parameter" in problem.code)


@pytest.mark.parametrize("body", [(), ("box",)], ids=["root", "container"])
def test_a_choice_in_other_letters_is_told_with_the_nearest_and_mended_by_it(body: tuple[str, ...]) -> None:
    graph = by_hand("lenet", body)
    problem = found(graph)
    assert problem.path == (*body, "c3")
    assert problem.sentence.endswith("“C3” cannot be lenet. Choose LeNet. Also possible: full.")
    (fix,) = problem.fixes
    assert fix.label == "Set Table to LeNet"
    mended = within(graph, fix.body, getattr(edits, fix.edit), SCOPE, *fix.arguments)
    assert not [problem for problem in Analyser(BLOCK_TYPES).analyse(mended).problems if "parameter" in problem.code]


def test_a_choice_unlike_any_is_told_what_there_is() -> None:
    problem = found(by_hand("circular"))
    assert problem.sentence.endswith("“C3” cannot be circular. Choose one of LeNet, full.")
    assert problem.fixes == ()


@pytest.mark.parametrize("body", [(), ("box",)], ids=["root", "container"])
def test_a_loop_is_told_of_the_blocks_on_it_not_of_those_behind(body: tuple[str, ...]) -> None:
    blocks = {id: Block(id, "relu", id) for id in ("a", "b", "c")}
    ends = (("c", "b"), ("b", "c"), ("c", "a"))
    wires = sorted_wires([Wire(PortRef(source, "output"), PortRef(target, "input")) for source, target in ends])
    drawn = Graph(blocks, wires)
    graph = Graph({"box": Block("box", "group", "Box", body=drawn)}) if body else drawn
    told = [problem for problem in Analyser(BLOCK_TYPES).analyse(graph).problems if problem.code == "loops"]
    assert [problem.path for problem in told] == [(*body, "b"), (*body, "c")]


@pytest.mark.parametrize(
    ("source", "target", "path", "sentence"),
    [
        ("first.output", "second.output", "second", "The port output of Tanh is an output, but a wire ends there."),
        ("first.input", "second.input", "first", "The port input of ReLU is an input, but a wire begins there."),
        ("first.output", "second.more", "second", "Tanh has no port more. Its ports are input."),
        ("first.more", "second.input", "first", "ReLU has no port more. Its ports are output."),
    ],
)
def test_a_wire_at_the_wrong_side_of_a_block_is_told_as_one(source: str, target: str, path: str, sentence: str) -> None:
    blocks = {"first": Block("first", "relu", "ReLU"), "second": Block("second", "tanh", "Tanh")}
    wire = Wire(PortRef(*source.split(".")), PortRef(*target.split(".")))
    told = Analyser(BLOCK_TYPES).analyse(Graph(blocks, (wire,))).problems
    ends = [problem for problem in told if problem.code in ("port-side", "unknown-port")]
    assert [problem.path for problem in ends] == [(path,)]
    assert ends[0].sentence.startswith(sentence)
