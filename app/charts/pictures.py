"""Arrays as pictures: weights in the signed map, magnitudes in viridis, data in grey. One pixel a number."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPixmap

from app.charts.look import Theme

ColourMap = Literal["signed", "magnitude", "grey"]


def picture(values: NDArray, colours: ColourMap, theme: Theme, limit: float | None = None) -> QImage:
    """`values` H×W in a colour map, or H×W×3 as red, green and blue; one pixel each.

    signed: −limit … +limit, limit is the largest magnitude if not given; magnitude: 0 … limit; grey: 0 … 1.
    """
    if values.ndim == 3:
        return rgb_picture(values, colours, limit)
    return rgba_image(_table(colours, theme)[levels(values, colours, limit)])


def levels(values: NDArray, colours: ColourMap, limit: float | None = None) -> NDArray[np.uint8]:
    """Rows of the colour map, 0 to 255, for values; what is not a number stands in the middle of signed, else at 0."""
    values = np.asarray(values, dtype=np.float32)
    if colours == "grey":
        shares = values
    else:
        most = largest(values) if limit is None else limit
        shares = values / (most or 1.0)
        if colours == "signed":
            shares = (shares + 1) / 2
    unknown = 0.5 if colours == "signed" else 0.0
    if np.isnan(shares).any():
        shares = np.where(np.isnan(shares), unknown, shares)
    return np.rint(shares.clip(0, 1) * 255).astype(np.uint8)


def rgb_picture(values: NDArray, colours: ColourMap = "grey", limit: float | None = None) -> QImage:
    """`values` H×W×3: data 0 … 1, or weights −limit … +limit with grey for 0."""
    shown = np.empty((*values.shape[:2], 4), dtype=np.uint8)
    shown[..., :3] = levels(values, colours, limit)
    shown[..., 3] = 255
    return rgba_image(shown)


def largest(values: NDArray) -> float:
    """The largest finite magnitude, or 0."""
    finite = values[np.isfinite(values)]
    return float(np.abs(finite).max()) if finite.size else 0.0


def mosaic(values: NDArray, columns: int, gap: int = 0, fill: float = 0.0) -> NDArray:
    """Pictures F×H×W(×3) side by side in rows of `columns`, `gap` pixels of `fill` between them."""
    count, height, width = values.shape[:3]
    rows = -(-count // columns)
    shape = (rows * (height + gap) - gap, columns * (width + gap) - gap, *values.shape[3:])
    made = np.full(shape, fill, dtype=values.dtype)
    for index, one in enumerate(values):
        top, left = index // columns * (height + gap), index % columns * (width + gap)
        made[top : top + height, left : left + width] = one
    return made


def corners(size: QSizeF, radius: float, ground: QColor, ratio: float) -> QPixmap:
    """A pixmap that rounds the corners of what lies under it: `ground` outside, nothing inside."""
    pixmap = QPixmap((size * ratio).toSize())
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    outside = QPainterPath()
    outside.addRect(QRectF(QPointF(0, 0), size))
    outside.addRoundedRect(QRectF(QPointF(0, 0), size), radius, radius)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillPath(outside, ground)
    painter.end()
    return pixmap


def _table(colours: ColourMap, theme: Theme) -> NDArray[np.uint8]:
    if colours == "signed":
        return theme.signed_map()
    return theme.magnitude_map() if colours == "magnitude" else theme.grey_map()


def rgba_image(rgba: NDArray[np.uint8]) -> QImage:
    """An image of H×W×4 red, green, blue, opaque."""
    rgba = np.ascontiguousarray(rgba)
    height, width = rgba.shape[:2]
    # The image does not own numpy's memory: a copy does.
    return QImage(rgba.data, width, height, 4 * width, QImage.Format.Format_RGBA8888).convertToFormat(
        QImage.Format.Format_RGB32
    )
