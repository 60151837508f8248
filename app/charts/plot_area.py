"""The base of charts with two axes: data to pixels, wheel and drag to look closer."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from app.charts.chart import Chart
from app.charts.look import Theme

WHEEL_FACTOR = 0.85
CLOSEST = 1e-4


class PlotArea(Chart):
    """A chart with axes: the wheel looks closer at what is under the pointer, a drag moves, a double-click resets."""

    zooms_x: ClassVar[bool] = True
    zooms_y: ClassVar[bool] = True

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._home = (0.0, 1.0, 0.0, 1.0)
        self._looked_at: tuple[float, float, float, float] | None = None
        self._dragged_from: QPointF | None = None

    # Range.

    @property
    def view_range(self) -> tuple[float, float, float, float]:
        """x and y from, to: what is shown now."""
        return self._home if self._looked_at is None else self._looked_at

    @property
    def is_zoomed(self) -> bool:
        """Whether a person looks closer than the whole."""
        return self._looked_at is not None

    def set_home(self, x0: float, x1: float, y0: float, y1: float) -> None:
        """The range that shows everything."""
        assert x1 > x0, f"no width from {x0} to {x1}"
        assert y1 > y0, f"no height from {y0} to {y1}"
        if self._home != (x0, x1, y0, y1):
            self._home = (x0, x1, y0, y1)
            self.invalidate()

    def reset_zoom(self) -> None:
        """Show everything again."""
        if self._looked_at is not None:
            self._looked_at = None
            self.invalidate()

    def x_px(self, x: NDArray | float, plot: QRectF) -> NDArray | float:
        """Pixels of data x."""
        x0, x1, _, _ = self.view_range
        return (x - x0) * (plot.width() / (x1 - x0)) + plot.left()

    def y_px(self, y: NDArray | float, plot: QRectF) -> NDArray | float:
        """Pixels of data y; up is larger."""
        _, _, y0, y1 = self.view_range
        return (y1 - y) * (plot.height() / (y1 - y0)) + plot.top()

    def to_data(self, at: QPointF, plot: QRectF) -> tuple[float, float]:
        """Data under a pixel."""
        x0, x1, y0, y1 = self.view_range
        return (
            x0 + (at.x() - plot.left()) / plot.width() * (x1 - x0),
            y1 - (at.y() - plot.top()) / plot.height() * (y1 - y0),
        )

    # Events.

    def hovers(self) -> bool:
        """Whether the pointer asks: not while it drags."""
        return self._dragged_from is None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged_from is not None and event.buttons() & Qt.MouseButton.LeftButton:
            self._drag_to(event.position())
        super().mouseMoveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.is_zoomed:
            self._dragged_from = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        else:
            super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragged_from = None
        self.unsetCursor()
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.reset_zoom()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turns = event.angleDelta().y() / 120
        if not turns:
            event.ignore()
            return
        self._zoom(WHEEL_FACTOR**turns, event.position())
        event.accept()

    def _zoom(self, factor: float, at: QPointF) -> None:
        plot = self.plot_rect()
        x, y = self.to_data(at, plot)
        x0, x1, y0, y1 = self.view_range
        home_x0, home_x1, home_y0, home_y1 = self._home
        if self.zooms_x:
            x0, x1 = _closer(x0, x1, x, factor, home_x0, home_x1)
        if self.zooms_y:
            y0, y1 = _closer(y0, y1, y, factor, home_y0, home_y1)
        self.look_at(x0, x1, y0, y1)

    def _drag_to(self, at: QPointF) -> None:
        assert self._dragged_from is not None
        plot = self.plot_rect()
        before, now = self.to_data(self._dragged_from, plot), self.to_data(at, plot)
        self._dragged_from = at
        x0, x1, y0, y1 = self.view_range
        home_x0, home_x1, home_y0, home_y1 = self._home
        x = min(max(x0 + before[0] - now[0], home_x0), home_x1 - (x1 - x0))
        y = min(max(y0 + before[1] - now[1], home_y0), home_y1 - (y1 - y0))
        self.look_at(x, x + x1 - x0, y, y + y1 - y0)

    def look_at(self, x0: float, x1: float, y0: float, y1: float) -> None:
        """Show this part only; the whole where it is the same."""
        wanted = (x0, x1, y0, y1)
        self._looked_at = None if np.allclose(wanted, self._home, rtol=1e-6, atol=0) else wanted
        self.invalidate()


def _closer(low: float, high: float, at: float, factor: float, least: float, most: float) -> tuple[float, float]:
    size = min(max((high - low) * factor, (most - least) * CLOSEST), most - least)
    share = (at - low) / (high - low)
    start = min(max(at - share * size, least), most - size)
    return start, start + size
