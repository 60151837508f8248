"""Samples with what the network says of them: a picture, a curve or numbers over words, or a picture over its copy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QImage, QPainter

from app.charts.chart import Chart
from app.charts.look import REGULAR, SEMIBOLD, SIZE_SMALL, SPACE_4, SPACE_8, SPACE_12, Card, Theme, text_width
from app.charts.pictures import corners, picture
from app.charts.small_lines import line_shades, line_spans

PICTURE_MIN, PICTURE_MAX = 32, 64
CURVE_WIDTH, CURVE_HEIGHT = 96, 32
CURVE_LINE, CURVE_INSET = 1.5, 2
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
        if self._in_lines():
            for sample, cell in zip(self._samples, cells, strict=False):
                self._paint_line(painter, sample, cell)
            return
        below = 0.0
        if self._curves is not None:
            self._paint_curves(painter, [QRectF(cell.topLeft(), QSizeF(CURVE_WIDTH, CURVE_HEIGHT)) for cell in cells])
            below = CURVE_HEIGHT + SPACE_4
        side = self._side(plot)
        for shown in (self._pictures, self._below):
            if shown is not None:
                lefts = (cell.left() + (cell.width() - side) / 2 for cell in cells)
                tops = (cell.top() + below for cell in cells)
                self._paint_pictures(
                    painter, shown, [QRectF(x, y, side, side) for x, y in zip(lefts, tops, strict=True)]
                )
                below += side + (SPACE_8 if shown is self._pictures and self._below is not None else SPACE_4)
        self._paint_words(painter, cells, below)

    def _paint_pictures(self, painter: QPainter, shown: NDArray, places: Sequence[QRectF]) -> None:
        count, height, width = len(places), *shown.shape[1:3]
        ratio, side = self.devicePixelRatioF(), places[0].width()
        cover = corners(places[0].size(), RADIUS, self.theme.color("panel"), ratio)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, width > side * ratio)
        # Coloured all at once: a hundred small ones would take three times as long.
        sheet = picture(shown[:count].reshape(count * height, width, *shown.shape[3:]), "grey", self.theme)
        for index, place in enumerate(places):
            painter.drawImage(place, sheet.copy(0, index * height, width, height))
            painter.drawPixmap(place.topLeft(), cover)

    def _paint_words(self, painter: QPainter, cells: Sequence[QRectF], below: float) -> None:
        """Headlines and second lines in the middle of their cells; all of one look together."""
        samples = self._samples[: len(cells)]
        bold, plain = self.theme.font(SIZE_SMALL, SEMIBOLD), self.theme.font(SIZE_SMALL, REGULAR)
        base = below + QFontMetricsF(bold).ascent()
        with_headline = base + LINE if samples[0].headline else base
        for words, font, token, y in (
            ([sample.headline if sample.wrong else "" for sample in samples], bold, "error", base),
            ([sample.headline if not sample.wrong else "" for sample in samples], bold, "text", base),
            ([sample.second for sample in samples], plain, "secondary", with_headline),
        ):
            metrics = QFontMetricsF(font)
            widths = {text: metrics.horizontalAdvance(text) for text in set(words) if text}
            painter.setFont(font)
            painter.setPen(self.theme.color(token))
            for text, cell in zip(words, cells, strict=True):
                if text:
                    x = cell.center().x() - widths[text] / 2
                    painter.drawText(QPointF(round(x), round(cell.top() + y)), text)

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

    def _paint_curves(self, painter: QPainter, places: Sequence[QRectF]) -> None:
        """Paint the sequences of the first samples on the field's colour, all at the same scale."""
        assert self._curves is not None
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.theme.brush("field"))
        for place in places:
            painter.drawRoundedRect(place, RADIUS, RADIUS)
        ratio = self.devicePixelRatioF()
        columns, rows = round((CURVE_WIDTH - 2 * SPACE_4) * ratio), round((CURVE_HEIGHT - 2 * CURVE_INSET) * ratio)
        edge = (SPACE_4 - CURVE_INSET) * ratio
        low, high = self._limits
        scale = (rows - 2 * edge) / (high - low) if high > low else 0.0
        lowest, highest = line_spans(self._curves[: len(places)], columns)
        bottom, top = (rows - edge - (values - low) * scale for values in (lowest, highest))
        for channel in range(self._curves.shape[2]):
            colour = self.theme.class_color(channel)
            shades = line_shades(top[:, channel], bottom[:, channel], rows, CURVE_LINE * ratio, colour)
            lines = QImage(shades.data, columns, len(shades), 4 * columns, QImage.Format.Format_ARGB32_Premultiplied)
            for index, place in enumerate(places):
                target = QRectF(place.left() + SPACE_4, place.top() + CURVE_INSET, columns / ratio, rows / ratio)
                painter.drawImage(target, lines, QRectF(0, index * rows, columns, rows))

    def hover(self, at: QPointF, plot: QRectF) -> Card | None:
        for index, cell in enumerate(self.cells()):
            if cell.contains(at):
                shown = self._pictures
                image = None if shown is None else picture(np.asarray(shown[index]), "grey", self.theme)
                return Card(tuple((line, None) for line in self._samples[index].hint), image)
        return None
