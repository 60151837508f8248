"""Where a run takes up what was begun."""

from __future__ import annotations

import msgspec
import pytest
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from engine.graph.graph import Block, PortRef, Wire, sorted_wires
from engine.training.commands import Stop
from engine.training.events import EpochEnded, Finished, Started
from engine.training.loop import train
from engine.training.plan import DatasetRef, Supervised

LAYERS = ("flatten", ("dense", {"out_features": 16}), "relu", ("dense", {"out_features": 10}))
STEPS = 20  # an epoch of digits: 1,257 samples in batches of 64


def of(type, events):
    return [event for event in events if isinstance(event, type)]


def with_second_loss(graph):
    """The drawing with a loss of the same kind beside its own."""
    wires = [Wire(PortRef("l3", "output"), PortRef("other", "logits"))]
    wires.append(Wire(PortRef("in", "label"), PortRef("other", "target")))
    blocks = {**graph.blocks, "other": Block("other", "cross_entropy", "other")}
    return type(graph)(blocks, sorted_wires([*graph.wires, *wires]))


@pytest.fixture
def stopped(drawing, requested, script, tmp_path) -> str:
    """The checkpoint of a run that was stopped in the middle of its first epoch."""
    request = requested(drawing(*LAYERS), Supervised(2), checkpoint_folder=str(tmp_path / "kept"))
    last = list(train(request, script({10: (Stop(),)})))[-1]
    assert last.step == 10
    return last.checkpoint


@pytest.mark.parametrize("resume", [False, True])
def test_an_epoch_begins_anew_with_another_loss(drawing, requested, script, stopped, resume):
    graph = with_second_loss(drawing(*LAYERS))
    events = list(train(requested(graph, Supervised(2), weights=stopped, resume=resume), script()))
    assert isinstance(events[-1], Finished), events[-1]
    (started,) = of(Started, events)
    assert (started.first_step, started.first_batch) == (10, 0)
    assert of(EpochEnded, events)[0].step == 10 + STEPS
    train_part = of(EpochEnded, events)[0].train
    assert train_part["loss"] == pytest.approx(train_part["loss.loss"] + train_part["loss.other"], rel=1e-5)


@pytest.mark.parametrize("train_share", [0.2, 0.9])
def test_an_epoch_begins_anew_with_other_data(drawing, requested, script, stopped, train_share):
    """With fewer samples than were already trained on, the epoch would end untrained and its mean tell nonsense."""
    rest = (1 - train_share) / 2
    datasets = (DatasetRef("digits", split=(train_share, rest, rest)),)
    events = list(train(requested(drawing(*LAYERS), Supervised(1), datasets=datasets, weights=stopped), script()))
    (started,) = of(Started, events)
    assert started.first_batch == 0
    (epoch,) = of(EpochEnded, events)
    assert epoch.step == 10 + started.steps_per_epoch
    assert epoch.train["loss"] > 0


def test_a_checkpoint_that_does_not_tell_its_samples_goes_on_in_its_epoch(
    drawing, requested, script, losses, stopped, tmp_path
):
    with safe_open(stopped, framework="pt") as file:
        facts = msgspec.json.decode(file.metadata()["tensorloom"])
    assert facts.pop("samples") == 1257
    facts["version"] = 2
    before = tmp_path / "before.safetensors"
    save_file(load_file(stopped), before, metadata={"tensorloom": msgspec.json.encode(facts).decode()})
    told = [
        list(train(requested(drawing(*LAYERS), Supervised(2), weights=str(path), resume=True), script()))
        for path in (stopped, before)
    ]
    assert of(Started, told[1])[0].first_batch == 10
    assert losses(told[1]).tobytes() == losses(told[0]).tobytes()
    assert [event.train for event in of(EpochEnded, told[1])] == [event.train for event in of(EpochEnded, told[0])]
