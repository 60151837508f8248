"""What the canvas shows of a run's losses, and the inspector of the block that is selected now."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QImage

from engine.graph.problem import Problem
from engine.training.events import Losses, Started


def test_a_run_that_is_reset_leaves_no_curve_on_its_loss(window) -> None:
    records = window.workspace.records
    told = []
    window.feed.losses_changed.connect(told.append)
    records.add(Started("one", device="cpu", threads=1, steps_per_epoch=9, samples=90, stages=(9,)))
    records.add(Losses("one", stage=0, first_step=0, values=np.ones(9, np.float32).tobytes()))
    window.feed._tell_losses(True)
    assert told[-1].keys() == {"loss"}
    records.put_behind()
    assert told[-1] == {}


def test_the_last_loss_before_a_pause_reaches_the_canvas(window, qtbot) -> None:
    records = window.workspace.records
    told = []
    window.feed.losses_changed.connect(told.append)
    records.add(Started("one", device="cpu", threads=1, steps_per_epoch=9, samples=90, stages=(9,)))
    for step in range(20):
        records.add(Losses("one", stage=0, first_step=step, values=np.float32(step).tobytes()))
        records.tell()
    qtbot.waitUntil(lambda: told[-1]["loss"][1] == tuple(range(20)))
    assert len(told) < 10, "not once a step"


@pytest.mark.parametrize(
    ("value", "words"), [(2.3026, "2.303"), (0.077, "0.077"), (0.00014, "0.00014"), (0.0, "0.000"), (1234, "1.23e+03")]
)
def test_a_loss_on_the_canvas_keeps_its_digits_however_small(window, value: float, words: str) -> None:
    records = window.workspace.records
    told = []
    window.feed.losses_changed.connect(told.append)
    records.add(Started("one", device="cpu", threads=1, steps_per_epoch=9, samples=90, stages=(9,)))
    records.add(Losses("one", stage=0, first_step=0, values=np.full(9, value, np.float32).tobytes()))
    window.feed._tell_losses(True)
    assert told[-1]["loss"][0] == words


def test_an_answer_for_the_block_selected_before_is_not_shown_as_the_new_one_s(window) -> None:
    feed = window.feed
    curves, weights = [], []
    feed.curve_changed.connect(lambda path, arrays: curves.append((path, arrays)))
    feed.weights_changed.connect(lambda path, picture, words: weights.append((path, words)))
    old, new = feed.trace("one"), feed.trace("two")
    feed._take_measured(old.id, {"x": np.zeros(3)}, 0, None)
    assert curves[-1] == ("two", None)
    feed._take_measured(new.id, {"x": np.ones(3)}, 0, None)
    assert curves[-1][0] == "two"
    assert curves[-1][1]["x"].tolist() == [1, 1, 1]
    refused = Problem(code="no-curve", path=("two",), facts={"title": "PReLU", "name": "PReLU"})
    feed._take_measured(new.id, None, 0, refused)
    assert curves[-1] == ("two", refused)
    feed._take_measured(new.id, None, 0, Problem(code="not-in-network", path=("two",)))
    assert curves[-1] == ("two", None)
    old, new = feed.look_at("one"), feed.look_at("two")
    filters = np.ones((4, 3, 3), np.float32)
    feed._take_measured(old.id, {"filters": filters, "norm": np.float32(1)}, 0, None)
    assert weights == []
    feed._take_measured(new.id, {"filters": filters, "norm": np.float32(2)}, 0, None)
    assert weights == [("two", "Norm 2")]


def test_weights_of_one_project_are_not_shown_in_the_next(window) -> None:
    inspector = window.inspector
    (id,) = (id for id, block in window.workspace.document.graph.blocks.items() if block.type == "conv2d")
    window.editor.select((id,))
    inspector.set_weights_now(id, QImage(8, 8, QImage.Format.Format_Grayscale8), "Norm 9")
    assert inspector.page.weights.words.text() == "Norm 9"
    window.workspace.opened.emit()
    window.editor.select((id,))
    assert inspector.page.weights.words.text() == ""
    assert inspector.page.weights.isHidden()
