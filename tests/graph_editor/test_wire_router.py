from __future__ import annotations

import math
import random

import pytest

from graph_editor.block_index import BlockIndex
from graph_editor.wire_geometry import Route, along, curve, distance_to, straight
from graph_editor.wire_router import CLEARANCE, HEAP, STUB, UPRIGHT_STEP, Ends, Router
from graph_editor.wire_router_lanes import Lanes
from tests.graph_editor.plain_lanes import PlainLanes


def index(**blocks: tuple[float, float, float, float]) -> BlockIndex:
    made = BlockIndex()
    for id, rectangle in blocks.items():
        made.put(id, rectangle)
    return made


def ends(start: tuple[float, float], end: tuple[float, float], label: bool = False, signal: str = "s") -> Ends:
    return Ends(start, end, "a", "b", signal, label)


def levels(route: Route) -> list[float]:
    return [one[1] for one, two in zip(route.points, route.points[1:], strict=False) if one[1] == two[1]]


def test_ports_on_one_level_are_joined_by_a_straight_wire() -> None:
    router = Router(index(a=(0, 0, 100, 48), b=(200, 0, 300, 48)))
    route = router.route("w", ends((100, 24), (200, 24)))
    assert route.points == ((100, 24), (200, 24))
    assert route.label == (150, 24)


def test_a_way_forward_to_another_level_is_a_curve_with_level_ends() -> None:
    router = Router(index(a=(0, 0, 100, 48), b=(300, 100, 400, 148)))
    route = router.route("w", ends((100, 24), (300, 124)))
    element = route.path.elementAt(1)
    assert (route.path.elementCount(), element.y) == (4, 24)
    assert route.path.elementAt(2).y == 124


@pytest.mark.parametrize("gap", [16, 32, 47])
@pytest.mark.parametrize("label", [False, True])
def test_between_blocks_that_stand_close_a_wire_makes_no_knot(gap: int, label: bool) -> None:
    router = Router(index(a=(0, 100, 100, 148), b=(100 + gap, 20, 200 + gap, 68)))
    route = router.route("w", ends((100, 124), (100 + gap, 44), label))
    assert all(100 <= x <= 100 + gap and 44 <= y <= 124 for x, y in route.points)
    assert len(levels(route)) == 2


def test_a_block_in_between_is_passed_in_a_lane() -> None:
    made = index(a=(0, 0, 100, 48), c=(150, 0, 250, 48), b=(300, 0, 400, 48))
    route = Router(made).route("w", ends((100, 24), (300, 24)))
    for one, two in zip(route.points, route.points[1:], strict=False):
        assert made.is_free(*map(min, one, two), *map(max, one, two), ("a", "b"))
    assert max(point[1] for point in route.points) > 48 or min(point[1] for point in route.points) < 0


def test_a_way_back_runs_between_the_rows() -> None:
    router = Router(index(a=(400, 0, 500, 48), b=(0, 200, 100, 248)))
    route = router.route("w", ends((500, 24), (0, 224)))
    lane = [level for level in levels(route) if level not in (24, 224)]
    assert len(lane) == 1
    assert 48 < lane[0] < 200
    assert route.points[1][0] == 524
    assert route.points[-2][0] == -24


def test_two_signals_share_no_lane_but_one_signal_does() -> None:
    made = index(a=(400, 0, 500, 48), b=(0, 200, 100, 248))
    router = Router(made)
    first = router.route("one", ends((500, 24), (0, 224), signal="x"))
    second = router.route("two", ends((500, 24), (0, 224), signal="y"))
    same = router.route("three", ends((500, 24), (0, 224), signal="x"))
    assert abs(levels(first)[1] - levels(second)[1]) >= 16
    assert levels(same)[1] == levels(first)[1]
    router.forget("one")
    router.forget("three")
    assert levels(router.route("four", ends((500, 24), (0, 224), signal="z")))[1] == levels(first)[1]


def test_labels_run_along_right_angles() -> None:
    router = Router(index(a=(0, 0, 100, 96), b=(300, 100, 400, 248)))
    route = router.route("w", ends((100, 72), (300, 148), label=True))
    assert all(one[0] == two[0] or one[1] == two[1] for one, two in zip(route.points, route.points[1:], strict=False))


def test_corners_are_round_and_the_casing_keeps_off_them() -> None:
    route = along([(0, 0), (100, 0), (100, 100), (200, 100)])
    assert route.path.pointAtPercent(0).x() == 0
    assert route.casing is not None
    assert round(route.casing.boundingRect().left(), 6) == 14


def test_distance() -> None:
    assert distance_to(straight((0, 0), (100, 0)).points, 50, 7) == 7
    assert distance_to(curve((0, 0), (100, 0)).points, 120, 0) == 20


def test_a_way_down_to_its_lane_passes_a_block_that_stands_out_of_the_column() -> None:
    made = index(
        a=(0, 0, 120, 48),
        wide=(0, 104, 160, 152),
        over=(264, 0, 352, 48),
        under=(264, 208, 424, 256),
        upper=(528, 0, 648, 48),
        lower=(528, 208, 616, 256),
        b=(528, 416, 648, 464),
    )
    route = Router(made).route("w", ends((120, 24), (528, 440)))
    for one, two in zip(route.points, route.points[1:], strict=False):
        assert made.is_free(*map(min, one, two), *map(max, one, two), ("a", "b"))


def questions_of(count: int, apart: int, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int, list[Route]]:
    """A chain of blocks `apart` px from each other: how often is asked what is free, and which lanes are taken."""
    made = index(**{f"b{number}": (number * apart, 0, number * apart + 96, 48) for number in range(count)})
    asked, looked = [0], [0]
    is_free, is_taken = BlockIndex.is_free, Lanes.is_taken

    def counted_free(self, *place):
        asked[0] += 1
        return is_free(self, *place)

    def counted_taken(self, *place):
        looked[0] += 1
        return is_taken(self, *place)

    with monkeypatch.context() as patch:
        patch.setattr(BlockIndex, "is_free", counted_free)
        patch.setattr(Lanes, "is_taken", counted_taken)
        router = Router(made)
        routes = [
            router.route(
                number,
                Ends(
                    (number * apart + 96.0, 24.0), ((number + 1) * apart, 24.0), f"b{number}", f"b{number + 1}", number
                ),
            )
            for number in range(count - 1)
        ]
    return asked[0], looked[0], routes


def test_through_a_heap_of_blocks_no_way_around_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, looked, routes = questions_of(1000, 0, monkeypatch)
    assert (asked, looked) == (0, 0)
    assert routes[0].points[0] == (96, 24)
    assert routes[0].points[-1] == (0, 24)


def test_blocks_as_close_as_can_be_are_no_heap() -> None:
    places = {(x, y) for x in range(0, 1024, 88) for y in range(0, 1024, 48)}
    made = index(**{f"b{x}-{y}": (x, y, x + 88, y + 48) for x, y in places})
    assert max(made.crowd(x, y) for x, y in places) < HEAP / 2


def test_a_row_of_blocks_is_still_passed_around(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, _, routes = questions_of(20, 160, monkeypatch)
    assert asked > 0
    assert all(len(route.points) == 2 for route in routes)


def test_bends_are_kept_until_a_block_grows_into_them() -> None:
    bent = Ends((96, 72), (400, 224), "a", "b", "s", bends=((120, 100), (-60, 224)))
    fits = Router(index(a=(0, 0, 96, 90), b=(400, 200, 500, 248))).route("w", bent)
    assert fits.points[:4] == ((96, 72), (120, 72), (120, 100), (-60, 100))
    for wide in (136, 110):
        # A picture made the block wider, or taller, than the bends knew.
        made = index(a=(0, 0, wide, 132), b=(400, 200, 500, 248))
        route = Router(made).route("w", bent._replace(start=(wide, 72)))
        assert route.points[0] == (wide, 72)
        for one, two in zip(route.points[1:], route.points[2:-1], strict=False):
            assert made.is_free(*map(min, one, two), *map(max, one, two)), route.points


class PlainRouter(Router):
    """Asks everything at every level, of lanes in lists: what routes are, however they are found."""

    def __init__(self, index: BlockIndex) -> None:
        super().__init__(index)
        self._levels, self._uprights = PlainLanes(24), PlainLanes(8)

    def _in_lane(self, key: object, ends: Ends) -> Route:
        sy, ty = ends.start[1], ends.end[1]
        best: tuple[int, float, float, float] | None = None
        for number, y in enumerate(self._levels_to_try(ends)):
            left, right = (self._upright(*port, y, ends) for port in ((ends.start, STUB), (ends.end, -STUB)))
            low, high = min(left, right), max(left, right)
            faults = 4 * (not self._open(low, y - CLEARANCE, high, y + CLEARANCE))
            faults += 3 * self._levels.is_taken(y, low, high, ends.signal)
            faults += 2 * (not self._open(left - 6, sy, left + 6, y))
            faults += 2 * (not self._open(right - 6, y, right + 6, ty))
            if best is None or faults < best[0]:
                best = (faults, y, left, right)
            if faults == 0 or (number >= 7 and best[0] <= 2):
                break
        assert best is not None
        _, y, left, right = best
        self._levels.take(y, left, right, key, ends.signal)
        self._uprights.take(left, sy, y, key, ends.signal)
        self._uprights.take(right, y, ty, key, ends.signal)
        return along((ends.start, (left, sy), (left, y), (right, y), (right, ty), ends.end))

    def _upright(self, port: tuple[float, float], stub: float, y: float, ends: Ends) -> float:
        found = None
        for number in range(16):
            x = port[0] + stub + number * math.copysign(UPRIGHT_STEP, stub)
            if self._uprights.is_taken(x, port[1], y, ends.signal):
                continue
            if found is None and number < 4:
                found = x
            if self._open(x - 6, port[1], x + 6, y) and self._free(port[0], port[1] - 6, x, port[1] + 6, ends):
                return x
        return port[0] + stub if found is None else found


def crossing(seed: int, count: int, columns: int, reach: int) -> tuple[BlockIndex, list[Ends]]:
    """Blocks in rows and wires among them that run across; some stand aside, some in the same places."""
    chance = random.Random(seed)
    made, ports = BlockIndex(), []
    for number in range(count):
        x = number % columns * 216 + chance.choice((0, 0, 0, 8, 104))
        y = number // columns * 160 + chance.choice((0, 0, 0, 24, 72.5))
        width, height = chance.choice((96, 128.5, 152)), chance.choice((48, 72, 132))
        made.put(f"b{number}", (x, y, x + width, y + height))
        ports.append(((x + width, y + 24.0), (float(x), y + chance.choice((24.0, 72.0)))))
    wires = []
    for _ in range(count + count // 4):
        source = chance.randrange(count)
        target = min(count - 1, max(0, source + chance.randint(-reach, reach)))
        start, end = ports[source][0], ports[target][1]
        wires.append(Ends(start, end, f"b{source}", f"b{target}", source, chance.random() < 0.2))
    return made, wires


@pytest.mark.parametrize("seed", range(8))
def test_routes_are_those_of_asking_everything(seed: int) -> None:
    made, wires = crossing(seed, count=60, columns=8, reach=(1, 4, 20, 60)[seed % 4])
    plain, quick = PlainRouter(made), Router(made)
    for number, wire in enumerate(wires):
        assert quick.route(number, wire).points == plain.route(number, wire).points
    chance = random.Random(seed)
    for _ in range(60):
        number = chance.randrange(len(wires))
        if chance.random() < 0.3:
            quick.forget(number)
            plain.forget(number)
        else:
            assert quick.route(number, wires[number]).points == plain.route(number, wires[number]).points


def test_few_questions_are_asked_where_thousands_of_wires_cross(monkeypatch: pytest.MonkeyPatch) -> None:
    made, wires = crossing(1, count=150, columns=15, reach=75)
    asked, is_free = [0], BlockIndex.is_free

    def counted(self: BlockIndex, *place: object) -> bool:
        asked[0] += 1
        return is_free(self, *place)

    monkeypatch.setattr(BlockIndex, "is_free", counted)
    counts = []
    for kind in (PlainRouter, Router):
        asked[0], router = 0, kind(made)
        for number, wire in enumerate(wires):
            router.route(number, wire)
        counts.append(asked[0])
    assert counts[1] < 0.5 * counts[0]
    assert counts[1] < 150 * len(wires)
