"""What each number of a tensor sees of the Inputs: an interval along each spatial axis, block behind block.

What is told of a block, its receptive field, is by axis of the Input how far the number of its output that sees most
looks, from the first place to the last, over all weights, numbers and chances: what gradients of one number reach. It
is None where that is the whole axis. Where windows alone make it so, their reach is told, more than the axis is long,
as the literature counts it: 435 for ResNet-18, whose pictures have 224. Of several Inputs the largest field counts.

It is an upper bound
- of a step of a sequence of free length near an end, which sees as much as one in the middle;
- where circular padding brings the other side round: the axis is taken to go on;
- of a loop over time that brings back something in more than a few steps: then any step may, and any place;
- where fixed weights are 0: a rotary encoding turns its first step by nothing;
- of a max unpool, a Gram matrix, an attention map: all that may count for some numbers counts for each.
Blocks inside a Recurrent are told what one step sees of itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from engine.compile.moves import All, Look, Move, Nothing, Reason, Reshape, Turn, Unknown, is_free, lengths
from engine.compile.spans import FAR, MOST_PLACES, Line, Spans, blind_places, compact, gathered, read, taken
from engine.graph.tensor_spec import Dim, TensorSpec

Field = tuple[int | None, ...]

MOST_NUMBERS = 4_000_000
"""The largest tensor whose numbers are followed one by one."""


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


class Untold(Exception):
    """What is seen cannot be told, for a reason."""

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


def told(sight: Sight) -> tuple[Field, ...]:
    """The receptive field in each Input that is seen."""
    small = all([view.spans.is_small for view in sight])
    return _told(sight) if small else _told.__wrapped__(sight)


@lru_cache(maxsize=1024)
def _told(sight: Sight) -> tuple[Field, ...]:
    found = []
    for views in _by_input(sight).values():
        varied = [axis for view in views for axis, size in enumerate(view.spans.shape) if size > 1]
        # Where each view varies along axes of its own, some number has the largest of all.
        field = tuple([_size(view) for view in (joint(tuple(views)) if len(set(varied)) < len(varied) else views)])
        found.append(tuple([0] * len(field) if 0 in field else field))
    return tuple(found)


def _size(view: View) -> int | None:
    size = view.spans.most
    if size > FAR:
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


def joint(sight: Sight) -> Sight:
    """The sight with numbers that see nothing along one axis seeing nothing along the others."""
    if not any(view.spans.holes for view in sight):
        return sight
    made: list[View] = []
    for views in _by_input(sight).values():
        shape = tuple(map(max, zip(*(view.spans.shape for view in views), strict=True)))
        periods = {(view.free, view.spans.shape[view.free]) for view in views if view.free >= 0}
        if len(periods) > 1 or math.prod(shape) > MOST_NUMBERS:
            made += views
            continue
        empty = np.zeros(shape, bool)
        for view in views:
            empty |= view.spans.low > view.spans.high
        made += [view._replace(spans=view.spans.without(empty)) for view in views]
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
    except Untold as untold:
        return untold.reason
    return sight


def _looked(sight: Sight, move: Look, length: int) -> Sight:
    axis = move.axis
    made, varied = [], set()
    for view in sight:
        line = view.line
        if line is not None and line.at == axis:
            line = line.behind(move)
        if view.free == axis:
            made.append(_looked_freely(view, move))
            varied.add(view.input)
            continue
        spans = view.spans
        if spans.shape[axis] > 1:
            if is_free(length):
                raise Untold("free-length")
            spans = read(spans, axis, move, length, view.length)
            varied.add(view.input)
        same = spans is view.spans and line is view.line
        made.append(
            view if same else View(view.input, view.axis, view.length, spans, view.free, view.span, view.loose, line)
        )
    if is_free(length) or (0 in move.patterns[0] and len(move.patterns) == 1 and (move.count - 1) * move.step < length):
        return tuple(made)
    blind = blind_places(move, length)
    if blind is None:
        return tuple(made)
    for number, view in enumerate(made):
        if view.input not in varied:
            varied.add(view.input)
            empty = blind.reshape([-1 if at == axis else 1 for at in range(len(view.spans.shape))])
            made[number] = view._replace(spans=view.spans.without(empty))
    return tuple(made)


def _looked_freely(view: View, move: Look) -> View:
    axis, period = move.axis, view.spans.shape[move.axis]
    if view.loose:
        raise Untold("free-length")
    pinned = not is_free(move.count)
    if pinned:
        count, span = move.count, 0
    else:
        turns = period // math.gcd(period, move.step)
        count, span = turns * len(move.patterns), view.span * turns * move.step // period
    if count > MOST_PLACES:
        raise Untold("free-length")
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
        raise Untold("free-length")
    turned, index = np.divmod(read, period)
    spans = taken(view.spans, axis, np.where(none, period, index), turned * view.span)
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
        whole = Spans(np.full(shape, -FAR, np.int32), np.full(shape, FAR, np.int32))
        return view._replace(spans=whole, free=-1, span=0, loose=False)
    if spans.shape[axis] == 1:
        return view
    return view._replace(spans=gathered(spans, axis, move.until))


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
            raise Untold("free-length")
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
                raise Untold("free-length")
            own[view.free - before[0]] = low.shape[view.free]
            total, inner = math.prod(own), math.prod(rest[1:])
            if total % inner:
                raise Untold("free-length")
            rest[0], free = total // inner, after[0]
        elif any(is_free(length) for length in own):
            raise Untold("free-length")
        full += own
        laid += rest
    if math.prod(full) > MOST_NUMBERS:
        raise Untold("too-large")
    spans = compact(view.spans.each(lambda numbers: np.broadcast_to(numbers, full).reshape(laid)), free)
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
        whole = Spans(one, one + view.length - 1) if view.length else Spans(one - FAR, one + FAR)
        found.append(view._replace(spans=whole, free=-1, span=0, loose=False, line=None))
    return tuple(found)


def unlined(sight: Sight | Reason) -> Sight | Reason:
    """Without what windows would reach beyond the Inputs."""
    return sight if isinstance(sight, str) else tuple(view._replace(line=None) for view in sight)
