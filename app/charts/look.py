"""The part of the theme that charts and views use, and painting that they share."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter

from graph_editor.theme import (
    MEDIUM,
    RADIUS_BLOCK,
    REGULAR,
    SEMIBOLD,
    SIZE_NORMAL,
    SIZE_SMALL,
    SPACE_4,
    SPACE_8,
    SPACE_12,
    Theme,
)

__all__ = [
    "MEDIUM",
    "RADIUS_BLOCK",
    "REGULAR",
    "SEMIBOLD",
    "SIZE_NORMAL",
    "SIZE_SMALL",
    "SPACE_4",
    "SPACE_8",
    "SPACE_12",
    "Card",
    "Theme",
    "paint_card",
    "text_width",
    "tick_room",
]

LABEL_GAP = 14
POINTER_GAP = 12
PICTURE_SIDE = 64


def text_width(font: QFont, text: str) -> float:
    """The width of one line of text, in px."""
    return QFontMetricsF(font).horizontalAdvance(text)


def tick_room(font: QFont) -> int:
    """How far the text of the last tick reaches beyond the end of an upright axis, in px."""
    return math.ceil(QFontMetricsF(font).capHeight() / 2) + 2


class Card:
    """What stands under the pointer: lines of (text, colour or None for the tooltip's own), a picture above them."""

    def __init__(self, lines: tuple[tuple[str, QColor | None], ...], picture: QImage | None = None) -> None:
        self.lines = lines
        self.picture = picture

    @property
    def text(self) -> str:
        """The lines as one text."""
        return "\n".join(line for line, _ in self.lines)


def paint_card(painter: QPainter, card: Card, at: QPointF, within: QRectF, theme: Theme) -> QRectF:
    """Paint a card beside a point, inside `within`; returns where it stands."""
    font = theme.font(SIZE_SMALL, MEDIUM)
    height = QFontMetricsF(font).height() + 2
    side = PICTURE_SIDE if card.picture is not None else 0
    dot = 12 if any(color is not None for _, color in card.lines) else 0
    width = max([side, *(text_width(font, text) + dot for text, _ in card.lines)]) + 2 * SPACE_8
    picture_room = side + SPACE_4 if side else 0
    place = QRectF(at.x() + POINTER_GAP, at.y() + POINTER_GAP, width, picture_room + height * len(card.lines) + 12)
    if place.right() > within.right():
        place.moveRight(at.x() - POINTER_GAP)
    if place.bottom() > within.bottom():
        place.moveBottom(at.y() - POINTER_GAP)
    place.moveLeft(round(max(within.left(), min(place.left(), within.right() - place.width()))))
    place.moveTop(round(max(within.top(), min(place.top(), within.bottom() - place.height()))))
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.brush("tooltip"))
    painter.drawRoundedRect(place, RADIUS_BLOCK, RADIUS_BLOCK)
    top = place.top() + 6
    if card.picture is not None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, card.picture.width() > side)
        target = fitted(card.picture, QRectF(place.left() + (width - side) / 2, top + 2, side, side))
        painter.drawImage(target, card.picture)
        top += picture_room
    painter.setFont(font)
    for text, color in card.lines:
        left = place.left() + SPACE_8
        if side and not dot:
            left = place.left() + (width - text_width(font, text)) / 2
        if color is not None:
            painter.setBrush(color)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawEllipse(QPointF(left + 3, top + height / 2), 3, 3)
        painter.setPen(theme.color("tooltip_text"))
        line = QRectF(left + dot, top, width, height)
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        top += height
    painter.restore()
    return place


def fitted(picture: QImage, room: QRectF) -> QRectF:
    """The largest rectangle with the picture's proportions, centred in `room`."""
    scale = min(room.width() / max(picture.width(), 1), room.height() / max(picture.height(), 1))
    width, height = picture.width() * scale, picture.height() * scale
    return QRectF(room.center().x() - width / 2, room.center().y() - height / 2, width, height)
