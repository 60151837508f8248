"""What an empty canvas says: how to begin."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from graph_editor.theme import SIZE_HEADING, Theme

SENTENCE = "Drag an Input here, or press Tab and type its name"
LINK = "Start from an example"


class EmptyCanvas(QWidget):
    """A sentence and a link; the mouse goes through to the canvas except on the link. `example_wanted`."""

    example_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._over = False
        self.setMouseTracking(True)
        self.setAccessibleName(SENTENCE)

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._theme = theme
        self.update()

    def link_rect(self) -> QRectF:
        """Where the link is."""
        metrics = QFontMetricsF(self._theme.font(SIZE_HEADING))
        width = metrics.horizontalAdvance(LINK) + 16
        return QRectF(self.width() / 2 - width / 2, self.height() / 2 + 6, width, 28)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.link_rect().contains(event.position()):
            self.example_wanted.emit()
            event.accept()
        else:
            event.ignore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        over = self.link_rect().contains(event.position())
        if over != self._over:
            self._over = over
            self.setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)
            self.update()
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = theme.font(SIZE_HEADING)
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        painter.setPen(theme.pen("secondary"))
        x = (self.width() - metrics.horizontalAdvance(SENTENCE)) / 2
        painter.drawText(QPointF(x, self.height() / 2 - 6), SENTENCE)
        link = self.link_rect()
        painter.setPen(theme.pen("accent"))
        painter.drawText(link, Qt.AlignmentFlag.AlignCenter, LINK)
        if self._over:
            painter.drawLine(link.bottomLeft() + QPointF(8, -6), link.bottomRight() + QPointF(-8, -6))
        painter.end()
