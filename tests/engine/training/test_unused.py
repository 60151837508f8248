"""Parts that nothing depends on: found in linear time however the blocks are called."""

from __future__ import annotations

import sys
from types import FrameType

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.analysis import Analysis
from engine.graph.graph import Block, Graph, PortRef, Wire, sorted_wires
from engine.training.flat_graph import FlatGraph
from engine.training.unused import Part, Unused


def chain(length: int, joined: int) -> FlatGraph:
    """ReLUs whose ids fall from front to back, in rows of `joined`, and a loss that lacks its prediction."""
    ids = [f"b{length - number:05}" for number in range(length)]
    blocks = {id: Block(id=id, type="relu", name=id) for id in ids}
    blocks["loss"] = Block(id="loss", type="squared_error", name="loss")
    wires = [
        Wire(PortRef(one, "output"), PortRef(two, "input"))
        for number, (one, two) in enumerate(zip(ids, ids[1:], strict=False), 1)
        if number % joined
    ]
    return FlatGraph(Graph(blocks=blocks, wires=sorted_wires(wires)), BLOCK_TYPES)


def lines_run(flat: FlatGraph) -> int:
    """How many lines of Python it takes to find its parts."""
    count = 0

    def hear(frame: FrameType, event: str, argument: object) -> object:
        nonlocal count
        count += event == "line"
        return hear

    losses, before = flat.of_role("loss"), sys.gettrace()
    sys.settrace(hear)
    try:
        Unused(flat, BLOCK_TYPES, Analysis(), losses)
    finally:
        sys.settrace(before)
    return count


def test_one_long_chain_is_one_part() -> None:
    flat = chain(400, 400)
    (part,) = Unused(flat, BLOCK_TYPES, Analysis(), flat.of_role("loss")).parts
    assert [path for (path,) in part.paths] == [f"b{400 - number:05}" for number in range(400)]
    assert [fix.edit for fix in part.fixes] == ["connect"]


def test_while_the_drawing_is_rewired_the_wire_is_offered_and_no_removal_of_many() -> None:
    chain = ("in.image", "cv.input cv.output", "re.input re.output", "fl.input fl.output", "de.input de.output")
    ends_of = " ".join((*chain, "ce.logits")).split()
    wires = tuple(f"{source} {target}" for source, target in zip(ends_of[::2], ends_of[1::2], strict=True))
    kinds = {"in": "input", "cv": "conv2d", "re": "relu", "fl": "flatten", "de": "dense", "ce": "cross_entropy"}
    blocks = {id: Block(id=id, type=type, name=id) for id, type in kinds.items()}

    def parts(without: str) -> tuple[Part, ...]:
        ends = [[PortRef(*end.split(".")) for end in wire.split()] for wire in wires if wire != without]
        flat = FlatGraph(Graph(blocks=blocks, wires=sorted_wires(Wire(*pair) for pair in ends)), BLOCK_TYPES)
        return Unused(flat, BLOCK_TYPES, Analysis(), flat.of_role("loss")).parts

    (cut,) = parts("re.output fl.input")
    assert [(fix.edit, fix.label) for fix in cut.fixes] == [("connect", "Wire re to fl")]
    (single,) = parts("in.image cv.input")
    assert [fix.label for fix in single.fixes] == ["Remove in"]


def test_short_rows_are_parts_of_their_own() -> None:
    flat = chain(40, 4)
    parts = Unused(flat, BLOCK_TYPES, Analysis(), flat.of_role("loss")).parts
    assert [len(part.paths) for part in parts] == [4] * 10
    assert not any(part.sources for part in parts)


def test_a_chain_costs_linear_time() -> None:
    assert lines_run(chain(2_000, 2_000)) < 4.5 * lines_run(chain(500, 500))


def test_many_parts_cost_linear_time() -> None:
    assert lines_run(chain(2_000, 2)) < 4.5 * lines_run(chain(500, 2))
