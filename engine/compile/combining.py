"""What tensors see together: added up number by number, or laid in a row."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from engine.compile.moves import Reason, is_free
from engine.compile.sights import MOST_NUMBERS, Sight, Untold, View, joint
from engine.compile.spans import FAR, MOST_PLACES, Spans, compact, taken


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
        for sight in known if _have_like_holes(known) else map(joint, known):
            for view in sight:
                key = view.input, view.axis
                found[key] = _union(found[key], view) if key in found else view
    except Untold as untold:
        return untold.reason
    return tuple(found.values())


def _have_like_holes(sights: Sequence[Sight]) -> bool:
    """Whether the same numbers see nothing of an Input in all of them, so that each axis may be looked at by itself."""
    first, *others = [{(view.input, view.axis): view.spans for view in sight} for sight in sights]
    return all(
        first.keys() == other.keys() and all(first[key].has_holes_of(other[key]) for key in first) for other in others
    ) or not any(view.spans.holes for sight in sights for view in sight)


def joined(sights: Sequence[Sight | Reason], axis: int, counts: Sequence[int]) -> Sight | Reason:
    """What tensors see that lie in a row along `axis`, each `counts` long there."""
    parts: list[dict[tuple[str, int], View]] = []
    for sight in sights:
        if isinstance(sight, str):
            return sight
        parts.append({(view.input, view.axis): view for view in sight})
    try:
        keys = dict.fromkeys(key for part in parts for key in part)
        return tuple(_row([part.get(key) for part in parts], axis, counts) for key in keys)
    except Untold as untold:
        return untold.reason


def _row(views: Sequence[View | None], axis: int, counts: Sequence[int]) -> View:
    first = next(view for view in views if view is not None)
    if first.spans.shape[axis] == 1 and first.free != axis and all(view == first for view in views):
        return first
    if any(is_free(count) for count in counts):
        return _in_no_order([view for view in views if view is not None], axis)
    if any(view is not None and view.loose for view in views):
        raise Untold("free-length")
    empty = Spans(np.full((1,) * len(first.spans.shape), FAR, np.int32), np.full((1,) * len(first.spans.shape), -FAR))
    aligned = _in_step([view if view is not None else first._replace(spans=empty) for view in views])
    shape = np.broadcast_shapes(*(view.spans.shape[:axis] + (1,) + view.spans.shape[axis + 1 :] for view in aligned))
    if math.prod(shape) * sum(counts) > MOST_NUMBERS:
        raise Untold("too-large")
    lows, highs = [], []
    for view, count in zip(aligned, counts, strict=True):
        whole = (*shape[:axis], count, *shape[axis + 1 :])
        lows.append(np.broadcast_to(view.spans.low, whole))
        highs.append(np.broadcast_to(view.spans.high, whole))
    line = first.line
    for other in views:
        line = line.beside(other.line) if line is not None and other is not None and line.at != axis else None
    spans = compact(Spans(np.concatenate(lows, axis), np.concatenate(highs, axis)), aligned[0].free)
    return aligned[0]._replace(spans=spans, line=line)


def _in_no_order(views: Sequence[View], axis: int) -> View:
    """Along an axis of free length: the most that one of the numbers sees, at places that are not known."""
    if any(size != 1 for view in views for at, size in enumerate(view.spans.shape) if at != axis):
        raise Untold("free-length")
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
        raise Untold("free-length")
    (axis,) = axes
    period = math.lcm(*(view.spans.shape[axis] for view in views if view.free >= 0))
    if period > MOST_PLACES:
        raise Untold("free-length")
    found = []
    for view in views:
        if view.free < 0 and not ((view.spans.low > view.spans.high).all() or view.spans.low.max() == -FAR):
            # The same for all steps, beside what goes on with them.
            raise Untold("free-length")
        own = view.spans.shape[axis] if view.free >= 0 else period
        index = np.arange(period)[:, None]
        turns, index = np.divmod(index, own)
        if view.free >= 0:
            spans = taken(view.spans, axis, index, turns * view.span) if own != period else view.spans
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
        if not view.length and view.free < 0 and not view.spans.holes and (view.spans.low == -FAR).all():
            return view
    if one.loose or two.loose or one.length != two.length:
        raise Untold("free-length")
    one, two = _in_step((one, two))
    low, high = np.minimum(one.spans.low, two.spans.low), np.maximum(one.spans.high, two.spans.high)
    line = one.line.beside(two.line) if one.line is not None else None
    return one._replace(spans=Spans(low, high), line=line)
