"""Points on a plane, coloured by class; the class number stands on its cluster."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from pyqtgraph.Qt.internals import PrimitiveArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from app.charts.look import SEMIBOLD, SIZE_SMALL, Card, Theme
from app.charts.pictures import picture
from app.charts.plot_area import PlotArea

LARGE, SMALL = 5.5, 3.5
SMALL_FROM = 1500
DISC = 18.0
REACH = 10.0
MOST_DISCS = 20
ROOM = 0.06
RINGED = 3.0


class ScatterChart(PlotArea):
    """Points float M×2; labels int M, −1 without classes; pictures M×H×W 0…1 or none."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._points: NDArray = np.empty((0, 2))
        self._labels: NDArray = np.empty(0, dtype=np.int64)
        self._pictures: NDArray | None = None
        self._rows: NDArray | None = None

    def show_points(
        self, points: NDArray, labels: NDArray, pictures: NDArray | None = None, rows: NDArray | None = None
    ) -> None:
        """Show points; what is not finite is left out."""
        finite = np.isfinite(points).all(axis=1)
        if not finite.all():
            points, labels = points[finite], labels[finite]
            pictures = None if pictures is None else pictures[finite]
            rows = None if rows is None else rows[finite]
        self._points, self._labels = np.asarray(points, dtype=np.float64), labels
        self._pictures, self._rows = pictures, rows
        if len(points):
            self.set_home(*self._range())
        self.invalidate()

    def _range(self) -> tuple[float, float, float, float]:
        low, high = self._points.min(axis=0), self._points.max(axis=0)
        size = np.maximum(high - low, 1e-6 * np.maximum(np.abs(high), 1e-6))
        low, high = low - ROOM * size, high + ROOM * size
        x0, x1, y0, y1 = self._home
        kept = (
            x0 <= low[0] + ROOM * size[0]
            and x1 >= high[0] - ROOM * size[0]
            and y0 <= low[1] + ROOM * size[1]
            and y1 >= high[1] - ROOM * size[1]
            and size[0] > 0.7 * (x1 - x0)
            and size[1] > 0.7 * (y1 - y0)
        )
        # While the network learns the cloud breathes: following each breath would shake the picture.
        return self._home if kept else (float(low[0]), float(high[0]), float(low[1]), float(high[1]))

    def margins(self) -> tuple[float, float, float, float]:
        return 8, 4, 8, 6

    def paint_content(self, painter: QPainter, plot: QRectF) -> None:
        if not len(self._points):
            return
        painter.setClipRect(plot.adjusted(-4, -4, 4, 4))
        x, y = self._pixels(plot)
        paint_points(painter, x, y, self._labels, self.theme, LARGE if len(x) < SMALL_FROM else SMALL)
        for label, at in self.discs(plot):
            self._paint_disc(painter, label, at)
        painter.setClipping(False)

    def discs(self, plot: QRectF | None = None) -> list[tuple[int, QPointF]]:
        """The class numbers and where they stand: on a point in the middle of the cluster, not on one another."""
        plot = self.plot_rect() if plot is None else plot
        classes = np.unique(self._labels[self._labels >= 0])
        if not 0 < len(classes) <= MOST_DISCS:
            return []
        x, y = self._pixels(plot)
        own = np.flatnonzero(self._labels >= 0)
        of = np.searchsorted(classes, self._labels[own])
        counts = np.bincount(of)
        middle_x = np.bincount(of, x[own]) / counts
        middle_y = np.bincount(of, y[own]) / counts
        from_middle = (x[own] - middle_x[of]) ** 2 + (y[own] - middle_y[of]) ** 2
        order = np.lexsort((from_middle, of))
        nearest = own[order[np.searchsorted(of[order], np.arange(len(classes)))]]
        places = np.stack([x[nearest], y[nearest]], axis=1)
        shown = plot.adjusted(DISC / 2, DISC / 2, -DISC / 2, -DISC / 2)
        apart = _apart(places, DISC + 2)
        return [
            (
                int(label),
                QPointF(
                    min(max(at[0], shown.left()), shown.right()) if not self.is_zoomed else at[0],
                    min(max(at[1], shown.top()), shown.bottom()) if not self.is_zoomed else at[1],
                ),
            )
            for label, at in zip(classes, apart, strict=True)
        ]

    def _paint_disc(self, painter: QPainter, label: int, at: QPointF) -> None:
        theme = self.theme
        at = QPointF(round(at.x()), round(at.y()))
        room = QRectF(at.x() - DISC / 2, at.y() - DISC / 2, DISC, DISC)
        painter.setPen(QPen(theme.class_color(label), 1.5))
        painter.setBrush(theme.brush("panel"))
        painter.drawEllipse(room.adjusted(0.75, 0.75, -0.75, -0.75))
        painter.setFont(theme.font(SIZE_SMALL, SEMIBOLD))
        painter.setPen(theme.color("text"))
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, str(label))

    def _pixels(self, plot: QRectF) -> tuple[NDArray, NDArray]:
        return self.x_px(self._points[:, 0], plot), self.y_px(self._points[:, 1], plot)

    def nearest(self, at: QPointF, plot: QRectF) -> int | None:
        """The point under the pointer, or None."""
        if not len(self._points):
            return None
        x, y = self._pixels(plot)
        distances = (x - at.x()) ** 2 + (y - at.y()) ** 2
        best = int(distances.argmin())
        return best if distances[best] <= REACH**2 else None

    def hover(self, at: QPointF, plot: QRectF) -> Card | None:
        index = self.nearest(at, plot)
        if index is None:
            return None
        label = int(self._labels[index])
        lines: list[tuple[str, QColor | None]] = [(f"label {label}", None)] if label >= 0 else []
        if self._rows is not None and (self._pictures is None or not lines):
            lines.append((f"row {int(self._rows[index])}", None))
        image = None
        if self._pictures is not None:
            image = picture(self._pictures[index], "grey", self.theme)
        return Card(tuple(lines), image)

    def paint_hover(self, painter: QPainter, at: QPointF, plot: QRectF) -> None:
        index = self.nearest(at, plot)
        if index is None:
            return
        x, y = self._pixels(plot)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = QPointF(x[index], y[index])
        painter.setPen(self.theme.pen("text", 2))
        painter.setBrush(self.theme.brush("panel"))
        painter.drawEllipse(middle, RINGED + 2, RINGED + 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.theme.class_color(max(int(self._labels[index]), 0)))
        painter.drawEllipse(middle, RINGED - 0.5, RINGED - 0.5)


def paint_points(
    painter: QPainter, x: NDArray, y: NDArray, labels: NDArray, theme: Theme, size: float, ring: bool = False
) -> None:
    """Round points in px, coloured by class; with `ring`, a line in the panel's colour around each."""
    if not len(x):
        return
    # Stamped from a picture: drawing 1,000 antialiased dots takes 6 ms, stamping them 0.1 ms.
    ratio = painter.device().devicePixelRatio()
    sprites = _sprites(theme, size, ring, ratio)
    side = sprites.height()
    stamps = PrimitiveArray(QPainter.PixmapFragment, 10)
    stamps.resize(len(x))
    stamp = stamps.ndarray()
    stamp[:, 0], stamp[:, 1] = np.rint(x * ratio), np.rint(y * ratio)
    stamp[:, 2] = np.maximum(labels, 0) % len(theme.classes) * side
    stamp[:, 3:] = (0, side, side, 1, 1, 0, 1)
    painter.save()
    painter.scale(1 / ratio, 1 / ratio)
    painter.drawPixmapFragments(*stamps.drawargs(), sprites)
    painter.restore()


@lru_cache(maxsize=32)
def _sprites(theme: Theme, size: float, ring: bool, ratio: float) -> QPixmap:
    """One dot a class, side by side, in device pixels."""
    side = math.ceil((size + 2) * ratio) + 2
    # An even side has its middle on a pixel's corner, where whole positions put it.
    side += side % 2
    sprites = QPixmap(side * len(theme.classes), side)
    sprites.fill(Qt.GlobalColor.transparent)
    painter = QPainter(sprites)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    for label in range(len(theme.classes)):
        middle = QPointF((label + 0.5) * side, side / 2)
        if ring:
            painter.setBrush(theme.brush("panel"))
            painter.drawEllipse(middle, (size / 2 + 1) * ratio, (size / 2 + 1) * ratio)
        painter.setBrush(theme.class_color(label))
        painter.drawEllipse(middle, size / 2 * ratio, size / 2 * ratio)
    painter.end()
    return sprites


def _apart(places: NDArray, distance: float) -> NDArray:
    """Push places apart until none is nearer to another than `distance`, as far as a few rounds can."""
    places = places.astype(np.float64).copy()
    for _ in range(30):
        offsets = places[:, None] - places[None, :]
        lengths = np.hypot(offsets[..., 0], offsets[..., 1])
        np.fill_diagonal(lengths, math.inf)
        if lengths.min() >= distance:
            break
        same = lengths < 1e-6
        if same.any():
            angles = np.arange(len(places)) * 2.4
            places += np.stack([np.cos(angles), np.sin(angles)], axis=1) * 0.01
            continue
        short = np.maximum(distance - lengths, 0) / 2 + (lengths < distance) * 0.1
        places += (offsets / lengths[..., None] * short[..., None]).sum(axis=1)
    return places
