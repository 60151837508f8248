"""A plane coloured by what the network says of each point of it, the border at one half, and the data."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pyqtgraph.functions import arrayToQPath
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPainter, QPen

from app.charts.look import SIZE_SMALL, SPACE_4, Card, Theme, text_width, tick_room
from app.charts.pictures import rgba_image
from app.charts.plot_area import PlotArea
from app.charts.scatter_chart import REACH, paint_points
from app.charts.ticks import tick_texts, ticks

WEAK, STRONG = 0.22, 0.6
POINT = 5.0
BORDER = 2.0
MOST_CLASSES = 1000


class FieldChart(PlotArea):
    """`grid` R×C: probability of class 1, or class indices where there are more than two classes.

    Rows go from y0 up to y1, columns from x0 to x1; the outermost lie on the edges.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._grid: NDArray = np.zeros((2, 2))
        self._extent = (0.0, 1.0, 0.0, 1.0)
        self._points: NDArray = np.empty((0, 2))
        self._labels: NDArray = np.empty(0, dtype=np.int64)
        self._classes = 2
        self._image: QImage | None = None
        self._border: tuple[NDArray, NDArray] = (np.empty(0), np.empty(0))

    def show_field(self, grid: NDArray, extent: NDArray, points: NDArray, labels: NDArray) -> None:
        """Show a field over `extent` (x0, x1, y0, y1) and the data points on it."""
        self._grid = np.nan_to_num(np.asarray(grid, dtype=np.float64), nan=0.5)
        self._extent = tuple(float(edge) for edge in extent)  # type: ignore[assignment]
        self._points, self._labels = np.asarray(points, dtype=np.float64), labels
        self._classes = self._class_count()
        self._border = self._find_border()
        self._image = None
        self.set_home(*self._extent)
        self.invalidate()

    def set_theme(self, theme: Theme) -> None:
        self._image = None
        super().set_theme(theme)

    def margins(self) -> tuple[float, float, float, float]:
        font = self.theme.font(SIZE_SMALL)
        _, _, low, high = self.view_range
        widest = max((text_width(font, text) for text in tick_texts(ticks(low, high))), default=0)
        return widest + 16, max(4, tick_room(font)), 12, QFontMetricsF(font).height() + 6

    def paint_content(self, painter: QPainter, plot: QRectF) -> None:
        if self._image is None:
            self._image = self._coloured()
        painter.save()
        painter.setClipRect(plot)
        x0, x1, y0, y1 = self._extent
        # The outermost values stand on the edges: half of their pixels lies outside.
        rows, columns = self._grid.shape
        half_x, half_y = (x1 - x0) / (columns - 1) / 2, (y1 - y0) / (rows - 1) / 2
        x0, x1, y0, y1 = x0 - half_x, x1 + half_x, y0 - half_y, y1 + half_y
        corner = QPointF(self.x_px(x0, plot), self.y_px(y1, plot))
        place = QRectF(corner, QPointF(self.x_px(x1, plot), self.y_px(y0, plot)))
        # Class indices have no values between them.
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._classes == 2)
        painter.drawImage(place, self._image)
        painter.setPen(QPen(self.theme.color("panel"), BORDER, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        border_x, border_y = self._border
        if len(border_x):
            path = arrayToQPath(self.x_px(border_x, plot), self.y_px(border_y, plot), connect="pairs")
            painter.drawPath(path)
        if len(self._points):
            x, y = self.x_px(self._points[:, 0], plot), self.y_px(self._points[:, 1], plot)
            paint_points(painter, x, y, self._labels, self.theme, POINT, ring=True)
        painter.restore()
        self._paint_ticks(painter, plot)

    def _paint_ticks(self, painter: QPainter, plot: QRectF) -> None:
        font = self.theme.font(SIZE_SMALL)
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        painter.setPen(self.theme.color("secondary"))
        x0, x1, y0, y1 = self.view_range
        values = ticks(x0, x1)
        for value, text in zip(values, tick_texts(values), strict=True):
            left = self.x_px(value, plot) - metrics.horizontalAdvance(text) / 2
            painter.drawText(QPointF(round(left), round(plot.bottom() + metrics.ascent() + SPACE_4)), text)
        values = ticks(y0, y1)
        for value, text in zip(values, tick_texts(values), strict=True):
            left = plot.left() - metrics.horizontalAdvance(text) - 6
            painter.drawText(QPointF(round(left), round(self.y_px(value, plot) + metrics.capHeight() / 2)), text)

    def _coloured(self) -> QImage:
        theme = self.theme
        panel = _rgb(theme.color("panel"))
        grid = self._grid[::-1]
        if self._classes == 2:
            strength = (WEAK + (STRONG - WEAK) * np.abs(2 * np.clip(grid, 0, 1) - 1))[..., None]
            ink = np.where((grid >= 0.5)[..., None], _rgb(theme.class_color(1)), _rgb(theme.class_color(0)))
        else:
            strength = np.full((*grid.shape, 1), (WEAK + STRONG) / 2)
            table = np.array([_rgb(theme.class_color(label)) for label in range(self._classes)])
            ink = table[np.clip(np.rint(grid), 0, self._classes - 1).astype(int)]
        shown = np.full((*grid.shape, 4), 255, dtype=np.uint8)
        shown[..., :3] = np.rint(panel + (ink - panel) * strength)
        return rgba_image(shown)

    def _class_count(self) -> int:
        """Two where the grid is a probability; whole numbers above 1 are class indices."""
        top = self._grid.max()
        if not 1 < top < MOST_CLASSES or not np.array_equal(self._grid, np.rint(self._grid)):
            return 2
        return max(int(top), int(self._labels.max(initial=0))) + 1

    def _find_border(self) -> tuple[NDArray, NDArray]:
        x0, x1, y0, y1 = self._extent
        rows, columns = self._grid.shape
        if self._classes == 2:
            x, y = contour(self._grid, 0.5)
        else:
            x, y = class_borders(self._grid)
        return x0 + x / (columns - 1) * (x1 - x0), y0 + y / (rows - 1) * (y1 - y0)

    def hover(self, at: QPointF, plot: QRectF) -> Card | None:
        if not plot.contains(at):
            return None
        x, y = self.to_data(at, plot)
        x0, x1, y0, y1 = self._extent
        rows, columns = self._grid.shape
        row = min(max(round((y - y0) / (y1 - y0) * (rows - 1)), 0), rows - 1)
        column = min(max(round((x - x0) / (x1 - x0) * (columns - 1)), 0), columns - 1)
        value = self._grid[row, column]
        lines = [f"at {x:.2f}, {y:.2f}"]
        if self._classes == 2:
            lines.append(f"class 1: {value * 100:.0f} %")
        else:
            lines.append(f"class {round(value)}")
        if len(self._points):
            gaps = np.hypot(self.x_px(self._points[:, 0], plot) - at.x(), self.y_px(self._points[:, 1], plot) - at.y())
            if gaps.min() <= REACH / 2:
                lines.append(f"this point: label {int(self._labels[gaps.argmin()])}")
        return Card(tuple((line, None) for line in lines))


def contour(grid: NDArray, level: float) -> tuple[NDArray, NDArray]:
    """Where `grid` crosses `level`: x and y of segments, two ends each, in cells. Marching squares, linear between."""
    above = grid >= level
    a, b, c, d = grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]
    kind = above[:-1, :-1] + 2 * above[:-1, 1:] + 4 * above[1:, 1:] + 8 * above[1:, :-1]

    def share(one: NDArray, other: NDArray) -> NDArray:
        gap = other - one
        return np.clip((level - one) / np.where(gap == 0, 1.0, gap), 0, 1)

    rows, columns = np.mgrid[0 : a.shape[0], 0 : a.shape[1]].astype(np.float64)
    # The crossings of the sides of each cell: bottom (a-b), right (b-c), top (d-c), left (a-d).
    sides = (
        (columns + share(a, b), rows),
        (columns + 1, rows + share(b, c)),
        (columns + share(d, c), rows + 1),
        (columns, rows + share(a, d)),
    )
    xs, ys = [], []
    for table, one, other in _SEGMENTS:
        hit = np.nonzero(table[kind])
        if len(hit[0]):
            xs.append(np.stack([sides[one][0][hit], sides[other][0][hit]], axis=1))
            ys.append(np.stack([sides[one][1][hit], sides[other][1][hit]], axis=1))
    if not xs:
        return np.empty(0), np.empty(0)
    return np.concatenate(xs).ravel(), np.concatenate(ys).ravel()


def _kinds(*kinds: int) -> NDArray[np.bool_]:
    return np.isin(np.arange(16), kinds)


# Which sides a segment joins, by which corners of the cell are above the level; 5 and 10 are saddles with two.
_SEGMENTS = (
    (_kinds(1, 14, 5), 0, 3),
    (_kinds(2, 13, 10), 0, 1),
    (_kinds(4, 11, 5), 1, 2),
    (_kinds(8, 7, 10), 2, 3),
    (_kinds(3, 12), 3, 1),
    (_kinds(6, 9), 0, 2),
)


def class_borders(grid: NDArray) -> tuple[NDArray, NDArray]:
    """The sides between cells of different classes: x and y of segments, two ends each, in cells."""
    rows, columns = np.nonzero(grid[:, 1:] != grid[:, :-1])
    x = np.repeat(columns + 0.5, 2)
    y = np.stack([rows - 0.5, rows + 0.5], axis=1).ravel()
    low, left = np.nonzero(grid[1:] != grid[:-1])
    return (
        np.concatenate([x, np.stack([left - 0.5, left + 0.5], axis=1).ravel()]),
        np.concatenate([y, np.repeat(low + 0.5, 2)]),
    )


def _rgb(color) -> NDArray[np.float64]:  # noqa: ANN001
    return np.array([color.red(), color.green(), color.blue()], dtype=np.float64)
