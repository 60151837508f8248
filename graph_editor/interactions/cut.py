"""Cutting wires by sweeping across them, with Ctrl and Alt held."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from engine.graph.difference import GraphChange
from engine.graph.graph import PortRef
from graph_editor.interactions.gesture import Gesture
from graph_editor.view import GraphView


class Cut(Gesture):
    """Every wire that the line crosses is removed, in one step."""

    def __init__(self, view: GraphView, at: QPointF) -> None:
        super().__init__(view, at)
        self._points = [at]
        self._crossed: dict[PortRef, None] = {}

    def move(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        super().move(at, modifiers)
        sweep = QLineF(self._points[-1], at)
        self._points.append(at)
        left, right = sorted((sweep.x1(), sweep.x2()))
        top, bottom = sorted((sweep.y1(), sweep.y2()))
        for wire in self.scene.wires_in(QRectF(left, top, right - left + 1, bottom - top + 1)):
            points = wire.route.points
            if any(_cross(sweep, QLineF(*one, *two)) for one, two in zip(points, points[1:], strict=False)):
                self._crossed[wire.target] = None
                wire.set_state(hovered=True)

    def area(self) -> QRectF | None:
        xs, ys = [point.x() for point in self._points], [point.y() for point in self._points]
        return QRectF(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))

    def release(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        self.cancel()
        if self._crossed:
            self.commands.disconnect_ports(tuple(self._crossed))

    def outlives(self, change: GraphChange) -> bool:
        return all(target in self.scene.wires for target in self._crossed)

    def cancel(self) -> None:
        for wire in map(self.scene.wires.get, self._crossed):
            if wire is not None:
                wire.set_state(hovered=False)
        self.view.viewport().update()

    def paint(self, painter: QPainter) -> None:
        painter.setPen(self.scene.look.wire_pen("error", 1.5, dotted=True))
        painter.drawPolyline(self._points)


def _cross(one: QLineF, other: QLineF) -> bool:
    kind, _ = one.intersects(other)
    return bool(kind == QLineF.IntersectionType.BoundedIntersection)
