"""After a worker's death and Start again all is as it was: what was trained, what is open now, what is measured."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app.run_state import BRING_BACK
from app.wording import CHECKING, NOT_CHECKED
from engine.graph.edits import add_block, remove_blocks
from engine.graph.graph import Block
from engine.training.events import Losses, Started
from engine.training.plan import Settings, Supervised, replace
from tests.app.live_hands import RUN_MS, block_of, press, train_for_long, wait_for


def kill_worker(window, qtbot) -> None:
    window.workspace.link.client._life._process.kill()
    wait_for(qtbot, window, "dead")


def start_again(window, qtbot) -> None:
    """By the link in the run bar, until another worker has looked at the drawing."""
    link = window.run_bar.message.link
    assert link.text() == "Start again"
    qtbot.mouseClick(link, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.workspace.analysis.is_current, timeout=RUN_MS)


def said(window) -> tuple[str, str]:
    """What the first button and the words beside it say."""
    return window.run_bar.slot.text(), window.run_bar.message.text()


def run_once(window, qtbot, epochs: int = 2) -> None:
    window.workspace.set_epochs(epochs)
    press(qtbot, window.run_bar.slot)
    wait_for(qtbot, window, "finished")


def and_for_long(settings: Settings) -> Settings:
    """The settings with a long stage at the end of the plan."""
    stages = (*settings.plan.stages, Supervised(epochs=100_000))
    return replace(settings, plan=replace(settings.plan, stages=stages))


def starts(window) -> list[Started]:
    found: list[Started] = []
    window.workspace.runs.event.connect(lambda event: found.append(event) if isinstance(event, Started) else None)
    return found


def opened(workspace, qtbot, open) -> None:
    with qtbot.waitSignal(workspace.opened, timeout=RUN_MS):
        open()


def test_a_finished_run_goes_on_by_the_plans_epochs(live, qtbot) -> None:
    workspace = live.workspace
    run_once(live, qtbot)
    before, losses = said(live), workspace.history.losses.array().copy()
    kill_worker(live, qtbot)
    start_again(live, qtbot)
    assert said(live) == before, "nothing was lost"
    started = starts(live)
    press(qtbot, live.run_bar.slot)
    wait_for(qtbot, live, "training", "failed")
    wait_for(qtbot, live, "finished")
    assert (started[0].first_step, started[0].stages) == (len(losses), (4,))
    assert workspace.history.epochs_done == 4
    np.testing.assert_array_equal(workspace.history.losses.array()[: len(losses)], losses)


def test_a_stopped_run_goes_on_as_if_nobody_had_died(live, qtbot) -> None:
    workspace = live.workspace
    train_for_long(live, qtbot)
    press(qtbot, live.run_bar.stop)
    wait_for(qtbot, live, "stopped")
    before, epoch = said(live), workspace.runs.state.epoch
    kill_worker(live, qtbot)
    start_again(live, qtbot)
    assert said(live) == before
    workspace.set_epochs(epoch + 2)
    started = starts(live)
    press(qtbot, live.run_bar.slot)
    wait_for(qtbot, live, "finished")
    assert (started[0].first_epoch, started[0].stages) == (epoch - 1, (epoch + 2,))


def test_a_continued_run_that_dies_before_its_first_checkpoint_is_continued_once_more(live, qtbot) -> None:
    workspace = live.workspace
    run_once(live, qtbot)
    checkpoint, steps = workspace.runs.checkpoint, len(workspace.history.losses)
    workspace.set_epochs(100_000)
    press(qtbot, live.run_bar.slot)
    wait_for(qtbot, live, "training")
    kill_worker(live, qtbot)
    assert workspace.runs.checkpoint == checkpoint
    workspace.set_epochs(2)
    start_again(live, qtbot)
    assert live.run_bar.slot.text() == "Continue"
    started = starts(live)
    press(qtbot, live.run_bar.slot)
    wait_for(qtbot, live, "finished")
    assert (started[0].first_step, started[0].stages) == (steps, (4,))
    assert workspace.history.epochs_done == 4


def test_a_run_that_dies_twice_still_does_the_rest_of_its_epochs(live, qtbot) -> None:
    workspace = live.workspace
    train_for_long(live, qtbot)
    workspace.runs.ask_checkpoint()
    qtbot.waitUntil(lambda: workspace.runs.checkpoint is not None, timeout=RUN_MS)
    checkpoint, started = workspace.runs.checkpoint, starts(live)
    for death in range(2):
        kill_worker(live, qtbot)
        start_again(live, qtbot)
        assert workspace.runs.checkpoint == checkpoint
        assert live.run_bar.slot.text() == "Continue"
        press(qtbot, live.run_bar.slot)
        qtbot.waitUntil(lambda number=death: len(started) > number, timeout=RUN_MS)
        assert started[-1].stages == (100_000,)
        assert started[-1].first_step == int(checkpoint.stem.rpartition("-")[2])


def test_a_run_that_dies_in_the_middle_is_said_to_stand_where_it_goes_on(live, qtbot) -> None:
    runs = live.workspace.runs
    train_for_long(live, qtbot)
    qtbot.waitUntil(lambda: runs.state.epoch > 2, timeout=RUN_MS)
    runs.ask_checkpoint()
    qtbot.waitUntil(lambda: runs.checkpoint is not None, timeout=RUN_MS)
    _, epoch, _ = runs.state.kept
    qtbot.waitUntil(lambda: runs.state.epoch > epoch + 2, timeout=RUN_MS)
    kill_worker(live, qtbot)
    start_again(live, qtbot)
    assert said(live)[1].startswith(f"Stopped in epoch {epoch} of")
    started = starts(live)
    press(qtbot, live.run_bar.slot)
    wait_for(qtbot, live, "training")
    assert started[0].first_epoch + 1 == epoch


def test_a_run_that_dies_behind_the_end_of_a_stage_is_said_to_go_on_in_the_next(live, qtbot) -> None:
    workspace, runs = live.workspace, live.workspace.runs
    workspace.set_epochs(2)
    workspace.document.edit_settings("Add stage", and_for_long)
    press(qtbot, live.run_bar.slot)
    qtbot.waitUntil(lambda: runs.state.stage == 1, timeout=RUN_MS)
    assert runs.state.kept[0] == 0, "none was written since"
    kill_worker(live, qtbot)
    start_again(live, qtbot)
    assert said(live) == ("Continue", "Stopped in stage 2 of 2, epoch 1 of 100000")
    trained: list[Losses] = []
    runs.event.connect(lambda event: trained.append(event) if isinstance(event, Losses) else None)
    step = runs.state.step
    press(qtbot, live.run_bar.slot)
    qtbot.waitUntil(lambda: bool(trained), timeout=RUN_MS)
    assert (trained[0].stage, trained[0].first_step) == (1, step)


@pytest.mark.parametrize("blank", [False, True], ids=["an example", "an empty canvas"])
def test_a_project_opened_meanwhile_is_not_checked_until_the_worker_is_there_again(live, qtbot, blank: bool) -> None:
    workspace, status = live.workspace, live.status
    kill_worker(live, qtbot)
    opened(workspace, qtbot, workspace.new if blank else lambda: workspace.open_example("moons-boundary"))
    qtbot.wait(100)
    assert status.problems.text() == NOT_CHECKED
    assert live.problem_list.empty_words() == NOT_CHECKED
    qtbot.mouseClick(live.run_bar.message.link, Qt.MouseButton.LeftButton)
    assert (status.problems.text(), live.problem_list.empty_words()) == (CHECKING, CHECKING)
    qtbot.waitUntil(lambda: workspace.analysis.is_current, timeout=RUN_MS)
    if blank:
        assert status.problems.text() == "Empty drawing"
        assert live.run_bar.message.text() == "Nothing to run yet"
        return
    assert status.problems.text() not in (CHECKING, NOT_CHECKED)
    assert workspace.analysis.analysis.specs
    qtbot.waitUntil(lambda: workspace.measures.has_session, timeout=RUN_MS)
    run_once(live, qtbot, 1)


def test_a_worker_that_dies_before_it_looked_at_the_drawing_leaves_it_unchecked(open_window, qtbot) -> None:
    window = open_window()
    workspace = window.workspace
    workspace.start_worker()
    life = workspace.link.client._life
    qtbot.waitUntil(lambda: life._process is not None, timeout=RUN_MS)
    assert window.status.problems.text() == CHECKING
    kill_worker(window, qtbot)
    assert window.status.problems.text() == NOT_CHECKED
    start_again(window, qtbot)
    assert window.status.problems.text() == "No problems"
    assert said(window)[0] == "Run"
    assert window.run_bar.slot.isEnabled()


def test_an_edit_made_meanwhile_is_not_checked_either(live, qtbot) -> None:
    workspace = live.workspace
    assert live.status.problems.text() == "No problems"
    kill_worker(live, qtbot)
    assert live.status.problems.text() == "No problems", "it was looked at, and is as it was"
    workspace.document.edit("Delete", remove_blocks, (block_of(live, "flatten"),))
    qtbot.wait(100)
    assert live.status.problems.text() == NOT_CHECKED
    start_again(live, qtbot)
    assert "problem" in live.status.problems.text()


def test_trained_weights_are_measured_again_once_an_edit_made_meanwhile_is_mended(live, qtbot) -> None:
    workspace = live.workspace
    run_once(live, qtbot)
    kill_worker(live, qtbot)
    workspace.document.edit("Add", add_block, Block("loose", "dense", "Loose"))
    start_again(live, qtbot)
    assert workspace.analysis.errors
    assert not workspace.measures.has_session
    with qtbot.waitSignal(workspace.measures.session_opened, timeout=RUN_MS) as answer:
        workspace.document.edit("Delete", remove_blocks, ("loose",))
    assert answer.args[0].trained
    assert workspace.measures.has_session
    assert live.run_bar.slot.text() == "Continue"


def test_trained_weights_opened_meanwhile_are_continued_by_the_plans_epochs(live, qtbot, tmp_path) -> None:
    workspace, file = live.workspace, tmp_path / "trained.loom"
    run_once(live, qtbot)
    with qtbot.waitSignal(workspace.store.saved):
        workspace.save(file)
    opened(workspace, qtbot, lambda: workspace.open_example("moons-boundary"))
    kill_worker(live, qtbot)
    opened(workspace, qtbot, lambda: workspace.open(file))
    start_again(live, qtbot)
    slot, words = said(live)
    assert (slot, words.startswith("Trained 2 epochs")) == ("Continue", True)
    qtbot.waitUntil(lambda: workspace.measures.has_session, timeout=RUN_MS)
    press(qtbot, live.run_bar.slot)
    qtbot.waitUntil(lambda: workspace.runs.state.phase == "finished", timeout=RUN_MS)
    assert workspace.history.epochs_done == 4


def test_a_run_that_dies_is_not_that_of_a_project_opened_afterwards(live, qtbot) -> None:
    workspace = live.workspace
    train_for_long(live, qtbot)
    workspace.runs.ask_checkpoint()
    qtbot.waitUntil(lambda: workspace.runs.checkpoint is not None, timeout=RUN_MS)
    kill_worker(live, qtbot)
    opened(workspace, qtbot, lambda: workspace.open_example("moons-boundary"))
    start_again(live, qtbot)
    assert workspace.runs.resume_from is None
    assert said(live)[0] == "Run"
    assert said(live)[1].startswith("Ready")
    run_once(live, qtbot, 1)


def test_fresh_weights_are_measured_after_a_worker_died_that_a_reset_had_stopped(live, qtbot) -> None:
    workspace = live.workspace
    train_for_long(live, qtbot)
    workspace.runs.ask_checkpoint()
    qtbot.waitUntil(lambda: workspace.runs.checkpoint is not None, timeout=RUN_MS)
    trained, checkpoint = len(workspace.history.losses), workspace.history.checkpoint_step
    workspace.link.client._life._process.kill()
    workspace.reset()
    wait_for(qtbot, live, "dead")
    qtbot.waitUntil(lambda: workspace.history is None, timeout=RUN_MS)
    assert workspace.previous.state == "lost"
    start_again(live, qtbot)
    assert (live.run_bar.slot.text(), workspace.runs.checkpoint) == ("Run", None)
    qtbot.waitUntil(lambda: workspace.measures.has_session, timeout=RUN_MS)
    assert len(workspace.previous.losses) >= trained
    link = live.run_bar.message.link
    assert link.text() == BRING_BACK, "as after a reset that the worker heard of"
    qtbot.mouseClick(link, Qt.MouseButton.LeftButton)
    assert live.run_bar.slot.text() == "Continue"
    workspace.set_epochs(1)
    started = starts(live)
    press(qtbot, live.run_bar.slot)
    wait_for(qtbot, live, "finished")
    assert started[0].first_step == checkpoint
