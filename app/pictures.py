"""Arrays as pictures for the canvas and the inspector: one row or more of small images, sharp pixels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from PySide6.QtGui import QImage

if TYPE_CHECKING:
    import numpy as np

    from graph_editor.theme import Theme

Colouring = Literal["signed", "magnitude", "grey"]


def montage(
    pictures: np.ndarray, theme: Theme, colouring: Colouring, columns: int, rows: int, cell: int, gap: int
) -> QImage:
    """M×H×W (or M×H×W×3) as a grid of at most `columns`×`rows` cells of `cell` px, `gap` px apart, transparent between.

    `signed` maps −limit…+limit of all, `magnitude` each picture's own range, `grey` 0…1.
    """
    import numpy as np

    shown = pictures[: columns * rows]
    # Large pictures are thinned out rather than made smaller later, where that would cost each frame.
    step = -(-max(shown.shape[1:3]) // (2 * cell))
    shown = shown[:, ::step, ::step]
    count, height, width = shown.shape[:3]
    columns = min(columns, count)
    rows = -(-count // columns)
    scale = max(1, cell // max(height, width))
    tall, wide = height * scale, width * scale
    grid = np.zeros((rows * (tall + gap) - gap, columns * (wide + gap) - gap, 4), dtype=np.uint8)
    colours = _coloured(shown, theme, colouring)
    for index in range(count):
        top, left = (index // columns) * (tall + gap), (index % columns) * (wide + gap)
        grid[top : top + tall, left : left + wide] = colours[index].repeat(scale, axis=0).repeat(scale, axis=1)
    image = QImage(grid.data, grid.shape[1], grid.shape[0], 4 * grid.shape[1], QImage.Format.Format_RGBA8888)
    return image.copy()


STRIP_WIDTH = 112


def preview(arrays: Mapping[str, np.ndarray], theme: Theme, is_data: bool = False) -> QImage | None:
    """The strip on a block, a px a scene px: two rows of filters, one of maps or samples; None without pictures."""
    pictures = arrays.get("pictures")
    if pictures is None or pictures.ndim < 3 or not pictures.size:
        return None
    if is_data:
        return montage(pictures, theme, "grey", 4, 1, 24, 5)
    if int(arrays.get("signed", 0)):
        count = len(pictures)
        columns = 8 if count > 4 else count
        return montage(pictures, theme, "signed", columns, 2, (STRIP_WIDTH + 2) // 8 - 2, 2)
    return montage(pictures, theme, "magnitude", 6, 1, (STRIP_WIDTH + 2) // 6 - 2, 2)


def _coloured(pictures: np.ndarray, theme: Theme, colouring: Colouring) -> np.ndarray:
    import numpy as np

    values = np.nan_to_num(pictures.astype(np.float32))
    if values.ndim == 4:
        low, high = (values.min(), values.max()) if colouring == "signed" else (0.0, 1.0)
        scaled = np.clip((values - low) / (high - low or 1.0), 0, 1) * 255
        alpha = np.full((*scaled.shape[:3], 1), 255, dtype=np.uint8)
        return np.concatenate([scaled.astype(np.uint8), alpha], axis=3)
    if colouring == "signed":
        limit = float(np.abs(values).max()) or 1.0
        table, share = theme.signed_map(), (values / limit + 1) / 2
    elif colouring == "magnitude":
        low = values.min(axis=(1, 2), keepdims=True)
        span = values.max(axis=(1, 2), keepdims=True) - low
        table, share = theme.magnitude_map(), (values - low) / np.where(span > 0, span, 1.0)
    else:
        table, share = theme.grey_map(), values
    return table[np.clip(share * 255 + 0.5, 0, 255).astype(np.uint8)]
