"""Small things that lie on the canvas: rounded panels, and buttons of one icon."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from graph_editor.theme import ICON_IN_FIELD, RADIUS_BLOCK, RADIUS_FIELD, ROW_HEIGHT, SPACE_12, Theme, icon_path

BUTTON = ROW_HEIGHT


class Panel(QWidget):
    """A rounded panel with a 1-px line."""

    radius = RADIUS_BLOCK

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self.theme = theme
        for child in self.findChildren(IconButton):
            child.set_theme(theme)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self.theme.pen("line"))
        painter.setBrush(self.theme.brush("panel"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), self.radius, self.radius)
        painter.end()


class IconButton(QAbstractButton):
    """A plain square button: its icon on nothing, on the hover colour under the pointer."""

    def __init__(self, icon: str, name: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon, self._theme = icon, theme
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(BUTTON, BUTTON)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        if self.isEnabled() and (self.underMouse() or self.isDown()):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.brush("pressed" if self.isDown() else "hover"))
            painter.drawRoundedRect(area, RADIUS_FIELD, RADIUS_FIELD)
        if self.hasFocus():
            painter.setPen(theme.pen("accent", 2.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area, RADIUS_FIELD, RADIUS_FIELD)
        painter.translate((self.width() - ICON_IN_FIELD) / 2, (self.height() - ICON_IN_FIELD) / 2)
        painter.fillPath(
            icon_path(self._icon, ICON_IN_FIELD), theme.brush("secondary" if self.isEnabled() else "disabled")
        )
        painter.end()


class ActionButton(QAbstractButton):
    """A button with a text and, in a chip behind it, the key that presses it."""

    def __init__(self, text: str, key: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._key, self._theme = key, theme
        self.setText(text)
        self.setAccessibleName(text)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        font = self._theme.font()
        metrics = QFontMetricsF(font)
        key = QFontMetricsF(self._theme.font(11, mono=True)).horizontalAdvance(self._key) + 20 if self._key else 0
        return QSize(round(metrics.horizontalAdvance(self.text()) + 2 * SPACE_12 + key), ROW_HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(theme.pen("accent", 2.0) if self.hasFocus() else theme.pen("edge"))
        painter.setBrush(theme.brush("pressed" if self.isDown() else "hover" if self.underMouse() else "panel"))
        painter.drawRoundedRect(area, RADIUS_BLOCK, RADIUS_BLOCK)
        font = theme.font()
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        painter.setPen(theme.pen("text"))
        baseline = self.height() / 2 + metrics.capHeight() / 2
        painter.drawText(QPointF(SPACE_12, baseline), self.text())
        if self._key:
            mono = theme.font(11, mono=True)
            width = QFontMetricsF(mono).horizontalAdvance(self._key) + 10
            chip = QRectF(self.width() - width - 6, 6, width, self.height() - 12)
            painter.setPen(QPen(theme.color("line"), 1))
            painter.setBrush(theme.brush("field"))
            painter.drawRoundedRect(chip, 3, 3)
            painter.setFont(mono)
            painter.setPen(theme.pen("secondary"))
            painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, self._key)
        painter.end()
