"""A curve, the points of it that can be seen, and those as a path in px."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pyqtgraph.functions import arrayToQPath
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainterPath


class Curve(NamedTuple):
    """One curve: name, x and y float64 of equal length, class colour, and how it is drawn.

    `shift` moves it along x where it is drawn, not where it is read: the mean over an epoch stands in its middle.
    `lead` are points drawn in the first one's place.
    """

    name: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    color: int = 0
    dashed: bool = False
    faint: bool = False
    shift: float = 0.0
    lead: tuple[tuple[float, float], ...] = ()

    def drawn(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """x and y as they are drawn."""
        x, y = self.x + self.shift, self.y
        if not self.lead:
            return x, y
        before = np.array(self.lead).T
        return np.append(before[0], x[1:]), np.append(before[1], y[1:])

    def drawn_at(self, index: int) -> tuple[float, float]:
        """Where a point is on the line as it is drawn."""
        x = float(self.x[index]) + self.shift
        return x, float(np.interp(x, *self.drawn())) if self.lead and index == 0 else float(self.y[index])


def within(x: NDArray, y: NDArray, x0: float, x1: float) -> tuple[NDArray, NDArray]:
    """The points from x0 to x1, and one beyond each end."""
    first = max(int(np.searchsorted(x, x0)) - 1, 0)
    last = int(np.searchsorted(x, x1, side="right")) + 1
    return x[first:last], y[first:last]


def decimated(x: NDArray, y: NDArray, columns: int) -> tuple[NDArray, NDArray]:
    """The lowest and the highest of each of about `columns` stretches."""
    size = len(x) // columns
    if size < 2:
        return x, y
    starts = np.arange(0, len(x), size)
    both = np.empty(2 * len(starts))
    both[0::2], both[1::2] = np.fmin.reduceat(y, starts), np.fmax.reduceat(y, starts)
    return np.repeat(x[starts], 2), both


def path(x: NDArray, y: NDArray) -> QPainterPath:
    """A path through points in px; what is not finite parts it."""
    # Far outside its bounds the rasteriser counts in 16 bits.
    return arrayToQPath(np.ascontiguousarray(x), np.clip(y, -8000, 16000), connect="finite")


def runs_through(x: NDArray, y: NDArray, place: QRectF) -> bool:
    """Whether the curve through points in px touches a small place."""
    across = np.linspace(max(place.left(), x[0]), min(place.right(), x[-1]), 24)
    if place.right() < x[0] or place.left() > x[-1]:
        return False
    heights = np.interp(across, x, y)
    return bool(((heights >= place.top()) & (heights <= place.bottom())).any())
