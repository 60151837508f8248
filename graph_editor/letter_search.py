"""A letter typed in an open menu moves to the next line that begins with it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QMenu

_PLAIN = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.KeypadModifier


def find_by_letter(menu: QMenu) -> QMenu:
    """Have letters and digits move to the next line that begins so, round and round; one marked by `&` still acts."""
    menu.installEventFilter(_Letters(menu))
    return menu


class _Letters(QObject):
    """Qt's own search of menus joins what is typed within 2 s: the second line of a letter cannot be reached by it."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent) or not isinstance(watched, QMenu):
            return False
        letter = event.text().casefold()
        if not letter.isalnum() or event.modifiers() not in _PLAIN:
            return False
        lines = [action for action in watched.actions() if action.isVisible() and not action.isSeparator()]
        if any(_marked(action) == letter for action in lines):
            return False
        now = watched.activeAction()
        at = lines.index(now) + 1 if now in lines else 0
        for action in (*lines[at:], *lines[:at]):
            if action.isEnabled() and _words(action).startswith(letter):
                watched.setActiveAction(action)
                break
        return True


def _marked(action: QAction) -> str:
    """The letter that acts at once, "" without one."""
    return QKeySequence.mnemonic(action.text()).toString().rpartition("+")[2].casefold()


def _words(action: QAction) -> str:
    return action.text().replace("&&", "&").casefold()
