"""Moving the view by hand: middle button, or space and the left button."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, Qt

from graph_editor.interactions.gesture import Gesture
from graph_editor.view import GraphView


class Pan(Gesture):
    """The drawing sticks to the pointer. It follows places on the screen: the scene moves under it."""

    def __init__(self, view: GraphView, at: QPointF) -> None:
        super().__init__(view, at)
        self._last = view.mapFromScene(at)
        view.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)

    def move(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        place = self.view.pointer
        step: QPoint = place - self._last
        self._last = place
        self.view.pan_by(step.x(), step.y())

    def release(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        self.view.show_cursor()

    def cancel(self) -> None:
        self.view.show_cursor()
