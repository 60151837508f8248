"""Where the run bar is narrow: one button that says the plan, and the popup with its four fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from app.panels.buttons import Button, baseline
from app.panels.fields import ChoiceField, FieldRow, FloatField, IntegerField
from graph_editor.theme import (
    ICON_IN_FIELD,
    MEDIUM,
    RADIUS_FIELD,
    RADIUS_POPUP,
    SPACE_4,
    SPACE_8,
    SPACE_12,
    SPACE_16,
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


class RunPopup(QFrame):
    """The same four fields as the wide bar's; a click beside it closes it."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self._theme = theme
        self.setFixedWidth(POPUP_WIDTH)
        self.epochs = IntegerField(theme, 1, 100_000, parent=self)
        self.learning_rate = FloatField(theme, 0.0, None, logarithmic=True, parent=self)
        self.batch_size = IntegerField(theme, 1, 1_000_000, parent=self)
        self.device = ChoiceField(theme, ("auto",), parent=self)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_4, SPACE_12, SPACE_16 - SPACE_4, SPACE_12)
        column.setSpacing(SPACE_8)
        self._rows = [
            FieldRow(words, field, theme, resettable=False, parent=self)
            for words, field in (
                ("Epochs", self.epochs),
                ("Learning rate", self.learning_rate),
                ("Batch", self.batch_size),
                ("Device", self.device),
            )
        ]
        for row in self._rows:
            column.addWidget(row)

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._theme = theme
        for row in self._rows:
            row.set_theme(theme)
        self.update()

    def show_fields(self, fields: RunFields) -> None:
        """Show the plan's settings."""
        self.epochs.set_value(fields.epochs)
        self.learning_rate.set_value(fields.learning_rate)
        self.batch_size.set_value(fields.batch_size)
        self.device.set_choices(fields.devices, fields.labels)
        self.device.set_value(fields.device)

    def open_at(self, corner: QPoint) -> None:
        """Open with its top left corner there."""
        self.adjustSize()
        self.move(corner)
        self.show()
        self.epochs.setFocus(Qt.FocusReason.PopupFocusReason)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._theme.pen("line"))
        painter.setBrush(self._theme.brush("panel"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS_POPUP, RADIUS_POPUP)
        painter.end()
