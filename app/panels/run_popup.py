"""Where the run bar is narrow: one button that says the plan, and the popup with its four fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.panels.buttons import Button, baseline
from app.panels.fields import ChoiceField, FieldRow, FloatField, IntegerField
from app.panels.popup import Popup
from graph_editor.theme import (
    ICON_IN_FIELD,
    MEDIUM,
    RADIUS_FIELD,
    SHADOW_POPUP,
    SPACE_8,
    Theme,
)

if TYPE_CHECKING:
    from app.panels.run_bar import RunFields

POPUP_WIDTH = 288


class PlanButton(Button):
    """Looks like a field: the plan in words and a caret."""

    radius = RADIUS_FIELD
    weight = MEDIUM

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__("", theme, parent=parent)
        self.setToolTip("Epochs, learning rate, batch and device")

    def sizeHint(self) -> QSize:
        return QSize(round(self._content_width()) + 2 * SPACE_8 + SPACE_8 + ICON_IN_FIELD, self.height_px)

    def minimumSizeHint(self) -> QSize:
        return QSize(96, self.height_px)

    def _paint_ground(self, painter: QPainter) -> None:
        theme = self._theme
        painter.setPen(theme.pen("secondary" if self.underMouse() else "edge"))
        painter.setBrush(theme.brush("field"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), self.radius, self.radius)

    def _paint_content(self, painter: QPainter, left: float) -> None:
        font = self.text_font()
        room = self.width() - 3 * SPACE_8 - ICON_IN_FIELD
        text = QFontMetricsF(font).elidedText(self.text(), Qt.TextElideMode.ElideRight, room + 1)
        painter.setFont(font)
        painter.setPen(self._theme.color(self._ink()))
        painter.drawText(QPointF(SPACE_8, baseline(font, self.height() / 2)), text)
        pixmap = self._theme.icon_pixmap("ph.caret-down", "secondary", ICON_IN_FIELD, self.devicePixelRatioF())
        corner = QPointF(self.width() - SPACE_8 - ICON_IN_FIELD, round((self.height() - ICON_IN_FIELD) / 2))
        painter.drawPixmap(corner, pixmap)


class RunPopup(Popup):
    """The same four fields as the wide bar's; a click beside it closes it."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(None, theme, parent)
        page = QWidget()
        self.epochs = IntegerField(theme, 1, 100_000, parent=page)
        self.learning_rate = FloatField(theme, 0.0, None, logarithmic=True, parent=page)
        self.batch_size = IntegerField(theme, 1, 1_000_000, parent=page)
        self.device = ChoiceField(theme, ("auto",), parent=page)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, SPACE_8, SPACE_8, SPACE_8)
        column.setSpacing(SPACE_8)
        self._rows = [
            FieldRow(words, field, theme, resettable=False, parent=page)
            for words, field in (
                ("Epochs", self.epochs),
                ("Learning rate", self.learning_rate),
                ("Batch", self.batch_size),
                ("Device", self.device),
            )
        ]
        for row in self._rows:
            column.addWidget(row)
        self.set_content(page)

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        super().set_theme(theme)
        for row in self._rows:
            row.set_theme(theme)

    def show_fields(self, fields: RunFields) -> None:
        """Show the plan's settings."""
        self.epochs.set_value(fields.epochs)
        self.learning_rate.set_value(fields.learning_rate)
        self.batch_size.set_value(fields.batch_size)
        self.device.set_choices(fields.devices, fields.labels)
        self.device.set_value(fields.device)

    def open_below(self, button: QWidget) -> None:
        """Open below a button of the same window."""
        corner = button.mapTo(self.parentWidget(), QPoint(0, button.height() + 4))
        self.open_at(QRect(corner, QSize(POPUP_WIDTH, self.sizeHint().height() - 2 * SHADOW_POPUP)))
        self.epochs.setFocus(Qt.FocusReason.PopupFocusReason)
