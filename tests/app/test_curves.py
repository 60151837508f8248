"""Histories survive the way through a project file's arrays."""

from __future__ import annotations

import math

import numpy as np
import pytest

from app.curves import curves_of, histories_of, trained_further
from app.run_records import RunRecords
from app.views.history import RunHistory
from app.wording import result_words
from engine.training.events import EpochEnded, Losses, Marked, Started


def history(run: str, steps: int) -> RunHistory:
    made = RunHistory()
    made.add(Started(run=run, device="cpu", threads=1, steps_per_epoch=5, samples=320, stages=(4,)))
    made.add(Losses(run=run, stage=0, first_step=0, values=np.linspace(2, 1, steps, dtype=np.float32).tobytes()))
    made.add(Marked(run=run, step=3, name="learning_rate", value=0.01))
    made.add(
        EpochEnded(run=run, stage=0, epoch=1, step=5, train={"loss": 1.5}, validation={"loss": 1.6, "accuracy": 0.5})
    )
    return made


def test_both_histories_come_back_equal() -> None:
    now, before = history("b", 9), history("a", 7)
    arrays = curves_of(now, before)
    assert all(isinstance(array, np.ndarray) for array in arrays.values())
    back, previous = histories_of(arrays)
    assert back is not None
    assert previous is not None
    assert np.array_equal(back.losses.array(), now.losses.array())
    assert np.array_equal(previous.losses.array(), before.losses.array())
    assert back.marks == now.marks
    assert back.epochs_done == 1
    assert back.curve("validation", "accuracy")[1].tolist() == [0.5]
    assert back.steps_per_epoch == 5


def test_a_figure_that_is_not_finite_comes_back_as_no_number() -> None:
    now = history("b", 9)
    now.test = {"loss": math.inf, "accuracy": 0.5}
    back, _ = histories_of(curves_of(now, None))
    assert back is not None
    assert back.test == {"loss": pytest.approx(math.nan, nan_ok=True), "accuracy": 0.5}
    assert result_words({"loss": back.test["loss"]}) == "loss nan"


def test_nothing_is_kept_of_nothing() -> None:
    assert curves_of(None, None) == {}
    assert curves_of(RunHistory(), None) == {}
    assert histories_of({}) == (None, None)


def test_curves_of_weights_that_were_trained_further_are_shown_whole() -> None:
    now, before, records = history("b", 9), history("a", 7), RunRecords()
    now.checkpoint_step = before.checkpoint_step = 5
    arrays = curves_of(now, before)
    for curves, steps in ((arrays, 5), (trained_further(arrays), 9)):
        records.open(curves, has_weights=True)
        assert len(records.history.losses) == steps
        assert len(records.previous.losses) == 7
    assert histories_of(arrays)[0].checkpoint_step == 5
    assert trained_further({}) == {}


def test_curves_that_cannot_be_read_count_as_none() -> None:
    arrays = curves_of(history("a", 7), None)
    arrays["run.facts"] = np.frombuffer(b"not json", dtype=np.uint8)
    assert histories_of(arrays) == (None, None)
    assert histories_of(trained_further(arrays)) == (None, None)
