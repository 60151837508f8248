"""A series of steps shows the same extremes at every width, however it grew."""

from __future__ import annotations

import numpy as np
import pytest

from app.charts.step_series import StepSeries


def grown(values: np.ndarray, sizes: tuple[int, ...]) -> StepSeries:
    series = StepSeries()
    at = 0
    while at < len(values):
        for size in sizes:
            series.extend(values[at : at + size])
            at += size
    return series


@pytest.mark.parametrize("sizes", [(1,), (7, 64, 3), (5000,)])
@pytest.mark.parametrize("columns", [10, 300, 5000])
def test_a_line_of_any_width_keeps_every_spike(sizes: tuple[int, ...], columns: int) -> None:
    values = np.random.default_rng(1).normal(size=4321).astype(np.float32)
    values[1234], values[4320] = 50, -50
    series = grown(values, sizes)
    x, y = series.line(0, len(series), columns)
    assert y.max() == 50
    assert y.min() == -50
    assert len(y) <= max(4 * columns, 4 * 10)
    assert np.all(np.diff(x) >= 0)
    assert np.array_equal(series.array(), values)


def test_an_envelope_of_a_part_is_that_of_the_part() -> None:
    values = np.arange(10_000, dtype=np.float32)
    series = StepSeries(values)
    x, low, high = series.envelope(2000, 6000, 50)
    assert 50 <= len(x) <= 8 * 50 + 1
    assert low.min() == pytest.approx(2000, abs=64)
    assert high.max() == 5999


def test_few_steps_are_shown_as_they_are() -> None:
    series = StepSeries(np.array([3, 1, 2], dtype=np.float32))
    x, y = series.line(0, 3, 100)
    assert x.tolist() == [0, 1, 2]
    assert y.tolist() == [3, 1, 2]


def test_cutting_forgets_the_extremes_of_what_is_gone() -> None:
    values = np.zeros(1000, dtype=np.float32)
    values[900] = 9
    series = StepSeries(values)
    series.cut(500)
    assert len(series) == 500
    assert series.limits() == (0, 0)
    series.extend(np.full(700, 2, dtype=np.float32))
    assert series.limits() == (0, 2)
    assert series.line(0, len(series), 20)[1].max() == 2


def test_unknown_steps_are_left_out_of_the_limits() -> None:
    series = StepSeries(np.array([np.nan] * 64 + [1, 2], dtype=np.float32))
    assert series.limits() == (1, 2)
    assert StepSeries(np.full(100, np.nan, dtype=np.float32)).limits() is None
    assert StepSeries().limits() is None
