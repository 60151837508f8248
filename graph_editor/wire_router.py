"""Where wires run: around blocks, and in lanes that no two wires of different sources share."""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import NamedTuple

from graph_editor.block_index import BlockIndex, Rectangle
from graph_editor.wire_geometry import Point, Route, along, curve, curve_points, straight
from graph_editor.wire_router_lanes import Lanes
from graph_editor.wire_router_ways import PortWays

STUB = 24.0
LANE = 24
LANE_STEP = 16
LEVEL_STEP = 24  # a level carries its shape above it
UPRIGHT_STEP = 8
CLEARANCE = 12.0
HEAP = 96
"""So many blocks in one cell lie on each other, three deep: a way around them is not looked for, there is none."""
_NARROWEST = 16.0
_TRIES = 14
_UPRIGHTS, _FARTHEST_UPRIGHT = 4, 16
_WORST = 12  # more faults than a way can have


class Ends(NamedTuple):
    """A wire to lay: its two points, the blocks at them, and what signal it carries."""

    start: Point
    end: Point
    source_block: str
    target_block: str
    signal: Hashable
    label: bool = False
    bends: tuple[tuple[int, int], ...] = ()


class Router:
    """Lays wires one after the other; each lane wire keeps its lane until it is forgotten."""

    def __init__(self, index: BlockIndex) -> None:
        self._index = index
        self._levels = Lanes(LEVEL_STEP)
        self._uprights = Lanes(UPRIGHT_STEP)

    def clear(self) -> None:
        """Forget all lanes."""
        self._levels.clear()
        self._uprights.clear()

    def forget(self, key: Hashable) -> None:
        """Free the lanes of a wire."""
        self._levels.forget(key)
        self._uprights.forget(key)

    def route(self, key: Hashable, ends: Ends) -> Route:
        """Lay the wire `key`; what it had taken before is freed."""
        self.forget(key)
        if ends.bends:
            points = _through(ends)
            if self._passes(points, ends):
                return along(points)
        if max(self._index.crowd(*ends.start), self._index.crowd(*ends.end)) > HEAP:
            return curve(ends.start, ends.end)
        (sx, sy), (tx, ty) = ends.start, ends.end
        if tx - sx >= 8 and abs(ty - sy) < 0.5 and self._free(sx, sy - 4, tx, sy + 4, ends):
            return straight(ends.start, ends.end)
        forward = tx - sx >= 2 * STUB
        if forward and not ends.label and self._curve_is_free(ends):
            return curve(ends.start, ends.end)
        # Between blocks that stand close the stubs would cross: the way up or down runs midway.
        uprights = (tx - STUB, sx + STUB) if forward else ((sx + tx) / 2,) if tx - sx >= _NARROWEST else ()
        short = self._two_corners(key, ends, uprights)
        if short is not None:
            return short
        return self._in_lane(key, ends)

    def _passes(self, points: list[Point], ends: Ends) -> bool:
        """Whether a way that was laid before keeps clear of the blocks at its ends: pictures make blocks grow."""
        legs = list(zip(points[1:-2], points[2:-1], strict=True))
        for id, room in ((ends.source_block, 1), (ends.target_block, 0)):
            left, top, right, bottom = self._index.rectangle(id)
            for (ax, ay), (bx, by) in legs:
                beside = min(ax, bx) >= right + room or max(ax, bx) <= left - room
                if not beside and min(ay, by) < bottom + room and max(ay, by) > top - room:
                    return False
        return True

    def _free(self, left: float, top: float, right: float, bottom: float, ends: Ends) -> bool:
        return self._index.is_free(
            min(left, right),
            min(top, bottom),
            max(left, right),
            max(top, bottom),
            (ends.source_block, ends.target_block),
        )

    def _curve_is_free(self, ends: Ends) -> bool:
        (sx, sy), (tx, ty) = ends.start, ends.end
        if self._free(sx, min(sy, ty) - 4, tx, max(sy, ty) + 4, ends):
            return True
        return all(
            self._free(x - 6, y - 6, x + 6, y + 6, ends) for x, y in curve_points(ends.start, ends.end, 20)[1:-1]
        )

    def _two_corners(self, key: Hashable, ends: Ends, uprights: tuple[float, ...]) -> Route | None:
        (sx, sy), (tx, ty) = ends.start, ends.end
        for x in uprights:
            if (
                self._free(sx, sy - 6, x, sy + 6, ends)
                and self._free(x, ty - 6, tx, ty + 6, ends)
                and self._open(x - 6, sy, x + 6, ty)
                and not self._uprights.is_taken(x, sy, ty, ends.signal)
                and not self._levels.is_taken(ty if x < tx - STUB else sy, sx, tx, ends.signal)
            ):
                self._uprights.take(x, sy, ty, key, ends.signal)
                return along((ends.start, (x, sy), (x, ty), ends.end))
        return None

    def _in_lane(self, key: Hashable, ends: Ends) -> Route:
        sy, ty = ends.start[1], ends.end[1]
        out, back = self._ways(ends.start, ends), self._ways(ends.end, ends)
        fewest, best = _WORST, (0.0, 0.0, 0.0)
        for number, y in enumerate(self._levels_to_try(ends)):
            left, right = _upright(ends.start, STUB, y, out), _upright(ends.end, -STUB, y, back)
            low, high = min(left, right), max(left, right)
            faults = 2 * (not out.is_open(left, y)) + 2 * (not back.is_open(right, y))
            # The whole way across costs most to look at, and often nothing it could tell makes a difference.
            if faults < fewest:
                faults += 3 * self._levels.is_taken(y, low, high, ends.signal)
            if faults < fewest:
                faults += 4 * (not self._open(low, y - CLEARANCE, high, y + CLEARANCE))
            if faults < fewest:
                fewest, best = faults, (y, left, right)
            if fewest == 0 or (number >= _TRIES // 2 and fewest <= 2):
                break
        y, left, right = best
        self._levels.take(y, left, right, key, ends.signal)
        self._uprights.take(left, sy, y, key, ends.signal)
        self._uprights.take(right, y, ty, key, ends.signal)
        return along((ends.start, (left, sy), (left, y), (right, y), (right, ty), ends.end))

    def _levels_to_try(self, ends: Ends) -> list[float]:
        source, target = self._rectangle(ends.source_block, ends.start), self._rectangle(ends.target_block, ends.end)
        gap = 2 * LANE_STEP
        if source[3] + gap <= target[1] or target[3] + gap <= source[1]:
            upper, lower = (source[3], target[1]) if source[3] < target[1] else (target[3], source[1])
            first = round((upper + lower) / 16) * 8.0
            steps = [0.0]
            for number in range(1, _TRIES // 2 + 1):
                steps += [number * LANE, -number * LANE]
            inside = [first + step for step in steps if upper + 8 <= first + step <= lower - 8]
            outside = [first + step for step in steps if not upper + 8 <= first + step <= lower - 8]
            return inside + outside
        above, below = min(source[1], target[1]) - LANE, max(source[3], target[3]) + LANE
        levels: list[float] = []
        for number in range(_TRIES // 2 + 1):
            pair = [above - number * LEVEL_STEP, below + number * LEVEL_STEP]
            levels += pair if ends.end[0] > ends.start[0] else pair[::-1]
        return levels

    def _rectangle(self, id: str, point: Point) -> Rectangle:
        try:
            return self._index.rectangle(id)
        except KeyError:
            return (*point, *point)

    def _ways(self, port: Point, ends: Ends) -> PortWays:
        x, y = port
        return PortWays(
            y,
            is_taken=lambda at, end: self._uprights.is_taken(at, y, end, ends.signal),
            is_open=lambda at, end: self._open(at - 6, y, at + 6, end),
            is_reached=lambda at: self._free(x, y - 6, at, y + 6, ends),
        )

    def _open(self, left: float, top: float, right: float, bottom: float) -> bool:
        return self._index.is_free(min(left, right), min(top, bottom), max(left, right), max(top, bottom))


def _upright(port: Point, stub: float, y: float, ways: PortWays) -> float:
    """The x of the way from a port up or down to the lane at `y`: the next that no other signal has taken, and
    where that runs through a block that stands out of its column, the next that is free of blocks too."""
    px, step = port[0], math.copysign(UPRIGHT_STEP, stub)
    found: float | None = None
    for number in range(_FARTHEST_UPRIGHT):
        x = px + stub + number * step
        if ways.is_taken(x, y):
            continue
        if found is None and number < _UPRIGHTS:
            found = x
        if ways.is_open(x, y) and ways.is_reached(x):
            return x
    return px + stub if found is None else found


def _through(ends: Ends) -> list[Point]:
    points: list[Point] = [ends.start]
    x, y = ends.start
    for bend_x, bend_y in ends.bends:
        points += [(float(bend_x), y), (float(bend_x), float(bend_y))]
        x, y = float(bend_x), float(bend_y)
    middle = (x + ends.end[0]) / 2
    points += [(middle, y), (middle, ends.end[1]), ends.end]
    return points
