from __future__ import annotations

import random

import pytest

from graph_editor.wire_router_lanes import Lanes
from tests.graph_editor.plain_lanes import PlainLanes


class Wire:
    """A key that counts how often one is compared."""

    compared = 0

    def __eq__(self, other: object) -> bool:
        Wire.compared += 1
        return self is other

    __hash__ = object.__hash__


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


def test_to_forget_a_wire_no_other_is_looked_at() -> None:
    lanes, wires = Lanes(8), [Wire() for _ in range(200)]
    for number, wire in enumerate(wires):
        lanes.take(16, number, number + 1, wire, "s")
    Wire.compared = 0
    lanes.forget(wires[100])
    assert Wire.compared == 0
    assert not lanes.is_taken(16, 100, 101, "other")
    assert lanes.is_taken(16, 99, 100, "other")
    assert lanes.is_taken(16, 101, 102, "other")
