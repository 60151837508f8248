"""BooleanField: a switch of 28×16."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.panels.fields_base import Field, Validate
from graph_editor.theme import FOCUS_GAP, FOCUS_WIDTH, ROW_HEIGHT, SWITCH_HEIGHT, SWITCH_WIDTH, Theme

RING = FOCUS_GAP + 1


class BooleanField(Field):
    """A switch; a click, Space or Enter turns it."""

    left_bleed = RING

    def __init__(self, theme: Theme, validate: Validate | None = None, parent: QWidget | None = None) -> None:
        super().__init__(theme, validate, parent)
        self._pressed = self._ringed = False
        self._value = self._committed = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def forget(self) -> None:
        super().forget()
        self._pressed = self._ringed = False
        self._value = self._committed = False

    def sizeHint(self) -> QSize:
        return QSize(SWITCH_WIDTH + 2 * RING, ROW_HEIGHT)

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
        knob = QRectF(place.right() - 14 if on else place.left() + 2, place.top() + 2, 12, 12)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.brush("disabled" if not enabled else "on_fill" if on else "edge"))
        painter.drawEllipse(knob)
        if enabled and (self._error or (self.hasFocus() and self._ringed)):
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(theme.pen("error" if self._error else "accent", FOCUS_WIDTH))
            out = FOCUS_GAP - FOCUS_WIDTH / 2 + 1
            painter.drawRoundedRect(place.adjusted(-out, -out, out, out), 8 + out, 8 + out)
        painter.end()
