"""Curves over epochs: few ticks, a faint grid, names at the ends of the curves, raw steps behind."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from app.charts.curve_path import Curve, decimated, path, runs_through, within
from app.charts.look import LABEL_GAP, SEMIBOLD, SIZE_SMALL, SPACE_4, SPACE_8, Card, Theme, text_width, tick_room
from app.charts.mark_labels import mark_labels
from app.charts.plot_area import PlotArea
from app.charts.step_axis import StepAxis
from app.charts.step_series import StepSeries
from app.charts.ticks import short_number, spread, tick_step, tick_texts, ticks

STEPS_OPACITY = 0.3
FAINT_OPACITY = 0.4
CURVE_WIDTH = 2.0
DASH = (3.0, 2.0)
THICK_UP_TO = 2000


class Mark(NamedTuple):
    """A vertical line at `x` with a few words."""

    x: float
    text: str


class LineChart(PlotArea):
    """Curves, raw steps behind them, marks; the x axis begins at 0 and ends where the plan ends."""

    zooms_y: ClassVar[bool] = False

    def __init__(self, theme: Theme, x_title: str = "epoch", percent: bool = False) -> None:
        super().__init__(theme)
        self._x_title = x_title
        self._percent = percent
        self._curves: tuple[Curve, ...] = ()
        self._marks: tuple[Mark, ...] = ()
        self._steps: StepSeries | None = None
        self._axis = StepAxis.even(1.0)
        self._steps_from = 0
        self._label_places: tuple[tuple[str, QRectF], ...] = ()
        self._mark_places: tuple[tuple[str, QRectF], ...] = ()

    # What is shown.

    def show_lines(
        self,
        curves: Sequence[Curve],
        steps: StepSeries | None = None,
        axis: StepAxis | None = None,
        marks: Sequence[Mark] = (),
        x_end: float = 1.0,
        steps_from: int = 0,
    ) -> None:
        """Show curves; `steps`, those from `steps_from` on, stand where `axis` says and are kept, not copied."""
        self._curves = tuple(curve for curve in curves if len(curve.x))
        self._steps = steps if steps is not None and len(steps) else None
        self._axis = axis if axis is not None else StepAxis.even(1.0)
        self._steps_from = steps_from
        self._marks = tuple(marks)
        low, high = self._y_range()
        self.set_home(0.0, max(x_end, 1e-9), low, high)
        self.invalidate()

    def labels(self) -> tuple[tuple[str, QRectF], ...]:
        """The names at the ends of the curves and where they stand, as last painted."""
        return self._label_places

    def mark_labels(self) -> tuple[tuple[str, QRectF], ...]:
        """The words of the marks that have room and where they stand, as last painted."""
        return self._mark_places

    def value_text(self, value: float) -> str:
        """A value as it is written: three significant digits, or a percentage."""
        if self._percent:
            return f"{value * 100:.1f} %" if math.isfinite(value) else "NaN"
        return short_number(value)

    # Ranges.

    def _y_range(self) -> tuple[float, float]:
        found = [part for curve in self._curves for part in _limits(curve.y)]
        found.extend(y for curve in self._curves for _, y in curve.lead)
        if self._steps is not None:
            limits = self._steps_limits()
            found.extend(limits)
        if not found:
            return 0.0, 1.0
        low, high = min(found), max(found)
        if self._percent:
            step = tick_step(min(low, 0.95), 1.0) / 2
            return max(0.0, math.floor(low / step - 0.2) * step), 1.0
        if low >= 0 and low < 0.5 * high:
            low = 0.0
        if high - low < 1e-12 * max(abs(high), 1e-12):
            low, high = low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0)
        step = tick_step(low, high) / 2
        return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step

    def _steps_limits(self) -> tuple[float, ...]:
        """Where most of the raw steps are: a spike must not press the curves flat."""
        assert self._steps is not None
        _, lows, highs = self._steps.envelope(self._steps_from, len(self._steps), 64)
        lows, highs = lows[np.isfinite(lows)], highs[np.isfinite(highs)]
        if not len(lows) or not len(highs):
            return ()
        first = float(self._steps.array()[min(self._steps_from, len(self._steps) - 1)])
        start = [first] if np.isfinite(first) else []
        if len(highs) < 16:
            return float(lows.min()), float(highs.max())
        return (float(np.quantile(lows, 0.01)), float(np.quantile(highs, 0.97)), *start)

    def _y_ticks(self) -> list[float]:
        _, _, low, high = self.view_range
        return ticks(low, high)

    def _y_texts(self, values: list[float]) -> list[str]:
        if self._percent:
            return [f"{text} %" for text in tick_texts([value * 100 for value in values])]
        return tick_texts(values)

    def margins(self) -> tuple[float, float, float, float]:
        font = self.theme.font(SIZE_SMALL)
        widest = max((text_width(font, text) for text in self._y_texts(self._y_ticks())), default=0)
        line = QFontMetricsF(font).height()
        return max(widest, 12) + SPACE_8 + SPACE_4, max(6, tick_room(font)), 12, 2 * line + 4

    # Painting.

    def paint_content(self, painter: QPainter, plot: QRectF) -> None:
        inside = plot.adjusted(-1, -2, 2, 2)
        self._lay_labels(plot)
        painter.setClipRect(inside)
        self._paint_steps(painter, plot)
        painter.setClipping(False)
        self._paint_axes(painter, plot)
        painter.save()
        painter.setClipRect(inside)
        self._paint_marks(painter, plot)
        for curve in self._curves:
            if curve.faint:
                self._paint_curve(painter, plot, curve)
        for curve in self._curves:
            if not curve.faint:
                self._paint_curve(painter, plot, curve)
        painter.restore()
        self._paint_labels(painter)

    def _paint_axes(self, painter: QPainter, plot: QRectF) -> None:
        theme = self.theme
        font = theme.font(SIZE_SMALL)
        metrics = QFontMetricsF(font)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setFont(font)
        x0, x1, low, high = self.view_range
        values = self._y_ticks()
        half = (values[1] - values[0]) / 2 if len(values) > 1 else 0
        fine = [value + half * side for value in values for side in (-1, 1)] if half and len(values) < 4 else []
        painter.setPen(theme.pen("line"))
        for value in {round(value, 12) for value in (*values, *fine)}:
            if low - 1e-9 <= value <= high + 1e-9:
                y = round(self.y_px(value, plot))
                painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
        painter.setPen(theme.pen("edge"))
        painter.drawLine(QPointF(plot.left(), plot.bottom()), QPointF(plot.right(), plot.bottom()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.color("secondary"))
        for value, text in zip(values, self._y_texts(values), strict=True):
            base = self.y_px(value, plot) + metrics.capHeight() / 2
            painter.drawText(QPointF(plot.left() - SPACE_8 - metrics.horizontalAdvance(text), round(base)), text)
        x_values = ticks(x0, x1, whole=x1 - x0 >= 2)
        base = plot.bottom() + metrics.ascent() + 4
        for value, text in zip(x_values, tick_texts(x_values), strict=True):
            width = metrics.horizontalAdvance(text)
            left = min(self.x_px(value, plot) - width / 2, self.width() - width - 2)
            painter.drawText(QPointF(round(left), round(base)), text)
        width = metrics.horizontalAdvance(self._x_title)
        painter.drawText(
            QPointF(round(plot.center().x() - width / 2), round(base + metrics.height() - 1)), self._x_title
        )

    def _mixed(self, share: float) -> QColor:
        ink, panel = self.theme.class_color(0), self.theme.color("panel")
        return QColor(*(round(b + (a - b) * share) for a, b in zip(ink.getRgb()[:3], panel.getRgb()[:3], strict=True)))

    def _color(self, curve: Curve) -> QColor:
        color = QColor(self.theme.class_color(curve.color))
        if curve.faint:
            color.setAlphaF(FAINT_OPACITY)
        return color

    def _paint_curve(self, painter: QPainter, plot: QRectF, curve: Curve) -> None:
        x, y = curve.drawn()
        columns = max(int(plot.width()), 1)
        x0, x1, _, _ = self.view_range
        if len(x) > 2 * columns:
            x, y = decimated(*within(x, y, x0, x1), columns)
        thin = curve.faint or len(x) > THICK_UP_TO
        pen = QPen(self._color(curve), 1.0 if thin else CURVE_WIDTH)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        if curve.dashed and not thin:
            pen.setDashPattern(DASH)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(pen)
        if len(x) == 1:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._color(curve))
            painter.drawEllipse(QPointF(self.x_px(x[0], plot), self.y_px(y[0], plot)), 2.5, 2.5)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            return
        painter.drawPath(path(self.x_px(x, plot), self.y_px(y, plot)))

    def _paint_steps(self, painter: QPainter, plot: QRectF) -> None:
        if self._steps is None:
            return
        x0, x1, _, _ = self.view_range
        first = max(math.floor(self._axis.step_at(x0)) - 1, self._steps_from)
        last = min(math.ceil(self._axis.step_at(x1)) + 2, len(self._steps))
        shown = float(self._axis.epochs_at(last) - self._axis.epochs_at(first))
        steps_px = plot.width() * shown / (x1 - x0)
        x, y = self._steps.line(first, last, max(int(steps_px), 1))
        if len(x) < 2:
            return
        # Mixed, not translucent: a line that crosses itself would be darker there. One device pixel without
        # antialiasing: thicker or smoother lines cost ten times as much.
        pen = QPen(self._mixed(STEPS_OPACITY), 0)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(pen)
        painter.drawPath(path(self.x_px(self._axis.epochs_at(x), plot), self.y_px(y.astype(np.float64), plot)))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def _paint_marks(self, painter: QPainter, plot: QRectF) -> None:
        self._mark_places = ()
        if not self._marks:
            return
        theme = self.theme
        font = theme.font(SIZE_SMALL)
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        lines = [round(self.x_px(mark.x, plot)) + 0.5 for mark in self._marks]
        painter.setPen(theme.dashed_pen("edge", 1.0, (2.0, 2.0)))
        for x in lines:
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
        widths = [metrics.horizontalAdvance(mark.text) for mark in self._marks]
        names = [place for _, place in self._label_places]
        # Losses fall and leave the top free; accuracies rise and leave the foot free.
        places = mark_labels(lines, widths, plot, metrics.height(), not self._percent, names, self._curves_in(plot))
        self._mark_places = tuple(
            (mark.text, at) for mark, at in zip(self._marks, places, strict=True) if at is not None
        )
        painter.setPen(theme.color("secondary"))
        for text, place in self._mark_places:
            painter.fillRect(place.adjusted(-2, 1, 2, -1), theme.color("panel"))
            painter.drawText(QPointF(place.left(), place.top() + metrics.ascent()), text)

    def _curves_in(self, plot: QRectF) -> Callable[[QRectF], int]:
        """How many curves run through a place."""
        drawn = [curve.drawn() for curve in self._curves]
        seen = [(self.x_px(x, plot), self.y_px(y, plot)) for x, y in drawn]
        return lambda place: sum(runs_through(x, y, place) for x, y in seen)

    def _lay_labels(self, plot: QRectF) -> None:
        """Find places for the names at the ends of the curves; zoomed in there are none."""
        font = self.theme.font(SIZE_SMALL, SEMIBOLD)
        named = self._named()
        if not named or self.is_zoomed:
            self._label_places = ()
            return
        texts = [f"{curve.name} {self.value_text(curve.y[-1])}" for curve in named]
        ends = [self.x_px(curve.drawn()[0][-1], plot) for curve in named]
        width = max(text_width(font, text) for text in texts)
        half = LABEL_GAP / 2
        if max(ends) + SPACE_8 + width <= self.width() - 4:
            left = max(ends) + SPACE_8
            wanted = [self._end_px(curve, plot) for curve in named]
        else:
            left = plot.right() - width
            wanted = self._beside_curves(named, left, plot)
        places = spread(wanted, LABEL_GAP, plot.top() + half, plot.bottom() - half)
        self._label_places = tuple(
            (text, QRectF(left, y - half, text_width(font, text), LABEL_GAP))
            for text, y in zip(texts, places, strict=True)
        )

    def _named(self) -> list[Curve]:
        return [curve for curve in self._curves if not curve.faint and curve.name]

    def _paint_labels(self, painter: QPainter) -> None:
        font = self.theme.font(SIZE_SMALL, SEMIBOLD)
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        for curve, (text, place) in zip(self._named(), self._label_places, strict=False):
            painter.setPen(self.theme.class_color(curve.color))
            middle = place.center().y()
            painter.drawText(QPointF(round(place.left()), round(middle + metrics.capHeight() / 2)), text)

    def _end_px(self, curve: Curve, plot: QRectF) -> float:
        y = float(curve.drawn()[1][-1])
        return float(self.y_px(y, plot)) if math.isfinite(y) else plot.top()

    def _beside_curves(self, named: list[Curve], left: float, plot: QRectF) -> list[float]:
        """Places for the names where no curve runs: above what lies right of `left`, else below."""
        tops, bottoms = [], []
        for curve in self._curves:
            x, y = curve.drawn()
            x, y = np.asarray(self.x_px(x, plot)), np.asarray(self.y_px(y, plot))
            inside = y[max(int(np.searchsorted(x, left)) - 1, 0) :]
            inside = inside[np.isfinite(inside)]
            if len(inside):
                tops.append(float(inside.min()))
                bottoms.append(float(inside.max()))
        order = sorted(range(len(named)), key=lambda index: self._end_px(named[index], plot))
        top, bottom = min(tops, default=plot.bottom()), max(bottoms, default=plot.top())
        above = top - plot.top() >= LABEL_GAP * len(named) + SPACE_4
        places = [0.0] * len(named)
        for rank, index in enumerate(order):
            if above:
                places[index] = top - SPACE_4 - LABEL_GAP * (len(named) - rank - 0.5)
            else:
                places[index] = bottom + SPACE_4 + LABEL_GAP * (rank + 0.5)
        return places

    # Pointer.

    def hover(self, at: QPointF, plot: QRectF) -> Card | None:
        if not plot.adjusted(-4, 0, 4, 0).contains(at):
            return None
        x, _ = self.to_data(at, plot)
        lines: list[tuple[str, QColor | None]] = []
        near = [mark for mark in self._marks if abs(self.x_px(mark.x, plot) - at.x()) <= 4]
        before = []
        epoch = self._nearest(x)
        for curve in self._curves:
            if curve.name and curve.x[0] - 1e-9 <= epoch <= curve.x[-1] + 1e-9:
                text = self.value_text(float(curve.y[int(np.abs(curve.x - epoch).argmin())]))
                if curve.faint:
                    before.append(text)
                else:
                    lines.append((f"{curve.name} {text}", self._color(curve)))
        if before:
            lines.append((f"run before {' · '.join(before)}", None))
        if lines:
            lines.insert(0, (f"{self._x_title} {epoch:g}", None))
        if self._steps is not None:
            step = round(self._axis.step_at(x))
            if 0 <= step < len(self._steps):
                lines.append((f"step {step} {self.value_text(float(self._steps.array()[step]))}", None))
        lines.extend((mark.text, None) for mark in near)
        return Card(tuple(lines)) if lines else None

    def paint_hover(self, painter: QPainter, at: QPointF, plot: QRectF) -> None:
        x, _ = self.to_data(at, plot)
        epoch = self._nearest(x)
        line = self.x_px(epoch, plot) if self._curves else at.x()
        painter.setPen(self.theme.pen("edge"))
        painter.drawLine(QPointF(round(line), plot.top()), QPointF(round(line), plot.bottom()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self.theme.pen("panel", 1.5))
        for curve in self._curves:
            if not curve.faint and curve.name and curve.x[0] - 1e-9 <= epoch <= curve.x[-1] + 1e-9:
                drawn_x, drawn_y = curve.drawn_at(int(np.abs(curve.x - epoch).argmin()))
                place = QPointF(self.x_px(drawn_x, plot), self.y_px(drawn_y, plot))
                if plot.top() - 1 <= place.y() <= plot.bottom() + 1:
                    painter.setBrush(self.theme.class_color(curve.color))
                    painter.drawEllipse(place, 4, 4)

    def _nearest(self, x: float) -> float:
        own = [curve for curve in self._curves if not curve.faint] or list(self._curves)
        if not own:
            return x
        best = min(own, key=lambda curve: float(np.abs(curve.x - x).min()))
        return float(best.x[int(np.abs(best.x - x).argmin())])


def _limits(y: NDArray) -> tuple[float, ...]:
    finite = y[np.isfinite(y)]
    return (float(finite.min()), float(finite.max())) if len(finite) else ()
