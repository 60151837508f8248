"""One gesture, one object: made at the press, told of moves, ended by release or cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

if TYPE_CHECKING:
    from engine.graph.difference import GraphChange
    from graph_editor.view import GraphView

DRAG_DISTANCE = 4


class Gesture:
    """Does nothing; gestures override what they need. Points are scene px."""

    def __init__(self, view: GraphView, at: QPointF) -> None:
        self.view = view
        self.scene = view.graph_scene
        self.commands = view.commands
        self.start = at
        self.at = at

    def move(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """The pointer is elsewhere."""
        self.at = at

    def release(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """The button was let go: make the edit."""

    def cancel(self) -> None:
        """Esc, or the window lost the pointer: nothing happened."""

    def outlives(self, change: GraphChange) -> bool:
        """Whether it goes on after the drawing changed under it, by a key perhaps; else it is cancelled."""
        return True

    def area(self) -> QRectF | None:
        """Where `paint` draws, in scene px; None where nothing is drawn."""
        return None

    def paint(self, painter: QPainter) -> None:
        """Draw over the scene, in scene px."""

    def far_enough(self) -> bool:
        """Whether this is a drag and no click."""
        moved = (self.at - self.start) * self.view.zoom
        return abs(moved.x()) + abs(moved.y()) >= DRAG_DISTANCE
