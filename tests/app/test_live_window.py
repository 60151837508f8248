"""The window with a real worker: run, pause, steer, finish, save, continue, survive."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit

from app.wording import MENDS
from engine.graph.edits import add_block, remove_blocks, set_parameter
from engine.graph.graph import Block
from engine.project.project_file import read_project
from engine.training.events import Checkpointed, Losses
from tests.app.live_hands import RUN_MS, block_of, press, train_for_long, wait_for


def test_a_run_that_is_asked_for_before_the_worker_was_started_starts_it(window, qtbot) -> None:
    window.workspace.set_epochs(1)
    press(qtbot, window.run_bar.slot)
    assert window.run_bar.slot.text() == "Starting"
    wait_for(qtbot, window, "finished")


def test_a_run_from_first_press_to_the_saved_file(live, open_window, qtbot, tmp_path: Path) -> None:
    workspace, bar = live.workspace, live.run_bar
    assert "7\u2009370 parameters" in live.status.parameters.text()
    assert bar.device.text() == workspace.link.devices[-1].upper() or len(workspace.link.devices) > 1
    qtbot.waitUntil(lambda: len(live.feed._pictures) == 3, timeout=RUN_MS)
    workspace.set_epochs(200)
    press(qtbot, bar.slot)
    assert bar.slot.text() == "Starting"
    wait_for(qtbot, live, "training")
    qtbot.waitUntil(lambda: "Epoch" in bar.message.text() and "samples/s" in bar.message.text(), timeout=RUN_MS)
    assert not live.gallery.isVisible()
    qtbot.waitUntil(lambda: len(workspace.history.losses) > 20, timeout=RUN_MS)

    press(qtbot, bar.slot)
    wait_for(qtbot, live, "paused")
    assert "Paused at epoch" in bar.message.text()
    step = workspace.runs.state.step
    press(qtbot, bar.step)
    qtbot.waitUntil(lambda: workspace.runs.state.step == step + 1, timeout=RUN_MS)
    workspace.set_learning_rate(0.0005)
    qtbot.waitUntil(lambda: any(mark.value == 0.0005 for mark in workspace.history.marks), timeout=RUN_MS)
    workspace.set_epochs(workspace.runs.state.epoch + 1)
    press(qtbot, bar.slot)
    wait_for(qtbot, live, "finished")
    assert "on the test set" in bar.message.text()
    assert workspace.history.test["accuracy"] > 0.8
    assert workspace.is_changed

    file = tmp_path / "trained.loom"
    with qtbot.waitSignal(workspace.store.saved):
        workspace.save(file)
    assert not workspace.is_changed
    losses, epochs = workspace.history.losses.array().copy(), workspace.history.epochs_done
    live.close()

    again = open_window(file, worker=True)
    assert again.run_bar.slot.text() == "Continue"
    assert f"Trained {epochs} epochs" in again.run_bar.message.text()
    assert np.array_equal(again.workspace.history.losses.array(), losses)
    assert again.editor.scene.known.losses.keys() == {block_of(again, "cross_entropy")}, "at once, like the chart"
    qtbot.waitUntil(lambda: again.workspace.measures.has_session, timeout=RUN_MS)
    again.workspace.set_epochs(1)
    press(qtbot, again.run_bar.slot)
    wait_for(qtbot, again, "finished")
    assert again.workspace.history.test["accuracy"] > 0.8


def test_an_edit_while_training_is_told_and_the_new_network_can_be_run(warm, qtbot) -> None:
    workspace = warm.workspace
    workspace.set_epochs(500)
    workspace.runs.run()
    wait_for(qtbot, warm, "training")
    first = workspace.runs.state.run
    workspace.document.edit("Set", set_parameter, block_of(warm, "conv2d"), "bias", False)
    assert "Trains the network before your last edit" in warm.run_bar.message.text()
    assert warm.run_bar.message.link.text() == "Run the new one"
    workspace.document.undo_stack.undo()
    assert "Trains the network" not in warm.run_bar.message.text()
    workspace.document.undo_stack.redo()
    qtbot.waitUntil(lambda: workspace.analysis.is_current and not workspace.analysis.errors, timeout=RUN_MS)
    qtbot.mouseClick(warm.run_bar.message.link, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(
        lambda: workspace.runs.state.run != first and workspace.runs.state.phase == "training", timeout=RUN_MS
    )
    assert workspace.previous is not None
    press(qtbot, warm.run_bar.stop)
    wait_for(qtbot, warm, "stopped")
    assert "Stopped in epoch" in warm.run_bar.message.text()
    press(qtbot, warm.run_bar.reset)
    qtbot.waitUntil(lambda: warm.run_bar.slot.text() == "Run", timeout=RUN_MS)
    assert warm.run_bar.message.text().startswith("Ready")


def test_an_edit_after_the_run_is_still_known_at_the_next_start(live, open_window, qtbot) -> None:
    workspace = live.workspace
    workspace.set_epochs(1)
    press(qtbot, live.run_bar.slot)
    wait_for(qtbot, live, "finished")
    workspace.document.edit("Set", set_parameter, block_of(live, "conv2d"), "bias", False)
    assert live.run_bar.message.link.text() == "Continue with the weights that fit"
    live.close()
    again = open_window(worker=True)
    assert (again.run_bar.slot.text(), again.run_bar.message.text()) == ("Run", "Starts a new run")
    again.workspace.document.edit("Set", set_parameter, block_of(again, "conv2d"), "out_channels", 16)
    assert again.run_bar.message.link.text() == "Continue with the weights that fit"
    qtbot.mouseClick(again.run_bar.message.link, Qt.MouseButton.LeftButton)
    wait_for(qtbot, again, "finished")
    assert again.run_bar.slot.text() == "Continue"


def test_a_file_saved_after_an_edit_knows_that_its_weights_are_of_another_network(warm, qtbot, tmp_path) -> None:
    workspace = warm.workspace
    workspace.set_epochs(1)
    press(qtbot, warm.run_bar.slot)
    wait_for(qtbot, warm, "finished")
    path = tmp_path / "edited.loom"
    workspace.document.edit("Set", set_parameter, block_of(warm, "conv2d"), "bias", False)
    for shown in (("Run", "Starts a new run"), ("Continue", "Trained 1 epoch")):
        workspace.save(path)
        qtbot.waitUntil(lambda: workspace.path == path and not workspace.is_changed, timeout=RUN_MS)
        with qtbot.waitSignal(workspace.opened):
            workspace.open(path)
        assert warm.run_bar.slot.text() == shown[0]
        assert warm.run_bar.message.text().startswith(shown[1])
        if shown[0] == "Run":
            qtbot.waitUntil(lambda: warm.run_bar.slot.isEnabled(), timeout=RUN_MS)
            press(qtbot, warm.run_bar.slot)
            wait_for(qtbot, warm, "finished")


def test_a_run_goes_on_when_the_edited_network_has_a_problem(warm, qtbot) -> None:
    workspace = warm.workspace
    workspace.set_epochs(5000)
    workspace.runs.run()
    wait_for(qtbot, warm, "training")
    run = workspace.runs.state.run
    workspace.document.edit("Set", set_parameter, block_of(warm, "conv2d"), "out_channels", 14)
    qtbot.waitUntil(lambda: bool(workspace.analysis.errors), timeout=RUN_MS)
    assert warm.run_bar.message.link.text() == "Show its problem"
    qtbot.mouseClick(warm.run_bar.message.link, Qt.MouseButton.LeftButton)
    assert warm.problem_popup.isVisible()
    workspace.runs.run()
    qtbot.wait(300)
    assert (workspace.runs.state.phase, workspace.runs.state.run) == ("training", run)


def test_a_problem_stops_run_and_the_offered_fix_mends_it(warm, qtbot) -> None:
    workspace = warm.workspace
    graph = workspace.document.graph
    from engine.graph.edits import remove_blocks

    flatten = block_of(warm, "flatten")
    source = next(wire.source for wire in graph.wires if wire.target.block == flatten)
    target = next(wire.target for wire in graph.wires if wire.source.block == flatten)
    workspace.document.edit("Delete", remove_blocks, (flatten,))
    from engine.graph.edits import connect

    workspace.document.edit("Connect", connect, source, target)
    qtbot.waitUntil(lambda: workspace.analysis.errors > 0, timeout=RUN_MS)
    assert not warm.run_bar.slot.isEnabled()
    assert "stop" in warm.run_bar.message.text()
    qtbot.mouseClick(warm.run_bar.message.link, Qt.MouseButton.LeftButton)
    assert warm.problem_popup.isVisible()
    problem = next(problem for problem in workspace.analysis.problems if problem.fixes)
    warm.problem_list.fix.emit(problem.fixes[0])
    assert warm.status.message.text() == "Inserted Flatten"
    qtbot.waitUntil(lambda: workspace.analysis.errors == 0, timeout=RUN_MS)
    assert warm.run_bar.slot.isEnabled()
    warm.problem_popup.close_now()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_a_killed_worker_is_told_and_the_run_goes_on_from_its_checkpoint(live, qtbot) -> None:
    workspace = live.workspace
    workspace.set_epochs(2000)
    workspace.runs.run()
    # a pause may come before the first step else
    qtbot.waitUntil(lambda: workspace.runs.state.step > 0, timeout=RUN_MS)
    workspace.runs.pause()
    wait_for(qtbot, live, "paused")
    qtbot.waitUntil(lambda: workspace.runs.checkpoint is not None, timeout=RUN_MS)
    workspace.runs.resume()
    wait_for(qtbot, live, "training")
    os.kill(workspace.link.client.process_id, signal.SIGKILL)
    wait_for(qtbot, live, "dead")
    assert "ended unexpectedly" in live.run_bar.message.text()
    graph = workspace.document.graph
    qtbot.mouseClick(live.run_bar.message.link, Qt.MouseButton.LeftButton)
    assert live.run_bar.slot.text() == "Continue"
    qtbot.waitUntil(lambda: workspace.link.alive and bool(workspace.link.devices), timeout=RUN_MS)
    press(qtbot, live.run_bar.slot)
    wait_for(qtbot, live, "training", "failed")
    assert workspace.runs.state.phase == "training"
    assert workspace.runs.state.first_step > 0
    assert workspace.document.graph is graph


def test_closing_while_training_keeps_the_weights_within_two_seconds(live, open_window, qtbot) -> None:
    workspace = live.workspace
    workspace.set_epochs(2000)
    workspace.runs.run()
    wait_for(qtbot, live, "training")
    qtbot.waitUntil(lambda: len(workspace.history.losses) > 50, timeout=RUN_MS)
    live.close()
    assert workspace.link.client.exit_words == "it was closed", "in the two seconds that it has"
    again = open_window()
    assert again.run_bar.slot.text() == "Continue"
    assert len(again.workspace.history.losses) > 50


def test_weights_are_exported_under_readable_names(warm, qtbot, tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    workspace = warm.workspace
    qtbot.waitUntil(lambda: workspace.measures.has_session, timeout=RUN_MS)
    with qtbot.waitSignal(workspace.message, timeout=RUN_MS):
        workspace.export_weights(tmp_path / "weights.safetensors")
    arrays = load_file(tmp_path / "weights.safetensors")
    assert arrays["convolution.weight"].shape == (16, 1, 3, 3)
    assert sum(array.size for array in arrays.values()) == 7370


def test_the_plan_in_the_inspector_steers_the_run_and_undo_steers_back(warm, qtbot) -> None:
    workspace = warm.workspace
    before = workspace.document.settings.plan.stages[0].learning_rate
    workspace.set_epochs(2000)
    warm.editor.select(())
    workspace.runs.run()
    wait_for(qtbot, warm, "training")

    def marks(name: str) -> list[float]:
        return [mark.value for mark in workspace.history.marks if mark.name == name]

    def type_into(id: str, words: str) -> None:
        row = warm.inspector.page.plan.stage_rows[0][id]
        assert row.isVisible()
        entry = row.field().findChild(QLineEdit)
        qtbot.mouseClick(entry, Qt.MouseButton.LeftButton)
        entry.selectAll()
        qtbot.keyClicks(entry, words)
        qtbot.keyClick(entry, Qt.Key.Key_Return)

    type_into("learning_rate", "0.0007")
    qtbot.waitUntil(lambda: marks("learning_rate") == [0.0007], timeout=RUN_MS)
    assert warm.run_bar.learning_rate.value() == 0.0007
    workspace.document.undo_stack.undo()
    qtbot.waitUntil(lambda: marks("learning_rate") == [0.0007, before], timeout=RUN_MS)
    workspace.runs.pause()
    wait_for(qtbot, warm, "paused")
    type_into("epochs", "1900")
    qtbot.waitUntil(lambda: marks("epochs") == [1900.0], timeout=RUN_MS)
    assert "of 1900" in warm.run_bar.message.text()
    workspace.runs.stop()
    wait_for(qtbot, warm, "stopped")


def test_weights_that_came_with_a_faulty_drawing_are_shown_once_it_is_mended(live, qtbot, tmp_path: Path) -> None:
    workspace, path = live.workspace, tmp_path / "faulty.loom"
    workspace.set_epochs(1)
    press(qtbot, live.run_bar.slot)
    wait_for(qtbot, live, "finished")
    workspace.document.edit("Add", add_block, Block("loose", "dense", "Loose"))
    qtbot.waitUntil(lambda: workspace.analysis.errors == 1, timeout=RUN_MS)
    with qtbot.waitSignal(workspace.store.saved, timeout=RUN_MS):
        workspace.save(path)
    with qtbot.waitSignal(workspace.measures.session_opened, timeout=RUN_MS) as refused:
        workspace.open(path)
    assert refused.args[0].problems
    assert not workspace.measures.has_session
    view = live.live_views.tile("view-2").view
    qtbot.waitUntil(lambda: view.message() == MENDS, timeout=RUN_MS)
    with qtbot.waitSignal(workspace.measures.session_opened, timeout=RUN_MS) as opened:
        workspace.document.edit("Delete", remove_blocks, ("loose",))
    assert opened.args[0].trained
    assert workspace.measures.has_session
    qtbot.waitUntil(lambda: not view.message(), timeout=RUN_MS)


def test_the_last_checkpoint_is_heard_behind_answers_that_take_the_window_long(live, qtbot) -> None:
    workspace = live.workspace
    workspace.set_epochs(100_000)
    press(qtbot, live.run_bar.slot)
    wait_for(qtbot, live, "training")
    qtbot.waitUntil(lambda: len(workspace.history.losses) > 20, timeout=RUN_MS)
    assert workspace.runs.checkpoint is None
    workspace.link.on(Losses, lambda losses: time.sleep(0.02))
    assert live.close()
    assert workspace.runs.checkpoint is not None, "the losses came before it, and took more than one pull's time"
    assert workspace.runs.checkpoint.is_file()


def test_a_save_in_the_middle_of_training_is_of_this_project_even_if_another_opens_at_once(
    warm, qtbot, tmp_path: Path
) -> None:
    workspace, file = warm.workspace, tmp_path / "mine.loom"
    train_for_long(warm, qtbot)
    graph = workspace.document.graph
    workspace.save(file)
    with qtbot.waitSignals([workspace.opened, workspace.store.saved], timeout=RUN_MS):
        workspace.new()
    qtbot.wait(2500)  # longer than a save waits for a checkpoint
    assert not workspace.document.graph.blocks
    assert workspace.path is None, "the empty drawing is not what was saved"
    saved = read_project(file, workspace.types)
    assert saved.graph == graph
    assert saved.weights_file(tmp_path) is not None


def test_what_was_trained_is_kept_when_another_project_is_opened_in_the_middle(warm, qtbot, tmp_path: Path) -> None:
    workspace, file = warm.workspace, tmp_path / "mine.loom"
    workspace.set_epochs(100_000)
    with qtbot.waitSignal(workspace.store.saved):
        workspace.save(file)
    train_for_long(warm, qtbot)
    assert workspace.runs.checkpoint is None
    trained = len(workspace.history.losses)
    with qtbot.waitSignal(workspace.opened, timeout=RUN_MS):
        workspace.open_example("moons-boundary")
    assert workspace.title == "moons-boundary"
    workspace.store.wait()
    kept = workspace.files.aside.drawings[0].path
    assert kept != file
    with qtbot.waitSignal(workspace.opened, timeout=RUN_MS):
        workspace.open(kept)
    assert warm.run_bar.slot.text() == "Continue"
    assert workspace.runs.checkpoint is not None
    assert len(workspace.history.losses) >= trained


def test_a_file_that_is_saved_and_opened_again_in_the_middle_of_training_is_as_it_was_saved(
    warm, qtbot, tmp_path: Path
) -> None:
    workspace, file = warm.workspace, tmp_path / "mine.loom"
    with qtbot.waitSignal(workspace.store.saved):
        workspace.save(file)
    train_for_long(warm, qtbot)
    graph = workspace.document.graph
    workspace.save(file)
    with qtbot.waitSignal(workspace.opened, timeout=RUN_MS):
        workspace.open(file)
    assert workspace.document.graph == graph
    assert workspace.document.settings.plan.stages[0].epochs == 100_000
    assert workspace.runs.checkpoint is not None


def test_an_export_of_a_saved_run_that_is_paused_leaves_it_saved_until_the_next_step(
    warm, qtbot, tmp_path: Path
) -> None:
    workspace, written = warm.workspace, []
    train_for_long(warm, qtbot)
    workspace.runs.pause()
    wait_for(qtbot, warm, "paused")
    with qtbot.waitSignal(workspace.store.saved, timeout=RUN_MS):
        workspace.save(tmp_path / "mine.loom")
    assert not workspace.is_changed
    workspace.link.on(Checkpointed, written.append)
    workspace.sources.export("onnx", tmp_path / "net.onnx")
    qtbot.waitUntil(lambda: bool(written), timeout=RUN_MS)
    assert not workspace.is_changed
    assert warm.status.saved.text() == "Saved just now"
    step = workspace.runs.state.step
    workspace.runs.step()
    qtbot.waitUntil(lambda: workspace.runs.state.step == step + 1, timeout=RUN_MS)
    workspace.runs.ask_checkpoint()
    qtbot.waitUntil(lambda: workspace.is_changed, timeout=RUN_MS)
