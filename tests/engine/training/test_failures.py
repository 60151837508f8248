"""What is proposed where a run failed."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from engine.training import failures
from engine.training.plan import ContrastiveDivergence, Plan, Supervised
from engine.training.run import NotFinite


@pytest.mark.parametrize(
    ("stage", "rate", "proposed"),
    [
        (Supervised(optimiser="sgd"), 1e30, 0.01),
        (Supervised(optimiser="sgd"), 0.05, 0.005),
        (Supervised(optimiser="adam"), 1e30, 0.001),
        (Supervised(optimiser="adam"), 0.1, 0.001),
        (Supervised(optimiser="adam"), 0.002, 0.0002),
        (ContrastiveDivergence(block="rbm"), 1e30, 0.1),
        (ContrastiveDivergence(block="rbm"), 0.3, 0.03),
    ],
)
def test_the_rate_to_try_is_one_that_networks_learn_with(stage, rate, proposed, monkeypatch):
    monkeypatch.setattr(failures, "_block_at", lambda run, step: None)
    run = SimpleNamespace(plan=Plan(stages=(stage,)), stage_index=0, learning_rate=rate)
    problem = failures.not_finite_problem(run, NotFinite(epoch=1, step=3))
    assert problem.facts["rate"] == proposed
