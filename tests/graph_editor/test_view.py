from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from graph_editor.canvas_look import FULL, NAMES, OVERVIEW
from graph_editor.editor import Editor
from graph_editor.theme import MANY_BLOCKS
from tests.graph_editor.conftest import rows

PLAIN, CTRL, SHIFT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


NOTHING = QPoint()


def wheel(
    editor: Editor, place: QPoint, angle: QPoint, pixels: QPoint = NOTHING, keys: Qt.KeyboardModifier = PLAIN
) -> None:
    viewport = editor.view.viewport()
    phase = Qt.ScrollPhase.NoScrollPhase if pixels.isNull() else Qt.ScrollPhase.ScrollUpdate
    event = QWheelEvent(
        QPointF(place),
        QPointF(viewport.mapToGlobal(place)),
        pixels,
        angle,
        Qt.MouseButton.NoButton,
        keys,
        phase,
        False,
    )
    QApplication.sendEvent(viewport, event)


def test_the_wheel_zooms_around_the_pointer(editor: Editor) -> None:
    place = QPoint(300, 200)
    before = editor.view.mapToScene(place)
    wheel(editor, place, QPoint(0, 240))
    assert editor.view.zoom > 1.3
    after = editor.view.mapToScene(place)
    assert abs(after.x() - before.x()) <= 1
    assert abs(after.y() - before.y()) <= 1
    assert editor.zoom_bar.text == f"{round(editor.view.zoom * 100)} %"


def test_two_fingers_pan_and_with_ctrl_they_zoom(editor: Editor) -> None:
    before = editor.view.mapToScene(QPoint(0, 0))
    wheel(editor, QPoint(300, 200), QPoint(0, 30), QPoint(40, 25))
    after = editor.view.mapToScene(QPoint(0, 0))
    assert (before.x() - after.x(), before.y() - after.y()) == (40, 25)
    wheel(editor, QPoint(300, 200), QPoint(0, 120), QPoint(0, 40), CTRL)
    assert editor.view.zoom > 1


def test_zoom_has_limits_and_catches_at_one(editor: Editor) -> None:
    editor.view.zoom_to(1000)
    assert editor.view.zoom == 4
    editor.view.zoom_to(0.00001)
    assert editor.view.zoom == pytest.approx(0.02)
    editor.view.zoom_to(1.01)
    assert editor.view.zoom == 1


@pytest.mark.parametrize(("zoom", "detail"), [(1, FULL), (0.6, FULL), (0.59, NAMES), (0.25, NAMES), (0.24, OVERVIEW)])
def test_the_level_of_detail_follows_the_zoom(editor: Editor, zoom: float, detail: int) -> None:
    editor.view.zoom_to(zoom)
    assert editor.scene.look.detail == detail


def test_a_large_body_is_an_overview_from_a_higher_zoom_on(make_editor) -> None:
    editor = make_editor(rows(MANY_BLOCKS))
    for zoom, detail in ((0.37, NAMES), (0.25, NAMES)):
        editor.view.zoom_to(zoom)
        assert editor.scene.look.detail == detail
    editor.add_block("relu")
    assert len(editor.scene.body.blocks) == MANY_BLOCKS + 1
    assert editor.scene.look.detail == OVERVIEW
    for zoom, detail in ((0.37, NAMES), (0.35, OVERVIEW)):
        editor.view.zoom_to(zoom)
        assert editor.scene.look.detail == detail
    editor.document.undo_stack.undo()
    assert editor.scene.look.detail == NAMES


def test_the_middle_button_pans_and_so_does_space_and_the_left(editor: Editor, mouse) -> None:
    before = editor.view.mapToScene(QPoint(0, 0))
    viewport = editor.view.viewport()
    QTest.mousePress(viewport, Qt.MouseButton.MiddleButton, PLAIN, QPoint(300, 300))
    QTest.mouseMove(viewport, QPoint(340, 310))
    QTest.mouseRelease(viewport, Qt.MouseButton.MiddleButton, PLAIN, QPoint(340, 310))
    after = editor.view.mapToScene(QPoint(0, 0))
    assert (before.x() - after.x(), before.y() - after.y()) == (40, 10)
    tapped = []
    editor.space_tapped.connect(lambda: tapped.append(True))
    QTest.keyPress(editor.view, Qt.Key.Key_Space)
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, PLAIN, QPoint(400, 150))
    QTest.mouseMove(viewport, QPoint(380, 150))
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, PLAIN, QPoint(380, 150))
    QTest.keyRelease(editor.view, Qt.Key.Key_Space)
    assert editor.view.mapToScene(QPoint(0, 0)).x() == after.x() + 20
    assert editor.selected_ids() == ()
    assert tapped == []
    QTest.keyClick(editor.view, Qt.Key.Key_Space)
    assert tapped == [True]


def test_panels_stay_in_their_corners_while_panning(editor: Editor) -> None:
    editor.view.pan_by(50, 30)
    assert editor.breadcrumb.pos() == QPoint(12, 12)
    assert editor.zoom_bar.geometry().bottom() == editor.height() - 13


def test_panning_paints_only_what_comes_into_sight(editor: Editor, qtbot) -> None:
    from PySide6.QtCore import QEvent, QObject

    painted = []

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                painted.append(sum(rect.width() * rect.height() for rect in event.region()))
            return False

    QApplication.processEvents()
    watch = Watch()
    editor.view.viewport().installEventFilter(watch)
    editor.view.pan_by(5, 3)
    QApplication.processEvents()
    editor.view.viewport().removeEventFilter(watch)
    assert painted
    assert max(painted) < 0.2 * editor.view.viewport().width() * editor.view.viewport().height()


def test_fit_shows_everything_with_a_margin(editor: Editor) -> None:
    editor.view.zoom_to(3)
    QTest.keyClick(editor.view, Qt.Key.Key_F)
    shown = editor.view.visible_area()
    assert shown.contains(editor.scene.bounds())
    assert editor.view.mapFromScene(editor.scene.bounds().topLeft()).x() >= 47
    editor.select(["cv"])
    editor.fit_selection()
    assert editor.view.zoom == 1
    assert abs(editor.view.visible_area().center().x() - editor.scene.blocks["cv"].sceneBoundingRect().center().x()) < 2


def test_the_pointer_over_a_block_and_a_wire_shows(editor: Editor, mouse) -> None:
    mouse.move(380, 128)
    assert editor.scene.blocks["cv"].hovered
    mouse.move(500, 128)
    assert not editor.scene.blocks["cv"].hovered
    wire = next(wire for wire in editor.scene.wires.values() if wire.hovered)
    assert wire.target.block == "re"
    mouse.move(500, 250)
    assert not wire.hovered


def pixel(editor: Editor, x: float, y: float) -> QColor:
    image = editor.view.viewport().grab().toImage()
    place = editor.view.mapFromScene(QPointF(x, y))
    return image.pixelColor(place * image.devicePixelRatio())


def test_what_is_painted(editor: Editor) -> None:
    theme = editor.theme
    assert pixel(editor, 313, 142) == theme.color("convolution")
    assert pixel(editor, 430, 110) == theme.color("block")
    assert pixel(editor, 500, 128) == theme.color("wire")
    editor.select(["cv"])
    assert pixel(editor, 380, 105) == theme.color("accent")


def test_the_overview_is_filled_with_family_colours(editor: Editor) -> None:
    editor.view.zoom_to(0.2)
    QTest.qWait(120)
    assert pixel(editor, 380, 130) == editor.theme.color("convolution")
    assert pixel(editor, 380, -200) == editor.theme.color("canvas")


def test_a_theme_changes_every_paint(editor: Editor) -> None:
    from graph_editor.theme import load_theme

    dark = load_theme("dark", 1.0)
    editor.set_theme(dark)
    assert pixel(editor, 430, 110) == dark.color("block")
    assert pixel(editor, 500, 128) == dark.color("wire")
    assert pixel(editor, 313, 142) == dark.color("convolution")
