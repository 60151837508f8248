from __future__ import annotations

import random

import pytest

from graph_editor.wire_router_ways import PortWays, Way


@pytest.mark.parametrize("seed", range(10))
def test_a_way_tells_what_asking_each_time_tells_and_asks_less(seed: int) -> None:
    chance = random.Random(seed)
    start, above, below = 100.0, 100.0 - chance.randrange(200), 100.0 + chance.randrange(200)
    asked = []

    def is_clear(end: float) -> bool:
        asked.append(end)
        return above <= end <= below

    way = Way(start, is_clear)
    ends = [start, *(float(chance.randrange(-150, 350)) for _ in range(100))]
    assert [way.is_clear(end) for end in ends] == [above <= end <= below for end in ends]
    assert len(asked) < 40


def test_each_x_beside_a_port_is_asked_by_itself() -> None:
    asked: list[tuple[str, float]] = []

    def is_taken(x: float, end: float) -> bool:
        asked.append(("lane", x))
        return x == 8

    def is_open(x: float, end: float) -> bool:
        asked.append(("block", x))
        return x != 16

    def is_reached(x: float) -> bool:
        asked.append(("port", x))
        return x < 20

    ways = PortWays(0.0, is_taken, is_open, is_reached)
    for _ in range(3):
        assert [ways.is_taken(x, 50) for x in (0, 8, 16, 24)] == [False, True, False, False]
        assert [ways.is_open(x, 50) for x in (0, 16)] == [True, False]
        assert [ways.is_reached(x) for x in (0, 24)] == [True, False]
    assert len(asked) == 8
