from __future__ import annotations

import random
from collections.abc import Hashable

import pytest

from graph_editor.wire_router_lanes import Lanes


class PlainLanes:
    """All lanes in one list, each looked at."""

    def __init__(self, step: int) -> None:
        self._step = step
        self._lanes: list[tuple[float, float, float, Hashable, Hashable]] = []

    def take(self, at: float, first: float, last: float, key: Hashable, signal: Hashable) -> None:
        """As Lanes."""
        self._lanes.append((min(first, last), max(first, last), at, key, signal))

    def forget(self, key: Hashable) -> None:
        """As Lanes."""
        self._lanes = [lane for lane in self._lanes if lane[3] != key]

    def is_taken(self, at: float, first: float, last: float, signal: Hashable) -> bool:
        """As Lanes."""
        low, high = min(first, last), max(first, last)
        return any(
            abs(lane[2] - at) < self._step and lane[0] < high and lane[1] > low and lane[4] != signal
            for lane in self._lanes
        )


@pytest.mark.parametrize("seed", range(20))
def test_what_is_taken_is_what_looking_at_each_lane_tells(seed: int) -> None:
    """Lanes that touch, lie in one another, have no length, carry one signal, come and go."""
    chance = random.Random(seed)
    plain, quick = PlainLanes(24), Lanes(24)
    spread = chance.choice((12, 40, 400))
    told = set()
    for number in range(400):
        at = chance.choice((0.0, 8.0, 23.5, 24.0, 40.0, 71.9, -1.0, -24.0))
        first, last = (float(chance.randrange(spread)) for _ in range(2))
        if chance.random() < 0.1:
            last = first
        signal = chance.randrange(4)
        if chance.random() < 0.4:
            for lanes in (plain, quick):
                lanes.take(at, first, last, number % 30, signal)
        elif chance.random() < 0.1:
            for lanes in (plain, quick):
                lanes.forget(number % 30)
        expected = plain.is_taken(at, first, last, signal)
        told.add(expected)
        assert quick.is_taken(at, first, last, signal) is expected
    assert told == {True, False}


def test_after_clearing_nothing_is_taken() -> None:
    lanes = Lanes(8)
    lanes.take(16, 0, 100, "w", "s")
    assert lanes.is_taken(16, 50, 60, "other")
    assert not lanes.is_taken(16, 50, 60, "s")
    lanes.clear()
    assert not lanes.is_taken(16, 50, 60, "other")
