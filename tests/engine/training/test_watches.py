"""How often views are answered, on a clock that only measuring and stepping move."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import pytest

from engine.measurements import measure
from engine.measurements.results import Ask
from engine.training.commands import Watch
from engine.training.watches import Watches

STEP_S = 0.005


def run(monkeypatch, costs: dict[str, float], seconds: float, every_ms: int = 100) -> tuple[Counter[str], float]:
    """How often each was measured, and the share of the time that all took, the first two rounds left out."""
    now = spent = 0.0
    answers: Counter[str] = Counter()

    def measured(session, ask):
        nonlocal now, spent
        now, spent = now + costs[ask.id], spent + costs[ask.id]
        return {}

    def clock():
        return now

    monkeypatch.setattr(measure, "measure", measured)
    session = SimpleNamespace(request=SimpleNamespace(run="r"), position=SimpleNamespace(step=0))
    watches = Watches()
    for id in costs:
        watches.add(Watch(Ask(id, "filters", id), every_ms=every_ms))
    for _ in range(2):
        list(watches.measure(session, clock))
        now += every_ms / 1000
    begun, spent = now, 0.0
    while now - begun < seconds:
        now += STEP_S
        if watches.due <= now:
            answers.update(answer.request for answer in watches.measure(session, clock))
    return answers, spent / (now - begun)


def test_cheap_ones_come_as_often_as_they_are_asked_for(monkeypatch):
    answers, share = run(monkeypatch, {"loss": 1e-5, "filters": 2e-5}, 10)
    assert 90 <= answers["loss"] <= 100
    assert share < 0.001


def test_all_together_keep_to_their_share(monkeypatch):
    answers, share = run(monkeypatch, {"latent": 0.004, "predictions": 0.003, "filters": 0.0003}, 60)
    assert share == pytest.approx(0.02, rel=0.1)
    assert answers["latent"] > 60


def test_a_dear_one_does_not_wait_for_many_cheap_ones(monkeypatch):
    cheap = {f"preview {number}": 0.001 for number in range(8)}
    answers, share = run(monkeypatch, {**cheap, "latent": 0.055, "predictions": 0.05}, 120)
    assert share == pytest.approx(0.04, rel=0.15)
    assert answers["latent"] >= 120 / 5
    assert answers["preview 0"] > 4 * answers["latent"]


def test_what_takes_no_time_that_the_clock_tells_comes_as_often_as_it_is_asked_for(monkeypatch):
    answers, share = run(monkeypatch, {"loss": 0.0, "filters": 0.0}, 10)
    assert 90 <= answers["loss"] <= 100
    assert 90 <= answers["filters"] <= 100
    assert share == 0


def test_a_very_dear_one_leaves_time_for_cheap_ones_and_takes_no_more_than_the_larger_share(monkeypatch):
    answers, share = run(monkeypatch, {"preview": 0.001, "latent": 5.0}, 1200)
    assert share <= 0.04
    assert answers["latent"] >= 8
    assert answers["preview"] >= 1200 / 5


def test_a_first_answer_that_takes_long_does_not_keep_the_second_waiting(monkeypatch):
    monkeypatch.setattr(measure, "measure", lambda session, ask: {})
    session = SimpleNamespace(request=SimpleNamespace(run="r"), position=SimpleNamespace(step=0))
    watches, times = Watches(), iter([0.0, 1.0, 2.0, 2.01])
    watches.add(Watch(Ask("latent", "latent", "b"), every_ms=100))
    list(watches.measure(session, lambda: next(times)))
    assert watches.due == pytest.approx(1.1)
    list(watches.measure(session, lambda: next(times)))
    assert watches.due == pytest.approx(2.01 + 0.01 / 0.02)
