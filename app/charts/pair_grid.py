"""Samples with what the network says of them: pictures over words, or a picture over the one that was rebuilt."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QFontMetricsF, QPainter

from app.charts.chart import Chart
from app.charts.look import REGULAR, SEMIBOLD, SIZE_SMALL, SPACE_4, SPACE_8, Card, Theme
from app.charts.pictures import corners, picture

PICTURE_MIN, PICTURE_MAX = 32, 64
GAP = 8
LINE = 15


class Sample(NamedTuple):
    """One cell: a headline, a second line, whether the network is wrong, and words for the pointer."""

    headline: str
    second: str
    wrong: bool
    hint: tuple[str, ...]


class PairGrid(Chart):
    """As many samples as there is room for, in reading order. Pictures are M×H×W or M×H×W×3 in 0 … 1."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._samples: tuple[Sample, ...] = ()
        self._pictures: NDArray | None = None
        self._below: NDArray | None = None

    def show_samples(
        self, samples: Sequence[Sample], pictures: NDArray | None = None, below: NDArray | None = None
    ) -> None:
        """Show samples; `below` are the rebuilt pictures under the originals."""
        self._samples = tuple(samples)
        self._pictures, self._below = pictures, below
        self.invalidate()

    def margins(self) -> tuple[float, float, float, float]:
        return 12, 4, 12, 6

    def cells(self) -> list[QRectF]:
        """Where the samples that there is room for stand."""
        plot = self.plot_rect()
        side = self._side(plot)
        size = self._cell(side)
        columns = max(1, int((plot.width() + GAP) / (size.width() + GAP)))
        rows = max(1, int((plot.height() + GAP) / (size.height() + GAP)))
        count = min(len(self._samples), columns * rows)
        gap = min(2 * GAP, (plot.width() - columns * size.width()) / max(columns - 1, 1))
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
        if self._pictures is None:
            return QSizeF(72, words + SPACE_4)
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
        cover = corners(QSizeF(side, side), 3, self.theme.color("panel"), ratio) if side else None
        bold, plain = self.theme.font(SIZE_SMALL, SEMIBOLD), self.theme.font(SIZE_SMALL, REGULAR)
        ascent = QFontMetricsF(bold).ascent()
        for index, cell in enumerate(cells):
            sample = self._samples[index]
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

    def hover(self, at: QPointF, plot: QRectF) -> Card | None:
        for index, cell in enumerate(self.cells()):
            if cell.contains(at):
                shown = self._pictures
                image = None if shown is None else picture(np.asarray(shown[index]), "grey", self.theme)
                return Card(tuple((line, None) for line in self._samples[index].hint), image)
        return None
