from __future__ import annotations

import pytest

from graph_editor.block_index import BlockIndex
from graph_editor.wire_geometry import Route, along, curve, distance_to, straight
from graph_editor.wire_router import HEAP, Ends, Router


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
    """A chain of blocks `apart` px from each other: how often is asked what is free, how many lanes are looked at."""
    made = index(**{f"b{number}": (number * apart, 0, number * apart + 96, 48) for number in range(count)})
    asked, looked = [0], [0]
    is_free, is_taken = BlockIndex.is_free, Router._is_taken

    def counted_free(self, *place):
        asked[0] += 1
        return is_free(self, *place)

    def counted_taken(lanes, step, at, *rest):
        looked[0] += sum(len(lanes.get(int(at // step) + near, ())) for near in (-1, 0, 1))
        return is_taken(lanes, step, at, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(BlockIndex, "is_free", counted_free)
        patch.setattr(Router, "_is_taken", staticmethod(counted_taken))
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
