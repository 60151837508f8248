"""Steps in epochs: as many pieces as there are lengths of epochs, exact at their ends."""

from __future__ import annotations

import numpy as np
import pytest

from app.charts.step_axis import StepAxis


def test_even_epochs_are_one_piece_as_exact_as_a_division() -> None:
    axis = StepAxis.of_ends(np.arange(1, 1001) * 30, 30)
    steps = np.arange(0, 40_000, 7)
    assert axis.epochs_at(steps).tolist() == (steps / 30).tolist()
    assert axis.epochs_at(steps).tolist() == StepAxis.even(30).epochs_at(steps).tolist()
    assert axis.step_at(2.5) == 75


def test_every_epoch_is_one_wide_however_many_steps_it_has() -> None:
    ends = np.array([20, 40, 80, 120, 125])
    axis = StepAxis.of_ends(ends, 5)
    assert axis.epochs_at(ends).tolist() == [1, 2, 3, 4, 5]
    assert axis.epochs_at(np.array([0, 10, 60, 130, -20])).tolist() == [0, 0.5, 2.5, 6, -1]
    assert [axis.step_at(epoch) for epoch in (0, 1.5, 2.5, 4, 7)] == [0, 30, 60, 120, 135]
    assert float(axis.epochs_at(100)) == 3.5


def test_positions_rise_with_steps_and_lead_back() -> None:
    ends = np.cumsum(np.random.default_rng(0).integers(1, 50, 200))
    axis = StepAxis.of_ends(ends, 3)
    steps = np.arange(0, int(ends[-1]) + 100)
    epochs = axis.epochs_at(steps)
    assert np.all(np.diff(epochs) > 0)
    assert [axis.step_at(epoch) for epoch in epochs] == pytest.approx(steps.tolist())


def test_the_epoch_under_way_is_as_long_as_it_will_be() -> None:
    # Stopped at step 30, in the middle of the second epoch of 20; it begins again with epochs of 40 steps.
    axis = StepAxis.of_ends(np.array([20]), 40, begun=30)
    assert axis.epochs_at(np.array([20, 70, 110])).tolist() == [1, 2, 3]


def test_epochs_that_nothing_is_known_of_share_the_steps_before() -> None:
    axis = StepAxis.of_ends(np.array([70]), 10, first_step=60, first_epoch=3)
    assert axis.epochs_at(np.array([0, 20, 60, 70, 80])).tolist() == [0, 1, 3, 4, 5]
