"""A frame that floats over the window with a panel in it: the problem list, the inspector of a narrow window."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from graph_editor.theme import RADIUS_POPUP, Theme


class Popup(QWidget):
    """Opened by `open_at` it closes with a click elsewhere; made visible as a child of the window it stays."""

    def __init__(self, content: QWidget | None, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._content: QWidget | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(4, 4, 4, 4)
        self.hide()
        if content is not None:
            self.set_content(content)

    def content(self) -> QWidget | None:
        """What is in it."""
        return self._content

    def set_content(self, content: QWidget | None) -> None:
        """Put something else into it; what was there keeps no parent."""
        if self._content is not None and self._content is not content:
            self._column.removeWidget(self._content)
            self._content.setParent(None)
        self._content = content
        if content is not None:
            self._column.addWidget(content)
            content.show()

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._theme = theme
        self.update()

    def open_at(self, corner: QPoint, size: QSize) -> None:
        """Open with its top left corner there, as a popup."""
        if self.windowType() != Qt.WindowType.Popup:
            self.setWindowFlags(Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
            self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setGeometry(corner.x(), corner.y(), size.width(), size.height())
        self.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._theme.pen("line"))
        painter.setBrush(self._theme.brush("panel"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS_POPUP, RADIUS_POPUP)
        painter.end()
