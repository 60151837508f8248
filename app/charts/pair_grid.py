"""Samples with what the network says of them: a picture, a curve or numbers over words, or a picture over its copy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPolygonF

from app.charts.chart import Chart
from app.charts.look import REGULAR, SEMIBOLD, SIZE_SMALL, SPACE_4, SPACE_8, SPACE_12, Card, Theme, text_width
from app.charts.pictures import corners, picture

PICTURE_MIN, PICTURE_MAX = 32, 64
CURVE_WIDTH, CURVE_HEIGHT = 96, 32
WORDS_WIDTH = 72
MOST_CURVES = 3
GAP, LINES_GAP = 8, 24
RADIUS = 3
LINE = 15


class Sample(NamedTuple):
    """One cell: a headline, a second line, whether the network is wrong, words for the pointer, the numbers it read."""

    headline: str
    second: str
    wrong: bool
    hint: tuple[str, ...]
    values: str = ""


class PairGrid(Chart):
    """As many samples as there is room for, in reading order. Pictures are M×H×W or M×H×W×3 in 0 … 1, curves M×T×C."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._samples: tuple[Sample, ...] = ()
        self._pictures: NDArray | None = None
        self._below: NDArray | None = None
        self._curves: NDArray | None = None
        self._limits = (0.0, 0.0)
        self._columns = (0.0, 0.0, 0.0)
        self._line_width = 0.0

    def show_samples(
        self,
        samples: Sequence[Sample],
        pictures: NDArray | None = None,
        below: NDArray | None = None,
        curves: NDArray | None = None,
    ) -> None:
        """Show samples; `below` are rebuilt pictures under the originals, `curves` sequences in place of pictures."""
        self._samples = tuple(samples)
        self._pictures, self._below = pictures, below
        self._curves = None if curves is None else curves[:, :, :MOST_CURVES]
        if self._curves is not None:
            self._limits = float(np.nanmin(self._curves)), float(np.nanmax(self._curves))
        self._measure()
        self.invalidate()

    def margins(self) -> tuple[float, float, float, float]:
        return 12, 4, 12, 6

    def cells(self) -> list[QRectF]:
        """Where the samples that there is room for stand."""
        plot = self.plot_rect()
        side = self._side(plot)
        size = self._cell(side)
        least = LINES_GAP if self._in_lines() else GAP
        columns = max(1, int((plot.width() + least) / (size.width() + least)))
        rows = max(1, int((plot.height() + GAP) / (size.height() + GAP)))
        count = min(len(self._samples), columns * rows)
        gap = min(2 * least, (plot.width() - columns * size.width()) / max(columns - 1, 1))
        used = min(count, columns)
        left = plot.left() + (plot.width() - used * (size.width() + gap) + gap) / 2
        return [
            QRectF(
                round(left + index % columns * (size.width() + gap)),
                round(plot.top() + index // columns * (size.height() + GAP)),
                size.width(),
                size.height(),
            )
            for index in range(count)
        ]

    def _words_height(self) -> float:
        lines = bool(self._samples and self._samples[0].headline) + bool(self._samples and self._samples[0].second)
        return lines * LINE

    def _cell(self, side: float) -> QSizeF:
        words = self._words_height()
        if self._curves is not None:
            return QSizeF(CURVE_WIDTH, CURVE_HEIGHT + SPACE_4 + words)
        if self._pictures is None:
            return QSizeF(self._line_width, LINE) if self._in_lines() else QSizeF(WORDS_WIDTH, words + SPACE_4)
        pictures = 2 * side + SPACE_8 if self._below is not None else side
        return QSizeF(max(side, 40 if words else side), pictures + (words + SPACE_4 if words else 0))

    def _side(self, plot: QRectF) -> float:
        """The largest pictures of which a row of six has room, two rows high where that can be."""
        if self._pictures is None:
            return 0
        rest = self._cell(0).height()
        high = (plot.height() - GAP) / 2 - rest
        if self._below is not None:
            high = (plot.height() - GAP) / 4 - SPACE_8
        side = min(max(high, PICTURE_MIN), PICTURE_MAX, max(plot.width() / 5 - GAP, PICTURE_MIN))
        pixels = self._pictures.shape[2]
        times = side * self.devicePixelRatioF() / pixels
        return math.floor(times) * pixels / self.devicePixelRatioF() if times >= 2 else math.floor(side)

    def paint_content(self, painter: QPainter, plot: QRectF) -> None:
        cells = self.cells()
        if not cells:
            return
        side = self._side(plot)
        ratio = self.devicePixelRatioF()
        cover = corners(QSizeF(side, side), RADIUS, self.theme.color("panel"), ratio) if side else None
        bold, plain = self.theme.font(SIZE_SMALL, SEMIBOLD), self.theme.font(SIZE_SMALL, REGULAR)
        ascent = QFontMetricsF(bold).ascent()
        for index, cell in enumerate(cells):
            sample = self._samples[index]
            if self._in_lines():
                self._paint_line(painter, sample, cell)
                continue
            top = cell.top()
            for shown in (self._pictures, self._below):
                if shown is None or cover is None:
                    continue
                place = QRectF(cell.left() + (cell.width() - side) / 2, top, side, side)
                smooth = shown.shape[2] > side * ratio
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
                painter.drawImage(place, picture(shown[index], "grey", self.theme))
                painter.drawPixmap(place.topLeft(), cover)
                top += side + (SPACE_8 if shown is self._pictures and self._below is not None else SPACE_4)
            if self._curves is not None:
                self._paint_curve(painter, index, QRectF(cell.left(), top, cell.width(), CURVE_HEIGHT))
                top += CURVE_HEIGHT + SPACE_4
            for text, font, token in (
                (sample.headline, bold, "error" if sample.wrong else "text"),
                (sample.second, plain, "secondary"),
            ):
                if text:
                    painter.setFont(font)
                    painter.setPen(self.theme.color(token))
                    width = QFontMetricsF(font).horizontalAdvance(text)
                    painter.drawText(QPointF(round(cell.center().x() - width / 2), round(top + ascent)), text)
                    top += LINE

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self._measure()

    def _in_lines(self) -> bool:
        """Whether each sample is one line: the numbers it read, the headline, the second."""
        return self._pictures is None and self._curves is None and bool(self._samples and self._samples[0].values)

    def _fonts(self) -> tuple[QFont, QFont, QFont]:
        small = self.theme.font(SIZE_SMALL, REGULAR)
        return self.theme.font(SIZE_SMALL, mono=True), self.theme.font(SIZE_SMALL, SEMIBOLD), small

    def _measure(self) -> None:
        texts = [(sample.values, sample.headline, sample.second) for sample in self._samples]
        columns = zip(*texts, strict=True) if texts else ((),) * 3
        first, second, third = (
            float(math.ceil(max((text_width(font, text) for text in column), default=0)))
            for font, column in zip(self._fonts(), columns, strict=True)
        )
        self._columns = (first, second, third)
        self._line_width = first + second + third + 2 * SPACE_12

    def _paint_line(self, painter: QPainter, sample: Sample, cell: QRectF) -> None:
        """Numbers to the left, the headline in the middle, the second line's words to the right."""
        numbers, bold, plain = self._fonts()
        base = round(cell.top() + QFontMetricsF(bold).ascent())
        headline = cell.left() + self._columns[0] + SPACE_12
        for text, font, token, left in (
            (sample.values, numbers, "secondary", cell.left() + self._columns[0] - text_width(numbers, sample.values)),
            (sample.headline, bold, "error" if sample.wrong else "text", headline),
            (sample.second, plain, "secondary", cell.right() - text_width(plain, sample.second)),
        ):
            painter.setFont(font)
            painter.setPen(self.theme.color(token))
            painter.drawText(QPointF(round(left), base), text)

    def _paint_curve(self, painter: QPainter, index: int, place: QRectF) -> None:
        """Paint one sample's sequence on the field's colour, all samples at the same scale."""
        assert self._curves is not None
        theme = self.theme
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.brush("field"))
        painter.drawRoundedRect(place, RADIUS, RADIUS)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        low, high = self._limits
        inside = place.adjusted(SPACE_4, SPACE_4, -SPACE_4, -SPACE_4)
        steps, channels = self._curves[index].shape
        x = inside.left() + np.arange(steps) * (inside.width() / max(steps - 1, 1))
        scale = inside.height() / (high - low) if high > low else 0.0
        for channel in range(channels):
            y = inside.bottom() - (self._curves[index, :, channel] - low) * scale
            pen = theme.pen("text", 1.5)
            pen.setColor(theme.class_color(channel))
            painter.setPen(pen)
            painter.drawPolyline(QPolygonF([QPointF(*point) for point in zip(x.tolist(), y.tolist(), strict=True)]))

    def hover(self, at: QPointF, plot: QRectF) -> Card | None:
        for index, cell in enumerate(self.cells()):
            if cell.contains(at):
                shown = self._pictures
                image = None if shown is None else picture(np.asarray(shown[index]), "grey", self.theme)
                return Card(tuple((line, None) for line in self._samples[index].hint), image)
        return None
