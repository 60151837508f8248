"""The shape of one wire: straight, curved with horizontal ends, or along lanes with round corners. Scene px."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainterPath

from graph_editor.theme import WIRE_CORNER

Point = tuple[float, float]

_CURVE_SAMPLES = 16
CASING_FREE = 14.0
ROUNDING = 0.01  # px: x - half and x + half are seldom that far from x to the last digit


class Route(NamedTuple):
    """A wire laid: its path, points along it for hits, where its text stands, and what a casing lies under.

    `room` is how wide a text may be; `casing` is None where nothing can cross.
    """

    path: QPainterPath
    points: tuple[Point, ...]
    label: Point
    room: float
    casing: QPainterPath | None


def straight(start: Point, end: Point) -> Route:
    """A straight wire."""
    path = QPainterPath(QPointF(*start))
    path.lineTo(*end)
    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    return Route(path, (start, end), middle, abs(end[0] - start[0]) - 16, None)


def unrouted(start: Point, end: Point) -> Route:
    """A straight wire in place of one that is not laid yet: it tells no shape."""
    return straight(start, end)._replace(room=0.0)


def curve_points(start: Point, end: Point, count: int = _CURVE_SAMPLES) -> tuple[Point, ...]:
    """Points along the curve from `start` to `end`."""
    reach = _reach(start, end)
    (x0, y0), (x3, y3) = start, end
    x1, x2 = x0 + reach, x3 - reach
    points = []
    for step in range(count + 1):
        t = step / count
        s = 1 - t
        a, b, c, d = s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t
        points.append((a * x0 + b * x1 + c * x2 + d * x3, (a + b) * y0 + (c + d) * y3))
    return tuple(points)


def curve(start: Point, end: Point) -> Route:
    """A wire with horizontal ends, curved between."""
    reach = _reach(start, end)
    path = QPainterPath(QPointF(*start))
    path.cubicTo(start[0] + reach, start[1], end[0] - reach, end[1], *end)
    points = curve_points(start, end)
    casing = QPainterPath(QPointF(*points[2]))
    for point in points[3:-2]:
        casing.lineTo(*point)
    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    steep = abs(end[1] - start[1]) > abs(end[0] - start[0]) * 0.35
    return Route(path, points, middle, 0.0 if steep else abs(end[0] - start[0]) - 16, casing)


def along(corners: Sequence[Point]) -> Route:
    """A wire through `corners`, all turns at right angles and 12 px round."""
    corners = _without_repeats(corners)
    path = QPainterPath(QPointF(*corners[0]))
    casing = QPainterPath()
    for number in range(1, len(corners)):
        here, last = corners[number], corners[number - 1]
        length = math.dist(last, here)
        if number + 1 < len(corners):
            after = corners[number + 1]
            radius = min(WIRE_CORNER, length / 2 if number > 1 else length, math.dist(here, after) / 2)
            path.lineTo(*_towards(here, last, radius))
            path.quadTo(QPointF(*here), QPointF(*_towards(here, after, radius)))
        else:
            path.lineTo(*here)
        if length > 2 * CASING_FREE:
            casing.moveTo(*_towards(last, here, CASING_FREE))
            casing.lineTo(*_towards(here, last, CASING_FREE))
    label, room = _longest_level(corners)
    return Route(path, tuple(corners), label, room, casing)


def uprights(route: Route) -> list[tuple[float, float, float]]:
    """Where a wire runs up or down: x, the upper y and the lower y of each such stretch."""
    stretches = zip(route.points, route.points[1:], strict=False)
    return [(x, min(y, end_y), max(y, end_y)) for (x, y), (end_x, end_y) in stretches if x == end_x and y != end_y]


def text_place(route: Route, width: float, crossings: Sequence[float]) -> float:
    """Where the middle of a text `width` wide stands: as near the middle of its level as other wires let it.

    `crossings` are the x of wires that cross it there; where they leave no room it stands in the middle.
    """
    middle, half = route.label[0], width / 2 + CASING_FREE / 2
    left, right = middle - route.room / 2 + width / 2, middle + route.room / 2 - width / 2
    places = [middle, *(x - half for x in crossings), *(x + half for x in crossings)]
    free = [at for at in places if left <= at <= right and all(abs(at - x) > half - ROUNDING for x in crossings)]
    return min(free, key=lambda at: abs(at - middle), default=middle)


def distance_to(points: Sequence[Point], x: float, y: float) -> float:
    """How far a place is from a line through `points`."""
    best = math.inf
    for (x0, y0), (x1, y1) in zip(points, points[1:], strict=False):
        dx, dy = x1 - x0, y1 - y0
        square = dx * dx + dy * dy
        t = 0.0 if square == 0 else min(max(((x - x0) * dx + (y - y0) * dy) / square, 0.0), 1.0)
        best = min(best, math.hypot(x - x0 - t * dx, y - y0 - t * dy))
    return best


def _reach(start: Point, end: Point) -> float:
    dx = end[0] - start[0]
    if dx >= 0:
        return max(dx / 2, min(24.0, dx))
    return min(max(-dx / 2, 48.0), 160.0)


def _towards(start: Point, end: Point, length: float) -> Point:
    whole = math.dist(start, end)
    share = 0.0 if whole == 0 else length / whole
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def _without_repeats(corners: Sequence[Point]) -> list[Point]:
    kept = [corners[0]]
    for point in corners[1:]:
        if math.dist(point, kept[-1]) < 0.01:
            continue
        if len(kept) > 1 and _in_line(kept[-2], kept[-1], point):
            kept.pop()
        kept.append(point)
    return kept if len(kept) > 1 else [corners[0], corners[-1]]


def _in_line(first: Point, second: Point, third: Point) -> bool:
    return first[0] == second[0] == third[0] or first[1] == second[1] == third[1]


def _longest_level(corners: Sequence[Point]) -> tuple[Point, float]:
    best, length = (corners[0], corners[1]), -1.0
    for first, second in zip(corners, corners[1:], strict=False):
        if first[1] == second[1] and abs(second[0] - first[0]) > length:
            best, length = (first, second), abs(second[0] - first[0])
    (x0, y0), (x1, y1) = best
    return ((x0 + x1) / 2, (y0 + y1) / 2), max(length - 24, 0.0)
