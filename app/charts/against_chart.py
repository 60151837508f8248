"""What the network says against what is true: on the diagonal it is right."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFontMetricsF, QPainter

from app.charts.look import SIZE_SMALL, SPACE_4, Card, Theme, text_width
from app.charts.plot_area import PlotArea
from app.charts.scatter_chart import REACH, paint_points
from app.charts.ticks import short_number, tick_texts, ticks

SIZE = 4.0


class AgainstChart(PlotArea):
    """`true` and `predicted` float M; both axes have one range."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._true: NDArray = np.empty(0)
        self._predicted: NDArray = np.empty(0)

    def show_numbers(self, true: NDArray, predicted: NDArray) -> None:
        """Show pairs of numbers; what is not finite is left out."""
        finite = np.isfinite(true) & np.isfinite(predicted)
        self._true = np.asarray(true, dtype=np.float64)[finite]
        self._predicted = np.asarray(predicted, dtype=np.float64)[finite]
        if len(self._true):
            low = min(self._true.min(), self._predicted.min())
            high = max(self._true.max(), self._predicted.max())
            room = 0.05 * (high - low) or 0.5
            self.set_home(low - room, high + room, low - room, high + room)
        self.invalidate()

    def margins(self) -> tuple[float, float, float, float]:
        font = self.theme.font(SIZE_SMALL)
        _, _, low, high = self.view_range
        widest = max((text_width(font, text) for text in tick_texts(ticks(low, high))), default=0)
        return widest + 16, 18, 12, 2 * QFontMetricsF(font).height() + 4

    def paint_content(self, painter: QPainter, plot: QRectF) -> None:
        theme = self.theme
        font = theme.font(SIZE_SMALL)
        metrics = QFontMetricsF(font)
        x0, x1, y0, y1 = self.view_range
        painter.setFont(font)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        values = ticks(y0, y1)
        painter.setPen(theme.pen("line"))
        for value in values:
            y = round(self.y_px(value, plot))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
        painter.setPen(theme.pen("edge"))
        painter.drawLine(plot.bottomLeft(), plot.bottomRight())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.color("secondary"))
        for value, text in zip(values, tick_texts(values), strict=True):
            left = plot.left() - metrics.horizontalAdvance(text) - 8
            painter.drawText(QPointF(round(left), round(self.y_px(value, plot) + metrics.capHeight() / 2)), text)
        values = ticks(x0, x1)
        base = round(plot.bottom() + metrics.ascent() + SPACE_4)
        for value, text in zip(values, tick_texts(values), strict=True):
            left = self.x_px(value, plot) - metrics.horizontalAdvance(text) / 2
            painter.drawText(QPointF(round(left), base), text)
        painter.drawText(QPointF(round(plot.center().x() - text_width(font, "true") / 2), base + 14), "true")
        painter.drawText(QPointF(8, round(metrics.ascent())), "predicted")
        painter.setClipRect(plot)
        painter.setPen(theme.dashed_pen("edge", 1.0, (3.0, 3.0)))
        low, high = max(x0, y0), min(x1, y1)
        if low < high:
            start = QPointF(self.x_px(low, plot), self.y_px(low, plot))
            painter.drawLine(start, QPointF(self.x_px(high, plot), self.y_px(high, plot)))
        if len(self._true):
            x, y = self.x_px(self._true, plot), self.y_px(self._predicted, plot)
            paint_points(painter, x, y, np.zeros(len(x), dtype=np.int64), theme, SIZE)
        painter.setClipping(False)

    def hover(self, at: QPointF, plot: QRectF) -> Card | None:
        if not len(self._true):
            return None
        gaps = np.hypot(self.x_px(self._true, plot) - at.x(), self.y_px(self._predicted, plot) - at.y())
        best = int(gaps.argmin())
        if gaps[best] > REACH:
            return None
        lines = (f"true {short_number(self._true[best])}", f"predicted {short_number(self._predicted[best])}")
        return Card(tuple((line, None) for line in lines))
