"""Denormal numbers are zero while a network trains, and only then."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch

from engine.graph.graph import Graph
from engine.training.commands import Command, Control
from engine.training.denormals import flush_denormals
from engine.training.events import Failed
from engine.training.loop import train
from engine.training.plan import Supervised, TrainingRequest, replace

DENORMAL = 2.0**-140


@pytest.fixture(autouse=True)
def thread() -> Iterator[None]:
    """This thread keeps denormals when a test begins, and afterwards does as it did before."""
    before = flush_denormals(False)
    yield
    flush_denormals(before)


def doubled() -> float:
    return (torch.full((), DENORMAL) + torch.full((), DENORMAL)).item()


def test_this_thread_keeps_denormals_or_takes_them_as_zero() -> None:
    assert doubled() == 2 * DENORMAL
    assert flush_denormals(True) is False
    assert doubled() == 0.0
    assert flush_denormals(False) is True
    assert doubled() == 2 * DENORMAL


@pytest.fixture
def request_one(drawing: Callable[..., Graph], requested: Callable[..., TrainingRequest]) -> TrainingRequest:
    """An epoch on the digits."""
    return requested(drawing("flatten", ("dense", {"out_features": 10})), Supervised(epochs=1))


def test_they_are_zero_at_every_step_of_a_run_and_kept_after_it(request_one: TrainingRequest) -> None:
    class Listening:
        def take(self) -> tuple[Command, ...]:
            seen.append(doubled())
            return ()

        wait = take

    seen: list[float] = []
    list(train(request_one, Listening()))
    assert len(seen) > 10
    assert set(seen) == {0.0}
    assert doubled() == 2 * DENORMAL


def test_they_are_kept_after_a_run_that_could_not_begin(
    request_one: TrainingRequest, script: Callable[[], Control]
) -> None:
    (failed,) = list(train(replace(request_one, graph=Graph()), script()))[-1:]
    assert isinstance(failed, Failed)
    assert doubled() == 2 * DENORMAL


def test_a_thread_that_took_them_as_zero_before_a_run_does_so_after_it(
    request_one: TrainingRequest, script: Callable[[], Control]
) -> None:
    flush_denormals(True)
    list(train(request_one, script()))
    assert doubled() == 0.0
