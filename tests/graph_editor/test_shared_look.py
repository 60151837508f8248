"""Theme and selection are asked for by items that paint: to change either touches no item, however many there are."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QGraphicsItem

from engine.graph import edits
from engine.graph.graph import Graph, PortRef
from graph_editor.block_item import BLOCK_Z, BlockItem
from graph_editor.editor import Editor
from graph_editor.scene_items import MOST_RAISED
from graph_editor.theme import load_theme
from graph_editor.wire_item import WireItem
from tests.graph_editor.conftest import digits, digits_analysis, rows

COUNT = 1_500


@pytest.fixture
def large(make_editor: Callable[[Graph], Editor]) -> Editor:
    editor = make_editor(rows(COUNT))
    editor.scene.moves.finish()
    return editor


@pytest.fixture
def touched(large: Editor, monkeypatch: pytest.MonkeyPatch) -> list[QGraphicsItem]:
    """The items that are told anything that Qt hears of."""
    told: list[QGraphicsItem] = []

    def listen(name: str) -> None:
        def heard(item: QGraphicsItem, *arguments: object) -> None:
            # Scenes of other tests may still be at work.
            if item.scene() is large.scene:
                told.append(item)
            getattr(QGraphicsItem, name)(item, *arguments)

        for kind in (BlockItem, WireItem):
            monkeypatch.setattr(kind, name, heard, raising=False)

    for name in ("update", "setZValue", "prepareGeometryChange", "setPos", "setVisible"):
        listen(name)
    return told


def test_select_all_and_none_touch_no_item(large: Editor, touched: list[QGraphicsItem]) -> None:
    large.select_all()
    scene = large.scene
    assert touched == []
    assert len(scene.picked_blocks) == COUNT
    assert all(item.selected for item in (*scene.blocks.values(), *scene.wires.values()))
    large.select(())
    assert touched == []
    assert not any(item.selected for item in (*scene.blocks.values(), *scene.wires.values()))


def test_what_is_selected_is_painted_so_and_then_no_more(large: Editor) -> None:
    plain = picture(large)
    large.select_all()
    assert picture(large) != plain
    large.select(())
    assert picture(large) == plain


def test_few_that_are_selected_lie_above_the_others_and_many_do_not(large: Editor) -> None:
    scene, ids = large.scene, sorted(large.scene.blocks)
    target = PortRef("b0005", "input")
    height = scene.wires[target].zValue()

    def above() -> set[str]:
        return {id for id, item in scene.blocks.items() if item.zValue() > BLOCK_Z}

    scene.pick(ids[:20], [target])
    assert above() == set(ids[:20])
    assert scene.wires[target].zValue() > height
    large.select_all()
    assert above() == set()
    assert scene.wires[target].zValue() == height
    scene.pick(ids[10:30], [target])
    assert above() == set(ids[10:30])
    assert scene.wires[target].zValue() > height
    scene.pick(ids[: MOST_RAISED + 1])
    assert above() == set()
    large.document.edit("Rename", edits.rename, ids[0], "Other")
    scene.pick(ids[:MOST_RAISED])
    assert above() == set(ids[:MOST_RAISED])


def test_a_few_more_or_less_are_all_that_is_painted_again(large: Editor, touched: list[QGraphicsItem]) -> None:
    scene, ids = large.scene, sorted(large.scene.blocks)
    scene.pick(ids[: 2 * MOST_RAISED])
    touched.clear()
    scene.pick(ids[: 2 * MOST_RAISED - 1], [PortRef("b0005", "input")])
    last, wire = scene.blocks[ids[2 * MOST_RAISED - 1]], scene.wires[PortRef("b0005", "input")]
    assert {id(item) for item in touched} == {id(last), id(wire)}


def picture(editor: Editor) -> QImage:
    return editor.view.viewport().grab().toImage()


def test_a_theme_touches_no_item(large: Editor, touched: list[QGraphicsItem]) -> None:
    large.set_theme(load_theme("dark", 1.0))
    assert touched == []


@pytest.mark.parametrize("zoom", [1.0, 0.4, 0.1])
def test_another_theme_looks_as_if_it_had_been_there_from_the_start(
    make_editor: Callable[[Graph], Editor], zoom: float
) -> None:
    def shown(first: str, then: str) -> QImage:
        editor = make_editor(digits())
        editor.view.zoom_to(zoom)
        editor.view.centerOn(400, 250)
        editor.set_theme(load_theme(first, 1.0))
        editor.set_analysis(digits_analysis())
        editor.document.edit("Bypass", edits.set_bypassed, ("re",), True)
        editor.scene.pick(["cv"], [PortRef("fl", "input")])
        editor.scene.show_hand({("de", "input", True): "accepts", ("ce", "logits", True): "impossible"})
        QTest.qWait(150)
        picture(editor)
        editor.set_theme(load_theme(then, 1.0))
        QTest.qWait(150)
        return picture(editor)

    for one, other in (("light", "dark"), ("dark", "light")):
        assert shown(one, other) == shown(other, other)
        assert shown(one, other) != shown(one, one)


def test_what_is_made_after_the_theme_changed_has_its_paints(make_editor: Callable[[Graph], Editor]) -> None:
    editor, same = make_editor(Graph()), make_editor(Graph())
    same.set_theme(load_theme("dark", 1.0))
    for one in (editor, same):
        one.document.load(rows(COUNT), None)
        one.scene.moves._work()
    assert editor.scene.moves.is_making
    editor.set_theme(load_theme("dark", 1.0))
    for one in (editor, same):
        one.scene.moves.finish()
    assert picture(editor) == picture(same)
