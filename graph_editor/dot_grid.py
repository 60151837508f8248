"""The dots of the canvas, blitted from one small tile."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QGraphicsView

SPACING = 16.0
DOT = 1.5
_TILE = 256
_CLOSEST = 12


class DotGrid:
    """Dots 16 scene px apart, every second one left out until they are 12 px apart on the screen."""

    def __init__(self, view: QGraphicsView) -> None:
        self._view = view
        self._made: tuple[float, float, int] | None = None
        self._tile = QPixmap()

    def paint(self, painter: QPainter, area: QRectF, color: QColor) -> None:
        """Draw them into `area` of the scene."""
        view, zoom, ratio = self._view, self._view.transform().m11(), self._view.viewport().devicePixelRatioF()
        step = SPACING * zoom
        while step < _CLOSEST:
            step *= 2
        made = (step, ratio, color.rgb())
        if made != self._made:
            self._made = made
            self._tile = _tile(step, ratio, color)
        exposed = QRectF(view.mapFromScene(area).boundingRect()).adjusted(-1, -1, 1, 1)
        origin = view.mapFromScene(QPointF(0, 0))
        painter.save()
        painter.setWorldMatrixEnabled(False)
        size = step * max(1, math.floor(_TILE / step))
        y = origin.y() + math.floor((exposed.top() - origin.y()) / size) * size
        while y < exposed.bottom():
            x = origin.x() + math.floor((exposed.left() - origin.x()) / size) * size
            while x < exposed.right():
                painter.drawPixmap(QPointF(round(x), round(y)), self._tile)
                x += size
            y += size
        painter.restore()


def _tile(step: float, ratio: float, color: QColor) -> QPixmap:
    count = max(1, math.floor(_TILE / step))
    side = math.ceil(step * count * ratio)
    tile = QPixmap(side, side)
    tile.fill(Qt.GlobalColor.transparent)
    painter = QPainter(tile)
    pen = QPen(color, max(DOT, DOT * ratio))
    pen.setCapStyle(Qt.PenCapStyle.SquareCap)
    painter.setPen(pen)
    places = [round(number * step * ratio) + 1 for number in range(count)]
    row = QPolygonF([QPointF(x, 0) for x in places])
    for y in places:
        painter.drawPoints(row.translated(0, y))
    painter.end()
    tile.setDevicePixelRatio(ratio)
    return tile
