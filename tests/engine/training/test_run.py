"""Where a run takes up what was begun, and what it hears and tells between its steps."""

from __future__ import annotations

import time

import msgspec
import pytest
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from engine.graph.graph import Block, PortRef, Wire, sorted_wires
from engine.measurements.results import Ask
from engine.training import run
from engine.training.commands import Change, Checkpoint, Pause, Resume, SingleStep, Stop, Watch
from engine.training.events import Checkpointed, EpochEnded, Finished, Marked, Measured, Paused, Started, Stopped
from engine.training.loop import train
from engine.training.pace import Pace
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


class Waiting:
    """A Control that begins with `first`, then has one of `waits` whenever the run waits; tells `seen` that it does."""

    def __init__(self, first, waits, seen) -> None:
        self._first, self._waits, self._seen = first, iter(waits), seen

    def take(self):
        taken, self._first = self._first, ()
        return taken

    def wait(self):
        self._seen.append("waits")
        return next(self._waits)


@pytest.mark.parametrize("takes_s", [0.0, 0.05])
def test_views_follow_a_single_step_before_the_run_waits_again(drawing, requested, monkeypatch, tmp_path, takes_s):
    """Dear ones too, after a checkpoint."""
    from engine.measurements import measure

    monkeypatch.setattr(measure, "measure", lambda session, ask: time.sleep(takes_s) or {})
    monkeypatch.setattr(run, "DEAR_S", 0.02)
    seen = []
    watch = Watch(Ask("a", "filters", "l1"), every_ms=60_000)
    control = Waiting((watch, Pause()), [(SingleStep(),), (SingleStep(),), (Stop(),)], seen)
    for event in train(requested(drawing(*LAYERS), Supervised(1), checkpoint_folder=str(tmp_path)), control):
        if isinstance(event, (Paused, Measured, Checkpointed, Stopped)):
            seen.append((type(event), event.step))
    dear = [[(Checkpointed, step)] if takes_s else [] for step in (1, 2)]
    assert seen[seen.index("waits") :] == [
        "waits",
        *[(Paused, 1), *dear[0], (Measured, 1), "waits"],
        *[(Paused, 2), *dear[1], (Measured, 2), "waits"],
        *[(Checkpointed, 2), (Stopped, 2)],
    ]


@pytest.mark.parametrize(("asked", "trained"), [(3.0, 3), (1.0, 2)])
def test_epochs_that_change_during_the_last_validation_count(drawing, requested, script, losses, asked, trained):
    """The steps of both epochs ask, and each validation part after its batches."""
    graph, batches = drawing(*LAYERS), 2
    control = script({2 * STEPS + batches: (Change("epochs", asked),)})
    events = list(train(requested(graph, Supervised(2)), control))
    ended = of(EpochEnded, events)
    assert [event.epoch for event in ended] == [*range(1, trained + 1)]
    (mark,) = of(Marked, events)
    assert (mark.step, mark.value) == (2 * STEPS, float(trained))
    assert isinstance(events[-1], Finished)
    assert losses(events).tobytes() == losses(train(requested(graph, Supervised(trained)), script())).tobytes()


def test_a_pause_during_a_validation_comes_with_the_next_step(drawing, requested, script):
    control = script({STEPS: (Change("learning_rate", 0.02), Pause())}, [(Resume(),)])
    events = list(train(requested(drawing(*LAYERS), Supervised(2)), control))
    told = [type(event) for event in events if isinstance(event, (Marked, EpochEnded, Paused))]
    assert told == [Marked, EpochEnded, Paused, EpochEnded]


def test_a_checkpoint_asked_for_during_a_validation_does_not_wait_for_a_step(
    drawing, requested, script, losses, tmp_path
):
    graph, folder = drawing(*LAYERS), str(tmp_path / "kept")
    events = list(train(requested(graph, Supervised(2), checkpoint_folder=folder), script({STEPS: (Checkpoint(),)})))
    told = [event for event in events if isinstance(event, (Checkpointed, EpochEnded))]
    assert [type(event) for event in told[:2]] == [Checkpointed, EpochEnded]
    went_on = list(train(requested(graph, Supervised(2), weights=told[0].path, resume=True), script()))
    assert of(EpochEnded, went_on)[0].validation == told[1].validation
    whole = losses(train(requested(graph, Supervised(2)), script()))
    assert losses(events).tobytes() == whole.tobytes()
    assert losses(went_on).tobytes() == whole[STEPS:].tobytes()


@pytest.mark.parametrize("batch_size", [64, 1000])
def test_a_short_last_batch_counts_its_own_samples(drawing, requested, script, monkeypatch, tmp_path, batch_size):
    paces = []

    class Kept(Pace):
        def __init__(self) -> None:
            super().__init__()
            paces.append(self)

    monkeypatch.setattr(run, "Pace", Kept)
    steps = -(-1257 // batch_size)
    settings = {"batch_size": batch_size, "checkpoint_folder": str(tmp_path)}
    list(train(requested(drawing(*LAYERS), Supervised(10), **settings), script()))
    assert (paces[0].steps, paces[0].samples) == (10 * steps, 12_570)
    for stop_at in (1, steps, steps + 3):  # between steps, in a validation, in the second epoch
        paces.clear()
        request = requested(drawing(*LAYERS), Supervised(2), **settings)
        stop = list(train(request, script({stop_at: (Stop(),)})))[-1]
        assert isinstance(stop, Stopped)
        list(train(msgspec.structs.replace(request, weights=stop.checkpoint, resume=True), script()))
        assert sum(pace.steps for pace in paces) == 2 * steps
        assert sum(pace.samples for pace in paces) == 2 * 1257


@pytest.fixture
def goes_on(drawing, requested, script, tmp_path):
    """Goes on from a checkpoint by the plan of `stages`; its last checkpoint, what it tells and its Started event."""

    def go_on(weights, *stages, resume=False, commands=None):
        settings = {"weights": weights, "resume": resume, "checkpoint_folder": str(tmp_path / "kept")}
        events = list(train(requested(drawing(*LAYERS), *stages, **settings), script(commands)))
        return of(Checkpointed, events)[-1].path, events, of(Started, events)[0]

    return go_on


@pytest.mark.parametrize("resume", [False, True])
def test_a_stopped_run_is_continued_to_the_end_of_its_plan(
    drawing, requested, script, losses, goes_on, stopped, resume
):
    _, events, started = goes_on(stopped, Supervised(2), resume=resume)
    assert (started.stages, started.first_step) == ((2,), 10)
    whole = losses(train(requested(drawing(*LAYERS), Supervised(2)), script()))
    assert losses(events).tobytes() == whole[10:].tobytes()


def test_a_finished_run_is_continued_by_the_plans_epochs(goes_on):
    finished, _, _ = goes_on(None, Supervised(2))
    more, _, started = goes_on(finished, Supervised(3))
    assert (started.first_epoch, started.stages) == (2, (5,))
    assert goes_on(more, Supervised(3), resume=True)[2].stages == (5,), "nothing was left"


def test_a_run_that_was_continued_and_stopped_is_finished_before_more_is_added(goes_on):
    finished, _, _ = goes_on(None, Supervised(2))
    stopped_again, _, _ = goes_on(finished, Supervised(3), commands={STEPS // 2: (Stop(),)})
    for resume in (False, True):
        assert goes_on(stopped_again, Supervised(3), resume=resume)[2].stages == (5,)
        assert goes_on(stopped_again, Supervised(4), resume=resume)[2].stages == (6,), "the plan was lengthened since"


def test_a_plan_that_was_cut_below_what_is_trained_is_added(goes_on):
    cut, _, _ = goes_on(None, Supervised(9), commands={70: (Stop(),)})
    _, _, started = goes_on(cut, Supervised(1))
    assert started.first_epoch > 1
    assert started.stages == (started.first_epoch + 1,)


def test_a_stage_that_was_added_to_a_finished_plan_is_trained_next(goes_on):
    finished, _, _ = goes_on(None, Supervised(2))
    _, events, started = goes_on(finished, Supervised(2), Supervised(1, learning_rate=1e-4))
    assert (started.first_step, started.stages) == (2 * STEPS, (2, 1))
    assert [(event.stage, event.epoch) for event in of(EpochEnded, events)] == [(1, 1)]
    assert isinstance(events[-1], Finished)
