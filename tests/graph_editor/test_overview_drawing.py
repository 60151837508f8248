"""The picture of a large drawing is drawn a few ms at a time, and is the same as one drawn at once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph import edits
from graph_editor import overview_drawing
from graph_editor.canvas_look import OVERVIEW
from graph_editor.document import Document
from graph_editor.editor import Editor
from graph_editor.overview import STEP
from graph_editor.overview_drawing import OverviewDrawing
from graph_editor.theme import load_theme
from tests.graph_editor.conftest import rows

COUNT = 1_200
FAR = 0.1


@pytest.fixture
def editor(qapp: object, qtbot: QtBot) -> Iterator[Editor]:
    editor = Editor(Document(rows(COUNT, "conv2d", 160), BLOCK_TYPES), load_theme("light"))
    qtbot.addWidget(editor)
    editor.resize(1000, 700)
    editor.show()
    qtbot.waitExposed(editor)
    editor.view.zoom_to(FAR)
    editor.view.centerOn(4_000, 2_400)
    qtbot.waitUntil(lambda: not editor.scene.moves.is_busy, timeout=30_000)
    qtbot.wait(150)
    qtbot.waitUntil(lambda: not editor.view._picture._drawing.is_busy)
    assert editor.scene.look.detail == OVERVIEW
    yield editor
    editor.close()


def pixel(editor: Editor, x: float, y: float) -> QColor:
    image = editor.view.viewport().grab().toImage()
    return image.pixelColor(editor.view.mapFromScene(QPointF(x, y)) * image.devicePixelRatio())


def test_it_comes_in_slices_and_is_what_is_drawn_at_once(editor: Editor, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = count()
    monkeypatch.setattr(overview_drawing, "time", SimpleNamespace(perf_counter=lambda: next(ticks) / 1000))
    overview = editor.view.overview
    overview.forget()
    drawn: list[QPixmap] = []
    drawing = OverviewDrawing(overview, editor)
    drawing.drawn.connect(lambda pixmap, area: drawn.append(pixmap))
    area = editor.scene.bounds()
    drawing.ask(area, FAR, 1.0)
    assert not drawn
    slices = 0
    while drawing.is_busy:
        drawing._work()
        slices += 1
    # Blocks are read and drawn, wires too, 200 in a step and two steps in a slice.
    assert slices >= 2 * (2 * COUNT / STEP) / 2
    overview.forget()
    assert drawn[0].toImage() == overview.pixmap(area, FAR, 1.0).toImage()


@pytest.mark.parametrize("ahead", [1, 7, 12, 25])
def test_two_that_are_drawn_at_the_same_time_do_not_disturb_each_other(editor: Editor, ahead: int) -> None:
    overview, area = editor.view.overview, editor.scene.bounds()
    editor.document.edit("Delete", edits.remove_blocks, tuple(f"b{n:04d}" for n in range(0, COUNT, 3)))
    editor.scene.moves.finish()
    overview.forget()
    one, other = overview.steps(area, FAR, 1.0), overview.steps(area, FAR, 1.0)
    found = [next(one) for _ in range(ahead)]
    pictures: list[QPixmap] = []
    left = [one, other]
    while left:
        for steps in tuple(left):
            picture = next(steps, None)
            if isinstance(picture, QPixmap):
                pictures.append(picture)
                left.remove(steps)
    assert set(found) == {None}
    overview.forget()
    wanted = overview.pixmap(area, FAR, 1.0).toImage()
    assert [picture.toImage() for picture in pictures] == [wanted, wanted]


def test_one_that_is_out_of_date_before_it_is_there_is_begun_anew(editor: Editor) -> None:
    overview = editor.view.overview
    drawn: list[QPixmap] = []
    drawing = OverviewDrawing(overview, editor)
    drawing.drawn.connect(lambda pixmap, area: drawn.append(pixmap))
    area = editor.scene.bounds()
    overview.forget()
    drawing.ask(area, FAR, 1.0)
    next(drawing._steps)  # type: ignore[arg-type]
    editor.document.edit("Delete", edits.remove_blocks, ("b0000", "b0610"))
    while drawing.is_busy:
        drawing._work()
    assert len(drawn) == 1
    assert drawn[0].toImage() == overview.pixmap(area, FAR, 1.0).toImage()


def test_an_edit_leaves_the_picture_until_the_next_is_there(editor: Editor, qtbot: QtBot) -> None:
    block = editor.theme.color("convolution")
    at = editor.scene.blocks["b0610"].sceneBoundingRect().center()
    assert pixel(editor, at.x(), at.y()) == block
    editor.document.edit("Delete", edits.remove_blocks, ("b0610",))
    assert pixel(editor, at.x() - 200, at.y()) == block, "no flash of an empty canvas"
    qtbot.waitUntil(lambda: pixel(editor, at.x(), at.y()) != block)
    assert pixel(editor, at.x() - 200, at.y()) == block


def test_pan_and_selection_show_while_many_blocks_move(editor: Editor, qtbot: QtBot) -> None:
    places = {id: (block.look.x + 8, block.look.y) for id, block in editor.document.graph.blocks.items()}
    editor.document.edit("Move", edits.move, places)
    assert editor.scene.moves.is_busy
    QApplication.processEvents()
    painted: list[bool] = []
    draw = editor.view.drawForeground
    editor.view.drawForeground = lambda *a: painted.append(True) or draw(*a)  # type: ignore[method-assign]
    for act in (lambda: editor.view.pan_by(16, 8), lambda: editor.select(["b0610"])):
        assert editor.scene.moves.is_busy
        painted.clear()
        act()
        QApplication.sendPostedEvents()
        QTest.qWait(1)
        assert painted
    qtbot.waitUntil(lambda: not editor.scene.moves.is_busy, timeout=30_000)
    painted.clear()
    editor.select(["b0611"])
    qtbot.waitUntil(lambda: bool(painted))


def test_what_is_made_and_moved_has_the_overview_painted_no_more_than_once(editor: Editor, qtbot: QtBot) -> None:
    editor.minimap.hide()
    painted: list[bool] = []
    draw = editor.view.drawForeground
    editor.view.drawForeground = lambda *a: painted.append(True) or draw(*a)  # type: ignore[method-assign]
    places = {id: (block.look.x + 8, block.look.y) for id, block in editor.document.graph.blocks.items()}
    editor.document.edit("Move", edits.move, places)
    while editor.scene.moves.is_busy:
        QApplication.processEvents()
    assert len(painted) <= 3


def test_a_view_that_comes_near_meanwhile_has_it_drawn_no_more(editor: Editor, qtbot: QtBot) -> None:
    block, picture = editor.theme.color("convolution"), editor.view._picture
    at = editor.scene.blocks["b0610"].sceneBoundingRect().center()
    editor.document.edit("Delete", edits.remove_blocks, ("b0610",))
    picture._draw_and_show()
    assert picture._drawing.is_busy
    editor.view.zoom_to(1.0)
    assert not picture._drawing.is_busy
    editor.view.zoom_to(FAR)
    editor.view.centerOn(4_000, 2_400)
    qtbot.waitUntil(lambda: pixel(editor, at.x(), at.y()) != block)
    qtbot.waitUntil(lambda: pixel(editor, at.x() - 200, at.y()) == block)
