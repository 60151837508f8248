"""The picture of the whole is stretched while the view moves, and right once it rests."""

from __future__ import annotations

import gc

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.graph import edits
from engine.graph.graph import Block, Graph, Look
from graph_editor.editor import Editor
from graph_editor.overview import Overview


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The scales of the pictures that are drawn from now on."""
    scales: list[float] = []
    draw = Overview.pixmap

    def counted(self: Overview, area: object, scale: float, *arguments: object, **named: object) -> object:
        scales.append(scale)
        return draw(self, area, scale, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Overview, "pixmap", counted)
    return scales


def pixel(editor: Editor, x: float, y: float) -> QColor:
    image = editor.view.viewport().grab().toImage()
    return image.pixelColor(editor.view.mapFromScene(QPointF(x, y)) * image.devicePixelRatio())


def test_a_zoom_stretches_what_is_there_until_it_rests(editor: Editor, drawn: list[float], qtbot: QtBot) -> None:
    editor.minimap.hide()
    editor.view.zoom_to(0.2)
    qtbot.waitUntil(lambda: 0.2 in drawn)
    qtbot.wait(120)
    drawn.clear()
    editor.view.zoom_to(0.15)
    assert pixel(editor, 380, 130) == editor.theme.color("convolution")
    assert not drawn
    qtbot.waitUntil(lambda: drawn == [0.15])


def test_a_view_that_comes_near_again_draws_no_more_of_it(editor: Editor, drawn: list[float], qtbot: QtBot) -> None:
    editor.minimap.hide()
    editor.view.zoom_to(0.2)
    editor.view.zoom_to(1.0)
    drawn.clear()
    qtbot.wait(200)
    assert not drawn


def test_what_is_picked_shows_over_it(editor: Editor, qtbot: QtBot) -> None:
    editor.view.zoom_to(0.2)
    editor.select(["cv"])
    qtbot.wait(120)
    place = editor.scene.blocks["cv"]
    assert pixel(editor, place.x(), place.y() + 20) == editor.theme.color("accent")
    editor.select([])
    assert pixel(editor, place.x(), place.y() + 20) != editor.theme.color("accent")


def test_it_is_painted_where_a_key_selects_and_while_a_block_is_dragged(
    editor: Editor, mouse, press_key, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    view, seen = editor.view, []
    view.zoom_to(0.2)
    view.centerOn(400, 250)
    qtbot.wait(200)
    paint = view._picture.paint_picked

    def painted(painter: object, area: object) -> None:
        seen.append({id: editor.scene.index.rectangle(id)[:2] for id in editor.scene.picked_blocks})
        paint(painter, area)

    monkeypatch.setattr(view._picture, "paint_picked", painted)
    editor.select_all()
    QApplication.processEvents()
    assert seen
    assert seen[-1].keys() == editor.scene.blocks.keys()
    press_key(Qt.Key.Key_Escape)
    QApplication.processEvents()
    assert seen[-1] == {}
    at = editor.scene.blocks["cv"].pos() + QPointF(60, 24)
    mouse.press(at.x(), at.y())
    for step in (40, 80, 120):
        mouse.move(at.x() + step, at.y() + step)
        assert seen[-1] == {"cv": (editor.scene.blocks["cv"].x(), editor.scene.blocks["cv"].y())}, step
    mouse.release(at.x() + 120, at.y() + 120)
    assert editor.document.graph.blocks["cv"].look.x > 312


def test_a_view_beside_the_drawing_rests(editor: Editor, drawn: list[float], qtbot: QtBot) -> None:
    editor.minimap.hide()
    editor.view.zoom_to(0.2)
    editor.view.pan_by(-4000, -2000)
    qtbot.wait(120)
    drawn.clear()
    qtbot.wait(250)
    assert not editor.view.visible_area().intersects(editor.scene.bounds())
    assert not drawn
    editor.view.pan_by(4000, 2000)
    assert pixel(editor, 380, 130) == editor.theme.color("convolution")


def test_a_block_that_is_moved_or_deleted_is_drawn_where_it_is_now(editor: Editor, qtbot: QtBot) -> None:
    editor.minimap.hide()
    editor.view.zoom_to(0.2)
    assert pixel(editor, 380, 130) == editor.theme.color("convolution")
    look = editor.document.graph.blocks["cv"].look
    editor.document.edit("Move", edits.move, {"cv": (look.x, look.y + 400)})
    assert pixel(editor, 380, 130) != editor.theme.color("convolution")
    assert pixel(editor, 380, 530) == editor.theme.color("convolution")
    editor.document.edit("Delete", edits.remove_blocks, ("cv",))
    assert pixel(editor, 380, 530) != editor.theme.color("convolution")
    editor.document.undo_stack.undo()
    assert pixel(editor, 380, 530) == editor.theme.color("convolution")


def test_drawing_it_keeps_nothing_from_the_collector(editor: Editor) -> None:
    blocks = {f"m{n}": Block(f"m{n}", "relu", "ReLU", look=Look(n * 200, 1000)) for n in range(300)}
    editor.document.commit("More", Graph(blocks=blocks))
    kept = gc.get_freeze_count()
    editor.document.edit("Move", edits.move, {"m0": (0, 2000)})
    editor.minimap.grab()
    assert gc.get_freeze_count() <= kept
