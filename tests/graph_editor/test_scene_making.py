"""A large drawing is made a little at a time: what is asked for meanwhile is there, and all is right at the end."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph import edits
from engine.graph.analysis import Analysis
from engine.graph.graph import Block, Graph, Look, PortRef, Weights, Wire, sorted_wires
from engine.graph.problem import Problem
from engine.graph.tensor_spec import Dim, TensorSpec
from graph_editor import scene_moves
from graph_editor.document import Document
from graph_editor.editor import Editor
from graph_editor.interactions.walk import next_block
from graph_editor.scene import GraphScene
from graph_editor.scene_items import FEW
from graph_editor.scene_moves import MANY
from graph_editor.theme import load_theme
from graph_editor.wire_layer import ALL_ROUTED

COUNT = 1_500


def rows(count: int, long: str = "ReLU") -> Graph:
    """A chain in rows of 40; the last one's name is `long`."""
    names = ["ReLU"] * (count - 1) + [long]
    blocks = {
        f"b{n:04d}": Block(f"b{n:04d}", "relu", name, look=Look(n % 40 * 240, n // 40 * 120))
        for n, name in enumerate(names)
    }
    wires = [Wire(PortRef(f"b{n - 1:04d}", "output"), PortRef(f"b{n:04d}", "input")) for n in range(1, count)]
    return Graph(blocks=blocks, wires=sorted_wires(wires))


def scene_of(graph: Graph) -> GraphScene:
    return GraphScene(Document(graph, BLOCK_TYPES), load_theme("light"))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that goes on by 1 ms each time it is looked at, which is once a block."""
    ticks = count()
    monkeypatch.setattr(scene_moves, "time", SimpleNamespace(perf_counter=lambda: next(ticks) / 1000))


@pytest.fixture
def making(qapp: object, clock: None) -> GraphScene:
    """A scene of which a few blocks are made."""
    scene = scene_of(rows(COUNT))
    scene.moves._work()
    assert 0 < len(scene.blocks.made) < 10
    return scene


@pytest.fixture
def editor(qapp: object, qtbot) -> Iterator[Editor]:
    editor = Editor(Document(Graph(), BLOCK_TYPES), load_theme("light"))
    qtbot.addWidget(editor)
    editor.resize(1000, 700)
    editor.show()
    qtbot.waitExposed(editor)
    QApplication.processEvents()
    yield editor
    editor.close()


def stands(scene: GraphScene) -> bool:
    """Whether all of the drawing is there, as a scene that is made in one go has it."""
    scene.moves.finish()
    again = scene_of(scene.document.graph)
    again.set_analysis(scene.analysis)
    again.moves.finish()
    return (
        scene.blocks.made.keys() == again.blocks.made.keys() == scene.body.blocks.keys()
        and scene.wires.made.keys() == again.wires.made.keys() == {wire.target for wire in scene.body.wires}
        and all(item.wire == again.wires[target].wire for target, item in scene.wires.items())
        and all(item.spec == again.wires[target].spec for target, item in scene.wires.items())
        and all(item.is_laid and item.scene() is scene for item in scene.wires.values())
        and all(
            (item.content, item.pos(), item.geometry, item.severity, item.twin, item._port_states)
            == (same.content, same.pos(), same.geometry, same.severity, same.twin, same._port_states)
            and item.scene() is scene
            and scene.index.rectangle(id) == same.rectangle()
            for id, item in scene.blocks.items()
            for same in [again.blocks[id]]
        )
        and scene.bounds() == again.bounds()
    )


def test_no_turn_makes_more_than_a_slice(editor: Editor, clock: None) -> None:
    made: list[int] = []
    editor.document.load(rows(COUNT), None)
    assert len(editor.scene.blocks.made) == 0
    assert len(editor.scene.blocks) == COUNT
    most = round(1000 * scene_moves.SLICE_S)
    while editor.scene.moves.is_making:
        before = len(editor.scene.blocks.made)
        QApplication.processEvents()
        made.append(len(editor.scene.blocks.made) - before)
    assert max(made) <= 2 * most, "a turn may have two slices"
    assert sum(made) == COUNT
    assert stands(editor.scene)


def test_a_few_are_made_at_once(qapp: object) -> None:
    scene = scene_of(rows(FEW))
    assert not scene.moves.is_busy
    assert len(scene.blocks.made) == FEW


def test_a_drawing_of_a_hundred_blocks_is_painted_when_it_stands_and_fitted(editor: Editor, qtbot) -> None:
    painted: list[int] = []
    paint = editor.view.drawBackground
    editor.view.drawBackground = lambda *a: painted.append(len(editor.scene.blocks.made)) or paint(*a)  # type: ignore[method-assign]
    editor.document.load(rows(MANY - 20), None)
    editor.fit(soft=False)
    assert editor.scene.moves.holds_picture
    qtbot.waitUntil(lambda: not editor.scene.moves.is_busy)
    qtbot.waitUntil(lambda: bool(painted))
    assert set(painted) == {MANY - 20}


def test_what_is_in_sight_is_made_first(editor: Editor) -> None:
    graph = rows(COUNT)
    editor.view.zoom_to(1.0)
    editor.view.centerOn(5_000, 4_000)
    editor.document.load(graph, None)
    seen = editor.view.visible_area()
    wanted = {id for id, block in graph.blocks.items() if seen.contains(QPointF(block.look.x, block.look.y))}
    assert len(wanted) > 10
    for _ in range(COUNT):
        if wanted <= editor.scene.blocks.made.keys():
            break
        editor.scene.moves._work()
    assert len(editor.scene.blocks.made) < 150


def test_a_drawing_is_fitted_as_if_it_had_been_there_at_once(editor: Editor, qtbot) -> None:
    graph = rows(COUNT, long="A name that is as long as names become")
    editor.document.load(graph, None)
    editor.fit(soft=False)
    first = editor.view.visible_area()
    assert first.contains(QRectF(0, 0, 39 * 240, 37 * 120))
    qtbot.waitUntil(lambda: not editor.scene.moves.is_busy, timeout=30_000)
    here = editor.view.zoom, editor.view.middle()
    editor.fit(soft=False)
    assert (editor.view.zoom, editor.view.middle()) == here


def test_a_view_that_was_moved_meanwhile_stays(editor: Editor, qtbot) -> None:
    editor.document.load(rows(COUNT), None)
    editor.fit(soft=False)
    editor.view.zoom_to(0.5)
    editor.view.centerOn(4_000, 2_000)
    here = editor.view.zoom, editor.view.middle()
    qtbot.waitUntil(lambda: not editor.scene.moves.is_busy, timeout=30_000)
    assert (editor.view.zoom, editor.view.middle()) == here


def test_a_click_on_a_block_that_is_not_made_yet_selects_it(editor: Editor) -> None:
    editor.view.zoom_to(1.0)
    editor.view.centerOn(200, 200)
    editor.document.load(rows(COUNT), None)
    editor.view.centerOn(39 * 240, 36 * 120)
    id = f"b{36 * 40 + 38:04d}"
    assert id in editor.scene.blocks.left
    place = editor.view.mapFromScene(QPointF(38 * 240 + 50, 36 * 120 + 8))
    QTest.mouseClick(editor.view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert editor.selected_ids() == (id,)
    assert editor.scene.blocks.made[id].selected
    assert stands(editor.scene)
    assert editor.selected_ids() == (id,)


def test_a_block_that_is_not_made_yet_can_be_dragged(editor: Editor) -> None:
    editor.view.zoom_to(1.0)
    editor.document.load(rows(COUNT), None)
    editor.view.centerOn(39 * 240, 36 * 120)
    id = f"b{36 * 40 + 38:04d}"
    viewport, place = editor.view.viewport(), editor.view.mapFromScene(QPointF(38 * 240 + 50, 36 * 120 + 8))
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    QTest.mouseMove(viewport, place + QPoint(20, 16))
    QTest.mouseMove(viewport, place + QPoint(40, 32))
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place + QPoint(40, 32))
    look = editor.scene.body.blocks[id].look
    assert (look.x, look.y) == (38 * 240 + 40, 36 * 120 + 32)
    assert stands(editor.scene)


def test_a_box_takes_blocks_that_are_not_made_yet(making: GraphScene) -> None:
    inside = making.blocks_in(QRectF(20 * 240, 20 * 120, 3 * 240, 2 * 120))
    assert {f"b{20 * 40 + 20:04d}", f"b{22 * 40 + 23:04d}"} <= set(inside)
    assert making.moves.is_making
    assert stands(making)


def test_a_jump_and_the_whole_selection_find_what_is_not_made_yet(editor: Editor) -> None:
    editor.document.load(rows(COUNT), None)
    last = f"b{COUNT - 1:04d}"
    assert last in editor.scene.blocks.left
    editor.jump_to((last,))
    assert editor.selected_ids() == (last,)
    editor.select_all()
    assert len(editor.selected_ids()) == COUNT
    assert len(editor.scene.picked_wires) == COUNT - 1


def test_edits_of_what_is_not_made_yet(making: GraphScene) -> None:
    document = making.document
    for id in ("b0700", "b0701", "b0900", "b1100", "b1300", "b1400"):
        assert id in making.blocks.left
    document.edit("Delete", edits.remove_blocks, ("b0700", "b1400"))
    document.edit("Rename", edits.rename, "b0701", "other")
    document.edit("Move", edits.move, {"b0900": (-400, 88)})
    document.edit("Move", edits.move, {f"b{n:04d}": (n * 8, 9_000) for n in range(1000, 1000 + 2 * FEW)})
    document.edit("Bypass", edits.set_bypassed, ("b1100",), True)
    document.edit("Disconnect", edits.disconnect, (PortRef("b1300", "input"),))
    document.edit("Connect", edits.connect, PortRef("b0003", "output"), PortRef("b1300", "input"))
    document.edit("Add", edits.add_block, Block("new", "relu", "New", look=Look(-400, -400)))
    assert making.moves.is_making
    assert stands(making)
    for _ in range(3):
        document.undo_stack.undo()
    assert stands(making)


def test_a_delete_of_what_is_not_made_yet_leaves_nothing(making: GraphScene) -> None:
    making.document.edit("Delete", edits.remove_blocks, ("b1000", "b1001"))
    assert "b1000" not in making.blocks
    assert PortRef("b1001", "input") not in making.wires
    assert len(making.blocks) == COUNT - 2
    assert making.block_at(1000 % 40 * 240 + 10, 1000 // 40 * 120 + 10) is None
    assert stands(making)


def test_what_becomes_known_meanwhile_shows_at_the_end(making: GraphScene) -> None:
    spec = TensorSpec((Dim("N"), 16, 4, 4), "float32")
    problems = tuple(Problem(code="rank", severity="error", path=(id,), port="input") for id in making.body.blocks)
    making.set_analysis(Analysis(specs={f"{id}/output": spec for id in making.body.blocks}, problems=problems))
    making.set_theme(load_theme("dark"))
    making.pick(["b1200"])
    assert stands(making)
    assert making.blocks["b1200"].selected
    assert all(item._look is making.look for item in (*making.blocks.values(), *making.wires.values()))
    assert all(wire.spec == spec for wire in making.wires.values())


def test_blocks_that_share_weights_show_it_though_they_are_made_late(qapp: object) -> None:
    graph = rows(COUNT)
    dense = {id: Block(id, "dense", id, look=Look(-400, at)) for at, id in ((0, "owner"), (200, "user"))}
    dense["user"] = Block("user", "dense", "user", weights=Weights(of="owner"), look=Look(-400, 200))
    scene = scene_of(Graph(blocks={**graph.blocks, **dense}, wires=graph.wires))
    assert scene.blocks["user"].twin is not None
    assert stands(scene)


def test_another_body_forgets_what_was_to_be_made(making: GraphScene) -> None:
    making.document.load(Graph(blocks={"a": Block("a", "relu", "ReLU")}), None)
    assert list(making.blocks) == ["a"]
    assert not making.moves.is_busy
    assert stands(making)


def test_a_new_block_finds_a_free_place_among_those_that_are_not_made_yet(editor: Editor) -> None:
    editor.view.zoom_to(1.0)
    editor.document.load(rows(COUNT), None)
    at = QPointF(30 * 240 + 60, 30 * 120 + 24)
    editor.search.add("relu", {}, at)
    new = next(id for id in editor.scene.body.blocks if not id.startswith("b0") and not id.startswith("b1"))
    editor.scene.moves.finish()
    left, top, right, bottom = editor.scene.blocks[new].rectangle()
    assert editor.scene.index.within(left, top, right, bottom) == [new]


def test_tidy_waits_until_the_sizes_are_known(editor: Editor, qtbot) -> None:
    wanted: list[tuple[int, int]] = []
    editor.arranging.wanted.connect(
        lambda path, only, sizes: wanted.append((len(editor.scene.blocks.made), len(sizes)))
    )
    editor.document.load(rows(COUNT), None)
    editor.arranging.ask()
    assert len(editor.scene.blocks.made) == 0
    qtbot.waitUntil(lambda: bool(wanted), timeout=30_000)
    assert wanted == [(COUNT, COUNT)]


def test_arrow_keys_walk_to_what_is_not_made_yet_and_make_no_more(making: GraphScene) -> None:
    assert next_block(making, None, 0, 1) == "b0000"
    assert next_block(making, "b1000", 0, 1) == "b1040"
    assert next_block(making, "b1000", 1, 0) == "b1001"
    assert len(making.blocks.made) < 20


def test_what_was_shown_before_goes_a_few_at_a_time_unseen(editor: Editor, clock: None) -> None:
    editor.document.load(rows(COUNT), None)
    scene = editor.scene
    scene.moves.finish()
    editor.view.zoom_to(1.0)
    editor.view.centerOn(300, 200)
    old = scene.blocks["b0041"]
    full = editor.view.viewport().grab().toImage()
    editor.document.load(Graph(blocks={"a": Block("a", "relu", "ReLU", look=Look(3_000, 3_000))}), None)
    assert not scene.moves.is_busy
    assert old.scene() is scene, "not all at once"
    assert scene.block_at(old.x() + 20, old.y() + 20) is None
    assert scene.wires_in(QRectF(-100, -100, 9_000, 9_000)) == []
    empty = editor.view.viewport().grab().toImage()
    assert empty != full
    left = len(scene.items())
    while scene.moves._gone:
        scene.moves._work()
        assert left - len(scene.items()) <= round(1000 * scene_moves.SLICE_S) * scene_moves.AT_ONCE
        left = len(scene.items())
    assert scene.items() == [scene.blocks["a"]]
    assert editor.view.viewport().grab().toImage() == empty
    editor.document.load(rows(COUNT), None)
    assert stands(scene)


def test_what_is_known_of_the_drawing_shown_comes_before_the_end_of_the_one_before(editor: Editor, clock: None) -> None:
    known = {f"b{n:04d}/output": TensorSpec((Dim("N"), 16, 8, 8), "float32") for n in range(COUNT)}
    editor.document.load(rows(COUNT), None)
    scene = editor.scene
    editor.set_analysis(Analysis(specs=known))
    scene.moves.finish()
    editor.document.load(rows(3), None)
    editor.set_analysis(Analysis(specs={key: TensorSpec((Dim("N"), 9), "float32") for key in known}))
    while scene.moves.is_busy:
        scene.moves._work()
    assert len(scene.moves._gone) > COUNT
    assert scene.wires[PortRef("b0001", "input")].spec.per_sample == "9"
    scene.moves.finish()
    assert not scene.moves._gone


def test_a_wire_made_among_many_shows_though_few_are_left_by_the_time_its_other_block_is(
    qapp: object, clock: None
) -> None:
    graph = rows(ALL_ROUTED + 2)
    scene = scene_of(graph)
    _ = scene.blocks["b0100"]
    scene.document.edit("Delete", edits.remove_blocks, tuple(list(graph.blocks)[200:]))
    assert {"b0099", "b0101"} <= scene.blocks.left.keys()
    assert stands(scene)


def test_what_is_not_made_yet_is_selected_without_being_made(making: GraphScene) -> None:
    made = set(making.blocks.made)
    making.pick(making.blocks, making.wires)
    making.document.edit("Add", edits.add_block, Block("new", "relu", "New", look=Look(-400, -400)))
    assert making.blocks.made.keys() == made | {"new"}
    assert len(making.picked_blocks) == COUNT
    assert stands(making)
    assert {id for id, item in making.blocks.items() if item.selected} == making.picked_blocks
    assert {target for target, wire in making.wires.items() if wire.selected} == making.picked_wires
    making.document.edit("Delete", edits.remove_blocks, tuple(f"b{n:04d}" for n in range(COUNT * 2 // 3)))
    assert not making.blocks.made, "nor where all are made anew"
    making.moves.finish()
    assert all(making.blocks[id].selected for id in making.picked_blocks)
    making.pick()
    assert not any(item.selected for item in (*making.blocks.values(), *making.wires.values()))


def test_a_wire_tells_its_shape_though_that_became_known_before_its_source_was_made(making: GraphScene) -> None:
    _ = making.blocks["b1000"]
    assert "b0999" in making.blocks.left
    spec = TensorSpec((Dim("N"), 16, 4, 4), "float32")
    making.set_analysis(Analysis(specs={"b0999/output": spec}))
    assert stands(making)
    assert making.wires[PortRef("b1000", "input")].spec == spec
