"""One number a step, growing without end: append is cheap, and so is what a chart of any width shows of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

GROUP = 8
Floats = NDArray[np.float32]


class Growing:
    """A one-dimensional array with room at its end; `array()` is a view of what it holds."""

    def __init__(self, dtype: object = np.float32) -> None:
        self._room = np.empty(1024, dtype=dtype)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def array(self) -> NDArray:
        """What it holds, without a copy; valid until the next change."""
        return self._room[: self._count]

    def extend(self, values: NDArray) -> None:
        """Append values; the room doubles when it is full."""
        wanted = self._count + len(values)
        if wanted > len(self._room):
            room = np.empty(max(wanted, 2 * len(self._room)), dtype=self._room.dtype)
            room[: self._count] = self.array()
            self._room = room
        self._room[self._count : wanted] = values
        self._count = wanted

    def cut(self, count: int) -> None:
        """Forget all but the first `count`."""
        self._count = min(self._count, max(count, 0))


class StepSeries:
    """float32 values by step, with the lowest, highest and mean of every 8, 64, 512 … of them beside.

    NaN stands for "unknown" and is left out of lowest and highest.
    """

    def __init__(self, values: NDArray | None = None) -> None:
        self._values = Growing()
        self._lows: list[Growing] = []
        self._highs: list[Growing] = []
        if values is not None:
            self.extend(values)

    def __len__(self) -> int:
        return len(self._values)

    def array(self) -> Floats:
        """All values, float32, without a copy; valid until the next change."""
        return self._values.array()

    def extend(self, values: NDArray) -> None:
        """Append values: work in proportion to their number, not to the length."""
        self._values.extend(np.asarray(values, dtype=np.float32))
        lows = highs = self._values
        for level in range(64):
            if len(lows) < GROUP:
                return
            if level == len(self._lows):
                self._lows.append(Growing())
                self._highs.append(Growing())
            done, ready = len(self._lows[level]), len(lows) // GROUP
            if ready > done:
                part = slice(done * GROUP, ready * GROUP)
                self._lows[level].extend(np.fmin.reduce(lows.array()[part].reshape(-1, GROUP), axis=1))
                self._highs[level].extend(np.fmax.reduce(highs.array()[part].reshape(-1, GROUP), axis=1))
            lows, highs = self._lows[level], self._highs[level]

    def cut(self, count: int) -> None:
        """Forget all but the first `count` values."""
        self._values.cut(count)
        for level, (lows, highs) in enumerate(zip(self._lows, self._highs, strict=True), start=1):
            lows.cut(len(self) // GROUP**level)
            highs.cut(len(self) // GROUP**level)

    def limits(self, first: int = 0, last: int | None = None) -> tuple[float, float] | None:
        """Lowest and highest finite value of the steps first … last − 1; None if there is none."""
        _, lows, highs = self.envelope(first, len(self) if last is None else last, 64)
        lows, highs = lows[np.isfinite(lows)], highs[np.isfinite(highs)]
        if not len(lows) or not len(highs):
            return None
        return float(lows.min()), float(highs.max())

    def envelope(self, first: int, last: int, columns: int) -> tuple[NDArray[np.float64], Floats, Floats]:
        """Of the steps first … last − 1: positions, lowest and highest value, one to eight times `columns`.

        With fewer steps than columns these are the steps themselves. A position is the middle of its group.
        """
        first, last = max(first, 0), min(last, len(self))
        if last <= first:
            empty = np.empty(0, dtype=np.float32)
            return np.empty(0), empty, empty
        level = 0
        while level < len(self._lows) and (last - first) // GROUP ** (level + 1) >= columns:
            level += 1
        size = GROUP**level
        lows = (self._lows[level - 1] if level else self._values).array()
        highs = (self._highs[level - 1] if level else self._values).array()
        begin, end = first // size, min(last // size, len(lows))
        x = (np.arange(begin, end) * size + (size - 1) / 2).astype(np.float64)
        low, high = lows[begin:end], highs[begin:end]
        if end * size < last:
            rest = self.array()[end * size : last]
            x = np.append(x, end * size + (len(rest) - 1) / 2)
            low = np.append(low, np.fmin.reduce(rest))
            high = np.append(high, np.fmax.reduce(rest))
        return x, low, high

    def line(self, first: int, last: int, columns: int) -> tuple[NDArray[np.float64], Floats]:
        """A polyline that looks like all the steps at `columns` px: each column's lowest and highest, in turn."""
        x, low, high = self.envelope(first, last, columns)
        size = max(1, len(x) // columns)
        if size > 1:
            starts = np.arange(0, len(x), size)
            low, high, x = np.fmin.reduceat(low, starts), np.fmax.reduceat(high, starts), x[starts]
        if len(x) == last - first and size == 1:
            return x, low
        y = np.empty(2 * len(x), dtype=np.float32)
        y[0::2], y[1::2] = low, high
        return np.repeat(x, 2), y
