"""The whole drawing small, with what is shown framed; a click or drag goes there."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QWidget

from graph_editor.overlay import Panel
from graph_editor.overview import Overview
from graph_editor.overview_drawing import OverviewDrawing
from graph_editor.theme import MINIMAP_HEIGHT, MINIMAP_WIDTH, RADIUS_BLOCK, SPACE_8, Theme


class Minimap(Panel):
    """`went(QPointF)` tells the place of the scene to show in the middle."""

    radius = RADIUS_BLOCK
    went = Signal(QPointF)

    def __init__(self, theme: Theme, overview: Overview, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._drawing = OverviewDrawing(overview, self)
        self._drawing.drawn.connect(self._drawn)
        self._bounds = QRectF()
        self._visible = QRectF()
        self._pixmap: QPixmap | None = None
        self._stale = True
        self.setFixedSize(MINIMAP_WIDTH, MINIMAP_HEIGHT)
        self.setAccessibleName("Minimap")

    def show_areas(self, bounds: QRectF, visible: QRectF) -> None:
        """The rectangle of the drawing, and what of it the view shows."""
        if bounds != self._bounds:
            self._bounds = bounds
            self._stale = True
        self._visible = visible
        self.update()

    def forget(self) -> None:
        """Draw the picture anew; until it is there the one before is shown."""
        self._stale = True
        self.update()

    def _drawn(self, pixmap: QPixmap) -> None:
        self._pixmap = pixmap
        self.update()

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.forget()

    @property
    def scale(self) -> float:
        """Px of the minimap for each scene px."""
        room = QRectF(self.rect()).adjusted(SPACE_8, SPACE_8, -SPACE_8, -SPACE_8)
        return min(room.width() / max(self._bounds.width(), 1), room.height() / max(self._bounds.height(), 1))

    def _corner(self) -> QPointF:
        size = self._bounds.size() * self.scale
        return QPointF((self.width() - size.width()) / 2, (self.height() - size.height()) / 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._bounds.isEmpty():
            return
        if self._stale:
            self._stale = False
            self._drawing.ask(self._bounds, self.scale, self.devicePixelRatioF(), names=False)
        painter = QPainter(self)
        corner = self._corner()
        if self._pixmap is not None:
            painter.drawPixmap(corner, self._pixmap)
        shown = QRectF(
            corner + (self._visible.topLeft() - self._bounds.topLeft()) * self.scale, self._visible.size() * self.scale
        ).intersected(QRectF(self.rect()).adjusted(2, 2, -2, -2))
        painter.setPen(self.theme.pen("accent", 1.5))
        painter.setBrush(self.theme.faded("accent", 0.08))
        painter.drawRect(shown)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._go(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event)

    def _go(self, event: QMouseEvent) -> None:
        place = (event.position() - self._corner()) / self.scale + self._bounds.topLeft()
        self.went.emit(place)
        event.accept()
