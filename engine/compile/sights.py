"""What one number of a tensor sees of the Input: an exact interval along each spatial axis, block behind block.

Tensors that were enlarged see different stretches at different places: these repeat, and all are kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import msgspec

from engine.compile.windows import Pattern, Window
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.graph.values import Plain

replace = msgspec.structs.replace

_MOST_PLACES = 4096
_STEPS = 1_000_003
"""Stands for T and T′: a prime that no length of a drawing has as a factor."""
_NOTHING = (1 << 40, -(1 << 40))
"""An interval with nothing in it: between the windows of a transposed convolution lie numbers that see nothing."""
_NOWHERE = -1
_SOMEWHERE = -2


class Axis(Plain, frozen=True):
    """Along one axis of the Input, `length` long (0 where that is not fixed), what the numbers of a tensor see.

    Along axis `at` of the tensor lie its `count` places, each `inner` numbers long, over and over: place
    p + q · len(seen) sees the places q · `span` + seen[p] of the Input, first and last; an empty `seen` sees all. `at`
    is −1 where every number sees the same, −2 where it is not told what that is. With a `hull`, what the places see
    lies in no order: `seen` is the most that one of them sees, `hull` what all see together.
    """

    at: int
    length: int
    count: int
    inner: int = 1
    span: int = 1
    seen: tuple[tuple[int, int], ...] = ((0, 0),)
    hull: tuple[int, int] | None = None

    @property
    def size(self) -> int | None:
        """The most places that any number sees; None is all."""
        return max(max(last - first + 1, 0) for first, last in self.seen) if self.seen else None


Sight = tuple[Axis, ...]
"""By spatial axis of the Input; empty where nothing of such an axis is seen. None stands for what is not known."""


def sight_of_input(spec: TensorSpec) -> Sight:
    """Each number sees itself. N×C×H×W and N×C×D×H×W have their last axes, sequences their steps, vectors none."""
    steps = [at for at, length in enumerate(spec.shape) if at and isinstance(length, Dim)]
    axes = range(2, spec.rank) if spec.rank > 3 else steps[:1] or range(2, spec.rank)
    long = lengths(spec)
    return tuple(Axis(at, 0 if isinstance(spec.shape[at], Dim) else long[at], long[at]) for at in axes)


def sizes(sight: Sight) -> tuple[int | None, ...]:
    """The receptive field by axis, None where it is the whole input."""
    return tuple(axis.size for axis in sight)


def merged(sights: Iterable[Sight | None]) -> Sight | None:
    """What sees all that these see; of Inputs with different axes the first counts."""
    return _together(sights, _union)


def joined(sights: Iterable[Sight | None], at: int, count: int) -> Sight | None:
    """What tensors see that lie in a row along axis `at`, `count` places then."""
    result = _together(sights, lambda one, two: _either(one, two, at))
    if result is None:
        return None
    return tuple(replace(axis, count=count, inner=1) if axis.at == at and axis.hull else axis for axis in result)


def _together(sights: Iterable[Sight | None], pair: Callable[[Axis, Axis], Axis | None]) -> Sight | None:
    result: Sight = ()
    for sight in sights:
        if sight is None:
            return None
        if not result:
            result = sight
        elif len(sight) == len(result):
            axes = [pair(one, two) for one, two in zip(result, sight, strict=True)]
            if None in axes:
                return None
            result = tuple(axis for axis in axes if axis is not None)
    return result


def through(sight: Sight, window: Window, given: TensorSpec, made: TensorSpec, output: int = 0) -> Sight | None:
    """What the numbers of output number `output`, of spec `made`, see behind an input of spec `given` and `sight`."""
    if window.kind == "nothing":
        return ()
    axes: list[Axis] = []
    for axis in sight:
        if not axis.seen:
            found: Axis | None = axis
        elif window.kind == "unknown":
            found = None
        elif window.kind == "whole":
            found = _gathered(axis)
        else:
            found = _through(axis, window, given, made, output)
        if found is None:
            return None
        axes.append(found)
    return tuple(axes)


def _through(axis: Axis, window: Window, given: TensorSpec, made: TensorSpec, output: int) -> Axis | None:
    if axis.hull is None and axis.at < 0:
        return axis
    if axis.at < 0 and (window.mixed or window.scrambled or window.axes):
        return None
    if axis.at in window.mixed:
        return _gathered(axis)
    if axis.at in window.scrambled:
        return None
    if window.kind == "looks":
        if axis.at not in window.axes:
            return axis
        number = window.axes.index(axis.at)
        pattern = window.patterns[number]
        if window.starts:
            pattern = tuple((window.starts[output] + first, window.starts[output] + last) for first, last in pattern)
        if not window.row:
            return _looked(axis, pattern, window.steps[number], given, lengths(made)[axis.at])
        # Patches in a row, line by line, their channels behind.
        counts = [lengths(given)[at] // step for at, step in zip(window.axes, window.steps, strict=True)]
        found = _looked(axis, pattern, window.steps[number], given, counts[number])
        return replace(found, at=window.row, inner=math.prod(counts[number + 1 :])) if found is not None else None
    if window.kind == "reshapes":
        return _reshaped(axis, lengths(given), lengths(made))
    if window.kind == "selects":
        return _selected(axis, window, given)
    if window.kind == "permutes":
        return replace(axis, at=window.axes.index(axis.at)) if axis.at in window.axes else axis
    if window.kind == "joins" and axis.at in window.axes:
        return _scattered(axis)
    return replace(axis, at=axis.at - sum(gone < axis.at for gone in window.dropped))


def _looked(axis: Axis, pattern: Pattern, step: int, given: TensorSpec, count: int) -> Axis | None:
    """Place p + q · len(pattern) of what comes out sees the places q · `step` + pattern[p] of this axis."""
    if axis.hull is not None or not _plain(axis, given):
        moved = step == 1 and all(first == last for first, last in pattern)
        whole = lengths(given)[axis.at]
        if moved and pattern[0][0] <= 0 and pattern[0][0] + count >= whole:
            # All places are still there, with others around them.
            return replace(_scattered(axis), count=count, inner=1)
        return None
    period = len(axis.seen)
    turns = period // math.gcd(period, step)
    span = axis.span * (turns * step // period)
    places = range(turns * len(pattern))
    if len(places) > _MOST_PLACES:
        if count > _MOST_PLACES:
            return None
        places = range(count)
    seen = []
    for place in places:
        turn, rest = divmod(place, len(pattern))
        first, last = pattern[rest]
        seen.append(_within(axis, turn * step + first, turn * step + last))
    return Axis(axis.at, axis.length, count, 1, span, tuple(seen))


def _reshaped(axis: Axis, before: Sequence[int], after: Sequence[int]) -> Axis | None:
    """The same numbers in reading order: the places keep their distance."""
    inner = axis.inner * math.prod(before[axis.at + 1 :])
    places = [(at, math.prod(after[at + 1 :])) for at in range(1, len(after))]
    own = [at for at, behind in places if (behind, after[at]) == (inner, axis.count)]
    if own:
        return replace(axis, at=own[0], inner=1)
    for at, behind in places:
        if inner % behind == 0 and behind * after[at] % (inner * axis.count) == 0:
            return replace(axis, at=at, inner=inner // behind)
    return replace(_scattered(axis), at=_NOWHERE)


def _selected(axis: Axis, window: Window, given: TensorSpec) -> Axis | None:
    (dim,) = window.axes
    if axis.at != dim:
        return replace(axis, at=axis.at - (axis.at > dim))
    if axis.hull is not None:
        return None
    if window.at < 0 and not axis.length:
        # Of a sequence of any length the last step lies at no fixed place, yet sees as much as any.
        return None if len(axis.seen) > 1 else replace(axis, at=_SOMEWHERE)
    place = (window.at % lengths(given)[dim] // axis.inner) % axis.count
    return _constant(axis, *_within(axis, place, place))


def _gathered(axis: Axis) -> Axis:
    """What all places see together."""
    if axis.at < 0 and axis.hull is None:
        return axis
    if not axis.length:
        return Axis(_NOWHERE, 0, 1, 1, 0, ())
    return _constant(axis, *(axis.hull or _within(axis, 0, axis.count - 1)))


def _constant(axis: Axis, first: int, last: int) -> Axis:
    """All numbers see this stretch, of which what lies beside the Input is nothing."""
    if axis.length:
        first, last = max(first, 0), min(last, axis.length - 1)
    covers = (first, last) == (0, axis.length - 1)
    return Axis(_NOWHERE, axis.length, 1, 1, 0, () if covers else ((first, last),))


def _scattered(axis: Axis) -> Axis:
    """In no order that is kept."""
    if axis.hull is not None or not axis.seen:
        return axis
    longest = max(axis.seen, key=lambda ends: ends[1] - ends[0])
    return replace(axis, span=0, seen=(longest,), hull=_within(axis, 0, axis.count - 1))


def _within(axis: Axis, first: int, last: int) -> tuple[int, int]:
    period = len(axis.seen)
    # Beyond one period on either side the ends can only lie further in.
    near = range(first, last + 1) if last - first <= 2 * period else (*range(first, first + period), last)
    near = (*near, *range(max(last - period + 1, first), last + 1))
    low, high = _NOTHING
    for place in near:
        whole, rest = divmod(place, period)
        one, two = axis.seen[rest]
        low, high = min(low, whole * axis.span + one), max(high, whole * axis.span + two)
    return low, high


def _union(one: Axis, two: Axis) -> Axis | None:
    if not one.seen or not two.seen:
        return one if not one.seen else two
    if one.at == _SOMEWHERE or two.at == _SOMEWHERE:
        return None
    if one == two:
        return one
    if one.hull is not None or two.hull is not None:
        return None
    if one.at == two.at == _NOWHERE:
        ((first, last),) = one.seen
        ((other, end),) = two.seen
        return _constant(one, min(first, other), max(last, end))
    if (one.at, one.count, one.inner) != (two.at, two.count, two.inner):
        return None
    places = math.lcm(len(one.seen), len(two.seen))
    spans = {axis.span * (places // len(axis.seen)) for axis in (one, two)}
    if len(spans) > 1 or places > _MOST_PLACES:
        # Not in step: place by place.
        places = one.count
        if places > _MOST_PLACES:
            return None
    seen = []
    for place in range(places):
        ends = [_within(axis, place, place) for axis in (one, two)]
        seen.append((min(first for first, _ in ends), max(last for _, last in ends)))
    return replace(one, span=max(spans), seen=tuple(seen))


def _either(one: Axis, two: Axis, at: int) -> Axis | None:
    if not (one.at == two.at == at):
        return _union(one, two)
    if not one.seen or not two.seen:
        return one if not one.seen else two
    assert one.hull is not None
    assert two.hull is not None
    longest = max(*one.seen, *two.seen, key=lambda ends: ends[1] - ends[0])
    hull = min(one.hull[0], two.hull[0]), max(one.hull[1], two.hull[1])
    return replace(one, seen=(longest,), hull=hull)


def _plain(axis: Axis, spec: TensorSpec) -> bool:
    """Whether the places are those of the tensor's axis, one after the other."""
    return axis.inner == 1 and axis.count == lengths(spec)[axis.at]


def lengths(spec: TensorSpec) -> tuple[int, ...]:
    """How long the axes are, a number that no other has in place of T."""
    return tuple(length.factor * _STEPS if isinstance(length, Dim) else length for length in spec.shape)
