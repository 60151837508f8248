"""Many small lines at once: numpy works out how much of each pixel they cover, where Qt would stroke each by itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

Floats = NDArray[np.float32]
ONE = 256
MOST_ROWS = 125
"""More px than this do not fit into 16 bits."""


def line_spans(curves: NDArray, columns: int) -> tuple[Floats, Floats]:
    """Between which values each line runs in each of `columns` px columns: lowest and highest, M×C×columns.

    `curves` are M×T×C, T ≥ 1 points at equal distances from the first column's left edge to the last one's right edge.
    """
    points = np.ascontiguousarray(np.moveaxis(curves, 1, 2), dtype=np.float32)
    last = points.shape[2] - 1
    at = np.linspace(0, last, columns + 1)
    before = np.minimum(at.astype(np.int64), max(last - 1, 0))
    share = (at - before).astype(np.float32)
    # take, as an index array would leave the axes in another order in memory, and all that follows is slower there
    start = np.take(points, before, axis=2)
    edges = start + (np.take(points, np.minimum(before + 1, last), axis=2) - start) * share
    low = np.minimum(edges[:, :, :-1], edges[:, :, 1:])
    high = np.maximum(edges[:, :, :-1], edges[:, :, 1:])
    inside = np.minimum(np.arange(last + 1) * columns // max(last, 1), columns - 1)
    starts = np.flatnonzero(np.diff(inside, prepend=-1))
    hit = inside[starts]
    low[:, :, hit] = np.minimum(low[:, :, hit], np.minimum.reduceat(points, starts, axis=2))
    high[:, :, hit] = np.maximum(high[:, :, hit], np.maximum.reduceat(points, starts, axis=2))
    return low, high


def line_shades(top: Floats, bottom: Floats, rows: int, width_px: float, colour: QColor) -> NDArray[np.uint32]:
    """Lines in one colour on nothing, one below the other, `rows` px each, 125 at most: premultiplied, M·rows×columns.

    `top` and `bottom` are M×columns: where each line is in its column, in px from its picture's upper edge.
    """
    assert rows <= MOST_ROWS
    span = bottom - top
    # Filled from top to bottom, a slope covers more than a stroke of this width does.
    half = np.minimum(width_px, width_px * np.sqrt(1 + span * span) - span) / 2
    # 1/256 px in 16 bits: half the memory of floats, and memory is what this costs
    row = (np.arange(rows, dtype=np.int16) * ONE)[:, np.newaxis]
    covered = np.minimum(_fixed(bottom + half, rows), row + ONE)
    covered -= np.maximum(_fixed(top - half, rows), row)
    return np.take(_premultiplied(colour), covered.clip(0, 255).astype(np.uint8)).reshape(-1, top.shape[1])


def _fixed(px: Floats, rows: int) -> NDArray[np.int16]:
    return (px.clip(-1, rows + 1) * ONE).astype(np.int16)[:, np.newaxis, :]


def _premultiplied(colour: QColor) -> NDArray[np.uint32]:
    """The colour at each of 256 coverings."""
    alpha = np.arange(256, dtype=np.uint32)
    red, green, blue = ((part * alpha + 127) // 255 for part in (colour.red(), colour.green(), colour.blue()))
    return (alpha << 24 | red << 16 | green << 8 | blue).astype(np.uint32)
