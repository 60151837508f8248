"""A history keeps what a run tells, in whatever pieces it comes, and gives it back."""

from __future__ import annotations

import json

import numpy as np
import pytest

from app.views.history import Mark, RunHistory
from engine.graph.problem import Problem
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


def losses(first: int, values: list[float]) -> Losses:
    return Losses("r1", stage=0, first_step=first, values=np.float32(values).tobytes())


def started(first_step: int = 0, first_epoch: int = 0) -> Started:
    return Started(
        "r1",
        device="cpu",
        threads=1,
        steps_per_epoch=4,
        samples=16,
        stages=(5,),
        first_step=first_step,
        first_epoch=first_epoch,
    )


def test_losses_join_from_messages() -> None:
    history = RunHistory()
    history.add(started())
    history.add(losses(0, [3, 2]))
    history.add(losses(2, [1]))
    assert history.losses.array().tolist() == [3, 2, 1]
    assert history.run == "r1"
    assert history.state == "running"


def test_a_gap_is_unknown_and_an_overlap_is_replaced() -> None:
    history = RunHistory()
    history.add(losses(2, [1]))
    assert np.isnan(history.losses.array()[:2]).all()
    history.add(losses(1, [7, 8]))
    assert history.losses.array()[1:].tolist() == [7, 8]


def test_curves_are_over_epochs(history) -> None:
    made = history(epochs=3)
    x, y = made.curve("validation", "loss")
    assert x.tolist() == [1, 2, 3]
    assert y[0] > y[1] > y[2]
    assert made.metrics() == ("loss", "accuracy")
    assert made.curve("train", "no such thing")[0].size == 0
    assert (made.epochs_done, made.planned_epochs, made.x_end()) == (3, 20, 20)


def test_a_metric_that_comes_later_has_no_points_before() -> None:
    history = RunHistory()
    history.add(started())
    history.add(EpochEnded("r1", 0, 1, 4, {"reconstruction_error": 9.0}, {}))
    history.add(EpochEnded("r1", 1, 1, 8, {"loss": 2.0}, {"loss": 3.0}))
    assert history.curve("train", "loss")[0].tolist() == [2]
    assert history.curve("train", "reconstruction_error")[1].tolist() == [9]


def test_every_change_raises_the_version_and_measurements_do_not() -> None:
    history = RunHistory()
    before = history.version
    history.add(losses(0, [1]))
    assert history.version > before
    before = history.version
    history.add(Measured("r1", request="v", step=1, arrays={}))
    assert history.version == before


def test_states_follow_the_events() -> None:
    history = RunHistory()
    states = []
    for event in (
        Loading("r1", what="Loading data onto the CPU"),
        started(),
        Paused("r1", stage=0, epoch=1, step=2),
        Resumed("r1", step=2),
        Progress("r1", stage=0, epoch=1, step=3, samples_per_second=21_400.0, seconds_left=2.0),
        Stopped("r1", stage=0, epoch=1, step=3),
        Finished("r1", test={"accuracy": 0.978}, seconds=3.0, samples_per_second=2e4, device="cpu", threads=1),
        Failed("r1", problem=Problem(code="no-loss", severity="error", path=())),
    ):
        history.add(event)
        states.append(history.state)
    assert states == ["loading", "running", "paused", "running", "running", "stopped", "finished", "failed"]
    assert history.words
    assert history.test == {"accuracy": 0.978}


def test_a_lost_process_is_told_but_not_after_the_end() -> None:
    history = RunHistory()
    history.add(started())
    history.lose("the worker was killed")
    assert (history.state, history.words) == ("lost", "the worker was killed")
    ended = RunHistory()
    ended.add(Stopped("r1", stage=0, epoch=1, step=3))
    ended.lose("the worker was killed")
    assert ended.state == "stopped"


def test_continuing_keeps_what_was_and_a_new_run_from_the_seed_forgets() -> None:
    history = RunHistory()
    history.add(started())
    history.add(losses(0, [5, 4, 3, 2, 1, 1]))
    history.add(EpochEnded("r1", 0, 1, 4, {"loss": 3.5}, {}))
    history.add(started(first_step=4, first_epoch=1))
    assert history.losses.array().tolist() == [5, 4, 3, 2]
    assert history.epochs_done == 1
    history.add(started())
    assert len(history.losses) == 0
    assert history.epochs_done == 0
    assert history.metrics() == ()


def test_cut_at_a_checkpoint() -> None:
    history = RunHistory()
    history.add(started())
    history.add(losses(0, [1] * 10))
    for epoch in (1, 2):
        history.add(EpochEnded("r1", 0, epoch, epoch * 4, {"loss": 1.0}, {"loss": 1.0}))
    history.add(Marked("r1", step=3, name="learning_rate", value=0.1))
    history.add(Marked("r1", step=9, name="learning_rate", value=0.2))
    history.add(Checkpointed("r1", step=5, path="x"))
    cut = history.until(history.checkpoint_step)
    assert len(cut.losses) == 5
    assert cut.epochs_done == 1
    assert cut.marks == (Mark(3, "learning_rate", 0.1),)
    assert len(history.losses) == 10, "the history itself stays whole"


def test_what_is_kept_comes_back(history) -> None:
    made = history(epochs=4)
    made.add(Marked("r1", step=30, name="learning_rate", value=0.0003))
    made.add(Finished("r1", test={"loss": 0.1}, seconds=3.0, samples_per_second=2e4, device="cpu", threads=1))
    arrays, facts = made.arrays()
    back = RunHistory.from_arrays(arrays, json.loads(json.dumps(facts)))
    assert back.losses.array().tolist() == made.losses.array().tolist()
    for part in ("train", "validation"):
        for name in made.metrics():
            assert back.curve(part, name)[1] == pytest.approx(made.curve(part, name)[1])
            assert back.curve(part, name)[0].tolist() == made.curve(part, name)[0].tolist()
    assert (back.state, back.test, back.marks) == ("finished", {"loss": 0.1}, made.marks)
    assert (back.stages, back.steps_per_epoch, back.x_end()) == ((20,), 20, 20)


def test_a_copy_stays_as_it_was(history) -> None:
    made = history(epochs=1)
    kept = made.copy()
    made.add(losses(20, [1.0]))
    assert len(kept.losses) == 20
    assert len(made.losses) == 21


@pytest.mark.parametrize(
    ("name", "value"), [("state", 5), ("steps_per_epoch", "20"), ("checkpoint_step", "x"), ("test", {"loss": "x"})]
)
def test_facts_of_another_kind_are_refused(history, name, value) -> None:
    arrays, facts = history(epochs=1).arrays()
    with pytest.raises(TypeError, match=name):
        RunHistory.from_arrays(arrays, {**facts, name: value})


def test_columns_that_do_not_fit_are_refused(history) -> None:
    arrays, facts = history(epochs=3).arrays()
    arrays["train.loss"] = arrays["train.loss"][:2]
    with pytest.raises(ValueError, match="length"):
        RunHistory.from_arrays(arrays, facts)


def test_a_change_of_epochs_moves_the_end_of_the_axis() -> None:
    history = RunHistory()
    history.add(started())
    assert history.x_end() == 5
    history.add(Marked("r1", step=2, name="epochs", value=3.0))
    assert history.planned_epochs == 3
    assert history.x_end() == 3


@pytest.mark.parametrize(
    ("planned", "done", "end"),
    [(20, 0, 20), (50, 0, 50), (60, 0, 50), (60, 40, 50), (60, 41, 60), (100_000, 3, 50), (100_000, 237, 400)],
)
def test_of_a_long_plan_the_axis_shows_a_part_that_grows(planned: int, done: int, end: float) -> None:
    history = RunHistory()
    history.add(continued(4, planned))
    ends(history, *range(4, 4 * done + 1, 4))
    assert history.x_end() == end


def test_of_a_long_plan_that_is_over_the_axis_shows_all() -> None:
    history = RunHistory()
    history.add(continued(1, 300))
    ends(history, *range(1, 301))
    assert history.x_end() == 300


def continued(size: int, stages: int, **done: int) -> Started:
    return Started("r2", device="cpu", threads=1, steps_per_epoch=size, samples=16, stages=(stages,), **done)


def ends(history: RunHistory, *steps: int, after: int = 0) -> None:
    for epoch, step in enumerate(steps, start=after + 1):
        history.add(EpochEnded("r2", 0, epoch, step, {"loss": 1.0}, {"loss": 1.0}))


def test_another_batch_size_leaves_earlier_epochs_where_they_were() -> None:
    history = RunHistory()
    history.add(continued(4, 2))
    ends(history, 4, 8)
    history.add(Marked("r2", step=6, name="learning_rate", value=0.1))
    history.add(continued(8, 4, first_step=8, first_epoch=2))
    assert history.curve("train", "loss")[0].tolist() == [1, 2]
    assert [history.x_of(step) for step in (2, 6, 8, 12, 16, 24)] == [0.5, 1.5, 2, 2.5, 3, 4]
    assert history.x_end() == 4
    ends(history, 16, 24, after=2)
    assert history.curve("train", "loss")[0].tolist() == [1, 2, 3, 4]
    assert [history.x_of(step) for step in (6, 16, 20)] == [1.5, 3, 3.5]
    assert history.x_end() == 4
    arrays, facts = history.arrays()
    back = RunHistory.from_arrays(arrays, json.loads(json.dumps(facts)))
    assert back.curve("train", "loss")[0].tolist() == [1, 2, 3, 4]
    assert [back.x_of(step) for step in (2, 6, 20, 28)] == [0.5, 1.5, 3.5, 4.5]


def test_an_epoch_that_began_again_is_one_epoch() -> None:
    history = RunHistory()
    history.add(continued(4, 3))
    ends(history, 4)
    history.add(losses(0, [1] * 6))
    history.add(continued(8, 3, first_step=6, first_epoch=1))
    arrays, facts = history.arrays()
    for made in (history, RunHistory.from_arrays(arrays, json.loads(json.dumps(facts)))):
        assert made.x_of(14) == 2
        assert made.x_of(22) == 3
        ends(made, 14, after=1)
        assert made.curve("train", "loss")[0].tolist() == [1, 2]
        assert made.x_of(22) == 3


def test_an_epoch_that_goes_on_ends_where_it_would_have() -> None:
    history = RunHistory()
    history.add(continued(4, 3))
    ends(history, 4)
    history.add(losses(0, [1] * 6))
    history.add(continued(4, 3, first_step=6, first_epoch=1, first_batch=2))
    assert [history.x_of(step) for step in (4, 6, 8, 12)] == [1, 1.5, 2, 3]


def test_a_run_without_its_beginning_counts_the_epochs_before() -> None:
    history = RunHistory()
    history.add(continued(4, 5, first_step=30, first_epoch=3))
    ends(history, 34, after=3)
    arrays, facts = history.arrays()
    for made in (history, RunHistory.from_arrays(arrays, json.loads(json.dumps(facts)))):
        assert made.curve("train", "loss")[0].tolist() == [4]
        assert [made.x_of(step) for step in (0, 10, 30, 38)] == [0, 1, 3, 5]


@pytest.mark.parametrize("begun", [[0, 0], [0, 0, 0.5], [0, -1, 0], "abc", 3])
def test_a_beginning_of_another_kind_is_refused(history, begun) -> None:
    arrays, facts = history(epochs=1).arrays()
    with pytest.raises((TypeError, ValueError)):
        RunHistory.from_arrays(arrays, {**facts, "begun": begun})


def test_a_history_from_before_beginnings_were_kept_comes_back(history) -> None:
    arrays, facts = history(epochs=3).arrays()
    del facts["begun"]
    back = RunHistory.from_arrays(arrays, facts)
    assert back.curve("train", "loss")[0].tolist() == [1, 2, 3]
    assert back.x_of(70) == 3.5


def test_epochs_that_a_kill_took_from_the_curves_leave_the_later_ones_in_their_places() -> None:
    made = RunHistory()
    started = {"device": "cpu", "threads": 1, "steps_per_epoch": 10, "samples": 100, "stages": (20,)}
    made.add(Started("r1", **started))
    for epoch in (1, 2):
        made.add(Losses("r1", stage=0, first_step=10 * epoch - 10, values=np.ones(10, np.float32).tobytes()))
        made.add(EpochEnded("r1", 0, epoch, 10 * epoch, {"loss": 1.0}, {}))
    made.add(Started("r2", **started, first_step=57, first_epoch=5, first_batch=7))
    made.add(Losses("r2", stage=0, first_step=57, values=np.ones(3, np.float32).tobytes()))
    made.add(EpochEnded("r2", 0, 6, 60, {"loss": 1.0}, {}))
    assert made.curve("train", "loss")[0].tolist() == [1, 2, 6]
    assert [made.x_of(step) for step in (20, 50, 57, 60)] == pytest.approx([2, 5, 5.7, 6])
    assert made.epochs_done == 6
