"""Small drawings, requests and scripted controls for tests of training."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pytest

from engine.graph.graph import Block, Graph, Learning, PortRef, Wire, sorted_wires
from engine.training.commands import Command
from engine.training.events import Event, Losses
from engine.training.plan import Plan, Stage, TrainingRequest


def draw(
    *layers: str | tuple[str, Mapping[str, Any]],
    loss: str | None = "cross_entropy",
    dataset: str = "digits",
    fields: tuple[str, ...] | None = None,
    source: str = "image",
    target: str = "label",
    learning: Mapping[str, Learning] | None = None,
) -> Graph:
    """An Input `in`, layers `l0`, `l1` … one after the other, and the loss `loss`, all wired."""
    parameters: dict[str, Any] = {"dataset": dataset}
    if fields is not None:
        parameters["fields"] = fields
    blocks = {"in": Block("in", "input", "Input", parameters)}
    wires, before = [], PortRef("in", source)
    for index, layer in enumerate(layers):
        type, given = (layer, {}) if isinstance(layer, str) else layer
        id = f"l{index}"
        blocks[id] = Block(id, type, f"{type} {index}", given, learning=(learning or {}).get(id, Learning()))
        wires.append(Wire(before, PortRef(id, "input")))
        before = PortRef(id, "output")
    if loss is not None:
        port = "prediction" if loss == "squared_error" else "logits"
        blocks["loss"] = Block("loss", loss, "loss")
        wires.append(Wire(before, PortRef("loss", port)))
        wires.append(Wire(PortRef("in", target), PortRef("loss", "target")))
    return Graph(blocks, sorted_wires(wires))


def request_for(graph: Graph, *stages: Stage, **settings: Any) -> TrainingRequest:
    """A request on one thread of the CPU; `batch_size`, `seed`, `threads`, `device` go to the plan."""
    planned = {name: settings.pop(name) for name in ("batch_size", "seed", "threads", "device") if name in settings}
    plan = Plan(stages, **{"batch_size": 64, "seed": 3, "threads": 1, "device": "cpu", **planned})
    return TrainingRequest(**{"run": "r1", "graph": graph, "plan": plan, "datasets": (), **settings})


class Script:
    """A Control that gives `at[n]` to the n-th question between steps, and `waits` in turn while paused."""

    def __init__(
        self, at: Mapping[int, tuple[Command, ...]] | None = None, waits: Iterable[tuple[Command, ...]] = ()
    ) -> None:
        self._at, self._waits, self._asked = at or {}, iter(waits), 0

    def take(self) -> tuple[Command, ...]:
        asked, self._asked = self._asked, self._asked + 1
        return self._at.get(asked, ())

    def wait(self) -> tuple[Command, ...]:
        return next(self._waits)


def losses_of(events: Iterable[Event]) -> np.ndarray:
    """The losses of all steps in order; fails where a step is missing or told twice."""
    told = [event for event in events if isinstance(event, Losses)]
    parts = [np.frombuffer(event.values, np.float32) for event in told]
    at = told[0].first_step if told else 0
    for event, part in zip(told, parts, strict=True):
        assert event.first_step == at
        at += len(part)
    return np.concatenate(parts) if parts else np.empty(0, np.float32)


@pytest.fixture
def drawing() -> Callable[..., Graph]:
    return draw


@pytest.fixture
def requested() -> Callable[..., TrainingRequest]:
    return request_for


@pytest.fixture
def script() -> type[Script]:
    return Script


@pytest.fixture
def losses() -> Callable[[Iterable[Event]], np.ndarray]:
    return losses_of
