"""The base of all charts: the content is painted once a change and kept, the card under the pointer lies above it."""

from __future__ import annotations

from abc import abstractmethod

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.abstract_widget import AbstractWidget
from app.charts.look import Card, Theme, paint_card


class Chart(QWidget, metaclass=AbstractWidget):
    """A chart on the panel's colour. Subclasses give `paint_content`, and `margins` and `hover` where they need them.

    The content is painted into a picture once a change, so that the pointer moves over it at no cost.
    `contents_painted` counts how often.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self._content: QPixmap | None = None
        self._pointer: QPoint | None = None
        self.contents_painted = 0
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    # What subclasses give.

    def margins(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of the plot, in px."""
        return 8, 8, 8, 8

    @abstractmethod
    def paint_content(self, painter: QPainter, plot: QRectF) -> None:
        """Paint everything but what follows the pointer."""

    def hover(self, at: QPointF, plot: QRectF) -> Card | None:
        """What to say of the point under the pointer."""
        return None

    def hovers(self) -> bool:
        """Whether the pointer asks: not while it drags."""
        return True

    def paint_hover(self, painter: QPainter, at: QPointF, plot: QRectF) -> None:
        """Mark what the card speaks of."""

    def plot_rect(self) -> QRectF:
        """Where data are drawn, whole px."""
        left, top, right, bottom = self.margins()
        rect = QRectF(self.rect()).adjusted(round(left), round(top), -round(right), -round(bottom))
        return QRectF(rect.left(), rect.top(), max(rect.width(), 1.0), max(rect.height(), 1.0))

    # Painting.

    def invalidate(self) -> None:
        """The content has changed: paint it anew when it is next shown."""
        self._content = None
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self.theme = theme
        self.invalidate()

    def card(self) -> Card | None:
        """What is said under the pointer now."""
        if self._pointer is None or not self.hovers():
            return None
        return self.hover(QPointF(self._pointer), self.plot_rect())

    def sizeHint(self) -> QSize:
        return QSize(320, 200)

    def minimumSizeHint(self) -> QSize:
        return QSize(96, 64)

    def paintEvent(self, event: QEvent) -> None:
        ratio = self.devicePixelRatioF()
        if self._content is None or self._content.devicePixelRatio() != ratio:
            self._content = self._painted(ratio)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._content)
        if self._pointer is not None and self.hovers():
            at, plot = QPointF(self._pointer), self.plot_rect()
            card = self.hover(at, plot)
            if card is not None:
                self.paint_hover(painter, at, plot)
                paint_card(painter, card, at, QRectF(self.rect()), self.theme)
        painter.end()

    def _painted(self, ratio: float) -> QPixmap:
        pixmap = QPixmap((QSize(self.width(), self.height()).toSizeF() * ratio).toSize())
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(self.theme.color("panel"))
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        plot = self.plot_rect()
        if plot.width() > 8 and plot.height() > 8:
            self.paint_content(painter, plot)
        painter.end()
        self.contents_painted += 1
        return pixmap

    # Events.

    def resizeEvent(self, event: QEvent) -> None:
        self._content = None
        super().resizeEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointer = event.position().toPoint()
        self.update()
