"""BooleanField: a switch of 28×16."""

from __future__ import annotations

from math import ceil

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.panels.buttons import baseline
from app.panels.fields_base import Field, Validate
from graph_editor.theme import FOCUS_GAP, FOCUS_WIDTH, ROW_HEIGHT, SPACE_8, SWITCH_HEIGHT, SWITCH_WIDTH, Theme

RING = FOCUS_GAP + 1


class BooleanField(Field):
    """A switch; a click, Space or Enter turns it. None stands for values that differ: the first turn switches on."""

    left_bleed = RING

    def __init__(self, theme: Theme, validate: Validate | None = None, parent: QWidget | None = None) -> None:
        super().__init__(theme, validate, parent)
        self._pressed = self._ringed = False
        self._value = self._committed = False
        self._words = ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def forget(self) -> None:
        super().forget()
        self._pressed = False
        self._value = self._committed = False

    def set_placeholder(self, text: str) -> None:
        """What stands beside the switch while it shows no value."""
        if text != self._words:
            self._words = text
            self._describe()
            # Nobody lays it out: its row asks how wide it would be when the row itself is resized.
            self.resize(self.sizeHint())
            self.update()

    def _describe(self) -> None:
        self.setAccessibleDescription(". ".join(words for words in (self._error, self._words) if words))

    def is_ringed(self) -> bool:
        """Whether the ring of the keyboard is around it."""
        return self.hasFocus() and self._ringed

    def placeholder(self) -> str:
        """What stands beside the switch, "" while it shows a value."""
        return self._words

    def sizeHint(self) -> QSize:
        words = SPACE_8 + ceil(QFontMetricsF(self._theme.font()).horizontalAdvance(self._words)) if self._words else 0
        return QSize(SWITCH_WIDTH + 2 * RING + words, ROW_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _toggle(self) -> None:
        value = not self._value
        complaint = self._complaint(value)
        self.set_error(complaint or None)
        if not complaint:
            self._commit(value)
        self.update()

    def _switch(self) -> QRectF:
        return QRectF(RING, (self.height() - SWITCH_HEIGHT) / 2, SWITCH_WIDTH, SWITCH_HEIGHT)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = event.button() == Qt.MouseButton.LeftButton

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._pressed and self.rect().contains(event.position().toPoint()):
            self._toggle()
        self._pressed = False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._ringed = True
        self.update()
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.isAutoRepeat():
            self._toggle()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QEvent) -> None:
        super().focusInEvent(event)
        self._ringed = event.reason() != Qt.FocusReason.MouseFocusReason
        self.update()

    def focusOutEvent(self, event: QEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, event: QEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        place = self._switch()
        enabled, on = self.isEnabled(), bool(self._value)
        if on and enabled:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.fill_hover if self.underMouse() else theme.color("fill"))
            painter.drawRoundedRect(place, SWITCH_HEIGHT / 2, SWITCH_HEIGHT / 2)
        else:
            painter.setPen(theme.pen("line" if not enabled else "secondary" if self.underMouse() else "edge"))
            painter.setBrush(theme.brush("line" if on else "field"))
            painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), 7.5, 7.5)
        left = place.center().x() - 6 if self._value is None else place.right() - 14 if on else place.left() + 2
        knob = QRectF(left, place.top() + 2, 12, 12)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.brush("disabled" if not enabled else "on_fill" if on else "edge"))
        painter.drawEllipse(knob)
        if enabled and (self._error or self.is_ringed()):
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(theme.pen("error" if self._error else "accent", FOCUS_WIDTH))
            out = FOCUS_GAP - FOCUS_WIDTH / 2 + 1
            painter.drawRoundedRect(place.adjusted(-out, -out, out, out), 8 + out, 8 + out)
        if self._words:
            painter.setFont(theme.font())
            painter.setPen(theme.color("secondary" if enabled else "disabled"))
            at = QPointF(place.right() + RING + SPACE_8, baseline(theme.font(), self.height() / 2))
            painter.drawText(at, self._words)
        painter.end()
