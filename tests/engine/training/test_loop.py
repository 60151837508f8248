"""The loop without a thread: list(train(request, control))."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
import torch

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.graph import Block, Learning, PortRef, Wire, sorted_wires
from engine.graph.problem import Refused
from engine.measurements.results import Ask
from engine.training.commands import Change, Checkpoint, Pause, Resume, SingleStep, Stop, Unwatch, Watch
from engine.training.events import (
    Checkpointed,
    EpochEnded,
    Failed,
    Finished,
    Loading,
    Losses,
    Marked,
    Measured,
    Paused,
    Progress,
    Resumed,
    Started,
    Stopped,
)
from engine.training.loop import train
from engine.training.plan import DatasetRef, Supervised
from engine.training.session import Session, open_session

MLP = ("flatten", ("dense", {"out_features": 32}), "relu", ("dense", {"out_features": 10}))
STEPS = 20  # an epoch of digits: 1,257 samples in batches of 64


def of(type, events):
    return [event for event in events if isinstance(event, type)]


def test_a_run_tells_its_story_in_order(drawing, requested, script, losses):
    events = list(train(requested(drawing(*MLP), Supervised(3)), script()))
    assert isinstance(events[0], Loading)
    started = events[1]
    assert isinstance(started, Started)
    assert (started.steps_per_epoch, started.samples, started.stages) == (STEPS, 1257, (3,))
    assert (started.device, started.threads) == ("cpu", 1)
    assert {event.run for event in events} == {"r1"}
    epochs = of(EpochEnded, events)
    assert [(event.epoch, event.step) for event in epochs] == [(1, 20), (2, 40), (3, 60)]
    assert len(losses(events)) == 60
    assert of(Progress, events)
    assert isinstance(events[-1], Finished)
    assert set(events[-1].test) == {"loss", "accuracy"}
    assert events[-1].samples_per_second > 1000


def test_training_metrics_of_an_epoch_are_means_over_its_samples(drawing, requested, script, losses):
    events = list(train(requested(drawing(*MLP), Supervised(1)), script()))
    values = losses(events).astype(np.float64)
    sizes = np.array([64] * 19 + [1257 - 19 * 64])
    (epoch,) = of(EpochEnded, events)
    assert epoch.train["loss"] == pytest.approx(float(values @ sizes / 1257), rel=1e-12)
    assert epoch.train["accuracy"] * 1257 == pytest.approx(round(epoch.train["accuracy"] * 1257), abs=1e-9)


def test_the_first_loss_is_told_after_one_step(drawing, requested, script):
    events = list(train(requested(drawing(*MLP), Supervised(1)), script()))
    assert len(of(Losses, events)[0].values) == 4


def test_digits_are_learnt(drawing, requested, script):
    layers = (
        ("conv2d", {"out_channels": 16}),
        "relu",
        ("conv2d", {"out_channels": 32}),
        "relu",
        "max_pool2d",
        "flatten",
    )
    graph = drawing(*layers, ("dense", {"out_features": 64}), "relu", ("dense", {"out_features": 10}))
    events = list(train(requested(graph, Supervised(12, learning_rate=0.003)), script()))
    assert events[-1].test["accuracy"] >= 0.965
    assert of(EpochEnded, events)[-1].train["loss"] < 0.1


@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
def test_a_run_equals_a_loop_written_by_hand(drawing, requested, script, losses, optimiser):
    learning = {"l1": Learning(rate_factor=0.5, decay=0.01)}
    request = requested(drawing(*MLP, learning=learning), Supervised(2, optimiser, 0.01, weight_decay=0.001))
    told = losses(train(request, script()))

    session = open_session(request, BLOCK_TYPES)
    network, data = session.network, session.data["digits"]
    groups = [{k: v for k, v in g.items() if k != "rate_factor"} for g in network.parameter_groups(0.01, 0.001)]
    made = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[optimiser]
    torch_optimiser = made(groups, fused=True, **({"momentum": 0.9} if optimiser == "sgd" else {}))
    assert sorted(group["lr"] for group in groups) == [0.005, 0.01]
    expected = []
    for epoch in range(2):
        for rows in data.order(3, epoch).split(64):
            hidden = data.tensors["image"][rows].flatten(1)
            first, last = network.block("l1"), network.block("l3")
            loss = torch.nn.functional.cross_entropy(last(torch.relu(first(hidden))), data.tensors["label"][rows])
            torch_optimiser.zero_grad()
            loss.backward()
            torch_optimiser.step()
            expected.append(loss.item())
    assert told.tolist() == expected


def test_the_same_request_gives_the_same_bits_and_another_seed_others(drawing, requested, script, losses):
    graph = drawing(*MLP[:3], "dropout", MLP[3])
    first = losses(train(requested(graph, Supervised(2)), script()))
    assert losses(train(requested(graph, Supervised(2)), script())).tobytes() == first.tobytes()
    assert losses(train(requested(graph, Supervised(2), seed=4), script())).tobytes() != first.tobytes()


def test_measurements_change_no_bit(drawing, requested, script, losses):
    graph = drawing(MLP[0], MLP[1], ("batch_norm1d", {}), "relu", "dropout", MLP[3])
    request = requested(graph, Supervised(2))
    quiet = list(train(request, script()))
    asks = [
        Ask("a", "latent", "l3"),
        Ask("b", "filters", "l1"),
        Ask("c", "predictions", "loss"),
        Ask("d", "samples", "in"),
    ]
    watched = list(train(request, script({5: tuple(Watch(ask, every_ms=0) for ask in asks)})))
    answers = of(Measured, watched)
    assert {answer.request for answer in answers} == {"a", "b", "c", "d"}
    assert all(answer.problem is None for answer in answers)
    assert answers[0].step == 5
    assert losses(watched).tobytes() == losses(quiet).tobytes()
    assert [event.validation for event in of(EpochEnded, watched)] == [
        event.validation for event in of(EpochEnded, quiet)
    ]
    assert of(Finished, watched)[0].test == of(Finished, quiet)[0].test


def test_what_cannot_be_measured_is_told_and_the_run_goes_on(drawing, requested, script):
    control = script({2: (Watch(Ask("a", "filters", "nothing")),), 4: (Unwatch("a"),)})
    events = list(train(requested(drawing(*MLP), Supervised(1)), control))
    assert of(Measured, events)[0].problem is not None
    assert isinstance(events[-1], Finished)


def test_pause_step_and_resume(drawing, requested, script, losses):
    graph = drawing(*MLP)
    control = script({7: (Pause(),)}, [(SingleStep(),), (SingleStep(), SingleStep()), (Resume(),)])
    events = list(train(requested(graph, Supervised(2)), control))
    assert [event.step for event in of(Paused, events)] == [7, 8, 10]
    assert [event.step for event in of(Resumed, events)] == [10]
    # the loss of a single step is told before the run waits again
    kinds = [type(event) for event in events if isinstance(event, (Losses, Paused, Resumed))]
    first = kinds.index(Paused)
    assert kinds[first : first + 3] == [Paused, Losses, Paused]
    assert losses(events).tobytes() == losses(train(requested(graph, Supervised(2)), script())).tobytes()


def test_stop_ends_at_the_next_step_with_a_checkpoint(drawing, requested, script, losses, tmp_path):
    request = requested(drawing(*MLP), Supervised(5), checkpoint_folder=str(tmp_path))
    events = list(train(request, script({25: (Stop(),)})))
    stopped = events[-1]
    assert isinstance(stopped, Stopped)
    assert stopped.checkpoint is not None
    assert (stopped.epoch, stopped.step) == (2, len(losses(events)))
    assert of(Checkpointed, events)[-1].path == stopped.checkpoint


def test_a_stop_during_validation_is_heard(drawing, requested, script):
    graph = drawing(*MLP)
    control = script({20: (Stop(),)})  # the 20 steps ask first, then the two batches of the validation part
    events = list(train(requested(graph, Supervised(5)), control))
    assert isinstance(events[-1], Stopped)
    assert events[-1].step == 20
    assert not of(EpochEnded, events)


def test_steering_takes_effect_at_its_step_and_is_marked(drawing, requested, script, losses):
    graph = drawing(*MLP)
    plain = losses(train(requested(graph, Supervised(2)), script()))
    control = script({5: (Change("learning_rate", 0.05),), 10: (Change("epochs", 1.0),)})
    events = list(train(requested(graph, Supervised(2)), control))
    marks = of(Marked, events)
    assert [(mark.step, mark.name, mark.value) for mark in marks] == [(5, "learning_rate", 0.05), (10, "epochs", 1.0)]
    steered = losses(events)
    assert len(steered) == STEPS
    assert steered[:6].tobytes() == plain[:6].tobytes()
    assert steered[6] != plain[6]


def test_a_change_that_means_another_stage_is_left_out(drawing, requested, script):
    control = script({3: (Change("epochs", 3.0, stage=1), Change("learning_rate", 0.02, stage=0))})
    events = list(train(requested(drawing(*MLP), Supervised(1)), control))
    assert [(mark.name, mark.value) for mark in of(Marked, events)] == [("learning_rate", 0.02)]
    assert len(of(EpochEnded, events)) == 1


def test_more_epochs_can_be_asked_for(drawing, requested, script):
    events = list(train(requested(drawing(*MLP), Supervised(1)), script({3: (Change("epochs", 3.0),)})))
    assert len(of(EpochEnded, events)) == 3


def test_a_checkpoint_on_demand_keeps_two_files(drawing, requested, script, tmp_path):
    request = requested(drawing(*MLP), Supervised(1), checkpoint_folder=str(tmp_path))
    events = list(train(request, script({3: (Checkpoint(),), 6: (Checkpoint(),)})))
    assert [event.step for event in of(Checkpointed, events)] == [3, 6, 20]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["r1-20.safetensors", "r1-6.safetensors"]


def test_a_session_goes_on_and_counts_on(drawing, requested, script, losses):
    graph, held = drawing(*MLP), []
    request = requested(graph, Supervised(2))
    first = list(train(request, script(), on_session=held.append))
    (session,) = held
    assert isinstance(session, Session)
    second = list(train(request, script(), session))
    started = of(Started, second)[0]
    assert (started.first_step, started.first_epoch, started.stages) == (40, 2, (4,))
    assert [event.epoch for event in of(EpochEnded, second)] == [3, 4]
    whole = list(train(requested(graph, Supervised(4)), script()))
    assert np.concatenate([losses(first), losses(second)]).tobytes() == losses(whole).tobytes()


def test_nan_names_step_block_and_rate(drawing, requested, script, losses):
    request = requested(drawing(*MLP), Supervised(3, "sgd", 1e30))
    events = list(train(request, script()))
    failed = events[-1]
    assert isinstance(failed, Failed)
    problem = failed.problem
    values = losses(events)
    assert problem.code == "nan-loss"
    assert problem.facts["step"] == len(values) - 1
    assert not math.isfinite(values[-1])
    assert np.isfinite(values[:-1]).all()
    assert problem.path in [("l1",), ("l3",)]
    assert "learning rate of 0.01." in problem.sentence
    (fix,) = problem.fixes
    assert fix.arguments == (0.01, 0)
    again = list(train(requested(drawing(*MLP), Supervised(3, "sgd", fix.arguments[0])), script()))
    assert isinstance(again[-1], Finished), "what is proposed helps"


def test_nan_is_told_also_where_the_search_for_its_block_fails(drawing, requested, script, monkeypatch):
    def fail(*arguments, **options):
        raise RuntimeError("no memory for another stage")

    monkeypatch.setattr("engine.training.failures.make_stage", fail)
    failed = list(train(requested(drawing(*MLP), Supervised(3, "sgd", 1e30)), script()))[-1]
    assert isinstance(failed, Failed)
    assert (failed.problem.code, failed.problem.path) == ("nan-loss", ())
    assert "learning rate of 0.01." in failed.problem.sentence


def test_nan_before_any_weight_changed_is_no_matter_of_the_rate(drawing, requested, script):
    graph = drawing(
        "flatten", ("dense", {"out_features": 16}), ("power", {"exponent": 0.5}), ("dense", {"out_features": 10})
    )
    failed = list(train(requested(graph, Supervised(1)), script()))[-1]
    assert isinstance(failed, Failed)
    assert failed.problem.path == ("l2",)
    assert failed.problem.fixes == ()
    assert failed.problem.sentence == (
        "Loss is NaN from the first step on in Power “power 2”. "
        "No learning rate changes that; look at the values that come in."
    )


def test_an_id_without_a_row_is_told_in_words(drawing, requested, script):
    layers = ("squeeze", ("max_pool1d", {"return_indices": True}), ("embedding", {"num_embeddings": 3}), "flatten")
    graph = drawing(*layers, ("dense", {"out_features": 10}))
    wires = [wire for wire in graph.wires if wire.target.block != "l2"]
    wires.append(Wire(PortRef("l1", "indices"), PortRef("l2", "input")))
    request = requested(msgspec.structs.replace(graph, wires=sorted_wires(wires)), Supervised(1))
    failed = list(train(request, script()))[-1]
    assert isinstance(failed, Failed)
    assert failed.problem.path == ("l2",)
    assert failed.problem.sentence == (
        "The run failed in Embedding “embedding 2”: a label or token id is larger than there are rows for it. "
        "Ids count from 0. Give the block more rows."
    )


def test_a_loss_that_no_weight_moves_is_told_in_words(drawing, requested, script, monkeypatch):
    request = requested(drawing("flatten", ("dense", {"out_features": 10}), "relu"), Supervised(1))
    session = open_session(request, BLOCK_TYPES)
    monkeypatch.setattr(torch.nn.ReLU, "forward", lambda self, input: input.detach())
    failed = list(train(request, script(), session))[-1]
    assert isinstance(failed, Failed)
    assert failed.problem.code == "no-gradient"
    assert failed.problem.sentence.startswith("No gradient reaches a weight")


def test_after_nan_the_session_holds_the_last_sound_weights(drawing, requested, script):
    held = []
    request = requested(drawing(*MLP), Supervised(3, "sgd", 1e30))
    list(train(request, script(), on_session=held.append))
    state = held[0].network.state()
    assert all(bool(tensor.isfinite().all()) for tensor in state.values())
    assert torch.equal(state["l1.weight"], held[0].initial_state["l1.weight"])


def test_what_a_block_raises_is_one_sentence(drawing, requested, script, monkeypatch):
    def fail(self, input):
        raise RuntimeError("the pump is broken\nand a long tale")

    request = requested(drawing(*MLP), Supervised(1))
    session = open_session(request, BLOCK_TYPES)
    monkeypatch.setattr(torch.nn.ReLU, "forward", fail)
    failed = list(train(request, script(), session))[-1]
    assert isinstance(failed, Failed)
    assert failed.problem.code == "run-failed"
    assert failed.problem.path == ("l2",)
    assert failed.problem.sentence == "The run failed: ReLU “relu 2” raised RuntimeError: the pump is broken."
    assert "tale" not in failed.problem.sentence


def test_memory_that_is_too_small_offers_half_a_batch(drawing, requested, script, monkeypatch):
    request = requested(drawing(*MLP), Supervised(1))
    session = open_session(request, BLOCK_TYPES)

    def fail(self, input):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(torch.nn.ReLU, "forward", fail)
    failed = list(train(request, script(), session))[-1]
    assert failed.problem.code == "out-of-memory"
    assert failed.problem.fixes[0].edit == "set_batch_size"
    assert failed.problem.fixes[0].arguments == (32,)


@pytest.mark.parametrize(
    ("change", "code"),
    [({"device": "cuda:7"}, "device"), ({"datasets": (DatasetRef("digits", split=(0.5, 0.5, 0.5)),)}, "setting-range")],
)
def test_what_cannot_start_is_told(drawing, requested, script, change, code):
    events = list(train(requested(drawing(*MLP), Supervised(1), **change), script()))
    assert isinstance(events[-1], Failed)
    assert events[-1].problem.code == code


def test_a_drawing_without_a_loss_is_refused(drawing, requested, script):
    events = list(train(requested(drawing(*MLP, loss=None), Supervised(1)), script()))
    assert events[-1].problem.code == "no-loss"


def test_several_losses_are_told_by_name(drawing, requested, script):
    graph = drawing(*MLP)
    blocks = dict(graph.blocks)
    blocks["rebuild"] = Block("rebuild", "dense", "rebuild", {"out_features": 64})
    blocks["error"] = Block("error", "squared_error", "error", {"weight": 2.0})
    wires = [
        Wire(PortRef("l2", "output"), PortRef("rebuild", "input")),
        Wire(PortRef("rebuild", "output"), PortRef("error", "prediction")),
        Wire(PortRef("l0", "output"), PortRef("error", "target")),
    ]
    both = type(graph)(blocks, sorted_wires([*graph.wires, *wires]))
    events = list(train(requested(both, Supervised(2)), script()))
    metrics = of(EpochEnded, events)[-1]
    for told in (metrics.train, metrics.validation, events[-1].test):
        assert set(told) == {"loss", "loss.loss", "loss.error", "accuracy.loss"}
        assert told["loss"] == pytest.approx(told["loss.loss"] + 2 * told["loss.error"], rel=1e-5)


def test_a_frozen_block_stays_as_it_is(drawing, requested, script):
    held = []
    graph = drawing(*MLP, learning={"l1": Learning(frozen=True)})
    list(train(requested(graph, Supervised(1)), script(), on_session=held.append))
    state, initial = held[0].network.state(), held[0].initial_state
    assert torch.equal(state["l1.weight"], initial["l1.weight"])
    assert not torch.equal(state["l3.weight"], initial["l3.weight"])


def test_refused_weights_file(drawing, requested, script, tmp_path):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(b"no weights at all")
    events = list(train(requested(drawing(*MLP), Supervised(1), weights=str(path)), script()))
    assert events[-1].problem.code == "damaged"
    with pytest.raises(Refused, match="There is no file"):
        open_session(requested(drawing(*MLP), Supervised(1), weights=str(tmp_path / "gone")), BLOCK_TYPES)


def test_a_measurement_that_breaks_does_not_end_the_run(drawing, requested, script, monkeypatch):
    from engine.measurements import measure

    def broken(session, ask):
        raise RuntimeError("no such axis\nand more")

    monkeypatch.setattr(measure, "measure", broken)
    control = script({2: (Watch(Ask("a", "filters", "l1")),)})
    events = list(train(requested(drawing(*MLP), Supervised(1)), control))
    assert of(Measured, events)[0].problem.sentence == "This cannot be shown: no such axis. The run goes on."
    assert isinstance(events[-1], Finished)


def test_measurements_take_a_small_share_of_the_time(drawing, requested, script, monkeypatch):
    import time

    from engine.measurements import measure

    def slow(session, ask):
        time.sleep(0.02)
        return {}

    monkeypatch.setattr(measure, "measure", slow)
    control = script({2: (Watch(Ask("a", "filters", "l1"), every_ms=0),)})
    begin = time.perf_counter()
    events = list(train(requested(drawing(*MLP), Supervised(40)), control))
    spent = time.perf_counter() - begin
    # once at the start, once at the end, and between them one in 0.5 s
    assert 2 <= len(of(Measured, events)) <= 3 + spent / 0.5


@pytest.mark.parametrize("takes_s", [0.05, 0.001])
def test_a_checkpoint_comes_before_a_measurement_that_takes_long(
    drawing, requested, script, monkeypatch, tmp_path, takes_s
):
    """On a clock that only measuring and stepping move."""
    from engine.measurements import measure
    from engine.training import loop, pace, run

    now = 0.0

    def take():
        nonlocal now
        now += 0.005
        return asked()

    def measured_in(session, ask):
        nonlocal now
        now += takes_s
        return {}

    for module in (loop, pace, run):
        monkeypatch.setattr(module, "clock", lambda: now)
    monkeypatch.setattr(measure, "measure", measured_in)
    monkeypatch.setattr(run, "DEAR_S", 0.02)
    control = script({2: (Watch(Ask("a", "filters", "l1"), every_ms=0),)})
    asked = control.take
    monkeypatch.setattr(control, "take", take)
    request = msgspec.structs.replace(requested(drawing(*MLP), Supervised(40)), checkpoint_folder=str(tmp_path))
    told = [event for event in train(request, control) if isinstance(event, (Checkpointed, Measured, Losses))]
    measured = [place for place, event in enumerate(told) if isinstance(event, Measured)]
    assert len(measured) > 2
    if takes_s < run.DEAR_S:
        assert len(of(Checkpointed, told)) == 1, "that of the end"
        return
    for place in measured[1:]:
        assert isinstance(told[place - 1], Checkpointed)
        assert told[place - 1].step == told[place].step, "nothing of what was trained is missing"
