"""The next free name of a body: numbers count on, and a paste gathers the names that are taken once."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph import edits
from engine.graph.graph import Block, Graph
from engine.graph.names import Names
from engine.graph.scope import Scope

SCOPE = Scope(types=BLOCK_TYPES)


@pytest.mark.parametrize(
    ("taken", "wanted", "name"),
    [
        (("Hidden",), "Hidden 2", "Hidden 2"),
        (("Hidden",), "Hidden", "Hidden 2"),
        (("Hidden", "Hidden 2"), "Hidden", "Hidden 3"),
        (("Hidden", "Hidden 2"), "Hidden 2", "Hidden 3"),
        (("Hidden 2",), "Hidden 2", "Hidden 3"),
        (("Hidden 2", "Hidden 3", "Hidden 5"), "Hidden 2", "Hidden 4"),
        (("Hidden 2", "Hidden 3", "Hidden 5"), "Hidden 5", "Hidden 6"),
        (("Hidden 9",), "Hidden 9", "Hidden 10"),
        (("Hidden 0",), "Hidden 0", "Hidden 1"),
        (("Layer 09",), "Layer 09", "Layer 10"),
        (("Layer 01",), "Layer 01", "Layer 02"),
        (("Step 2 3",), "Step 2 3", "Step 2 4"),
        (("Conv 5×5",), "Conv 5×5", "Conv 5×5 2"),
        (("Conv 5×5", "Conv 5×5 2"), "Conv 5×5", "Conv 5×5 3"),
        (("Conv5",), "Conv5", "Conv5 2"),
        (("Gain 2.5",), "Gain 2.5", "Gain 2.5 2"),
        (("Shift -1",), "Shift -1", "Shift -1 2"),
        (("x²",), "x²", "x² 2"),
        (("Power ²",), "Power ²", "Power ² 2"),
        (("7",), "7", "7 2"),
        (("",), "", " 2"),
        (("Run " + "9" * 5000,), "Run " + "9" * 5000, "Run " + "9" * 5000 + " 2"),
    ],
)
def test_a_taken_name_becomes_the_next_free_one(taken: tuple[str, ...], wanted: str, name: str) -> None:
    assert Names(taken).take(wanted) == name


def test_what_was_handed_out_is_taken() -> None:
    known = Names(["Hidden 2", "ReLU"])
    assert [known.take(name) for name in ("Hidden 2", "Hidden 2", "Hidden", "Hidden", "Hidden 4", "Hidden 2")] == [
        "Hidden 3",
        "Hidden 4",
        "Hidden",
        "Hidden 5",
        "Hidden 6",
        "Hidden 7",
    ]
    assert [known.take(name) for name in ("ReLU", "ReLU", "ReLU 3")] == ["ReLU 2", "ReLU 3", "ReLU 4"]


def test_blocks_pasted_together_count_on_from_the_last_of_them() -> None:
    drawn = Graph(blocks={f"b{number}": Block(f"b{number}", "relu", f"Hidden {number}") for number in (1, 2, 3)})
    after = edits.paste(drawn, SCOPE, drawn, {id: f"new-{id}" for id in drawn.blocks}, (16, 16))
    assert [after.blocks[f"new-b{number}"].name for number in (1, 2, 3)] == ["Hidden 4", "Hidden 5", "Hidden 6"]


def instructions(run: Callable[[], object]) -> int:
    """How many instructions the interpreter carries out in `run`: work, whatever else the machine does."""
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> Callable[..., object]:
        nonlocal count
        frame.f_trace_opcodes = True
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        run()
    finally:
        sys.settrace(before)
    return count


def pasting(count: int, name: str) -> int:
    """The work of pasting `count` blocks called `name` beside as many."""
    drawn = Graph(blocks={f"b{at}": Block(f"b{at}", "relu", f"ReLU {at + 2}") for at in range(count)})
    copied = Graph(blocks={f"b{at}": Block(f"b{at}", "relu", name.format(at + 2)) for at in range(count)})
    ids = {id: f"new-{id}" for id in copied.blocks}
    after = edits.paste(drawn, SCOPE, copied, ids, (16, 16))
    assert len({block.name for block in after.blocks.values()}) == len(after.blocks) == 2 * count
    return instructions(lambda: edits.paste(drawn, SCOPE, copied, ids, (16, 16)))


@pytest.mark.parametrize("name", ["ReLU", "ReLU {}"], ids=["alike", "counted"])
def test_twice_the_blocks_take_twice_the_work_to_paste(name: str) -> None:
    """Four times, where the names that are taken are gathered or counted through anew for each block."""
    assert pasting(400, name) < 2.5 * pasting(200, name)
