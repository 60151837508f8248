"""Data made by rule, and a drawing that learns from it by a plan, as in a run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

import engine.training.session as session_module
from engine.blocks.catalogue import BLOCK_TYPES
from engine.data.dataset import Dataset
from engine.data.fields import parse_field
from engine.graph.graph import Graph
from engine.training.commands import Command, Stop
from engine.training.events import Checkpointed, Event, Finished
from engine.training.loop import train
from engine.training.plan import DatasetRef, Plan, Stage, TrainingRequest
from engine.training.session import Session, open_session
from tests.every_block.exporting import ANALYSER


class Unsteered:
    """A Control that lets a run go to its end."""

    def take(self) -> tuple[Command, ...]:
        return ()

    def wait(self) -> tuple[Command, ...]:
        return (Stop(),)


def made(fields: tuple[str, ...], arrays: Mapping[str, npt.NDArray[Any]], train: int) -> Dataset:
    """A dataset called `made`: the first `train` rows to learn from, half of the others to validate, half to test."""
    rows = np.arange(len(next(iter(arrays.values()))), dtype=np.int64)
    middle = (train + len(rows)) // 2
    parsed = tuple(map(parse_field, fields))
    return Dataset("made", "Made", parsed, arrays, rows[:train], rows[train:middle], rows[middle:])


def session_of(graph: Graph, *stages: Stage, batch_size: int = 50, data: Dataset | DatasetRef | None = None) -> Session:
    """An untrained session on one thread, with `data` in place of what the Input names, or so described."""
    plan = Plan(stages, batch_size=batch_size, threads=1, device="cpu")
    described = (data,) if isinstance(data, DatasetRef) else ()
    request = TrainingRequest("r", graph, plan, described)
    if not isinstance(data, Dataset):
        return open_session(request, BLOCK_TYPES, ANALYSER)
    with patch.object(session_module, "load_dataset", lambda ref: data):
        return open_session(request, BLOCK_TYPES, ANALYSER)


def learned(
    graph: Graph, *stages: Stage, batch_size: int = 50, data: Dataset | DatasetRef | None = None
) -> tuple[Session, Mapping[str, float]]:
    """The session after the plan of `stages`, and the metrics of its test part."""
    session = session_of(graph, *stages, batch_size=batch_size, data=data)
    events = list(train(session.request, Unsteered(), session))
    return session, ended(events).test


def learned_from_file(request: TrainingRequest, folder: Path) -> tuple[Mapping[str, float], str]:
    """The metrics of a run's test part, and the checkpoint that it leaves in `folder`."""
    from msgspec.structs import replace

    events = list(train(replace(request, checkpoint_folder=str(folder)), Unsteered()))
    kept = [event.path for event in events if isinstance(event, Checkpointed)]
    return ended(events).test, kept[-1]


def ended(events: list[Event]) -> Finished:
    """The end of a run that went well."""
    end = events[-1]
    assert isinstance(end, Finished), end
    return end


def seen_at(session: Session, part: str, *ports: str) -> tuple[Tensor, ...]:
    """What the ports "path/port" say in use of all samples of one part."""
    cut = session.network.slice(ports)
    session.network.root.eval()
    with torch.no_grad():
        outputs: tuple[Tensor, ...] = cut.module(*session.gather(cut.inputs, part, 0, session.count(part)))
    return outputs
