"""Whatever is done while a large drawing is still made, moved and laid ends as if it had been there at once."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import count
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtTest import QTest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph import edits
from engine.graph.analysis import Analysis
from engine.graph.graph import Block, Graph, Look, PortRef
from engine.graph.problem import Problem
from engine.graph.tensor_spec import Dim, TensorSpec
from graph_editor import scene_moves
from graph_editor.canvas_look import GONE
from graph_editor.document import Document
from graph_editor.editor import Editor
from graph_editor.scene import GraphScene
from graph_editor.scene_items import MOST_RAISED
from graph_editor.theme import load_theme
from tests.graph_editor.conftest import rows

COUNT = 700
NEAR = QRectF(900, 500, 700, 400)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that goes on by 1 ms each time it is looked at, which is once a piece of work."""
    ticks = count()
    monkeypatch.setattr(scene_moves, "time", SimpleNamespace(perf_counter=lambda: next(ticks) / 1000))


@pytest.fixture
def large(make_editor: Callable[[Graph], Editor], clock: None) -> Editor:
    """An editor of a large drawing of which little is made, whose slices the test alone asks for."""
    editor = make_editor(rows(COUNT))
    editor.scene.moves._timer.timeout.disconnect()
    return editor


def known(graph: Graph, dice: random.Random) -> Analysis:
    """Shapes for all, problems for some."""
    spec = TensorSpec(shape=(Dim("N"), dice.randrange(1, 5)), dtype="float32")
    faulty = [id for id in graph.blocks if dice.random() < 0.2]
    return Analysis(
        specs={f"{id}/output": spec for id in graph.blocks},
        problems=tuple(Problem(code="rank", severity="error", path=(id,), port="input") for id in faulty),
    )


def some(graph: Graph, dice: random.Random, most: int) -> tuple[str, ...]:
    """A stretch of the blocks, up to `most`."""
    ids = list(graph.blocks)
    first = dice.randrange(len(ids))
    return tuple(ids[first : first + dice.randrange(1, most)])


def act(editor: Editor, dice: random.Random, number: int) -> None:
    """One thing that a person or the analysis does."""
    scene, document = editor.scene, editor.document
    graph = document.graph
    # All at once is made anew, which would hide what went wrong before.
    kind = dice.choices(range(13), (3, 1, 3, 3, 3, 3, 1, 3, 3, 6, 3, 3, 3))[0]
    if kind == 0:
        editor.select_all()
    elif kind == 1:
        editor.select_all()
        QTest.keyClick(editor.view, Qt.Key.Key_Delete)
        assert not graph.blocks or not document.graph.blocks
    elif kind == 2:
        editor.set_theme(load_theme(dice.choice(("light", "dark")), 1.0))
    elif kind in (3, 4) and document.undo_stack.canUndo():
        document.undo_stack.undo()
    elif kind == 5 and document.undo_stack.canRedo():
        document.undo_stack.redo()
    elif kind == 6:
        new = {f"n{number}-{at}": (at, "relu") for at in range(dice.choice((1, 60, 300)))}
        blocks = {id: Block(id, type, "New", look=Look(200 * at, 4_000)) for id, (at, type) in new.items()}
        document.commit("Paste", Graph(blocks={**graph.blocks, **blocks}, wires=graph.wires))
    elif kind == 7:
        scene.blocks_in(NEAR)
        scene.wires_in(NEAR)
    elif not graph.blocks:
        return
    elif kind == 8:
        editor.select(some(graph, dice, 2 * MOST_RAISED))
        editor.delete_selection()
    elif kind == 9:
        places = {id: (graph.blocks[id].look.x + 40, graph.blocks[id].look.y + 24) for id in some(graph, dice, 400)}
        document.edit("Move", edits.move, places)
    elif kind == 10:
        editor.select(some(graph, dice, 400))
    elif kind == 11:
        editor.set_analysis(known(graph, dice))
    elif kind == 12:
        document.edit("Rename", edits.rename, some(graph, dice, 2)[0], f"Other {number}")


def assert_whole(scene: GraphScene) -> None:
    """At any time, all that a gesture can meet is of the drawing, and all of the drawing can be met."""
    body = scene.body
    assert set(scene.blocks) == body.blocks.keys()
    assert set(scene.wires) == {wire.target for wire in body.wires}
    assert set(scene.index._rectangles) == scene.blocks.made.keys()
    assert scene.picked_blocks <= body.blocks.keys()
    assert scene.picked_wires <= set(scene.wires)
    assert {id for id, item in scene.blocks.made.items() if item.selected} == scene.picked_blocks & (
        scene.blocks.made.keys()
    )
    ours = {id(item) for item in (*scene.blocks.made.values(), *scene.wires.made.values())}
    shown = [item for item in scene.items() if item._look.detail != GONE]
    assert {id(item) for item in shown} <= ours, "the others paint nothing"
    assert all(item._look is scene.look for item in shown)


def assert_as_fresh(editor: Editor) -> None:
    """All is as in a scene that is made of the same drawing in one go."""
    scene = editor.scene
    scene.moves.finish()
    fresh = GraphScene(Document(scene.document.graph, BLOCK_TYPES), scene.look.theme)
    fresh.set_analysis(scene.analysis)
    fresh.moves.finish()
    fresh.pick(scene.picked_blocks, scene.picked_wires)
    assert set(scene.blocks.made) == set(fresh.blocks.made)
    assert set(scene.wires.made) == set(fresh.wires.made)
    assert len(scene.items()) == len(fresh.items())
    for id, item in scene.blocks.made.items():
        same = fresh.blocks[id]
        assert (item.content, item.pos(), item.geometry, item.severity, item._port_states, item.zValue()) == (
            same.content,
            same.pos(),
            same.geometry,
            same.severity,
            same._port_states,
            same.zValue(),
        )
        assert scene.index.rectangle(id) == same.rectangle()
        assert item.selected == same.selected
    for target, wire in scene.wires.made.items():
        like = fresh.wires[target]
        assert (wire.wire, wire.spec, wire.selected, wire.scene()) == (like.wire, like.spec, like.selected, scene)
        assert wire.is_laid
        assert (wire.route.points[0], wire.route.points[-1]) == (like.route.points[0], like.route.points[-1])
    assert scene.bounds() == fresh.bounds()


@pytest.mark.parametrize("seed", range(4))
def test_random_sessions_end_as_if_all_had_been_there_at_once(large: Editor, seed: int) -> None:
    dice = random.Random(seed)
    busy = 0
    for number in range(40):
        act(large, dice, number)
        assert_whole(large.scene)
        for _ in range(dice.choice((0, 1, 5, 40))):
            large.scene.moves._work()
        busy += large.scene.moves.is_busy
        if number % 4 == 3:
            assert_as_fresh(large)
    assert busy > 10, "most came while something was left to do"


def test_typing_and_undo_right_after_delete_all_meet_a_whole_drawing(large: Editor) -> None:
    scene, document = large.scene, large.document
    scene.moves.finish()
    before, item = document.graph, scene.blocks["b0000"]
    large.select_all()
    large.delete_selection()
    assert item.scene() is scene, "the items go later"
    assert scene.block_at(item.x() + 20, item.y() + 20) is None
    assert scene.port_at(*item.port_point("output", False), 12.0) is None
    assert scene.wires_in(QRectF(-100, -100, 9_000, 9_000)) == []
    QTest.keyClick(large.view, Qt.Key.Key_Right)
    QTest.keyClick(large.view, Qt.Key.Key_Delete)
    assert large.selected_ids() == ()
    document.edit("Add", edits.add_block, Block("new", "relu", "New", look=Look(0, 0)))
    here = scene.block_at(20, 20)
    assert here is not None
    assert here.id == "new"
    document.undo_stack.undo()
    document.undo_stack.undo()
    assert document.graph == before
    assert scene.block_at(20, 20) is scene.blocks["b0000"]
    assert scene.blocks["b0000"] is not item
    assert_as_fresh(large)


def test_a_part_that_is_deleted_leaves_the_items_of_the_rest_as_they_are(large: Editor) -> None:
    scene = large.scene
    scene.moves.finish()
    gone = tuple(f"b{n:04d}" for n in range(100, 400))
    kept = {id: item for id, item in scene.blocks.made.items() if id not in gone}
    routes = {target: wire.route for target, wire in scene.wires.made.items() if target.block not in (*gone, "b0400")}
    large.select(gone)
    large.delete_selection()
    assert scene.blocks.made == kept
    assert {target: wire.route for target, wire in scene.wires.made.items()} == routes
    assert not scene.blocks["b0099"].port_state("output", False).wired
    large.document.undo_stack.undo()
    assert scene.moves.is_making
    assert kept.items() <= scene.blocks.made.items()
    assert_as_fresh(large)


def test_no_turn_drops_or_makes_more_than_a_slice_of_a_part_that_is_deleted_and_comes_back(large: Editor) -> None:
    scene, moves = large.scene, large.scene.moves
    moves.finish()
    most = round(1000 * scene_moves.SLICE_S)
    large.select(f"b{n:04d}" for n in range(100, 400))
    large.delete_selection()
    assert not moves.is_busy, "what nobody sees is nothing to wait for"
    while moves._gone:
        before = len(scene.items())
        moves._work()
        assert 0 < before - len(scene.items()) <= most * scene_moves.AT_ONCE
    large.document.undo_stack.undo()
    while moves.is_making:
        made = len(scene.blocks.made)
        moves._work()
        assert 0 < len(scene.blocks.made) - made <= most
    laid: list[PortRef] = []
    scene.layer.lay_one = lambda target, lay=scene.layer.lay_one: laid.append(target) or lay(target)
    while moves.is_busy:
        before = len(laid)
        moves._work()
        assert len(laid) - before <= most
    assert {target.block for target in laid} == {f"b{n:04d}" for n in range(100, 401)}, "the others stay as they run"
