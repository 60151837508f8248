from __future__ import annotations

import time

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph import edits
from engine.graph.difference import apply_change, difference
from engine.graph.graph import (
    Block,
    Frame,
    Graph,
    Learning,
    Note,
    PortRef,
    Weights,
    Wire,
    decode_graph,
    encode_graph,
)
from engine.graph.paths import within
from engine.graph.scope import Scope
from engine.project.drawing import Drawing

SCOPE = Scope(types=BLOCK_TYPES)


def drawing() -> Graph:
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input")
    drawn.add("dense", "dense")
    drawn.add("twin", "dense")
    drawn.add("box", "residual")
    drawn.chain("in.image", "dense")
    return drawn.graph


GRAPH = drawing()
DEEP = next(id for id, block in GRAPH.blocks["box"].body.blocks.items() if block.type == "conv2d")

EDITS = {
    "move": (False, (), edits.move, {"dense": (8, 8)}),
    "move inside": (False, ("box",), edits.move, {DEEP: (8, 8)}),
    "open": (False, (), edits.set_open, "box", True),
    "bend": (False, (), edits.bend_wire, PortRef("dense", "input"), ((1, 2),)),
    "note": (False, (), edits.set_note, Note("n", "text", (0, 0, 1, 1))),
    "note inside": (False, ("box",), edits.set_note, Note("n", "text", (0, 0, 1, 1))),
    "frame": (False, (), edits.set_frame, Frame("f", "title", "dense", (0, 0, 1, 1))),
    "parameter": (True, (), edits.set_parameter, "dense", "out_features", 3),
    "parameter inside": (True, ("box",), edits.set_parameter, DEEP, "out_channels", 3),
    "rename": (True, (), edits.rename, "dense", "hidden"),
    "bypass": (True, (), edits.set_bypassed, ("dense",), True),
    "learning": (True, (), edits.set_learning, "dense", Learning(frozen=True)),
    "weights": (True, (), edits.set_weights, "twin", Weights("dense")),
    "connect": (True, (), edits.connect, PortRef("dense", "output"), PortRef("twin", "input")),
    "disconnect": (True, (), edits.disconnect, (PortRef("dense", "input"),)),
    "rewire": (True, (), edits.move_wire, PortRef("dense", "input"), PortRef("in", "label"), PortRef("dense", "input")),
    "add": (True, (), edits.add_block, Block("new", "relu", "New")),
    "remove": (True, (), edits.remove_blocks, ("box",)),
    "remove inside": (True, ("box",), edits.remove_blocks, (DEEP,)),
    "variable": (True, (), edits.set_variable, "k", 3),
}


@pytest.mark.parametrize("name", EDITS)
def test_a_change_says_where_it_is_and_whether_it_means_something(name: str) -> None:
    meaning, path, edit, *arguments = EDITS[name]
    after = within(GRAPH, path, edit, SCOPE, *arguments)
    change = difference(GRAPH, after)
    assert change
    assert change.meaning is meaning
    assert set(change.bodies) == {path[:depth] for depth in range(len(path) + 1)}
    assert apply_change(GRAPH, change) == after
    back = difference(after, GRAPH)
    assert back.meaning is meaning
    assert apply_change(after, back) == GRAPH


def test_equal_drawings_do_not_differ_whoever_made_them() -> None:
    again = decode_graph(encode_graph(GRAPH))
    assert again is not GRAPH
    assert not difference(GRAPH, again)
    assert not difference(GRAPH, GRAPH)
    assert difference(GRAPH, GRAPH).meaning is False


def test_a_container_that_gets_or_loses_its_body_has_changed() -> None:
    bare = within(GRAPH, (), lambda body, scope: edits._with_block(body, Block("box", "residual", "Residual")), SCOPE)
    for before, after in ((GRAPH, bare), (bare, GRAPH)):
        change = difference(before, after)
        assert change.meaning
        assert set(change.bodies) == {()}
        assert apply_change(before, change) == after


def test_an_edit_of_a_large_drawing_is_found_fast() -> None:
    blocks = {f"b{n:05}": Block(f"b{n:05}", "dense", f"B{n}") for n in range(5_000)}
    wires = tuple(Wire(PortRef(f"b{n:05}", "output"), PortRef(f"b{n + 1:05}", "input")) for n in range(4_999))
    before = Graph(blocks=blocks, wires=wires)
    after = edits.set_parameter(before, SCOPE, "b02500", "out_features", 3)
    start = time.process_time()
    for _ in range(20):
        change = difference(before, after)
    assert time.process_time() - start < 1.0
    assert list(change.bodies[()].changed) == ["b02500"]
