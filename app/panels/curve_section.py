"""What an activation makes of each number, and its slope: the curve of the block as it is in the worker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.panels.inspector_context import InspectorContext
from app.panels.section import Section
from graph_editor.theme import SIZE_SMALL, SPACE_16, Theme

HEIGHT = 152
CURVE_WIDTH = 2.0
DASH = (4.0, 3.0)
NAMES = ("function", "derivative")
LABEL_GAP = 6.0


class CurveChart(QWidget):
    """Function solid, derivative dashed, each with its name in its colour beside its end; x from −4 to 4."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._x: list[float] = []
        self._curves: dict[str, list[float]] = {}
        self._labels: dict[str, QRectF] = {}
        self.setAccessibleName("Function and derivative")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(theme.scaled(HEIGHT))

    def sizeHint(self) -> QSize:
        return QSize(240, self._theme.scaled(HEIGHT))

    def show_curves(self, x: list[float], curves: Mapping[str, list[float]]) -> None:
        """Show curves by name, as long as `x`."""
        if (x, dict(curves)) != (self._x, self._curves):
            self._x, self._curves = x, dict(curves)
            self.update()

    def curves(self) -> Mapping[str, list[float]]:
        """What is shown, by name."""
        return self._curves

    def labels(self) -> Mapping[str, QRectF]:
        """Where the names stand, as last painted."""
        return self._labels

    def plot(self) -> QRectF:
        """Where the curves are drawn."""
        metrics = QFontMetricsF(self._theme.font(SIZE_SMALL))
        left = SPACE_16 + max(metrics.horizontalAdvance(text) for text in self._texts()) + LABEL_GAP
        right = SPACE_16 + metrics.horizontalAdvance("derivative") + LABEL_GAP
        return QRectF(left, 8, max(self.width() - left - right, 1), self.height() - 8 - metrics.height() - 6)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._curves:
            return
        theme, plot = self._theme, self.plot()
        font = theme.font(SIZE_SMALL)
        metrics = QFontMetricsF(font)
        low, high = self._limits()
        painter = QPainter(self)
        painter.setFont(font)
        painter.setPen(theme.pen("edge"))
        for at in (QPointF(self._x_px(0.0, plot), 0), QPointF(0, self._y_px(0.0, plot))):
            if at.x():
                painter.drawLine(QPointF(round(at.x()), plot.top()), QPointF(round(at.x()), plot.bottom()))
            else:
                painter.drawLine(QPointF(plot.left(), round(at.y())), QPointF(plot.right(), round(at.y())))
        painter.setPen(theme.color("secondary"))
        for value in (self._x[0], 0.0, self._x[-1]):
            text = _number(value)
            left = self._x_px(value, plot) - metrics.horizontalAdvance(text) / 2
            painter.drawText(QPointF(left, plot.bottom() + metrics.ascent() + 4), text)
        for value in {low, high}:
            text = _number(value)
            left = plot.left() - LABEL_GAP - metrics.horizontalAdvance(text)
            painter.drawText(QPointF(left, self._y_px(value, plot) + metrics.capHeight() / 2), text)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ends = []
        for number, (name, values) in enumerate(self._curves.items()):
            pen = QPen(theme.class_color(number), CURVE_WIDTH)
            if number:
                pen.setDashPattern([length / CURVE_WIDTH for length in DASH])
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPath(self._path(values, plot))
            ends.append((self._y_px(values[-1], plot), number, name))
        self._paint_labels(painter, ends, plot, metrics)
        painter.end()

    def _paint_labels(
        self, painter: QPainter, ends: list[tuple[float, int, str]], plot: QRectF, metrics: QFontMetricsF
    ) -> None:
        self._labels = {}
        lowest = -metrics.height()
        for y, number, name in sorted(ends):
            # Two curves that end at one height have their names below each other.
            top = max(y - metrics.height() / 2, lowest)
            lowest = top + metrics.height()
            place = QRectF(plot.right() + LABEL_GAP, top, metrics.horizontalAdvance(name), metrics.height())
            painter.setPen(self._theme.class_color(number))
            painter.drawText(QPointF(place.left(), top + metrics.ascent()), name)
            self._labels[name] = place

    def _path(self, values: list[float], plot: QRectF) -> QPainterPath:
        path = QPainterPath()
        for place, (x, y) in enumerate(zip(self._x, values, strict=True)):
            point = QPointF(self._x_px(x, plot), self._y_px(y, plot))
            if place:
                path.lineTo(point)
            else:
                path.moveTo(point)
        return path

    def _limits(self) -> tuple[float, float]:
        values = [value for curve in self._curves.values() for value in curve]
        low, high = min([*values, 0.0], default=0.0), max([*values, 0.0], default=1.0)
        return (low, high) if high > low else (low - 1.0, high + 1.0)

    def _texts(self) -> tuple[str, str]:
        low, high = self._limits()
        return _number(low), _number(high)

    def _x_px(self, x: float, plot: QRectF) -> float:
        first, last = self._x[0], self._x[-1]
        return plot.left() + (x - first) / (last - first) * plot.width()

    def _y_px(self, y: float, plot: QRectF) -> float:
        low, high = self._limits()
        return plot.bottom() - (y - low) / (high - low) * plot.height()


class CurveSection(Section):
    """The curve of an activation that acts on each number by itself; hidden until it is known."""

    def __init__(self, context: InspectorContext, parent: QWidget | None = None) -> None:
        super().__init__("Curve", context.theme, parent=parent)
        self.chart = CurveChart(context.theme)
        self.add(self.chart)
        self.hide()

    def show_curve(self, arrays: Mapping[str, Any] | None) -> None:
        """Show `x`, `function` and `derivative`, arrays of equal length; None hides the section."""
        self.setVisible(arrays is not None)
        if arrays is not None:
            self.chart.show_curves(arrays["x"].tolist(), {name: arrays[name].tolist() for name in NAMES})


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")
