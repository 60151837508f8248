"""What an empty canvas says: how to begin."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from graph_editor.theme import SIZE_HEADING, Theme

SENTENCE = "Drag an Input here, or press Tab and type its name"
LINK = "Start from an example"


class EmptyCanvas(QWidget):
    """A sentence and a link; the mouse goes through to the canvas `below` except on the link. `example_wanted`."""

    example_wanted = Signal()

    def __init__(self, theme: Theme, below: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._below = below
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

    def event(self, event: QEvent) -> bool:
        # An event that is ignored would go to the parent, never to what lies below.
        if isinstance(event, QMouseEvent) and not self.link_rect().contains(event.position()):
            place = QPointF(self._below.mapFromGlobal(event.globalPosition()))
            passed: QEvent = QMouseEvent(
                event.type(), place, event.globalPosition(), event.button(), event.buttons(), event.modifiers()
            )
        elif isinstance(event, QContextMenuEvent):
            at = self._below.mapFromGlobal(event.globalPos())
            passed = QContextMenuEvent(event.reason(), at, event.globalPos(), event.modifiers())
        else:
            return bool(super().event(event))
        if event.type() == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
            self.mouseMoveEvent(event)
        QCoreApplication.sendEvent(self._below, passed)
        event.accept()
        return True

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.example_wanted.emit()
        event.accept()

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
