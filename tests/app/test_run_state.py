"""The run bar's table, state by state."""

from __future__ import annotations

import struct

import pytest

from app import run_state
from app.run_state import RunBarView, RunState
from engine.graph.problem import Fix, Problem
from engine.training.events import (
    Checkpointed,
    EpochEnded,
    Failed,
    Finished,
    Loading,
    Losses,
    Marked,
    Paused,
    Progress,
    Resumed,
    Started,
    Stopped,
)

RUN = "r1"


def started(stages: tuple[int, ...] = (20,), **more: int) -> Started:
    return Started(run=RUN, device="cpu", threads=1, steps_per_epoch=20, samples=1257, stages=stages, **more)


def progress(epoch: int = 12, step: int = 240, stage: int = 0) -> Progress:
    return Progress(run=RUN, stage=stage, epoch=epoch, step=step, samples_per_second=21_400.4, seconds_left=2.2)


def after(*events: object, state: RunState | None = None) -> RunState:
    state = run_state.requested(RunState(), RUN) if state is None else state
    for event in events:
        state = run_state.took(state, event)  # type: ignore[arg-type]
    return state


def seen(state: RunState, epochs: int = 20) -> RunBarView:
    return run_state.view(state, epochs)


def words(view: RunBarView) -> str:
    return " | ".join(part.text for part in view.message)


TRAINING = (started(), progress())
NAN = Problem(
    code="nan-loss",
    facts={"epoch": 3, "step": 52, "block_words": ", in Convolution", "rate": 0.0003},
    fixes=(Fix("set_learning_rate", (0.0003,), facts={"value": 0.0003}),),
)


def finished(accuracy: float | None = 0.978) -> Finished:
    test = {"loss": 0.07} if accuracy is None else {"loss": 0.07, "accuracy": accuracy}
    return Finished(run=RUN, test=test, seconds=3.0, samples_per_second=20_000.0, device="cpu", threads=1)


def test_idle_offers_run_and_says_what_it_takes() -> None:
    view = run_state.view(RunState(), 20, estimate_s=3.2)
    assert (view.slot, view.label, view.filled, view.enabled) == ("run", "Run", True, True)
    assert words(view) == "Ready: 20 epochs take about 3 s"
    assert view.progress is None
    assert (view.step, view.stop, view.reset) == (True, False, False)


def test_idle_without_a_measured_rate_names_the_samples() -> None:
    assert words(run_state.view(RunState(), 20, None, 1258)) == "Ready: 1\u2009258 samples, 20 epochs"
    assert words(run_state.view(RunState(), 1)) == "Ready: 1 epoch"


def test_starting_is_disabled_and_sweeps_and_can_be_stopped() -> None:
    view = seen(after(Loading(run=RUN, what="Loading data onto the CPU")))
    assert (view.label, view.enabled, view.stop, view.sweeping) == ("Starting", False, True, True)
    assert words(view) == "Loading data onto the CPU …"


def test_training_pauses_plainly_and_tells_epoch_rate_and_time_left() -> None:
    view = seen(after(*TRAINING))
    assert (view.slot, view.label, view.filled) == ("pause", "Pause", False)
    assert words(view) == "Epoch 12 of 20 | 21\u2009400 samples/s | 0:02 left"
    assert [part.bold for part in view.message] == [True, False, False]
    assert view.progress == pytest.approx(240 / 400)
    assert view.progress_colour == "accent"
    assert (view.step, view.stop, view.reset) == (False, True, True)


def test_several_stages_are_named() -> None:
    view = seen(after(started((10, 20)), progress(epoch=3, step=250, stage=1)))
    assert words(view).startswith("Stage 2 of 2, epoch 3 of 20")
    assert view.progress == pytest.approx(250 / 600)


def test_paused_resumes_and_steps() -> None:
    state = after(*TRAINING, Paused(run=RUN, stage=0, epoch=12, step=231))
    view = seen(state)
    assert (view.slot, view.filled, view.step) == ("resume", True, True)
    assert words(view) == "Paused at epoch 12 of 20 | step 231"
    stepped = after(Paused(run=RUN, stage=0, epoch=12, step=232), state=state)
    assert words(seen(stepped)) == "Paused at epoch 12 of 20 | step 232"
    assert view.icon_before == "ph.pause-fill"
    assert view.progress_colour == "secondary"
    assert seen(after(Resumed(run=RUN, step=231), state=state)).slot == "pause"


def test_finished_tells_the_test_result_in_good() -> None:
    view = seen(after(*TRAINING, finished()))
    assert (view.slot, view.label, view.filled) == ("continue", "Continue", True)
    assert words(view) == "Finished 20 epochs | 97.8 % on the test set"
    assert (view.progress, view.progress_colour) == (1.0, "good")


def test_finished_without_classes_tells_the_loss() -> None:
    assert words(seen(after(*TRAINING, finished(None)))) == "Finished 20 epochs | loss 0.07 on the test set"


def test_stopped_stands_where_it_stopped() -> None:
    view = seen(after(*TRAINING, Stopped(run=RUN, stage=0, epoch=12, step=240)))
    assert (view.slot, words(view)) == ("continue", "Stopped in epoch 12 of 20")
    assert (view.progress, view.progress_colour) == (pytest.approx(0.6), "secondary")


@pytest.mark.parametrize("end", [finished(), Stopped(run=RUN, stage=0, epoch=12, step=240)])
def test_edited_after_the_end_starts_fresh_or_goes_on_with_what_fits(end: object) -> None:
    state = run_state.edited(after(*TRAINING, end), True)
    view = seen(state)
    assert (view.slot, view.filled) == ("run", True)
    assert (words(view), view.link, view.action) == (
        "Starts a new run",
        "Continue with the weights that fit",
        "continue_fitting",
    )
    assert seen(run_state.edited(state, False)).slot == "continue"


def test_an_edit_while_training_is_told_as_stale() -> None:
    view = seen(run_state.edited(after(*TRAINING), True))
    assert (view.slot, view.progress_colour, view.icon_before) == ("pause", "warning", "ph.warning-fill")
    assert (words(view), view.link, view.action) == (
        "Trains the network before your last edit",
        "Run the new one",
        "run_new",
    )


def test_opened_with_weights_continues() -> None:
    view = seen(run_state.opened(RunState(), 20, {"accuracy": 0.978}))
    assert (view.slot, words(view), view.progress) == ("continue", "Trained 20 epochs, 97.8 %", None)
    view = seen(run_state.opened(RunState(), 0, {}))
    assert (view.slot, view.message[0].text) == ("continue", "Trained less than an epoch")
    assert seen(run_state.opened(RunState(), None, {})).slot == "run"


def test_an_empty_drawing_is_said_without_red() -> None:
    state = run_state.counted(RunState(), 1)
    blank = run_state.view(state, 20, blank=True)
    assert words(blank) == "Nothing to run yet"
    assert (blank.enabled, blank.icon_before, blank.link) == (False, "", "")
    assert all(part.colour == "secondary" for part in blank.message)
    assert words(run_state.view(after(*TRAINING), 20, blank=True)) == words(seen(after(*TRAINING)))


@pytest.mark.parametrize(("errors", "sentence"), [(1, "1 problem stops the run"), (2, "2 problems stop the run")])
def test_problems_disable_run_and_show(errors: int, sentence: str) -> None:
    view = seen(run_state.counted(RunState(), errors))
    assert (view.slot, view.enabled, words(view), view.action) == ("run", False, sentence, "show_problems")
    assert seen(run_state.counted(run_state.counted(RunState(), errors), 0)).enabled


def test_problems_of_an_edit_leave_a_run_that_goes_on_alone() -> None:
    assert seen(run_state.counted(after(*TRAINING), 3)).slot == "pause"


def test_failed_tells_why_and_offers_the_repair() -> None:
    state = after(*TRAINING, Failed(run=RUN, problem=NAN))
    view = seen(state)
    assert (view.slot, view.filled, view.enabled) == ("run", True, True)
    assert words(view) == "Loss became NaN at epoch 3, step 52, in Convolution"
    assert (view.link, view.action, view.progress_colour) == ("Try 0.0003", "apply_fix", "error")
    assert seen(run_state.replanned(state)).action == ""
    assert words(seen(run_state.edited(state, True))).startswith("Ready")


def test_a_dead_worker_says_so_and_starts_again() -> None:
    state = run_state.died(after(*TRAINING), "The training process ended unexpectedly: it was killed (signal 9)")
    view = seen(state)
    assert (view.enabled, view.link, view.action) == (False, "Start again", "start_again")
    assert "signal 9" in words(view)
    assert seen(run_state.revived(state, resumable=True)).slot == "continue"
    assert seen(run_state.revived(state, resumable=False)).slot == "run"


@pytest.mark.parametrize("end", [(), (Paused(run=RUN, stage=0, epoch=12, step=240),), (Failed(run=RUN, problem=NAN),)])
def test_a_worker_started_again_stands_where_the_last_checkpoint_does(end: tuple[object, ...]) -> None:
    kept = Checkpointed(run=RUN, step=165, path="a", stage=0, epoch=9)
    state = run_state.died(after(started(), kept, progress(), *end), "killed")
    view = seen(run_state.revived(state, resumable=True))
    assert (words(view), view.progress) == ("Stopped in epoch 9 of 20", pytest.approx(165 / 400))
    continued = (started((40,), first_step=400, first_epoch=20), progress(epoch=25, step=490))
    view = seen(run_state.revived(run_state.died(after(*continued, *end), "killed"), resumable=True))
    assert words(view) == "Stopped in epoch 21 of 40", "it wrote none: what it went on from is left"
    stopped = after(*TRAINING, kept, Stopped(run=RUN, stage=0, epoch=12, step=240))
    assert seen(run_state.revived(run_state.died(stopped, "killed"), resumable=True)) == seen(stopped)


@pytest.mark.parametrize(
    "kept",
    [
        (started((10, 5)), Checkpointed(run=RUN, step=200, path="a", stage=0, epoch=11)),
        (started((10, 5), first_step=200, first_epoch=10),),
    ],
    ids=["written", "gone on from"],
)
def test_a_checkpoint_from_the_end_of_a_stage_stands_in_the_next(kept: tuple[object, ...]) -> None:
    state = run_state.died(after(*kept, progress(stage=1, epoch=2, step=215)), "killed")
    view = seen(run_state.revived(state, resumable=True))
    assert (words(view), view.progress) == ("Stopped in stage 2 of 2, epoch 1 of 5", pytest.approx(200 / 300))


def test_a_checkpoint_from_the_end_of_the_last_stage_stands_there() -> None:
    kept = Checkpointed(run=RUN, step=300, path="a", stage=1, epoch=6)
    state = run_state.died(after(started((10, 5)), progress(stage=1, epoch=5, step=299), kept), "killed")
    assert words(seen(run_state.revived(state, resumable=True))) == "Stopped in stage 2 of 2, epoch 5 of 5"


@pytest.mark.parametrize("refused", [False, True])
def test_a_continuation_that_never_started_leaves_the_run_before_it_where_it_was(refused: bool) -> None:
    stopped = after(*TRAINING, Stopped(run=RUN, stage=0, epoch=12, step=240))
    ended = after(*TRAINING, finished())
    for former in (stopped, ended, after(*TRAINING, Failed(run=RUN, problem=NAN))):
        asked = run_state.requested(former, RUN)
        if refused:
            asked = run_state.requested(after(Failed(run=RUN, problem=NAN), state=asked), RUN)
        revived = run_state.revived(run_state.died(asked, "killed"), resumable=True)
        assert seen(revived) == seen(run_state.revived(run_state.died(former, "killed"), resumable=True))
    edited = run_state.edited(run_state.died(run_state.requested(stopped, RUN), "killed"), True)
    assert seen(run_state.revived(edited, resumable=True)).action == "continue_fitting"
    started_again = after(started((40,), first_step=400, first_epoch=20), state=run_state.requested(ended, RUN))
    view = seen(run_state.revived(run_state.died(started_again, "killed"), resumable=True))
    assert words(view) == "Stopped in epoch 21 of 40"


@pytest.mark.parametrize("former", [after(*TRAINING, finished()), run_state.opened(RunState(), 20, {})])
def test_a_run_that_never_starts_says_why_beside_what_was_trained(former: RunState) -> None:
    asked = run_state.requested(former, RUN)
    view = seen(refused := after(Failed(run=RUN, problem=Problem(code="device")), state=asked))
    assert words(view) == Problem(code="device").headline
    assert (view.slot, view.enabled, view.reset, view.link) == ("continue", True, True, "")
    assert seen(run_state.replanned(refused)) == seen(run_state.edited(refused, False)) == seen(former)
    assert seen(run_state.edited(refused, True)).action == "continue_fitting"
    assert seen(after(Failed(run=RUN, problem=NAN), state=asked)).action == "apply_fix"
    edited = after(Failed(run=RUN, problem=NAN), state=run_state.edited(asked, True))
    assert (seen(edited).slot, seen(edited).action) == ("run", "apply_fix")
    assert seen(after(Failed(run=RUN, problem=NAN))).slot == "run", "nothing was trained before"


def test_losses_move_the_progress_between_ticks() -> None:
    values = struct.pack("<4f", 1.0, 0.9, 0.8, 0.7)
    state = after(started(), Losses(run=RUN, stage=0, first_step=36, values=values))
    assert state.step == 40


def test_the_epoch_told_keeps_step_with_the_progress_between_ticks() -> None:
    ended = EpochEnded(run=RUN, stage=0, epoch=15, step=300, train={"loss": 0.1}, validation={"loss": 0.2})
    view = seen(after(*TRAINING, ended))
    assert words(view).startswith("Epoch 16 of 20")
    assert view.progress == pytest.approx(300 / 400)
    last = EpochEnded(run=RUN, stage=0, epoch=20, step=400, train={"loss": 0.1}, validation={"loss": 0.2})
    assert words(seen(after(*TRAINING, last))).startswith("Epoch 20 of 20")


def test_the_first_losses_of_a_stage_are_of_its_first_epoch() -> None:
    losses = Losses(run=RUN, stage=1, first_step=200, values=struct.pack("<3f", 1.0, 0.9, 0.8))
    view = seen(after(started(stages=(10, 5)), progress(epoch=10, step=199), losses))
    assert words(view).startswith("Stage 2 of 2, epoch 1 of 5")


def test_more_epochs_while_running_lengthen_the_run() -> None:
    state = after(*TRAINING, Marked(run=RUN, step=240, name="epochs", value=30.0))
    assert words(seen(state)).startswith("Epoch 12 of 30")


def test_a_continued_run_counts_on() -> None:
    state = after(started((40,), first_step=400, first_epoch=20), progress(epoch=25, step=490))
    assert words(seen(state)).startswith("Epoch 25 of 40")


def test_events_of_another_run_change_nothing() -> None:
    state = after(*TRAINING)
    assert run_state.took(state, Stopped(run="other", stage=0, epoch=1, step=1)) == state
    ended = after(finished(), state=state)
    assert run_state.took(ended, progress()) == ended


def test_reset_forgets_the_run_but_not_the_problems() -> None:
    state = run_state.reset(run_state.counted(after(*TRAINING, finished()), 1))
    assert state == RunState(errors=1)


def test_a_continuation_with_more_steps_an_epoch_begins_where_its_epochs_are() -> None:
    more = Started(
        run=RUN, device="cpu", threads=1, steps_per_epoch=40, samples=1257, stages=(4,), first_step=40, first_epoch=2
    )
    state = after(more)
    assert seen(state).progress == pytest.approx(40 / 120)
    assert seen(after(more, progress(epoch=4, step=120))).progress == 1.0
