"""A run goes on from its file to the last bit; files that are no checkpoints are refused in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.problem import Refused, refused
from engine.training import checkpoint_files
from engine.training.checkpoint import Position, RunFacts, Snapshot, read_checkpoint, write_checkpoint
from engine.training.commands import Change, Stop
from engine.training.events import EpochEnded, Finished, Started, Stopped
from engine.training.loop import train
from engine.training.plan import ContrastiveDivergence, Supervised
from engine.training.session import open_session

DROPPING = (
    "flatten",
    ("dense", {"out_features": 24}),
    "batch_norm1d",
    "relu",
    "dropout",
    ("dense", {"out_features": 10}),
)
FACTS = RunFacts(
    position=Position(1, 2, 3, 44),
    epochs=(5, 7),
    planned_epochs=(5, 5),
    learning_rate=0.01,
    planned_rate=0.1,
    threads=2,
    device="cpu",
    batch_size=64,
    seed=9,
)


def epochs_of(events):
    return [
        (event.stage, event.epoch, event.train, event.validation) for event in events if isinstance(event, EpochEnded)
    ]


@pytest.mark.parametrize("stop_at", [7, 31, 20])
@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
def test_a_stopped_run_goes_on_to_the_last_bit(drawing, requested, script, losses, tmp_path, optimiser, stop_at):
    graph = drawing(*DROPPING)
    request = requested(graph, Supervised(3, optimiser, 0.01, weight_decay=1e-3), checkpoint_folder=str(tmp_path))
    whole = list(train(request, script()))
    first = list(train(request, script({stop_at: (Stop(),)})))
    stopped = first[-1]
    assert isinstance(stopped, Stopped)
    resumed = requested(graph, *request.plan.stages, weights=stopped.checkpoint, resume=True)
    second = list(train(resumed, script()))
    assert np.concatenate([losses(first), losses(second)]).tobytes() == losses(whole).tobytes()
    assert [*epochs_of(first), *epochs_of(second)] == epochs_of(whole)
    assert second[-1].test == whole[-1].test


def test_a_run_of_two_stages_goes_on_in_either(drawing, requested, script, losses, tmp_path):
    graph = drawing("flatten", ("rbm", {"hidden": 20}), ("dense", {"out_features": 10}))
    stages = (ContrastiveDivergence("l1", epochs=2), Supervised(2))
    request = requested(graph, *stages, checkpoint_folder=str(tmp_path))
    whole = list(train(request, script()))
    for stop_at in (10, 50, 70):
        first = list(train(request, script({stop_at: (Stop(),)})))
        resumed = requested(graph, *stages, weights=first[-1].checkpoint, resume=True)
        second = list(train(resumed, script()))
        assert np.concatenate([losses(first), losses(second)]).tobytes() == losses(whole).tobytes()
        assert [*epochs_of(first), *epochs_of(second)] == epochs_of(whole)


def test_steering_is_resumed_too(drawing, requested, script, losses, tmp_path):
    graph = drawing(*DROPPING)
    request = requested(graph, Supervised(3), checkpoint_folder=str(tmp_path))
    steer = {5: (Change("learning_rate", 0.02), Change("epochs", 2.0))}
    whole = list(train(request, script(steer)))
    first = list(train(request, script({**steer, 12: (Stop(),)})))
    second = list(train(requested(graph, Supervised(3), weights=first[-1].checkpoint, resume=True), script()))
    assert np.concatenate([losses(first), losses(second)]).tobytes() == losses(whole).tobytes()


def test_resume_uses_the_recorded_threads(drawing, requested, script, tmp_path):
    graph = drawing(*DROPPING)
    request = requested(graph, Supervised(1), threads=2, checkpoint_folder=str(tmp_path))
    stopped = list(train(request, script({5: (Stop(),)})))[-1]
    resumed = requested(graph, Supervised(1), threads=1, weights=stopped.checkpoint, resume=True)
    started = [event for event in train(resumed, script()) if isinstance(event, Started)][0]
    assert started.threads == 2
    assert (started.first_step, started.first_batch, started.planned_steps) == (5, 5, 20)


def test_another_batch_size_begins_the_epoch_again(drawing, requested, script, tmp_path):
    graph = drawing(*DROPPING)
    request = requested(graph, Supervised(2), checkpoint_folder=str(tmp_path))
    stopped = list(train(request, script({25: (Stop(),)})))[-1]
    resumed = requested(graph, Supervised(2), batch_size=32, weights=stopped.checkpoint, resume=True)
    events = list(train(resumed, script()))
    started = [event for event in events if isinstance(event, Started)][0]
    assert 20 < stopped.step < 40
    assert (started.first_step, started.first_epoch, started.first_batch) == (stopped.step, 1, 0)
    assert [event.step for event in events if isinstance(event, EpochEnded)] == [stopped.step + 40]
    assert started.planned_steps == stopped.step + 40


def test_more_epochs_in_the_plan_extend_a_finished_run(drawing, requested, script, losses, tmp_path):
    graph = drawing(*DROPPING)
    first = list(train(requested(graph, Supervised(1), checkpoint_folder=str(tmp_path)), script()))
    again = requested(graph, Supervised(2), weights=first[-1].checkpoint, resume=True)
    second = list(train(again, script()))
    assert [event.epoch for event in second if isinstance(event, EpochEnded)] == [2]
    whole = list(train(requested(graph, Supervised(2)), script()))
    assert np.concatenate([losses(first), losses(second)]).tobytes() == losses(whole).tobytes()


def test_weights_alone_are_a_start(drawing, requested, script, tmp_path):
    graph = drawing(*DROPPING)
    request = requested(graph, Supervised(2), checkpoint_folder=str(tmp_path))
    finished = list(train(request, script()))[-1]
    assert isinstance(finished, Finished)
    tensors = {name: tensor for name, tensor in load_file(finished.checkpoint).items() if ":" not in name}
    assert set(tensors) >= {"l1.weight", "l1.bias", "l2.running_mean", "l5.weight"}
    save_file(tensors, tmp_path / "weights.safetensors")
    held = []
    weights = requested(graph, Supervised(1), weights=str(tmp_path / "weights.safetensors"), resume=True)
    events = list(train(weights, script(), on_session=held.append))
    assert torch.equal(held[0].initial_state["l1.weight"], tensors["l1.weight"])
    assert "l1.weight" in held[0].loaded
    assert events[1].first_step == 0


def test_weights_of_a_run_that_is_opened_again_have_changed_since_it_began(drawing, requested, script, tmp_path):
    graph = drawing(*DROPPING)
    held = []
    finished = list(
        train(requested(graph, Supervised(1), checkpoint_folder=str(tmp_path)), script(), on_session=held.append)
    )[-1]
    opened = open_session(requested(graph, Supervised(1), weights=finished.checkpoint), BLOCK_TYPES)
    drawn, trained = opened.initial_state["l1.weight"], opened.network.state()["l1.weight"]
    assert torch.equal(drawn, held[0].initial_state["l1.weight"])
    assert torch.equal(trained, held[0].network.state()["l1.weight"])
    assert not torch.equal(drawn, trained)


def test_a_checkpoint_is_read_as_it_was_written(tmp_path: Path) -> None:
    snapshot = Snapshot({"a.weight": torch.eye(2)}, {"step": torch.tensor(3.0)}, {"random": torch.arange(9)}, FACTS)
    path = tmp_path / "run.safetensors"
    write_checkpoint(path, snapshot)
    read = read_checkpoint(path)
    assert read.facts == FACTS
    assert torch.equal(read.weights["a.weight"], torch.eye(2))
    assert float(read.optimiser["step"]) == 3.0
    assert torch.equal(read.run["random"], torch.arange(9))
    assert [file.name for file in tmp_path.iterdir()] == ["run.safetensors"]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    with pytest.raises(Refused) as raised:
        write_checkpoint(path, Snapshot({"a.weight": torch.eye(2)}))
    assert raised.value.problem.code == "save-failed"
    assert [file.name for file in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize(
    ("metadata", "code"),
    [('{"version": 99}', "newer"), ('{"version": 1}', "damaged"), ("[", "damaged"), ('{"version": "x"}', "damaged")],
)
def test_facts_that_cannot_be_read(tmp_path: Path, metadata: str, code: str) -> None:
    path = tmp_path / "run.safetensors"
    save_file({"a.weight": torch.eye(2)}, path, metadata={"tensorloom": metadata})
    with pytest.raises(Refused) as raised:
        read_checkpoint(path)
    assert raised.value.problem.code == code


def test_a_full_disk_does_not_end_a_run(drawing, requested, script, tmp_path, monkeypatch):
    def fail(path, snapshot):
        raise refused("disk-full", file=path.name)

    monkeypatch.setattr(checkpoint_files, "write_checkpoint", fail)
    events = list(train(requested(drawing(*DROPPING), Supervised(1), checkpoint_folder=str(tmp_path)), script()))
    assert isinstance(events[-1], Finished)
    assert events[-1].checkpoint is None
