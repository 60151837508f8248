"""Hands on a field by itself, and a log of what it tells."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.panels.fields import Field, FieldRow

LEFT = Qt.MouseButton.LeftButton


class Log:
    """What a field said, in order."""

    def __init__(self, field: Field | FieldRow) -> None:
        self.edited: list[object] = []
        self.previewed: list[object] = []
        field.edited.connect(self.edited.append)
        field.previewed.connect(self.previewed.append)


def shown(qtbot: QtBot, *widgets: QWidget) -> Log:
    """Show widgets below each other in an active window; the log of the first."""
    window = QWidget()
    qtbot.addWidget(window)
    layout = QVBoxLayout(window)
    for widget in widgets:
        layout.addWidget(widget)
    window.resize(320, 60 + 40 * len(widgets))
    for widget in widgets:
        widget.window_of_test = window  # type: ignore[attr-defined]
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    if window.focusWidget() is not None:
        window.focusWidget().clearFocus()
    first = widgets[0]
    assert isinstance(first, Field | FieldRow)
    return Log(first)


def click(qtbot: QtBot, widget: QWidget, x: int | None = None) -> None:
    place = QPoint(widget.width() // 2 if x is None else x, widget.height() // 2)
    qtbot.mouseClick(widget, LEFT, pos=place)


def drag(qtbot: QtBot, widget: QWidget, distance: int, modifier: Qt.KeyboardModifier | None = None) -> None:
    """Press, move in three steps, release."""
    keys = modifier or Qt.KeyboardModifier.NoModifier
    start = QPoint(10, widget.height() // 2)
    qtbot.mousePress(widget, LEFT, keys, start)
    for part in (1, 2, 3):
        move(widget, start + QPoint(distance * part // 3, 0), keys)
    qtbot.mouseRelease(widget, LEFT, keys, start + QPoint(distance, 0))


def move(widget: QWidget, place: QPoint, keys: Qt.KeyboardModifier) -> None:
    from PySide6.QtCore import QEvent, QPointF
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    spot = QPointF(place)
    event = QMouseEvent(
        QEvent.Type.MouseMove, spot, QPointF(widget.mapToGlobal(place)), Qt.MouseButton.NoButton, LEFT, keys
    )
    QApplication.sendEvent(widget, event)


def retype(qtbot: QtBot, field: Field, text: str, confirm: bool = True) -> None:
    """Click into a field, which selects all, type, and press Enter."""
    entry = field.focusProxy()
    if entry.hasFocus():
        qtbot.keyClick(entry, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    else:
        click(qtbot, entry, 8)
    assert entry.hasFocus()
    qtbot.keyClicks(entry, text)
    if confirm:
        qtbot.keyClick(entry, Qt.Key.Key_Return)
