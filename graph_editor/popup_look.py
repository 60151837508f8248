"""How popups and icons of block types are painted: ground, edge, shadow; icon or curve in the family colour."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from engine.graph.block_type import BlockType
from graph_editor.block_icon import CURVE_WIDTH, block_icon
from graph_editor.theme import ICON, RADIUS_POPUP, SHADOW_POPUP, SIZE_SMALL, Theme


def paint_popup(painter: QPainter, theme: Theme, panel: QRectF) -> None:
    """Paint a popup's ground, edge and the 12-px shadow around it."""
    painter.setPen(Qt.PenStyle.NoPen)
    shadow = QColor(theme.shadow_color())
    for spread in range(SHADOW_POPUP, 0, -1):
        shadow.setAlphaF(theme.shadow_opacity * 1.6 / SHADOW_POPUP * (1 - (spread - 1) / SHADOW_POPUP))
        painter.setBrush(shadow)
        grown = panel.adjusted(-spread, -spread + 3, spread, spread).intersected(
            panel.adjusted(-SHADOW_POPUP, -SHADOW_POPUP, SHADOW_POPUP, SHADOW_POPUP)
        )
        painter.drawRoundedRect(grown, RADIUS_POPUP + spread, RADIUS_POPUP + spread)
    painter.setPen(theme.pen("line"))
    painter.setBrush(theme.brush("panel"))
    painter.drawRoundedRect(panel.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS_POPUP - 0.5, RADIUS_POPUP - 0.5)


def paint_type_icon(painter: QPainter, theme: Theme, type: BlockType, x: float, y: float, size: int = ICON) -> None:
    """Paint a type's icon, or the curve of an activation, in its family's colour with its corner at x, y."""
    icon = block_icon(type, size)
    color = theme.family_color(type.family)
    painter.save()
    painter.translate(x, y)
    if icon.stroked:
        pen = QPen(color, CURVE_WIDTH * 0.85 * size / ICON)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(icon.path)
    else:
        painter.fillPath(icon.path, color)
    painter.restore()


def paint_words_and_shape(painter: QPainter, theme: Theme, place: QRectF, words: str, shape: str) -> None:
    """Paint small words, and a shape in mono after them."""
    middle = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
    font = theme.font(SIZE_SMALL)
    painter.setPen(theme.color("secondary"))
    painter.setFont(font)
    painter.drawText(place, middle, words)
    painter.setFont(theme.font(SIZE_SMALL, mono=True))
    painter.drawText(place.adjusted(QFontMetricsF(font).horizontalAdvance(words), 0, 0, 0), middle, shape)
