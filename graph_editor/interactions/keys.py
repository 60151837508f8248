"""What keys on the canvas do; shortcuts of the whole window are the window's."""

from __future__ import annotations

import sys

from PySide6.QtCore import Qt
from PySide6.QtGui import QCursor

from graph_editor.interactions.walk import walk
from graph_editor.view import GraphView

_ARROWS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)
_OPENS_MENUS = sys.platform != "win32"
"""Windows itself makes a press of the menu key out of Shift+F10."""
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


def press_key(view: GraphView, key: int, modifiers: Qt.KeyboardModifier) -> bool:
    """Act on a key; False where it means nothing here."""
    scene = view.graph_scene
    picked = sorted(scene.picked_blocks)
    plain = not modifiers & ~Qt.KeyboardModifier.KeypadModifier
    if key == Qt.Key.Key_Tab:
        viewport = view.viewport()
        inside = viewport.rect().contains(viewport.mapFromGlobal(QCursor.pos()))
        place = view.pointer if inside else viewport.rect().center()
        view.search_wanted.emit(view.mapToScene(place), None, False)
    elif key == Qt.Key.Key_F10 and modifiers == Qt.KeyboardModifier.ShiftModifier and _OPENS_MENUS:
        view.keys_menu_wanted.emit()
    elif key in _ARROWS:
        walk(view, key, modifiers)
    elif key in _ENTER and len(picked) == 1:
        if scene.blocks[picked[0]].content.container:
            view.enter_wanted.emit(picked[0])
        else:
            view.edit_wanted.emit(picked[0])
    elif key == Qt.Key.Key_Escape:
        return _escape(view)
    elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and plain:
        view.commands.delete_picked()
    elif key == Qt.Key.Key_F2 and len(picked) == 1:
        view.rename_wanted.emit(picked[0])
    elif key == Qt.Key.Key_F and plain:
        view.fit_wanted.emit()
    elif key == Qt.Key.Key_W and plain:
        view.wirings_wanted.emit()
    elif key == Qt.Key.Key_M and plain:
        view.commands.toggle_bypass()
    else:
        return False
    return True


def _escape(view: GraphView) -> bool:
    """End the gesture, else clear the selection, else leave the container."""
    scene = view.graph_scene
    if view.cancel_gesture():
        return True
    if scene.picked_blocks or scene.picked_wires:
        scene.pick()
        return True
    if scene.path:
        view.leave_wanted.emit()
        return True
    return False
