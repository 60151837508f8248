"""A run's events, as the engine makes them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from app.views.history import RunHistory
from engine.training.events import EpochEnded, Event, Losses, Started
from graph_editor.theme import Theme, load_theme

STEPS_PER_EPOCH = 20


@pytest.fixture
def light(qapp) -> Theme:
    return load_theme("light", 1.0)


@pytest.fixture
def events() -> Callable[..., list[Event]]:
    """The events of a run of `epochs` out of `planned`; `scale` makes its losses larger."""

    def make(epochs: int = 5, planned: int = 20, scale: float = 1.0, classes: bool = True) -> list[Event]:
        told: list[Event] = [
            Started("r1", device="cpu", threads=1, steps_per_epoch=STEPS_PER_EPOCH, samples=1257, stages=(planned,))
        ]
        for epoch in range(epochs):
            first = epoch * STEPS_PER_EPOCH
            values = scale * (0.1 + 2 * np.exp(-(first + np.arange(STEPS_PER_EPOCH)) / 30)).astype(np.float32)
            told.append(Losses("r1", stage=0, first_step=first, values=values.tobytes()))
            mean = float(values.mean())
            train, validation = {"loss": mean}, {"loss": mean * 1.2}
            if classes:
                train["accuracy"], validation["accuracy"] = 1 - mean / 4, 1 - mean / 3
            told.append(EpochEnded("r1", 0, epoch + 1, first + STEPS_PER_EPOCH, train, validation, seconds=0.1))
        return told

    return make


@pytest.fixture
def history(events) -> Callable[..., RunHistory]:
    """A history that took those events."""

    def make(*given, **named) -> RunHistory:
        made = RunHistory()
        for event in events(*given, **named):
            made.add(event)
        return made

    return make
