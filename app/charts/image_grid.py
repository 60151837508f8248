"""Many small pictures in a grid, crisp, with the colour bar that says what their colours mean."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QLinearGradient, QPainter

from app.charts.chart import Chart
from app.charts.look import SIZE_SMALL, SPACE_8, Card, Theme
from app.charts.pictures import ColourMap, corners, largest, mosaic, picture

WIDE_GAP, NARROW_GAP = 6, 2
SMALLEST = 10
MOST_STRETCH = 8.0
FOOT = 26
BAR_WIDTH, BAR_HEIGHT = 112, 6


class Layout(NamedTuple):
    """How many pictures are shown, in how many columns, each how large in px, how far apart."""

    count: int
    columns: int
    width: float
    height: float
    gap: int


class ImageGrid(Chart):
    """Pictures F×H×W or F×H×W×3. As many are shown as can be seen; the foot says how many there are."""

    def __init__(self, theme: Theme, noun: str = "filter") -> None:
        super().__init__(theme)
        self._noun = noun
        self._values: NDArray = np.empty((0, 1, 1), dtype=np.float32)
        self._colours: ColourMap = "signed"
        self._limit = 1.0
        self._image: QImage | None = None
        self._image_columns = 0

    def show_pictures(self, values: NDArray, colours: ColourMap = "signed", limit: float | None = None) -> None:
        """Show pictures in a colour map; `limit` is the value at the map's end, the largest magnitude if not given."""
        assert values.ndim in (3, 4), f"pictures have 3 or 4 axes, not {values.ndim}"
        self._values = values
        self._colours = colours
        self._limit = largest(values) if limit is None else float(limit)
        self._image = None
        self.invalidate()

    def set_theme(self, theme: Theme) -> None:
        self._image = None
        super().set_theme(theme)

    def margins(self) -> tuple[float, float, float, float]:
        return 12, 4, 12, FOOT if self._colours != "grey" else 6

    def layout_now(self) -> Layout:
        """Where pictures stand at this size."""
        count, height, width = self._values.shape[:3]
        plot = self.plot_rect()
        return grid_layout(count, width, height, plot.width(), plot.height(), self.devicePixelRatioF())

    def cells(self) -> list[QRectF]:
        """The rectangles of the pictures shown, in order."""
        made = self.layout_now()
        plot = self.plot_rect()
        rows = math.ceil(made.count / made.columns)
        left = plot.left() + (plot.width() - made.columns * (made.width + made.gap) + made.gap) / 2
        top = plot.top() + (plot.height() - rows * (made.height + made.gap) + made.gap) / 2
        ratio = self.devicePixelRatioF()
        left, top = (math.floor(edge * ratio) / ratio for edge in (left, top))
        return [
            QRectF(
                left + index % made.columns * (made.width + made.gap),
                top + index // made.columns * (made.height + made.gap),
                made.width,
                made.height,
            )
            for index in range(made.count)
        ]

    def paint_content(self, painter: QPainter, plot: QRectF) -> None:
        if not len(self._values):
            return
        cells = self.cells()
        if self._image is None:
            self._image_columns = max(1, math.isqrt(len(self._values)))
            self._image = picture(mosaic(self._values, self._image_columns), self._colours, self.theme, self._limit)
        height, width = self._values.shape[1:3]
        shrunk = cells[0].width() * self.devicePixelRatioF() < width
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, shrunk)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        radius = min(3.0, cells[0].width() / 8, cells[0].height() / 8)
        cover = corners(cells[0].size(), radius, self.theme.color("panel"), self.devicePixelRatioF())
        for index, cell in enumerate(cells):
            row, column = divmod(index, self._image_columns)
            painter.drawImage(cell, self._image, QRectF(column * width, row * height, width, height))
            if radius >= 1:
                painter.drawPixmap(cell.topLeft(), cover)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_foot(painter, len(cells))

    def _paint_foot(self, painter: QPainter, shown: int) -> None:
        foot = QRectF(self.rect())
        foot.setTop(foot.bottom() - FOOT)
        theme = self.theme
        more = f"{shown} of {len(self._values)}" if shown < len(self._values) else ""
        if self._colours != "grey":
            paint_colour_bar(painter, foot, theme, self._colours, self._limit, more)

    def hover(self, at: QPointF, plot: QRectF) -> Card | None:
        if not len(self._values):
            return None
        height, width = self._values.shape[1:3]
        for index, cell in enumerate(self.cells()):
            if cell.contains(at):
                row = min(int((at.y() - cell.top()) / cell.height() * height), height - 1)
                column = min(int((at.x() - cell.left()) / cell.width() * width), width - 1)
                place = f"row {row}, column {column}" if height > 1 else f"input {column}"
                return Card(((f"{self._noun} {index}, {place}", None), (self._value_text(index, row, column), None)))
        return None

    def _value_text(self, index: int, row: int, column: int) -> str:
        value = self._values[index, row, column]
        if np.ndim(value):
            return "red, green, blue " + " ".join(f"{part:.2f}" for part in value)
        return signed_text(float(value), 3) if self._colours == "signed" else f"{float(value):.3g}"


def grid_layout(count: int, width: int, height: int, room_x: float, room_y: float, ratio: float) -> Layout:
    """The grid with the largest pictures; too many to be seen are left out. Whole device pixels for each number."""
    if count == 0 or room_x < SMALLEST or room_y < SMALLEST:
        return Layout(0, 1, 0, 0, 0)
    aspect = min(max(width / height, 1 / MOST_STRETCH), MOST_STRETCH)
    gap = WIDE_GAP
    columns, cell_y = _best(count, aspect, room_x, room_y, gap)
    if min(cell_y, cell_y * aspect) < 24:
        gap = NARROW_GAP
        columns, cell_y = _best(count, aspect, room_x, room_y, gap)
    if min(cell_y, cell_y * aspect) < SMALLEST:
        cell_y = max(SMALLEST, SMALLEST / aspect)
        columns = max(1, int((room_x + gap) / (cell_y * aspect + gap)))
        count = min(count, columns * max(1, int((room_y + gap) / (cell_y + gap))))
    cell_x = cell_y * aspect
    return Layout(count, columns, _crisp(cell_x, width, ratio), _crisp(cell_y, height, ratio), gap)


def paint_colour_bar(
    painter: QPainter, room: QRectF, theme: Theme, colours: ColourMap, limit: float, more: str = ""
) -> None:
    """The map's colours between their two values, centred in `room`; `more` stands behind."""
    font = theme.font(SIZE_SMALL, mono=True)
    metrics = QFontMetricsF(font)
    low = signed_text(-limit) if colours == "signed" else "0"
    high = signed_text(limit) if colours == "signed" else signed_text(limit).removeprefix("+")
    sides = metrics.horizontalAdvance(low) + metrics.horizontalAdvance(high) + 2 * SPACE_8
    behind = metrics.horizontalAdvance(more) + 2 * SPACE_8 if more else 0
    width = min(BAR_WIDTH, room.width() - sides - behind - 24)
    if width < 16:
        return
    left = round(room.center().x() - (sides + width + behind) / 2)
    base = round(room.center().y() + metrics.capHeight() / 2)
    painter.setFont(font)
    painter.setPen(theme.color("secondary"))
    painter.drawText(QPointF(left, base), low)
    bar = QRectF(left + metrics.horizontalAdvance(low) + SPACE_8, round(room.center().y() - BAR_HEIGHT / 2), width, 6)
    painter.drawText(QPointF(bar.right() + SPACE_8, base), high)
    if more:
        text_left = bar.right() + SPACE_8 + metrics.horizontalAdvance(high) + 2 * SPACE_8
        painter.drawText(QPointF(text_left, base), more)
    gradient = QLinearGradient(bar.topLeft(), bar.topRight())
    table = theme.signed_map() if colours == "signed" else theme.magnitude_map()
    for step in range(9):
        red, green, blue = (int(part) for part in table[round(step / 8 * 255)][:3])
        gradient.setColorAt(step / 8, (red << 16) | (green << 8) | blue)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(gradient)
    painter.drawRoundedRect(bar, BAR_HEIGHT / 2, BAR_HEIGHT / 2)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def signed_text(value: float, digits: int = 2) -> str:
    """A weight with its sign: `-0.9`, `+0.31`."""
    if value == 0:
        return "0"
    if abs(value) >= 100 or abs(value) < 1e-3:
        return f"{value:+.1e}"
    text = f"{value:+.{max(digits - 1 - math.floor(math.log10(abs(value))), 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _best(count: int, aspect: float, room_x: float, room_y: float, gap: int) -> tuple[int, float]:
    best = (1, 0.0)
    for columns in range(1, count + 1):
        rows = -(-count // columns)
        cell = min((room_x - (columns - 1) * gap) / columns / aspect, (room_y - (rows - 1) * gap) / rows)
        if cell > best[1] + 1e-9:
            best = (columns, cell)
    return best


def _crisp(size: float, pixels: int, ratio: float) -> float:
    times = size * ratio / pixels
    return math.floor(times) * pixels / ratio if times >= 2 else math.floor(size * ratio) / ratio
