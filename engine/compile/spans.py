"""First and last places that numbers see, as arrays, and what windows over them see."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.compile.moves import Look

Numbers = NDArray[np.int32]
FAR = 1 << 29
"""Further than any place. What sees nothing has `low` FAR, `high` −FAR; what sees all of a free axis the reverse."""
_FAR = np.int32(FAR)
_SMALL = 2048
"""What comes of more numbers is not remembered: it would fill the memory."""
MOST_PLACES = 4096
"""The longest period that is kept."""


class Spans:
    """First and last place that each number sees; an axis of length 1 stands for any length. Never changed."""

    __slots__ = ("_hash", "_most", "high", "holes", "is_small", "low", "shape")

    def __init__(self, low: Numbers, high: Numbers) -> None:
        low, high = np.broadcast_arrays(low, high) if low.shape != high.shape else (low, high)
        empty = low > high
        self.holes = bool(empty.any())
        """Whether some numbers see nothing."""
        if self.holes:
            low, high = np.where(empty, _FAR, low), np.where(empty, -_FAR, high)
        self.low, self.high = low, high
        self.shape = low.shape
        self.is_small = low.size <= _SMALL
        self._hash = hash((self.shape, low.tobytes(), high.tobytes()))
        self._most = -1

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Spans) or self._hash != other._hash or self.shape != other.shape:
            return False
        return np.array_equal(self.low, other.low) and np.array_equal(self.high, other.high)

    @property
    def most(self) -> int:
        """How far the number looks that looks furthest."""
        if self._most < 0:
            self._most = max(int((self.high - self.low).max()) + 1, 0)
        return self._most

    def without(self, empty: NDArray[np.bool_]) -> Spans:
        """The same, but these see nothing."""
        return Spans(np.where(empty, _FAR, self.low), np.where(empty, -_FAR, self.high))

    def has_holes_of(self, other: Spans) -> bool:
        """Whether the same numbers see nothing."""
        return (not self.holes and not other.holes) or np.array_equal(self.low > self.high, other.low > other.high)

    def each(self, change: Any) -> Spans:
        """Both arrays laid out anew."""
        return Spans(change(self.low), change(self.high))


def remembered(work: Callable[..., Spans]) -> Callable[..., Spans]:
    """`work` on spans, what came of small ones remembered."""
    cached = lru_cache(maxsize=2048)(work)
    return lambda spans, *rest: (cached if spans.is_small else work)(spans, *rest)


class Line(NamedTuple):
    """Were the Input without borders, place p + q · len(seen) along axis `at` would see q · `span` + seen[p]."""

    at: int
    seen: tuple[tuple[int, int], ...] = ((0, 0),)
    span: int = 1

    def place(self, number: int) -> tuple[int, int]:
        """First and last that one place sees."""
        turn, rest = divmod(number, len(self.seen))
        first, last = self.seen[rest]
        return turn * self.span + first, turn * self.span + last

    def behind(self, move: Look) -> Line | None:
        """What is seen behind the move along `at`; None where that depends on how long the axis is."""
        period, own = len(self.seen), len(move.patterns)
        if period == own == 1 and move.step:
            ((first, last),), (pattern,) = self.seen, move.patterns
            seen = ((first + self.span * min(pattern), last + self.span * max(pattern)),)
            return Line(self.at, seen, self.span * move.step)
        turns = period // math.gcd(period, move.step) if move.step else 0
        if not 0 < turns * own <= MOST_PLACES:
            return None
        places = []
        for place in range(turns * own):
            turn, rest = divmod(place, own)
            ends = [self.place(turn * move.step + tap) for tap in move.patterns[rest]] or [(FAR, -FAR)]
            places.append((min([first for first, _ in ends]), max([last for _, last in ends])))
        return Line(self.at, tuple(places), self.span * (turns * move.step // period))

    def beside(self, other: Line | None) -> Line | None:
        """What is seen of both together, place by place."""
        if self == other or other is None:
            return other
        places = math.lcm(len(self.seen), len(other.seen))
        span = self.span * (places // len(self.seen))
        if self.at != other.at or span != other.span * (places // len(other.seen)) or places > MOST_PLACES:
            return None
        both = [(self.place(place), other.place(place)) for place in range(places)]
        return Line(self.at, tuple((min(a[0], b[0]), max(a[1], b[1])) for a, b in both), span)

    @property
    def reach(self) -> int:
        """How far the place looks that looks furthest."""
        return max(last - first for first, last in self.seen) + 1


@lru_cache(maxsize=256)
def _index(move: Look, length: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """By place of the output the places it reads, count×taps, `length` for none; and how often round each is."""
    taps = max(max(map(len, move.patterns)), 1)
    period = len(move.patterns)
    absent = np.iinfo(np.int64).max
    table = np.full((period, taps), absent, np.int64)
    for row, pattern in zip(table, move.patterns, strict=True):
        row[: len(pattern)] = pattern
    place = np.arange(move.count)
    read = table[place % period]
    none = read == absent
    read = np.where(none, 0, read) + (place // period * move.step)[:, None]
    turns = np.zeros_like(read)
    if move.beyond == "round":
        turns, read = np.divmod(read, length)
    elif move.beyond == "edge":
        read = read.clip(0, length - 1)
    elif move.beyond == "mirror":
        read = np.abs(read)
        read = np.where(read > length - 1, 2 * (length - 1) - read, read)
    none |= (read < 0) | (read >= length)
    return np.where(none, length, read), turns


@lru_cache(maxsize=1024)
def blind_places(move: Look, length: int) -> NDArray[np.bool_] | None:
    """Which places of the output read nothing, if there are such."""
    blind = (_index(move, length)[0] == length).all(axis=1)
    return blind if blind.any() else None


@remembered
def read(spans: Spans, axis: int, move: Look, length: int, round_length: int) -> Spans:
    """What the window sees; once round an axis of the tensor the Input lies `round_length` places on."""
    index, turns = _index(move, length)
    shift = turns * round_length if move.beyond == "round" else None
    found = taken(spans, axis, index, shift)
    return spans if found == spans else found


def taken(spans: Spans, axis: int, index: NDArray[np.int64], shift: NDArray[np.int64] | None) -> Spans:
    """What each row of `index` reads together, what is read moved by `shift`; one behind the last place is nothing."""

    def read(numbers: Numbers, none: int) -> Numbers:
        shape = list(numbers.shape)
        shape[axis] = 1
        longer = np.concatenate((numbers, np.full(shape, none, np.int32)), axis=axis)
        found: Numbers = longer.take(index, axis=axis)
        if shift is not None:
            behind = (1,) * (found.ndim - axis - 2)
            seen = np.abs(found) < FAR
            found = np.where(seen, found + shift.reshape(*index.shape, *behind).astype(np.int32), found)
        return found

    return Spans(read(spans.low, FAR).min(axis=axis + 1), read(spans.high, -FAR).max(axis=axis + 1))


@remembered
def gathered(spans: Spans, axis: int, until: bool) -> Spans:
    """All that is seen along an axis, of length 1 then, or all up to each place."""
    if until:
        return Spans(np.minimum.accumulate(spans.low, axis), np.maximum.accumulate(spans.high, axis))
    return Spans(spans.low.min(axis=axis, keepdims=True), spans.high.max(axis=axis, keepdims=True))


def compact(spans: Spans, free: int) -> Spans:
    """Axes along which all is the same have length 1."""
    for axis, length in enumerate(spans.shape):
        if length > 1 and axis != free:
            first = spans.each(lambda numbers, axis=axis: numbers.take([0], axis=axis))
            if (first.low == spans.low).all() and (first.high == spans.high).all():
                spans = first
    return spans
