"""What one number of a tensor sees of the Input: an exact interval along each spatial axis, block behind block.

Tensors that were enlarged see different stretches at different places: these repeat, and all are kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from engine.compile.windows import Window
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.graph.values import Plain

_MOST_PLACES = 4096
_NOTHING = (1 << 40, -(1 << 40))
"""An interval with nothing in it: between the windows of a transposed convolution lie numbers that see nothing."""


class Axis(Plain, frozen=True):
    """Along one axis of the Input, which is axis `at` of this tensor.

    Place p + q · len(seen) sees the places q · `span` + seen[p] of the Input, first and last; an empty `seen` sees all.
    """

    at: int
    span: int = 1
    seen: tuple[tuple[int, int], ...] = ((0, 0),)

    @property
    def size(self) -> int | None:
        """The most places that any number sees; None is all."""
        return max(last - first + 1 for first, last in self.seen) if self.seen else None


Sight = tuple[Axis, ...]
"""By spatial axis of the Input; empty where it has none or nothing is known."""


def sight_of_input(spec: TensorSpec) -> Sight:
    """Each number sees itself. N×C×H×W and N×C×D×H×W have their last axes, sequences their steps, vectors none."""
    if spec.rank > 3:
        return tuple(Axis(at) for at in range(2, spec.rank))
    steps = [at for at, length in enumerate(spec.shape) if at and isinstance(length, Dim)]
    return (Axis(steps[0]),) if steps else (Axis(2),) if spec.rank == 3 else ()


def sizes(sight: Sight) -> tuple[int | None, ...]:
    """The receptive field by axis, None where it is the whole input."""
    return tuple(axis.size for axis in sight)


def merged(sights: Iterable[Sight]) -> Sight:
    """What sees all that these see; of different axes the first counts."""
    given = [sight for sight in sights if sight]
    if not given:
        return ()
    result = given[0]
    for other in given[1:]:
        if len(other) == len(result):
            result = tuple(_union(one, two) for one, two in zip(result, other, strict=True))
    return result


def through(sight: Sight, window: Window, rank: int) -> Sight:
    """What the outputs of a block see whose input, of `rank` axes, sees `sight`."""
    if not sight or window.kind == "same":
        return sight
    everything = tuple(Axis(axis.at, 1, ()) for axis in sight)
    if window.kind == "whole":
        return everything
    if window.kind == "mixes":
        mixed = {axis % rank for axis in window.axes}
        return tuple(Axis(axis.at, 1, ()) if axis.at in mixed else axis for axis in sight)
    if window.kind == "flattens":
        first, last = (axis % rank for axis in window.axes)
        return tuple(_moved(axis, _flattened(axis.at, first, last)) for axis in sight)
    if window.kind == "permutes" and len(window.axes) == rank:
        return tuple(_moved(axis, window.axes.index(axis.at)) for axis in sight)
    if window.kind in ("window", "spreads"):
        count = len(window.step)
        if {axis.at for axis in sight} != set(range(rank - count, rank)) or len(sight) != count:
            # What it slides along are not the Input's axes, or only some: the others are its channels.
            return everything
        look = _slid if window.kind == "window" else _spread
        ways = zip(sight, window.start, window.extent, window.step, strict=True)
        slid = tuple(look(axis, start, extent, step) for axis, start, extent, step in ways)
        return tuple(_moved(axis, window.axes[0]) for axis in slid) if window.axes else slid
    return everything if all(not axis.seen for axis in sight) else ()


def _slid(axis: Axis, start: int, extent: int, step: int) -> Axis:
    """A window of `extent` places that begins at `start` and moves by `step`."""
    if not axis.seen:
        return axis
    period = len(axis.seen)
    places = period // math.gcd(period, step)
    seen = tuple(_within(axis, place * step + start, place * step + start + extent - 1) for place in range(places))
    return Axis(axis.at, axis.span * (places * step // period), seen)


def _spread(axis: Axis, padding: int, extent: int, step: int) -> Axis:
    """The other way round: each place of the input reaches `extent` places of the output."""
    period = len(axis.seen) * step
    if not axis.seen or period > _MOST_PLACES:
        return Axis(axis.at, 1, ())
    ends = (place + padding for place in range(period))
    return Axis(axis.at, axis.span, tuple(_within(axis, -((extent - 1 - end) // step), end // step) for end in ends))


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


def _union(one: Axis, two: Axis) -> Axis:
    if not one.seen or not two.seen:
        return Axis(one.at, 1, ())
    places = math.lcm(len(one.seen), len(two.seen))
    spans = {axis.span * (places // len(axis.seen)) for axis in (one, two)}
    if len(spans) > 1 or places > _MOST_PLACES:
        return max(one, two, key=lambda axis: axis.size or 0)
    (span,) = spans
    seen = []
    for place in range(places):
        ends = [_within(axis, place, place) for axis in (one, two)]
        seen.append((min(first for first, _ in ends), max(last for _, last in ends)))
    return Axis(one.at, span, tuple(seen))


def _moved(axis: Axis, at: int) -> Axis:
    return axis if at == axis.at else Axis(at, axis.span, axis.seen)


def _flattened(at: int, first: int, last: int) -> int:
    if at <= first:
        return at
    return first if at <= last else at - (last - first)
