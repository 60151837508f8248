"""What an activation makes of each number, and its slope: the curve of the block as it is in the worker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPainterPath, QPaintEvent, QPen, QTransform
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.panels.inspector_context import InspectorContext
from app.panels.section import Section, Sentence
from engine.graph.problem import Problem
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
        self._paths: tuple[QPainterPath, ...] = ()
        self._limits = limits_of(())
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
            self._limits = limits_of(curves.values())
            self._paths = tuple(path_through(x, values) for values in curves.values())
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
        left = SPACE_16 + max(metrics.horizontalAdvance(_number(value)) for value in self._limits) + LABEL_GAP
        right = SPACE_16 + max(metrics.horizontalAdvance(name) for name in NAMES) + LABEL_GAP
        return QRectF(left, 8, max(self.width() - left - right, 1), self.height() - 8 - metrics.height() - 6)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._curves:
            return
        theme, plot = self._theme, self.plot()
        font = theme.font(SIZE_SMALL)
        metrics = QFontMetricsF(font)
        to_px = self._to_px(plot)
        zero = to_px.map(QPointF(0, 0))
        painter = QPainter(self)
        painter.setFont(font)
        painter.setPen(theme.pen("edge"))
        painter.drawLine(QPointF(round(zero.x()), plot.top()), QPointF(round(zero.x()), plot.bottom()))
        painter.drawLine(QPointF(plot.left(), round(zero.y())), QPointF(plot.right(), round(zero.y())))
        painter.setPen(theme.color("secondary"))
        for value in (self._x[0], 0.0, self._x[-1]):
            text = _number(value)
            left = to_px.map(QPointF(value, 0)).x() - metrics.horizontalAdvance(text) / 2
            painter.drawText(QPointF(left, plot.bottom() + metrics.ascent() + 4), text)
        for value in self._limits:
            text = _number(value)
            left = plot.left() - LABEL_GAP - metrics.horizontalAdvance(text)
            painter.drawText(QPointF(left, to_px.map(QPointF(0, value)).y() + metrics.capHeight() / 2), text)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ends = []
        for number, ((name, values), path) in enumerate(zip(self._curves.items(), self._paths, strict=True)):
            pen = QPen(theme.class_color(number), CURVE_WIDTH)
            if number:
                pen.setDashPattern([length / CURVE_WIDTH for length in DASH])
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPath(to_px.map(path))
            ends.append((to_px.map(QPointF(0, values[-1])).y(), number, name))
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

    def _to_px(self, plot: QRectF) -> QTransform:
        """From numbers to px of the widget."""
        (low, high), first, last = self._limits, self._x[0], self._x[-1]
        across, up = plot.width() / (last - first), plot.height() / (high - low)
        return QTransform(across, 0, 0, -up, plot.left() - first * across, plot.bottom() + low * up)


def limits_of(curves: Iterable[list[float]]) -> tuple[float, float]:
    """The least and the largest value of all curves, 0 among them; two different ones."""
    values = [0.0, *(value for curve in curves for value in curve)]
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 1.0, high + 1.0)


def path_through(x: list[float], y: list[float]) -> QPainterPath:
    """The line through points, in their own units; as long as each other, one at least."""
    path = QPainterPath(QPointF(x[0], y[0]))
    for place in zip(x[1:], y[1:], strict=True):
        path.lineTo(*place)
    return path


class CurveSection(Section):
    """The curve of an activation, or why it has none; hidden until one of them is known."""

    def __init__(self, context: InspectorContext, parent: QWidget | None = None) -> None:
        super().__init__("Curve", context.theme, parent=parent)
        self.chart = CurveChart(context.theme, self.body)
        self.add(self.chart)
        self.words = Sentence("", context.theme, "secondary", SIZE_SMALL, self.body)
        self.add(self.words)
        self.hide()

    def show_curve(self, curve: Mapping[str, Any] | Problem | None) -> None:
        """Show `x`, `function` and `derivative`, arrays of equal length, or the problem; None hides the section."""
        refused = isinstance(curve, Problem)
        self.chart.setVisible(not refused)
        self.words.setVisible(refused)
        self.words.setText(curve.sentence if isinstance(curve, Problem) else "")
        if curve is not None and not isinstance(curve, Problem):
            self.chart.show_curves(curve["x"].tolist(), {name: curve[name].tolist() for name in NAMES})
        self.setVisible(curve is not None)


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")
