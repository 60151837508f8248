"""Home and End in an open menu go to its first and its last line."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QMenu

_STEPS: Mapping[int, Qt.Key] = {Qt.Key.Key_Home: Qt.Key.Key_Down, Qt.Key.Key_End: Qt.Key.Key_Up}
_PLAIN = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier


def reach_ends(menu: QMenu) -> QMenu:
    """Have Home and End go to the first and the last line that can be chosen."""
    menu.installEventFilter(_Ends(menu))
    return menu


class _Ends(QObject):
    """Qt's menus know these keys only where they scroll; from no line at all Down and Up go to the ends."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent) or not isinstance(watched, QMenu):
            return False
        step = _STEPS.get(event.key())
        if step is None or event.modifiers() not in _PLAIN:
            return False
        watched.setActiveAction(None)  # type: ignore[arg-type]
        return QApplication.sendEvent(watched, QKeyEvent(QEvent.Type.KeyPress, step, Qt.KeyboardModifier.NoModifier))
