"""What Reset throws away, weights and curves, can be brought back until the next run begins."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app import run_state
from app.run_state import BRING_BACK, RunState
from engine.graph.edits import remove_blocks, set_parameter

RUN_MS = 60_000


def press(qtbot, button) -> None:
    qtbot.waitUntil(lambda: button.isVisible() and button.isEnabled(), timeout=RUN_MS)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def wait_for(qtbot, window, phase: str) -> None:
    qtbot.waitUntil(lambda: window.workspace.runs.state.phase == phase, timeout=RUN_MS)


@pytest.fixture
def trained(live, qtbot):
    live.workspace.set_epochs(2)
    press(qtbot, live.run_bar.slot)
    wait_for(qtbot, live, "finished")
    return live


def test_only_a_reset_of_trained_weights_offers_it() -> None:
    assert run_state.view(run_state.reset(RunState(), True), 20).link == BRING_BACK
    assert run_state.view(run_state.reset(RunState()), 20).link == ""
    assert run_state.requested(run_state.reset(RunState(), True), "r").discarded is False


def test_weights_and_curves_are_back_and_training_goes_on_from_there(trained, qtbot) -> None:
    workspace = trained.workspace
    before, losses = workspace.runs.state, workspace.history.losses.array().copy()
    checkpoint, test = workspace.runs.checkpoint, workspace.runs.state.test
    press(qtbot, trained.run_bar.reset)
    assert (workspace.history, workspace.runs.checkpoint) == (None, None)
    assert trained.run_bar.message.link.text() == BRING_BACK
    press(qtbot, trained.run_bar.message.link)
    assert workspace.runs.checkpoint == checkpoint
    assert workspace.runs.state == before
    assert workspace.runs.state.test == test
    np.testing.assert_array_equal(workspace.history.losses.array(), losses)
    assert trained.run_bar.slot.text() == "Continue"
    press(qtbot, trained.run_bar.slot)
    qtbot.waitUntil(lambda: workspace.runs.state.run != before.run, timeout=RUN_MS)
    wait_for(qtbot, trained, "finished")
    assert workspace.history.epochs_done == 4
    np.testing.assert_array_equal(workspace.history.losses.array()[: len(losses)], losses)


def test_the_file_of_the_weights_outlives_the_reset_and_a_save(trained, qtbot, tmp_path) -> None:
    workspace = trained.workspace
    press(qtbot, trained.run_bar.reset)
    kept = workspace.runs.discarded
    workspace.files.save(tmp_path / "fresh.loom")
    qtbot.waitUntil((tmp_path / "fresh.loom").is_file, timeout=RUN_MS)
    workspace.files.run_ended()
    qtbot.wait(200)
    assert kept.checkpoint.is_file()
    workspace.bring_back()
    assert workspace.runs.checkpoint == kept.checkpoint


def test_the_next_run_ends_the_offer(trained, qtbot) -> None:
    workspace = trained.workspace
    press(qtbot, trained.run_bar.reset)
    press(qtbot, trained.run_bar.slot)
    wait_for(qtbot, trained, "finished")
    assert workspace.runs.discarded is None
    history = workspace.history
    workspace.bring_back()
    assert workspace.history is history


def test_another_project_ends_the_offer(trained, qtbot) -> None:
    press(qtbot, trained.run_bar.reset)
    trained.workspace.files.new()
    assert trained.workspace.runs.discarded is None
    assert trained.run_bar.message.link.text() != BRING_BACK


def test_brought_back_onto_another_drawing_they_are_known_as_those_of_an_earlier_one(trained, qtbot) -> None:
    workspace = trained.workspace
    press(qtbot, trained.run_bar.reset)
    conv = next(id for id, block in workspace.document.graph.blocks.items() if block.type == "conv2d")
    workspace.document.edit("Set", set_parameter, conv, "bias", False)
    qtbot.waitUntil(lambda: workspace.analysis.is_current, timeout=RUN_MS)
    workspace.bring_back()
    assert trained.run_bar.message.link.text() == "Continue with the weights that fit"


def test_a_run_that_reset_stopped_is_back_where_it_stopped(live, qtbot) -> None:
    workspace = live.workspace
    workspace.set_epochs(500)
    press(qtbot, live.run_bar.slot)
    qtbot.waitUntil(lambda: workspace.runs.state.phase == "training" and workspace.runs.state.step > 20, timeout=RUN_MS)
    press(qtbot, live.run_bar.reset)
    qtbot.waitUntil(lambda: workspace.runs.state.phase == "idle" and workspace.history is None, timeout=RUN_MS)
    press(qtbot, live.run_bar.message.link)
    assert workspace.runs.state.phase == "stopped"
    assert len(workspace.history.losses) > 0


def test_a_reset_of_an_opened_file_holds_though_its_drawing_was_faulty_then(trained, qtbot, tmp_path) -> None:
    workspace = trained.workspace
    with qtbot.waitSignal(workspace.store.saved, timeout=RUN_MS):
        workspace.save(tmp_path / "net.loom")
    with qtbot.waitSignal(workspace.measures.session_opened, timeout=RUN_MS):
        workspace.open(tmp_path / "net.loom")
    flatten = next(id for id, block in workspace.document.graph.blocks.items() if block.type == "flatten")
    workspace.document.edit("Delete", remove_blocks, (flatten,))
    qtbot.waitUntil(lambda: bool(workspace.analysis.errors), timeout=RUN_MS)
    press(qtbot, trained.run_bar.reset)
    with qtbot.waitSignal(workspace.measures.session_opened, timeout=RUN_MS // 4) as answer:
        workspace.document.undo_stack.undo()
    assert (answer.args[0].trained, answer.args[0].problems) == (False, ())
