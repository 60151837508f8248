"""Small pictures of what blocks hold, for the strip on the canvas and for the inspector."""

from __future__ import annotations

import math
from collections.abc import Mapping

from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QSizeF, Qt
from PySide6.QtGui import QImage, QPainter

from app.charts.image_grid import grid_layout
from app.charts.look import Theme
from app.charts.pictures import ColourMap, corners, largest, picture
from app.views.view import as_numpy

MOST_GAPS = 2


def preview_image(
    arrays: Mapping[str, object],
    theme: Theme,
    width: int,
    height: int,
    ratio: float = 1.0,
    justified: bool = False,
) -> QImage | None:
    """The answer to a `preview`, `filters` or `samples` request as one picture of width × height px, or None.

    Weights in the signed map, outputs in viridis, data in grey; the ground is transparent, pixels are crisp.
    `justified`: rows reach from edge to edge, as text of the panel around them does.
    """
    given = {name: as_numpy(value) for name, value in arrays.items()}
    values = given.get("filters", given.get("pictures"))
    if values is None or not len(values):
        return None
    return strip(values, _colours(given), theme, width, height, ratio, _limit(given, values), justified)


def strip(
    values: NDArray,
    colours: ColourMap,
    theme: Theme,
    width: int,
    height: int,
    ratio: float = 1.0,
    limit: float | None = None,
    justified: bool = False,
) -> QImage:
    """Pictures F×H×W(×3) in a grid, as many as there is room for, centred; each number whole device pixels."""
    made = grid_layout(len(values), values.shape[2], values.shape[1], width, height, ratio)
    image = QImage(round(width * ratio), round(height * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    if not made.count:
        return image
    rows = math.ceil(made.count / made.columns)
    gap = float(made.gap)
    if justified and made.columns > 1:
        gap = min((width - made.columns * made.width) / (made.columns - 1), MOST_GAPS * gap)
    left = 0 if justified else math.floor((width - made.columns * (made.width + gap) + gap) / 2)
    top = math.floor((height - rows * (made.height + made.gap) + made.gap) / 2)
    painter = QPainter(image)
    smooth = made.width * ratio < values.shape[2]
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
    size = QSizeF(made.width, made.height)
    round_off = corners(size, 2.0, theme.color("text"), ratio)
    limit = largest(values) if limit is None else limit
    for index in range(made.count):
        x = left + index % made.columns * (made.width + gap)
        y = top + index // made.columns * (made.height + made.gap)
        one = picture(values[index], colours, theme, limit)
        scaled = one.scaled(
            round(made.width * ratio),
            round(made.height * ratio),
            Qt.AspectRatioMode.IgnoreAspectRatio,
            Qt.TransformationMode.SmoothTransformation if smooth else Qt.TransformationMode.FastTransformation,
        )
        scaled = scaled.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
        cutter = QPainter(scaled)
        cutter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationOut)
        cutter.drawPixmap(0, 0, scaled.width(), scaled.height(), round_off)
        cutter.end()
        scaled.setDevicePixelRatio(ratio)
        painter.drawImage(QPointF(round(x * ratio) / ratio, round(y * ratio) / ratio), scaled)
    painter.end()
    return image


def _colours(given: Mapping[str, NDArray]) -> ColourMap:
    if "filters" in given:
        return "signed"
    if "signed" in given:
        return "signed" if int(given["signed"]) else "magnitude"
    return "grey"


def _limit(given: Mapping[str, NDArray], values: NDArray) -> float | None:
    if "limit" in given:
        return float(given["limit"])
    return largest(values)
