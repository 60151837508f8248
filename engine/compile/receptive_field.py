"""The receptive field: how many places of an Input count for one number of a tensor, followed block behind block.

Counted as in Araujo, Norris and Sim, Computing receptive fields of convolutional neural networks, Distill, 2019: as in
a picture without borders, where a window of k places adds (k − 1) · jump. So ResNet-18 has 435 in pictures of 224. Told
is the number that sees most, between the first place and the last; None is the whole axis: what is gathered from all
places of a tensor and so covers the Input. Where tensors join, each number sees what it sees in either of them.

It is an upper bound where channels of different fields are joined and parted again, and of loops over time: what comes
round more than a few times comes from any step, and any place. Blocks inside a Recurrent are told what one step sees of
itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from engine.compile.moves import FREE, All, Lengths, Look, Move, Nothing, Reason, Reshape, Taps, Turn, Unknown, is_free
from engine.compile.moves import lengths as lengths_of
from engine.graph.tensor_spec import Dim, TensorSpec

Field = tuple[int | None, ...]
Hull = tuple[int, int] | None
"""First and last place, None for nothing."""

_FAR = 1 << 40
"""Further than any place."""
_WHOLE = (-_FAR, _FAR)
_MOST_PLACES = 4096
"""The longest pattern that is kept."""


class Line(NamedTuple):
    """Place p + q · len(seen) of an axis sees the places q · jump + seen[p] of an axis of the Input."""

    seen: tuple[Hull, ...] = ((0, 0),)
    jump: int = 1

    @property
    def widest(self) -> int:
        """How far apart the first and last place lie that some place sees."""
        return max([hull[1] - hull[0] for hull in self.seen if hull is not None], default=0)

    def at(self, place: int) -> Hull:
        """What one place sees, those beyond the ends too."""
        turn, place = divmod(place, len(self.seen))
        return _sum((turn * self.jump, turn * self.jump), self.seen[place])

    def gathered(self, places: int) -> Hull:
        """What so many places see together: first and last lie among those of the first and of the last turn."""
        turn = min(len(self.seen), places)
        return _hull([self.at(place) for place in (*range(turn), *range(places - turn, places))])


class Digit(NamedTuple):
    """Index i along `axis` of a tensor stands for place i // inner % places of the line.

    With `inner` 0 it is not known for which, and more than one may stand for the same.
    """

    axis: int
    inner: int
    places: int
    line: Line


class View(NamedTuple):
    """What numbers see along one axis of an Input, `length` long, 0 where that is free.

    It is `still`, moved by what each digit stands for.
    """

    input: str
    axis: int
    length: int
    digits: tuple[Digit, ...]
    still: tuple[int, int] = (0, 0)

    @property
    def size(self) -> int | None:
        """How many places the number sees that sees most, None for all."""
        low, high = self.still
        size = high - low + 1
        for digit in self.digits:
            size += digit.line.widest
        # From a step near the end of a sequence of free length to one near its beginning.
        return None if size >= _FAR or (not self.length and size > FREE // 2) else size


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
    shape = lengths_of(spec)
    return tuple(
        View(key, at, 0 if is_free(shape[at]) else shape[at], (Digit(at, 1, shape[at], Line()),)) for at in axes
    )


def told(sight: Sight) -> list[Field]:
    """The receptive field in each Input that is seen."""
    fields: dict[str, Field] = {}
    for view in sight:
        fields[view.input] = (*fields.get(view.input, ()), view.size)
    return list(fields.values())


def everything(sight: Sight) -> Sight:
    """All of each axis of which anything is seen."""
    return tuple(view._replace(digits=(), still=_WHOLE) for view in sight)


def through(sight: Sight, moves: Iterable[Move], shape: Lengths) -> Sight | Reason:
    """What numbers see behind the moves, the first of them made of a tensor of this shape."""
    try:
        for move in moves:
            match move:
                case Look(axis=axis, count=count):
                    sight = tuple([_looked(view, move, shape[axis]) for view in sight])
                    shape = (*shape[:axis], count, *shape[axis + 1 :])
                case All(axis=axis):
                    sight = tuple([_gathered(view, (axis,)) for view in sight])
                    shape = (*shape[:axis], 1, *shape[axis + 1 :])
                case Turn(axes=axes):
                    sight = tuple([_turned(view, axes) for view in sight])
                    shape = tuple([1 if axis < 0 else shape[axis] for axis in axes])
                case Reshape(shape=new):
                    sight = tuple([_reshaped(view, shape, new) for view in sight])
                    shape = new
                case Nothing():
                    return ()
                case Unknown(reason=reason):
                    return reason if sight else ()
    except Untold as untold:
        return untold.reason
    return sight


class Part(NamedTuple):
    """What one of several tensors sees, and where it lies among them along an axis."""

    view: View
    before: int
    places: int


def joined(
    sights: Sequence[Sight | Reason], shape: Lengths, row: int = -1, counts: Sequence[int] = ()
) -> Sight | Reason:
    """What the numbers of a tensor of this shape see that tensors make together, number by number.

    Or in a row along the axis `row`, each `counts` long there.
    """
    parts: dict[tuple[str, int], list[Part]] = {}
    for number, sight in enumerate(sights):
        if isinstance(sight, str):
            return sight
        for view in sight:
            part = Part(view, sum(counts[:number]), counts[number] if counts else 0)
            parts.setdefault((view.input, view.axis), []).append(part)
    try:
        return tuple([_joined(each, shape, row) for each in parts.values()])
    except Untold as untold:
        return untold.reason


def _sum(one: Hull, two: Hull) -> Hull:
    return (one[0] + two[0], one[1] + two[1]) if one is not None and two is not None else None


def _hull(hulls: Iterable[Hull]) -> Hull:
    known = [hull for hull in hulls if hull is not None]
    return (min([low for low, _ in known]), max([high for _, high in known])) if known else None


@lru_cache(maxsize=4096)
def _behind(line: Line, step: int, taps: Taps) -> Line:
    """What is seen behind a window."""
    period = len(line.seen)
    turns = period // math.gcd(period, step)
    if turns * len(taps) > _MOST_PLACES:
        raise Untold("too-large")
    seen = [_hull([line.at(turn * step + tap) for tap in row]) for turn in range(turns) for row in taps]
    return Line(tuple(seen), line.jump * (turns * step // period))


def _along(digits: Sequence[Digit], length: int) -> Line:
    """The line of a whole axis of a tensor, on which these digits lie."""
    if any(digit.inner == 0 for digit in digits):
        raise Untold("free-length" if is_free(length) else "reshaped")
    outer = max(digits, key=lambda digit: digit.inner)
    if len(digits) == 1 and outer.inner == 1 and outer.places == length:
        return outer.line
    repeats = outer.inner * outer.places < length
    period = outer.inner * (outer.places if repeats else len(outer.line.seen))
    if period > _MOST_PLACES:
        raise Untold("free-length" if any(is_free(digit.places) for digit in digits) else "too-large")
    seen: list[Hull] = [(0, 0)] * period
    for digit in digits:
        seen = [_sum(hull, digit.line.at(at // digit.inner % digit.places)) for at, hull in enumerate(seen)]
    return Line(tuple(seen), 0 if repeats else outer.line.jump)


def _looked(view: View, move: Look, length: int) -> View:
    here, rest = _apart(view, (move.axis,))
    if not here:
        return view
    line = _behind(_along(here, length), move.step, move.taps)
    return View(view.input, view.axis, view.length, (Digit(move.axis, 1, move.count, line), *rest), view.still)


def _gathered(view: View, axes: Sequence[int]) -> View:
    """What is seen from all places along these axes: no more than the Input has, and if it is all of it, the whole."""
    gone, rest = _apart(view, axes)
    if rest and not gone:
        return view
    if any(is_free(digit.places) for digit in gone):
        return view._replace(digits=(), still=_WHOLE)
    low, high = _still(view, [digit.line.gathered(digit.places) for digit in gone])
    if not rest and view.length:
        last = view.length - 1
        if low <= 0 and high >= last:
            low, high = _WHOLE
        elif gone:
            low, high = min(max(low, 0), last), max(min(high, last), 0)
    return view._replace(digits=tuple(rest), still=(low, high))


def _turned(view: View, axes: tuple[int, ...]) -> View:
    rest, gone = _apart(view, axes)
    digits = tuple([digit._replace(axis=axes.index(digit.axis)) for digit in rest])
    return view._replace(digits=digits, still=_still(view, [digit.line.at(0) for digit in gone]))


def _reshaped(view: View, old: Lengths, new: Lengths) -> View:
    digits = tuple([part for digit in view.digits for part in _parts(digit, old, new)])
    single = [digit.line.at(0) for digit in view.digits if digit.places == 1]
    return view._replace(digits=digits, still=_still(view, single))


def _parts(digit: Digit, old: Lengths, new: Lengths) -> list[Digit]:
    """The digits that stand for the same places in another shape: it is cut where axes are."""
    start = max(digit.inner, 1) * math.prod(old[digit.axis + 1 :])
    end = start * (digit.places if digit.inner else old[digit.axis])
    line, stride = digit.line, 1
    cuts: list[tuple[int, int, int]] = []
    for axis, length in reversed(list(enumerate(new))):
        low, high = max(start, stride), min(end, stride * length)
        if low < high:
            cuts.append((axis, low, high))
        stride *= length
    parts: list[Digit] = []
    for axis, low, high in cuts:
        count, stride = high // low, math.prod(new[axis + 1 :])
        if not digit.inner or low % start or low % stride or high % low or (high < end and count % len(line.seen)):
            # It is not cut where axes are.
            moved = digit.line._replace(seen=((0, 0),) * len(digit.line.seen))
            axes = [axis for axis, _, _ in cuts if axis or not digit.axis] or [len(new) - 1]
            return [Digit(axis, 0, digit.places, moved if at else digit.line) for at, axis in enumerate(axes)]
        parts.append(Digit(axis, low // stride, count, line))
        line = Line(jump=line.jump * (count // len(line.seen)))
    return parts


def _apart(view: View, axes: Sequence[int]) -> tuple[list[Digit], list[Digit]]:
    """The digits on these axes, and the others."""
    here = [digit for digit in view.digits if digit.axis in axes]
    return here, [digit for digit in view.digits if digit.axis not in axes] if len(here) < len(view.digits) else []


def _still(view: View, more: Iterable[Hull]) -> tuple[int, int]:
    """What does not move any more, in `more` neither; where nothing is seen, the place at which nothing was."""
    low, high = view.still
    for hull in more:
        low, high = (low + hull[0], high + hull[1]) if hull is not None else (low, high)
    return low, high


def _joined(parts: Sequence[Part], shape: Lengths, row: int) -> View:
    """What numbers see of an Input's axis, number by number; behind each other where it moves along the axis `row`."""
    first, *others = views = list(dict.fromkeys(part.view for part in parts))
    in_row = any(digit.axis == row for view in views for digit in view.digits)
    if not in_row and all(view.digits == first.digits for view in others):
        lows, highs = zip(*(view.still for view in views), strict=True)
        return first._replace(still=(min(lows), max(highs)))
    if any(view.still == _WHOLE for view in views):
        return first._replace(digits=(), still=_WHOLE)
    moving = [{digit.axis for digit in view.digits} for view in views]
    axis = row if in_row else max(set.intersection(*moving) or set.union(*moving))
    lines = [_alone(part.view, axis, shape[axis] if not in_row else part.places) for part in parts]
    line = _in_a_row(parts, lines, shape[axis]) if in_row else _together(lines, shape[axis])
    # Where sequences of free length begin that lie behind others is not known.
    inner = 0 if in_row and len(parts) > 1 and is_free(shape[axis]) else 1
    return first._replace(digits=(Digit(axis, inner, shape[axis], line),), still=(0, 0))


def _alone(view: View, axis: int, length: int) -> Line:
    """The line along one axis of numbers that see what all along the other axes see."""
    rest = _gathered(view, [digit.axis for digit in view.digits if digit.axis != axis])
    line = _along(rest.digits, length) if rest.digits else Line(jump=0)
    return Line(tuple([_sum(hull, rest.still) for hull in line.seen]), line.jump)


def _together(lines: Sequence[Line], length: int) -> Line:
    """Both lines at each place: for as long as both repeat, or place by place if one leaves the other behind."""
    places = math.lcm(*[len(line.seen) for line in lines])
    jumps = {line.jump * places // len(line.seen) for line in lines}
    if len(jumps) > 1:
        if is_free(length):
            raise Untold("free-length")
        places, jumps = length, {line.jump * length // len(line.seen) for line in lines}
    if places > _MOST_PLACES:
        raise Untold("too-large")
    return Line(tuple([_hull([line.at(place) for line in lines]) for place in range(places)]), max(jumps))


def _in_a_row(parts: Sequence[Part], lines: Sequence[Line], length: int) -> Line:
    if len(parts) == 1:
        return _behind(lines[0], 1, ((-parts[0].before,),))
    if is_free(length):
        return Line(tuple(hull for line in lines for hull in line.seen), max(line.jump for line in lines))
    if length > _MOST_PLACES:
        raise Untold("too-large")
    seen: list[Hull] = [None] * length
    for part, line in zip(parts, lines, strict=True):
        for place in range(part.places):
            hull = line.at(place)
            # What one has beyond its borders, the other has not.
            if hull is not None and hull[1] >= 0 and not 0 < part.view.length <= hull[0]:
                seen[part.before + place] = hull
    return Line(tuple(seen), max(line.jump * length // len(line.seen) for line in lines))
