"""What each number of a tensor sees of the Inputs: an interval along each spatial axis, block behind block.

What is told of a block, its receptive field, is by axis of the Input how far the number of its output that sees most
looks, from the first place to the last, over all weights, numbers and chances: what gradients of one number reach. It
is None where that is the whole axis, and more than the axis is long where windows alone make it so: then their reach,
as the literature counts it, is told (435 for ResNet-18, whose pictures have 224). It is an upper bound in few cases:
- along an axis of free length places at its ends see as much as those in the middle;
- what circular padding brings round counts as if the axis went on;
- what a loop over time brings back in many steps counts as seen from everywhere;
- a box is kept: of places that see different stretches along several axes, each axis has its own largest.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.compile.windows import All, Look, Move, Nothing, Reason, Reshape, Turn, Unknown, is_free, lengths
from engine.graph.tensor_spec import Dim, TensorSpec

Numbers = NDArray[np.int32]
Field = tuple[int | None, ...]

_FAR = 1 << 29
"""Further than any place. What sees nothing has `low` _FAR, `high` −_FAR; what sees all of a free axis the reverse."""
_MOST_NUMBERS = 4_000_000
_MOST_PLACES = 4096


class Spans:
    """First and last place that each number sees; an axis of length 1 stands for any length. Never changed."""

    __slots__ = ("_hash", "_most", "high", "holes", "low", "shape")

    def __init__(self, low: Numbers, high: Numbers) -> None:
        low, high = np.broadcast_arrays(low, high) if low.shape != high.shape else (low, high)
        empty = low > high
        self.holes = bool(empty.any())
        """Whether some numbers see nothing."""
        if self.holes:
            low, high = np.where(empty, _FAR, low).astype(np.int32), np.where(empty, -_FAR, high).astype(np.int32)
        self.low, self.high = low, high
        self.shape = low.shape
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

    def each(self, change: Any) -> Spans:
        """Both arrays laid out anew."""
        return Spans(change(self.low), change(self.high))


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
        if not 0 < turns * own <= _MOST_PLACES:
            return None
        places = []
        for place in range(turns * own):
            turn, rest = divmod(place, own)
            ends = [self.place(turn * move.step + tap) for tap in move.patterns[rest]] or [(_FAR, -_FAR)]
            places.append((min([first for first, _ in ends]), max([last for _, last in ends])))
        return Line(self.at, tuple(places), self.span * (turns * move.step // period))

    def beside(self, other: Line | None) -> Line | None:
        """What is seen of both together, place by place."""
        if self == other or other is None:
            return other
        places = math.lcm(len(self.seen), len(other.seen))
        span = self.span * (places // len(self.seen))
        if self.at != other.at or span != other.span * (places // len(other.seen)) or places > _MOST_PLACES:
            return None
        both = [(self.place(place), other.place(place)) for place in range(places)]
        return Line(self.at, tuple((min(a[0], b[0]), max(a[1], b[1])) for a, b in both), span)

    @property
    def reach(self) -> int:
        """How far the place looks that looks furthest."""
        return max(last - first for first, last in self.seen) + 1


class View(NamedTuple):
    """What the numbers of a tensor see along one axis of an Input, `length` long, 0 where that is free.

    The tensor may have an axis `free` of free length: of it only a period is kept, and one period on, what is seen
    lies `span` places on. `loose`: shifted by what is not known, so that it compares with nothing else; with an axis
    `free` the order along it is not known either. `line` is None where no such thing is known.
    """

    input: str
    axis: int
    length: int
    spans: Spans
    free: int = -1
    span: int = 0
    loose: bool = False
    line: Line | None = None


Sight = tuple[View, ...]
"""By spatial axis of each Input; empty where nothing of such an axis is seen."""


class _Untold(Exception):
    def __init__(self, reason: Reason) -> None:
        self.reason: Reason = reason


def sight_of_input(key: str, spec: TensorSpec) -> Sight:
    """Each number sees itself.

    N×C×L, N×C×H×W and N×C×D×H×W have the axes behind the channels; sequences N×T×… their steps, and what is behind
    the features or channels; vectors none.
    """
    steps = [at for at, length in enumerate(spec.shape) if at and isinstance(length, Dim)]
    if spec.rank <= 3:
        axes = steps[:1] or list(range(2, spec.rank))
    else:
        axes = [*steps[: steps[:1] == [1]], *range(3 if steps[:1] == [1] and spec.rank > 4 else 2, spec.rank)]
    return tuple(_itself(key, at, spec) for at in axes)


def _itself(key: str, at: int, spec: TensorSpec) -> View:
    length = spec.shape[at]
    shape = [1] * spec.rank
    if isinstance(length, Dim):
        zero = np.zeros(shape, np.int32)
        return View(key, at, 0, Spans(zero, zero), at, 1)
    shape[at] = length
    places = np.arange(length, dtype=np.int32).reshape(shape)
    return View(key, at, length, Spans(places, places), line=Line(at))


def told(sight: Sight) -> list[Field]:
    """The receptive field in each Input that is seen."""
    found = []
    for views in _by_input(_joint(sight)).values():
        field = tuple(_size(view) for view in views)
        found.append(tuple([0] * len(field) if 0 in field else field))
    return found


def _size(view: View) -> int | None:
    size = view.spans.most
    if size > _FAR:
        return None
    if not view.length or size < view.length:
        return size
    reach = view.line.reach if view.line is not None else 0
    return reach if reach >= view.length else None


def _by_input(sight: Sight) -> dict[str, list[View]]:
    found: dict[str, list[View]] = {}
    for view in sight:
        found.setdefault(view.input, []).append(view)
    return found


def _joint(sight: Sight) -> Sight:
    """With numbers that see nothing along one axis seeing nothing along the others."""
    if not any(view.spans.holes for view in sight):
        return sight
    made: list[View] = []
    for views in _by_input(sight).values():
        if len({(view.free, view.spans.shape[view.free]) for view in views if view.free >= 0}) > 1:
            made += views
            continue
        empty = views[0].spans.low > views[0].spans.high
        for view in views[1:]:
            empty = empty | (view.spans.low > view.spans.high)
        for view in views:
            low, high = np.where(empty, _FAR, view.spans.low), np.where(empty, -_FAR, view.spans.high)
            made.append(view._replace(spans=Spans(low.astype(np.int32), high.astype(np.int32))))
    return tuple(made)


def through(sight: Sight, moves: Sequence[Move], given: TensorSpec, made: TensorSpec) -> Sight | Reason:
    """What the numbers of a tensor of spec `made` see that `moves` make of one of spec `given` and `sight`."""
    if not sight:
        return ()
    return moved(sight, moves, lengths(given), lengths(made))


def moved(
    sight: Sight, moves: Sequence[Move], shape: tuple[int, ...], made: tuple[int, ...] | None = None
) -> Sight | Reason:
    """What numbers see behind the moves; the first is made of a tensor of this shape, as `lengths` tells it."""
    try:
        for move in moves:
            match move:
                case Look(axis=axis):
                    sight = _looked(sight, move, shape[axis])
                    shape = (*shape[:axis], move.count, *shape[axis + 1 :])
                case All(axis=axis):
                    sight = tuple([_gathered(view, move) for view in sight])
                    shape = shape if move.until else (*shape[:axis], 1, *shape[axis + 1 :])
                case Turn():
                    sight = tuple([_turned(view, move.axes) for view in sight])
                    shape = tuple(shape[axis] if axis >= 0 else 1 for axis in move.axes)
                case Reshape():
                    sight = tuple([_reshaped(view, shape, move.shape) for view in sight])
                    shape = move.shape
                case Nothing():
                    return ()
                case Unknown():
                    return move.reason
        if made is not None and len(shape) != len(made):
            sight = tuple([_reshaped(view, shape, made) for view in sight])
    except _Untold as untold:
        return untold.reason
    return sight


def _looked(sight: Sight, move: Look, length: int) -> Sight:
    axis = move.axis
    made, varied = [], set()
    for view in sight:
        if view.line is not None and view.line.at == axis:
            view = view._replace(line=view.line.behind(move))
        if view.free == axis:
            made.append(_looked_freely(view, move))
            varied.add(view.input)
        elif view.spans.shape[axis] > 1:
            if is_free(length):
                raise _Untold("free-length")
            spans = _read(view.spans, axis, move, length, view.length)
            made.append(view._replace(spans=spans))
            varied.add(view.input)
        else:
            made.append(view)
    blind = None if is_free(length) else _blind(move, length)
    if blind is None:
        return tuple(made)
    for number, view in enumerate(made):
        if view.input not in varied:
            varied.add(view.input)
            empty = blind.reshape([-1 if at == axis else 1 for at in range(len(view.spans.shape))])
            low, high = np.where(empty, _FAR, view.spans.low), np.where(empty, -_FAR, view.spans.high)
            made[number] = view._replace(spans=Spans(low.astype(np.int32), high.astype(np.int32)))
    return tuple(made)


@lru_cache(maxsize=1024)
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
def _blind(move: Look, length: int) -> NDArray[np.bool_] | None:
    """Which places of the output read nothing, if there are such."""
    blind = (_index(move, length)[0] == length).all(axis=1)
    return blind if blind.any() else None


@lru_cache(maxsize=4096)
def _read(spans: Spans, axis: int, move: Look, length: int, round_length: int) -> Spans:
    index, turns = _index(move, length)
    shift = turns * round_length if move.beyond == "round" else None
    found = _taken(spans, axis, index, shift)
    return spans if found == spans else found


def _taken(spans: Spans, axis: int, index: NDArray[np.int64], shift: NDArray[np.int64] | None) -> Spans:
    """What each row of `index` reads together, what is read moved by `shift`; one behind the last place is nothing."""

    def read(numbers: Numbers, none: int) -> Numbers:
        shape = list(numbers.shape)
        shape[axis] = 1
        longer = np.concatenate((numbers, np.full(shape, none, np.int32)), axis=axis)
        found: Numbers = longer.take(index, axis=axis)
        if shift is not None:
            behind = (1,) * (found.ndim - axis - 2)
            seen = np.abs(found) < _FAR
            found = np.where(seen, found + shift.reshape(*index.shape, *behind).astype(np.int32), found)
        return found

    return Spans(read(spans.low, _FAR).min(axis=axis + 1), read(spans.high, -_FAR).max(axis=axis + 1))


def _looked_freely(view: View, move: Look) -> View:
    axis, period = move.axis, view.spans.shape[move.axis]
    if view.loose:
        raise _Untold("free-length")
    pinned = not is_free(move.count)
    if pinned:
        count, span = move.count, 0
    else:
        turns = period // math.gcd(period, move.step)
        count, span = turns * len(move.patterns), view.span * turns * move.step // period
    if count > _MOST_PLACES:
        raise _Untold("free-length")
    taps = max(map(len, move.patterns))
    read = np.zeros((count, max(taps, 1)), np.int64)
    none = np.ones(read.shape, bool)
    for place in range(count):
        turn, rest = divmod(place, len(move.patterns))
        pattern = move.patterns[rest]
        read[place, : len(pattern)] = np.array(pattern, np.int64) + turn * move.step
        none[place, : len(pattern)] = False
    from_end = pinned and bool((read < 0).any())
    if from_end and period > 1:
        raise _Untold("free-length")
    turned, index = np.divmod(read, period)
    spans = _taken(view.spans, axis, np.where(none, period, index), turned * view.span)
    if pinned and not from_end and not view.length:
        # Nothing lies in front of the first step.
        spans = Spans(np.maximum(spans.low, np.minimum(0, spans.high)), spans.high)
    return view._replace(spans=spans, free=-1 if pinned else axis, span=span, loose=from_end)


def _gathered(view: View, move: All) -> View:
    """Along the axis all that its places see, or all those up to each."""
    axis, spans = move.axis, view.spans
    if view.line is not None and view.line.at == axis:
        view = view._replace(line=None)
    if view.free == axis:
        if (spans.low > spans.high).all():
            return view._replace(spans=Spans(spans.low[:1], spans.high[:1]), free=-1, span=0)
        shape = (1,) * len(spans.shape)
        whole = Spans(np.full(shape, -_FAR, np.int32), np.full(shape, _FAR, np.int32))
        return view._replace(spans=whole, free=-1, span=0, loose=False)
    if spans.shape[axis] == 1:
        return view
    return view._replace(spans=_gathered_spans(spans, axis, move.until))


@lru_cache(maxsize=4096)
def _gathered_spans(spans: Spans, axis: int, until: bool) -> Spans:
    if until:
        return Spans(np.minimum.accumulate(spans.low, axis), np.maximum.accumulate(spans.high, axis))
    return Spans(spans.low.min(axis=axis, keepdims=True), spans.high.max(axis=axis, keepdims=True))


def _turned(view: View, axes: tuple[int, ...]) -> View:
    kept = [axis for axis in axes if axis >= 0]
    gone = tuple(axis for axis in range(len(view.spans.shape)) if axis not in kept)
    assert all(view.spans.shape[axis] == 1 and view.free != axis for axis in gone)
    new = tuple(number for number, axis in enumerate(axes) if axis < 0)
    spans = view.spans.each(
        lambda numbers: np.expand_dims(
            numbers.transpose(*kept, *gone).reshape([numbers.shape[axis] for axis in kept]), new
        )
    )
    line = view.line
    if line is not None:
        line = line._replace(at=axes.index(line.at)) if line.at in axes else None
    return view._replace(spans=spans, free=axes.index(view.free) if view.free >= 0 else -1, line=line)


@lru_cache(maxsize=1024)
def _blocks(old: tuple[int, ...], new: tuple[int, ...]) -> tuple[tuple[range, range], ...]:
    """The shortest runs of axes of equal size in both shapes."""
    found, i, j = [], 1, 1
    while i < len(old) or j < len(new):
        first, second = i, j
        one, two = 1, 1
        while True:
            if one <= two and i < len(old) and (one < two or i == first):
                one, i = one * old[i], i + 1
            elif j < len(new) and (two < one or j == second):
                two, j = two * new[j], j + 1
            else:
                break
        if one != two:
            raise _Untold("free-length")
        found.append((range(first, i), range(second, j)))
    return tuple(found)


def _reshaped(view: View, old: tuple[int, ...], new: tuple[int, ...]) -> View:
    """The same numbers in reading order."""
    low, high = view.spans.low, view.spans.high
    if low.size == 1 and view.free < 0:
        one = (1,) * len(new)
        return view._replace(spans=Spans(low.reshape(one), high.reshape(one)), line=_relaid(view.line, old, new))
    full, laid, free = [low.shape[0]], [low.shape[0]], min(view.free, 0)
    for before, after in _blocks(old, new):
        shape = [low.shape[axis] for axis in before]
        if view.free not in before and all(length == 1 for length in shape):
            full += [1] * len(before)
            laid += [1] * len(after)
            continue
        own = [old[axis] for axis in before]
        rest = [new[axis] for axis in after]
        if view.free in before:
            # A period keeps its order only as the outermost axis.
            if math.prod(own[: view.free - before[0]]) > 1 or not rest or not is_free(rest[0]):
                raise _Untold("free-length")
            own[view.free - before[0]] = low.shape[view.free]
            total, inner = math.prod(own), math.prod(rest[1:])
            if total % inner:
                raise _Untold("free-length")
            rest[0], free = total // inner, after[0]
        elif any(is_free(length) for length in own):
            raise _Untold("free-length")
        full += own
        laid += rest
    if math.prod(full) > _MOST_NUMBERS:
        raise _Untold("too-large")
    spans = _compact(view.spans.each(lambda numbers: np.broadcast_to(numbers, full).reshape(laid)), free)
    return view._replace(spans=spans, free=free, line=_relaid(view.line, old, new))


def _relaid(line: Line | None, old: tuple[int, ...], new: tuple[int, ...]) -> Line | None:
    """The line along the axis that has its places alone afterwards as before."""
    if line is None or math.prod(old) != math.prod(new):
        return None
    for before, after in _blocks(old, new):
        if line.at in before:
            long = [axis for axis in after if new[axis] == old[line.at]]
            alone = math.prod(old[axis] for axis in before) == old[line.at] > 1
            return line._replace(at=long[0]) if long and alone else None
    return None


def _compact(spans: Spans, free: int) -> Spans:
    """Axes along which all is the same have length 1."""
    for axis, length in enumerate(spans.shape):
        if length > 1 and axis != free:
            first = spans.each(lambda numbers, axis=axis: numbers.take([0], axis=axis))
            if (first.low == spans.low).all() and (first.high == spans.high).all():
                spans = first
    return spans


def merged(sights: Iterable[Sight | Reason]) -> Sight | Reason:
    """What sees all that these see, number by number."""
    known: list[Sight] = []
    for sight in sights:
        if isinstance(sight, str):
            return sight
        if sight and sight not in known:
            known.append(sight)
    if len(known) < 2:
        return known[0] if known else ()
    found: dict[tuple[str, int], View] = {}
    try:
        for sight in known:
            for view in _joint(sight):
                key = view.input, view.axis
                found[key] = _union(found[key], view) if key in found else view
    except _Untold as untold:
        return untold.reason
    return tuple(found.values())


def joined(sights: Sequence[Sight | Reason], axis: int, counts: Sequence[int]) -> Sight | Reason:
    """What tensors see that lie in a row along `axis`, each `counts` long there."""
    parts: list[dict[tuple[str, int], View]] = []
    for sight in sights:
        if isinstance(sight, str):
            return sight
        parts.append({(view.input, view.axis): view for view in _joint(sight)})
    try:
        keys = dict.fromkeys(key for part in parts for key in part)
        return tuple(_row([part.get(key) for part in parts], axis, counts) for key in keys)
    except _Untold as untold:
        return untold.reason


def _row(views: Sequence[View | None], axis: int, counts: Sequence[int]) -> View:
    first = next(view for view in views if view is not None)
    if first.spans.shape[axis] == 1 and first.free != axis and all(view == first for view in views):
        return first
    if any(is_free(count) for count in counts):
        return _in_no_order([view for view in views if view is not None], axis)
    if any(view is not None and view.loose for view in views):
        raise _Untold("free-length")
    empty = Spans(np.full((1,) * len(first.spans.shape), _FAR, np.int32), np.full((1,) * len(first.spans.shape), -_FAR))
    aligned = _in_step([view if view is not None else first._replace(spans=empty) for view in views])
    shape = np.broadcast_shapes(*(view.spans.shape[:axis] + (1,) + view.spans.shape[axis + 1 :] for view in aligned))
    if math.prod(shape) * sum(counts) > _MOST_NUMBERS:
        raise _Untold("too-large")
    lows, highs = [], []
    for view, count in zip(aligned, counts, strict=True):
        whole = (*shape[:axis], count, *shape[axis + 1 :])
        lows.append(np.broadcast_to(view.spans.low, whole))
        highs.append(np.broadcast_to(view.spans.high, whole))
    line = first.line
    for other in views:
        line = line.beside(other.line) if line is not None and other is not None and line.at != axis else None
    spans = _compact(Spans(np.concatenate(lows, axis), np.concatenate(highs, axis)), aligned[0].free)
    return aligned[0]._replace(spans=spans, line=line)


def _in_no_order(views: Sequence[View], axis: int) -> View:
    """Along an axis of free length: the most that one of the numbers sees, at places that are not known."""
    if any(size != 1 for view in views for at, size in enumerate(view.spans.shape) if at != axis):
        raise _Untold("free-length")
    largest = max(views, key=lambda view: view.spans.most)
    at = int((largest.spans.high - largest.spans.low).argmax())
    one = largest.spans.each(lambda numbers: numbers.take([at], axis=axis))
    return largest._replace(spans=one, free=axis, span=0, loose=True, line=None)


def _in_step(views: Sequence[View]) -> list[View]:
    """With periods of one length along the axis of free length, if there is one."""
    axes = {view.free for view in views if view.free >= 0}
    if not axes:
        return list(views)
    paces = {view.span / view.spans.shape[view.free] for view in views if view.free >= 0}
    if len(axes) > 1 or len(paces) > 1:
        raise _Untold("free-length")
    (axis,) = axes
    period = math.lcm(*(view.spans.shape[axis] for view in views if view.free >= 0))
    if period > _MOST_PLACES:
        raise _Untold("free-length")
    found = []
    for view in views:
        if view.free < 0 and not ((view.spans.low > view.spans.high).all() or view.spans.low.max() == -_FAR):
            # The same for all steps, beside what goes on with them.
            raise _Untold("free-length")
        own = view.spans.shape[axis] if view.free >= 0 else period
        index = np.arange(period)[:, None]
        turns, index = np.divmod(index, own)
        if view.free >= 0:
            spans = _taken(view.spans, axis, index, turns * view.span) if own != period else view.spans
            view = view._replace(spans=spans, span=view.span * period // own)
        else:
            view = view._replace(
                free=axis, span=next(v.span * period // v.spans.shape[axis] for v in views if v.free >= 0)
            )
        found.append(view)
    return found


def _union(one: View, two: View) -> View:
    if one == two:
        return one
    for view, other in ((one, two), (two, one)):
        if (view.spans.low > view.spans.high).all():
            return other
        if not view.length and view.free < 0 and not view.spans.holes and (view.spans.low == -_FAR).all():
            return view
    if one.loose or two.loose or one.length != two.length:
        raise _Untold("free-length")
    one, two = _in_step((one, two))
    low, high = np.minimum(one.spans.low, two.spans.low), np.maximum(one.spans.high, two.spans.high)
    line = one.line.beside(two.line) if one.line is not None else None
    return one._replace(spans=Spans(low, high), line=line)


def stepwise(sight: Sight) -> Sight | Reason:
    """What one step of N×T×… sees, the steps lying where N was: the blocks of a body keep them apart."""
    if any(view.spans.shape[0] > 1 or view.free == 0 for view in sight):
        return "loop-in-loop"
    return tuple([_lifted(view, -1) for view in sight])


def sequence(sight: Sight) -> Sight:
    """What N×T×… sees whose steps see this: the way back from `stepwise`."""
    return tuple([_lifted(view, 1) for view in sight])


def _lifted(view: View, by: int) -> View:
    line = view.line._replace(at=view.line.at + by) if view.line is not None else None
    spans = view.spans.each(lambda numbers: numbers[0] if by < 0 else numbers[None])
    return view._replace(spans=spans, free=view.free + by if view.free >= 0 else -1, line=line)


def everything(sight: Sight) -> Sight:
    """All of each axis of which anything is seen."""
    found = []
    for view in sight:
        one = np.zeros((1,) * len(view.spans.shape), np.int32)
        whole = Spans(one, one + view.length - 1) if view.length else Spans(one - _FAR, one + _FAR)
        found.append(view._replace(spans=whole, free=-1, span=0, loose=False, line=None))
    return tuple(found)


def unlined(sight: Sight | Reason) -> Sight | Reason:
    """Without what windows would reach beyond the Inputs."""
    return sight if isinstance(sight, str) else tuple(view._replace(line=None) for view in sight)
