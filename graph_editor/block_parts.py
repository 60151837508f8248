"""What blocks paint beside their text: shadows, badges, a loss's curve, a container's body in miniature."""

from __future__ import annotations

import math
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPolygonF

from graph_editor.block_geometry import shadow_path
from graph_editor.canvas_look import CanvasLook
from graph_editor.theme import BADGE, RADIUS_BLOCK, SHADOW_BLOCK, SHADOW_DRAGGED, icon_path

MINIATURE_BLOCKS = 5
TWIN_AT = 16.0
NO_VALUE = "no value yet"


def paint_shadow(painter: QPainter, width: int, height: int, look: CanvasLook) -> None:
    """The 2-px shadow under a block that lies on the canvas."""
    painter.setPen(look.nothing)
    painter.setBrush(look.shadow)
    for step in range(1, SHADOW_BLOCK + 1):
        painter.drawPath(shadow_path(width, height, step))


def paint_lift(painter: QPainter, width: int, height: int, look: CanvasLook) -> None:
    """The soft 8-px shadow under a block that is dragged."""
    painter.setPen(look.nothing)
    faint = QColor(look.shadow)
    faint.setAlphaF(look.shadow.alphaF() / 3)
    painter.setBrush(faint)
    for grow in range(SHADOW_DRAGGED, -2, -2):
        radius = RADIUS_BLOCK + grow
        painter.drawRoundedRect(
            QRectF(-grow, SHADOW_DRAGGED - grow, width + 2 * grow, height + 2 * grow), radius, radius
        )


def paint_badge(painter: QPainter, x: float, y: float, severity: str, look: CanvasLook) -> None:
    """A badge centred at x, y: a disc with "!" for errors, a filled triangle for warnings."""
    half = BADGE / 2
    painter.setPen(look.nothing)
    if severity == "error":
        painter.setBrush(look.canvas)
        painter.drawEllipse(QPointF(x, y), half + 1.5, half + 1.5)
        painter.setBrush(look.error)
        painter.drawEllipse(QPointF(x, y), half, half)
        painter.setBrush(look.on_badge)
        painter.drawRoundedRect(QRectF(x - 1, y - 4.5, 2, 5.5), 1, 1)
        painter.drawEllipse(QPointF(x, y + 3.5), 1.2, 1.2)
    else:
        painter.translate(x - half, y - half)
        painter.setPen(look.badge_ring)
        painter.drawPath(look.warning_icon)
        painter.fillPath(look.warning_icon, look.warning)
        painter.translate(half - x, half - y)


def paint_marks(painter: QPainter, size: tuple[int, int], severity: str, twin: int | None, look: CanvasLook) -> None:
    """The badge of a block's problems and the mark of its shared weights, where it has them."""
    if severity:
        paint_badge(painter, size[0] - 4.0, 0.0, severity, look)
    if twin is not None:
        paint_twin(painter, size[1], twin, look)


def paint_twin(painter: QPainter, height: int, number: int, look: CanvasLook) -> None:
    """The mark of shared weights on the lower edge: a link on a disc of the class colour `number`."""
    half = BADGE / 2
    painter.setPen(look.nothing)
    painter.setBrush(look.canvas)
    painter.drawEllipse(QPointF(TWIN_AT, height), half + 1.5, half + 1.5)
    painter.setBrush(look.theme.class_color(number))
    painter.drawEllipse(QPointF(TWIN_AT, height), half, half)
    size = BADGE - 4
    place = QPointF(TWIN_AT - size / 2, height - size / 2)
    painter.translate(place)
    painter.fillPath(icon_path("ph.link", size), look.canvas)
    painter.translate(-place)


class LossCurve(NamedTuple):
    """The value of a loss as text and the last stretch of its curve; empty before the first run."""

    text: str = ""
    values: tuple[float, ...] = ()

    def paint(self, painter: QPainter, area: QRectF, look: CanvasLook) -> None:
        """Draw them into the strip."""
        if not self.text:
            painter.setFont(look.second_font)
            painter.setPen(look.secondary)
            painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, NO_VALUE)
            return
        values = [value for value in self.values if math.isfinite(value)]
        if len(values) > 1:
            low, high = min(values), max(values)
            span = (high - low) or 1.0
            top, height = area.top() + 8, area.height() - 8
            step = area.width() / (len(values) - 1)
            points = [
                QPointF(area.left() + number * step, top + height * (1 - (value - low) / span))
                for number, value in enumerate(values)
            ]
            painter.setPen(look.curve)
            painter.setBrush(look.no_brush)
            painter.drawPolyline(QPolygonF(points))
        painter.setFont(look.value_font)
        painter.setPen(look.text)
        painter.drawText(area.adjusted(0, -2, 0, 0), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, self.text)


class Miniature(NamedTuple):
    """A container's body as a row of blocks; `skip` draws the way around them, `more` that there are others."""

    families: tuple[str, ...]
    skip: bool
    more: bool

    def paint(self, painter: QPainter, area: QRectF, look: CanvasLook) -> None:
        """Draw it into the strip."""
        middle = area.center().y() + (4 if self.skip else 0)
        left, right = area.left(), area.right()
        plus = right - 12 if self.skip else right
        painter.setBrush(look.no_brush)
        painter.setPen(look.thin_wire)
        painter.drawLine(QPointF(left, middle), QPointF(right, middle))
        if self.skip:
            top = middle - 18
            way = QPainterPath(QPointF(left + 4, middle))
            way.cubicTo(left + 8, middle - 8, left + 6, top, left + 16, top)
            way.lineTo(plus - 12, top)
            way.cubicTo(plus - 2, top, plus - 4, middle - 12, plus, middle)
            painter.drawPath(way)
        count = len(self.families)
        if count:
            first, last = left + 14, plus - (16 if self.skip else 14)
            gap = 8.0 if count <= 3 else 4.0
            width = min((last - first - gap * (count - 1)) / count, 26.0)
            x = (first + last) / 2 - (width * count + gap * (count - 1)) / 2
            painter.setPen(look.nothing)
            for family in self.families:
                painter.setBrush(look.miniature_brush(family))
                painter.drawRoundedRect(QRectF(x, middle - 7, width, 14), 3, 3)
                x += width + gap
        if self.skip:
            painter.setPen(look.text_line)
            painter.setBrush(look.block)
            painter.drawEllipse(QPointF(plus, middle), 5.5, 5.5)
            painter.drawLine(QPointF(plus - 2.5, middle), QPointF(plus + 2.5, middle))
            painter.drawLine(QPointF(plus, middle - 2.5), QPointF(plus, middle + 2.5))
        if self.more:
            painter.setFont(look.second_font)
            painter.setPen(look.secondary)
            painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, "…")
