"""Speeds and times of a run, by a clock that the test turns."""

from __future__ import annotations

import pytest

from engine.training import pace
from engine.training.pace import Pace


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(pace, "clock", clock)
    return clock


def test_the_speed_of_the_whole_run_counts_steps_alone(clock: Clock) -> None:
    pace = Pace()
    assert pace.samples_per_second() == 0
    clock.now += 2
    pace.hold()
    clock.now += 30
    pace.go()
    clock.now += 2
    pace.hold()
    pace.samples = 1000
    assert pace.samples_per_second() == 250


def test_what_a_run_took_leaves_its_pauses_out(clock: Clock) -> None:
    pace = Pace()
    clock.now += 10
    pace.stood_still(4)
    assert pace.spent_s() == 6


def test_an_epoch_takes_from_the_end_of_the_last(clock: Clock) -> None:
    pace = Pace()
    clock.now += 3
    assert pace.begin_epoch() == 3
    clock.now += 5
    assert pace.begin_epoch() == 5


def test_the_speed_lately_forgets_what_is_longer_ago_than_a_second(clock: Clock) -> None:
    pace = Pace()
    assert pace.samples_per_second_lately() == 0
    for _ in range(8):
        clock.now += 0.25
        pace.samples += 10
        slow = pace.samples_per_second_lately()
    assert slow == 40
    for _ in range(5):
        clock.now += 0.25
        pace.samples += 100
        fast = pace.samples_per_second_lately()
    assert fast == 400
