"""Loss and accuracy as a run goes on: what is drawn, when, and what is said instead."""

from __future__ import annotations

import numpy as np
import pytest

from app.views.accuracy import NONE, AccuracyView
from app.views.history import RunHistory
from app.views.loss import LossView
from app.wording import WAITS
from engine.training.events import EpochEnded, Losses, Marked, Started


@pytest.fixture
def loss(light, qtbot) -> LossView:
    view = LossView("v1", light)
    qtbot.addWidget(view)
    view.resize(320, 200)
    view.show()
    return view


def names(view) -> list[tuple[str, bool]]:
    return [(curve.name, curve.faint) for curve in view.chart._curves]


def test_it_waits_for_the_first_epoch(loss) -> None:
    assert loss.message() == WAITS
    loss.show_history(RunHistory())
    assert loss.message() == WAITS


def test_steps_show_before_the_first_epoch_ends(loss) -> None:
    history = RunHistory()
    history.add(Started("r1", device="cpu", threads=1, steps_per_epoch=100, samples=10, stages=(3,)))
    history.add(Losses("r1", stage=0, first_step=0, values=np.linspace(2, 1, 40, dtype=np.float32).tobytes()))
    loss.show_history(history)
    assert loss.message() == ""
    assert loss.chart.view_range[1] == 3


def test_train_and_validation_and_the_run_before(loss, history) -> None:
    loss.show_history(history(), history(epochs=3, scale=1.5))
    assert loss.message() == ""
    assert names(loss) == [("train", True), ("validation", True), ("train", False), ("validation", False)]
    loss.grab()
    assert [text.split()[0] for text, _ in loss.chart.labels()] == ["train", "validation"]
    own = [curve for curve in loss.chart._curves if not curve.faint]
    assert own[0].lead[0] == (0.0, pytest.approx(2.1)), "the curve begins with the first step"
    assert own[0].shift == -0.5, "the mean over an epoch stands in its middle"
    assert own[1].dashed


def test_the_first_epoch_is_drawn_as_it_fell(loss) -> None:
    steps = np.array([2.0, *[1.0] * 2, *[0.5] * 3, *[0.25] * 14], np.float32)
    history = RunHistory()
    history.add(Started("r1", device="cpu", threads=1, steps_per_epoch=20, samples=10, stages=(2,)))
    for epoch, values in ((1, steps), (2, np.full(20, 0.125, np.float32))):
        history.add(Losses("r1", stage=0, first_step=20 * (epoch - 1), values=values.tobytes()))
        history.add(EpochEnded("r1", 0, epoch, 20 * epoch, {"loss": float(values.mean())}, {}))
    loss.show_history(history)
    x, y = loss.chart._curves[0].drawn()
    assert x.tolist() == pytest.approx([0, 2 / 20, 4.5 / 20, 13 / 20, 1.5])
    assert y.tolist() == [2, 1, 0.5, 0.25, 0.125]
    at = loss.chart._curves[0].drawn_at(0)
    assert at == pytest.approx((0.5, np.interp(0.5, x, y))), "the dot of the pointer is on the line"


def test_a_single_step_an_epoch_is_drawn_from_the_first(loss) -> None:
    history = RunHistory()
    history.add(Started("r1", device="cpu", threads=1, steps_per_epoch=1, samples=10, stages=(2,)))
    history.add(Losses("r1", stage=0, first_step=0, values=np.float32([2.0]).tobytes()))
    history.add(EpochEnded("r1", 0, 1, 1, {"loss": 2.0}, {}))
    loss.show_history(history)
    assert [axis.tolist() for axis in loss.chart._curves[0].drawn()] == [[0, 0.5], [2, 2]]


def test_a_train_loss_that_is_no_mean_of_the_steps_stays_at_the_end_of_its_epoch(loss) -> None:
    history = RunHistory()
    history.add(Started("r1", device="cpu", threads=1, steps_per_epoch=2, samples=10, stages=(2,)))
    history.add(Losses("r1", stage=0, first_step=0, values=np.float32([4, 2]).tobytes()))
    history.add(EpochEnded("r1", 0, 1, 2, {"loss": 1.0}, {}))
    loss.show_history(history)
    assert loss.chart._curves[0].shift == 0


def test_the_same_history_is_drawn_once_and_a_grown_one_again(loss, history, qtbot) -> None:
    made = history()
    loss.show_history(made)
    loss.grab()
    painted = loss.chart.contents_painted
    loss.show_history(made)
    loss.grab()
    assert loss.chart.contents_painted == painted
    made.add(EpochEnded("r1", 0, 6, 120, {"loss": 0.1}, {"loss": 0.2}))
    loss.show_history(made)
    loss.grab()
    assert loss.chart.contents_painted == painted + 1


def test_a_hidden_view_draws_when_it_is_seen(light, history, qtbot) -> None:
    view = LossView("v1", light)
    qtbot.addWidget(view)
    view.show_history(history())
    assert view.chart._curves == ()
    view.show()
    assert len(view.chart._curves) == 2


def test_a_steered_run_has_a_mark(loss, history) -> None:
    made = history()
    made.add(Marked("r1", step=50, name="learning_rate", value=0.0003))
    loss.show_history(made)
    assert loss.chart._marks[0].text == "learning rate 0.0003"
    assert loss.chart._marks[0].x == 2.5
    made.add(Marked("r1", step=50, name="learning_rate", value=0.003))
    loss.show_history(made)
    assert [mark.text for mark in loss.chart._marks] == ["learning rate 0.003"], "one step, one learning rate"


def test_contrastive_divergence_shows_its_error(loss) -> None:
    history = RunHistory()
    history.add(Started("r1", device="cpu", threads=1, steps_per_epoch=2, samples=10, stages=(2,)))
    history.add(EpochEnded("r1", 0, 1, 2, {"reconstruction_error": 9.0}, {"reconstruction_error": 9.5}))
    loss.show_history(history)
    assert [curve.y.tolist() for curve in loss.chart._curves] == [[9.0], [9.5]]


def test_after_pretraining_the_loss_has_the_scale_to_itself(loss) -> None:
    history = RunHistory()
    history.add(Started("r1", device="cpu", threads=1, steps_per_epoch=2, samples=10, stages=(2, 2)))
    for epoch in range(2):
        history.add(Losses("r1", stage=0, first_step=2 * epoch, values=np.float32([60, 50]).tobytes()))
        history.add(EpochEnded("r1", 0, epoch + 1, 2 * epoch + 2, {"reconstruction_error": 55.0}, {}))
    loss.show_history(history)
    assert loss.chart.view_range[3] >= 55
    history.add(Losses("r1", stage=1, first_step=4, values=np.float32([2.3, 1.9]).tobytes()))
    history.add(EpochEnded("r1", 1, 1, 6, {"loss": 2.1}, {"loss": 2.0}))
    loss.show_history(history)
    assert loss.chart.view_range[3] <= 3
    assert [tuple(mark) for mark in loss.chart._marks] == [(2.0, "stage 2")]


def test_the_chart_tells_its_last_values_to_screen_readers(loss, history) -> None:
    loss.show_history(history())
    assert loss.chart.accessibleName() == "Loss"
    assert loss.chart.accessibleDescription().startswith("train 0.")


def test_steps_stay_below_their_epoch_when_the_batch_size_changes(loss, history) -> None:
    made = history(epochs=2, planned=2)
    loss.show_history(made)
    own = loss.chart._curves[0]
    assert (own.shift, own.x.tolist()) == (-0.5, [1, 2])
    more = {"steps_per_epoch": 40, "samples": 1257, "stages": (4,), "first_step": 40, "first_epoch": 2}
    made.add(Started("r2", device="cpu", threads=1, **more))
    made.add(Losses("r2", stage=0, first_step=40, values=np.full(40, 0.5, np.float32).tobytes()))
    loss.show_history(made)
    assert loss.chart._axis.epochs_at(np.array([20, 40, 60, 80])).tolist() == [1, 2, 2.5, 3]
    assert loss.chart._curves[0].x.tolist() == [1, 2]
    assert loss.chart._curves[0].shift == -0.5, "the last epoch that ended is a mean of 20 steps"
    made.add(EpochEnded("r2", 0, 3, 80, {"loss": 0.5}, {"loss": 0.5}))
    loss.show_history(made)
    loss.grab()
    own = loss.chart._curves[0]
    assert (own.shift, own.x.tolist()) == (-0.5, [1, 2, 3])


def test_one_of_several_losses(loss) -> None:
    history = RunHistory()
    history.add(Started("r1", device="cpu", threads=1, steps_per_epoch=2, samples=10, stages=(2,)))
    told = {"loss": 3.0, "loss.Class": 1.0, "loss.Rebuilt": 2.0}
    history.add(EpochEnded("r1", 0, 1, 2, told, told))
    loss.set_block("abc", "Rebuilt")
    loss.show_history(history)
    assert loss.subtitle == "rebuilt"
    assert loss.chart._curves[0].y.tolist() == [2.0]


def test_accuracy_in_percent(light, history, qtbot) -> None:
    view = AccuracyView("v2", light)
    qtbot.addWidget(view)
    view.resize(320, 200)
    view.show()
    view.show_history(history())
    view.grab()
    assert all(text.endswith(" %") for text, _ in view.chart.labels())
    assert view.chart.view_range[3] == 1.0


def test_a_network_without_classes_has_no_accuracy(light, history, qtbot) -> None:
    view = AccuracyView("v2", light)
    qtbot.addWidget(view)
    view.show()
    view.show_history(history(classes=False))
    assert view.message() == NONE


def test_what_a_boltzmann_machine_lowers_is_named_beside_the_title(loss, history) -> None:
    machine = RunHistory()
    machine.add(Started("r1", device="cpu", threads=1, steps_per_epoch=2, samples=10, stages=(1,)))
    machine.add(EpochEnded("r1", 0, 1, 2, {"reconstruction_error": 9.0}, {"reconstruction_error": 9.5}))
    loss.show_history(machine)
    assert loss.subtitle == "reconstruction error"
    loss.show_history(history())
    assert loss.subtitle == ""
