"""Lanes that wires have taken, side by side: whether one is free of other signals is told by bisection."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections.abc import Hashable
from typing import NamedTuple


class _Lane(NamedTuple):
    low: float
    high: float
    at: float
    key: Hashable
    signal: Hashable


class Lanes:
    """Stretches from `low` to `high` at `at`, of wires that each carry a signal; nearer than `step` they collide."""

    def __init__(self, step: int) -> None:
        self._step = step
        self._strips: dict[int, _Strip] = {}
        self._of: dict[Hashable, list[int]] = {}

    def clear(self) -> None:
        """Forget all."""
        self._strips.clear()
        self._of.clear()

    def forget(self, key: Hashable) -> None:
        """Free what the wire `key` has taken."""
        for number in self._of.pop(key, ()):
            strip = self._strips.get(number)
            if strip is not None and not strip.forget(key):
                del self._strips[number]

    def take(self, at: float, first: float, last: float, key: Hashable, signal: Hashable) -> None:
        """Give a wire the way from `first` to `last`, in either order."""
        number = int(at // self._step)
        strip = self._strips.get(number)
        if strip is None:
            strip = self._strips[number] = _Strip()
        strip.take(_Lane(min(first, last), max(first, last), at, key, signal))
        self._of.setdefault(key, []).append(number)

    def is_taken(self, at: float, first: float, last: float, signal: Hashable) -> bool:
        """Whether a wire of another signal runs beside some of the way, nearer than a step."""
        low, high = (first, last) if first < last else (last, first)
        number = int(at // self._step)
        strips = self._strips
        strip = strips.get(number)
        if strip is not None and strip.is_taken(low, high, signal):
            return True
        for near in (number - 1, number + 1):
            strip = strips.get(near)
            if strip is not None and strip.is_taken(low, high, signal, at, self._step):
                return True
        return False


class _Strip:
    """The lanes of one step's width."""

    def __init__(self) -> None:
        self._lanes: dict[Hashable, list[_Lane]] = {}
        self._points: list[tuple[float, int, _Lane]] = []
        self._all = _Cover()
        self._by_place: dict[float, _Cover] = {}
        self._is_stale = False

    def take(self, lane: _Lane) -> None:
        self._lanes.setdefault(lane.key, []).append(lane)
        if not self._is_stale:
            self._cover(lane)

    def forget(self, key: Hashable) -> bool:
        """Whether any are left without those of the wire `key`."""
        self._lanes.pop(key, None)
        self._is_stale = True
        return bool(self._lanes)

    def is_taken(self, low: float, high: float, signal: Hashable, at: float | None = None, step: float = 0.0) -> bool:
        """Whether another signal is met; with `at` by those alone that run nearer to it than `step`."""
        if low == high:
            return any(
                lane.low < low < lane.high and lane.signal != signal and (at is None or abs(lane.at - at) < step)
                for lanes in self._lanes.values()
                for lane in lanes
            )
        if self._is_stale:
            self._cover_anew()
        if self._points and self._meets_a_point(low, high, signal, at, step):
            return True
        if not self._all.meets(low, high, signal):
            return False
        return at is None or any(
            abs(place - at) < step and cover.meets(low, high, signal) for place, cover in self._by_place.items()
        )

    def _meets_a_point(self, low: float, high: float, signal: Hashable, at: float | None, step: float) -> bool:
        for place in range(bisect_right(self._points, low, key=_where), len(self._points)):
            point, _, lane = self._points[place]
            if point >= high:
                return False
            if lane.signal != signal and (at is None or abs(lane.at - at) < step):
                return True
        return False

    def _cover(self, lane: _Lane) -> None:
        if lane.low == lane.high:
            insort(self._points, (lane.low, len(self._points), lane))
            return
        self._all.add(lane.low, lane.high, lane.signal)
        self._by_place.setdefault(lane.at, _Cover()).add(lane.low, lane.high, lane.signal)

    def _cover_anew(self) -> None:
        self._points, self._all, self._by_place, self._is_stale = [], _Cover(), {}, False
        for lanes in self._lanes.values():
            for lane in lanes:
                self._cover(lane)


def _where(point: tuple[float, int, _Lane]) -> float:
    return point[0]


_Piece = tuple[float, float, Hashable]
_SEVERAL = math.nan
"""Stands for more than one signal: it is no signal's equal, not even its own."""


class _Cover:
    """Which signal, or that several, cover each piece of a line."""

    def __init__(self) -> None:
        self._starts: list[float] = []
        self._ends: list[float] = []
        self._signals: list[Hashable] = []

    def meets(self, low: float, high: float, signal: Hashable) -> bool:
        """Whether some of the way from `low` to `high` is covered by another signal."""
        starts, signals = self._starts, self._signals
        place = bisect_right(self._ends, low)
        while place < len(starts) and starts[place] < high:
            if signals[place] != signal:
                return True
            place += 1
        return False

    def add(self, low: float, high: float, signal: Hashable) -> None:
        """Cover the way from `low` to `high`, longer than nothing, by `signal` too."""
        first, last = bisect_right(self._ends, low), bisect_left(self._starts, high)
        pieces: list[_Piece] = []
        reached = low
        for place in range(first, last):
            start, end, known = self._starts[place], self._ends[place], self._signals[place]
            if start < low:
                pieces.append((start, low, known))
            elif start > reached:
                _append(pieces, (reached, start, signal))
            reached = min(end, high)
            _append(pieces, (max(start, low), reached, known if known == signal else _SEVERAL))
            if end > high:
                _append(pieces, (high, end, known))
        if reached < high:
            _append(pieces, (reached, high, signal))
        self._starts[first:last] = [piece[0] for piece in pieces]
        self._ends[first:last] = [piece[1] for piece in pieces]
        self._signals[first:last] = [piece[2] for piece in pieces]


def _append(pieces: list[_Piece], piece: _Piece) -> None:
    """Put a piece behind the others, or into the last where it goes on with the same."""
    if pieces:
        start, end, known = pieces[-1]
        if end == piece[0] and (known is piece[2] or known == piece[2]):
            pieces[-1] = (start, piece[1], known)
            return
    pieces.append(piece)
