"""What ends at an unlucky moment, the worker, a run, the window, takes nothing along that was already there."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from engine.graph.edits import set_parameter
from engine.graph.problem import Fix, Problem
from engine.project.project_file import read_project
from engine.training.events import Failed, Started
from tests.app.live_hands import RUN_MS, press, train_for_long, wait_for
from tests.waits import waits

NEVER_EXPORTS = """
import sys, time
from pathlib import Path
from engine.worker import exporting, process

def export_onnx(*arguments):
    Path(sys.argv[1]).touch()
    time.sleep(600)

exporting.export_onnx = export_onnx
process.main()
"""
CLOSING = {
    "client.join: wait",
    "client.join: join",
    "project_store.settle: wait",
    "project_store.close: join",
}
"""What the window may wait for when it closes: the end of its worker, in two seconds, and its own files."""
needs_sigstop = pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no SIGSTOP on this system")


def run_once(window, qtbot) -> None:
    window.workspace.set_epochs(2)
    press(qtbot, window.run_bar.slot)
    wait_for(qtbot, window, "finished")


def starts(window) -> list[Started]:
    found: list[Started] = []
    window.workspace.runs.event.connect(lambda event: found.append(event) if isinstance(event, Started) else None)
    return found


def goes_on(window, qtbot) -> int:
    """At which step a run goes on that Continue begins; it is waited for."""
    started = starts(window)
    assert window.run_bar.slot.text() == "Continue"
    press(qtbot, window.run_bar.slot)
    qtbot.waitUntil(lambda: bool(started), timeout=RUN_MS)
    wait_for(qtbot, window, "finished")
    return started[0].first_step


def test_a_project_opened_after_the_worker_died_offers_to_start_it_again(live, qtbot) -> None:
    workspace = live.workspace
    train_for_long(live, qtbot)
    workspace.link.client._life._process.kill()
    wait_for(qtbot, live, "dead")
    with qtbot.waitSignal(workspace.opened):
        workspace.open_example("moons-boundary")
    qtbot.wait(200)
    assert workspace.runs.state.phase == "dead"
    assert not live.run_bar.slot.isEnabled(), "nobody would hear it"
    qtbot.mouseClick(live.run_bar.message.link, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: live.run_bar.slot.isEnabled() and bool(workspace.analysis.analysis.specs), timeout=RUN_MS)
    assert live.run_bar.slot.text() == "Run"
    workspace.set_epochs(1)
    press(qtbot, live.run_bar.slot)
    wait_for(qtbot, live, "finished")


@needs_sigstop
def test_a_worker_that_dies_before_it_heard_of_a_reset_throws_nothing_away_later(live, qtbot) -> None:
    workspace = live.workspace
    train_for_long(live, qtbot)
    process = workspace.link.client._life._process
    process.send_signal(signal.SIGSTOP)
    qtbot.wait(100)
    workspace.reset()
    process.kill()
    wait_for(qtbot, live, "dead")
    qtbot.wait(200)
    assert workspace.runs.state.phase == "dead"
    assert workspace.history is None, "the reset was made"
    workspace.start_again()
    workspace.set_epochs(1)
    qtbot.waitUntil(live.run_bar.slot.isEnabled, timeout=RUN_MS)
    assert live.run_bar.slot.text() == "Run"
    press(qtbot, live.run_bar.slot)
    wait_for(qtbot, live, "finished")
    qtbot.wait(200)
    assert workspace.runs.state.phase == "finished"
    assert workspace.runs.checkpoint is not None


def test_the_last_checkpoint_of_a_worker_that_dies_while_the_window_draws_is_heard(live, qtbot) -> None:
    workspace = live.workspace
    runs, link = workspace.runs, workspace.link

    def draw() -> None:
        if link._waiting or runs.checkpoint is not None or not link.alive:
            return
        runs.ask_checkpoint()
        stand_still_until(lambda: any(runs.checkpoint_folder.glob("*.safetensors")))
        time.sleep(0.2)
        link.client._life._process.kill()
        stand_still_until(lambda: not link.alive)

    train_for_long(live, qtbot)
    link.pulled.connect(draw)
    wait_for(qtbot, live, "dead")
    assert runs.checkpoint is not None
    workspace.start_again()
    assert runs.resume_from == runs.checkpoint
    qtbot.waitUntil(live.run_bar.slot.isEnabled, timeout=RUN_MS)
    assert live.run_bar.slot.text() == "Continue"


def stand_still_until(condition: Callable[[], bool]) -> None:
    """Until it holds, without an event of the window meanwhile."""
    end = time.monotonic() + RUN_MS / 1000
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_drawing_that_is_saved_and_closed_at_once_is_a_saved_file_at_the_next_start(open_window, tmp_path) -> None:
    first, file = open_window(), tmp_path / "mine.loom"
    first.workspace.set_epochs(7)
    first.workspace.save(file)
    assert first.close()
    second = open_window()
    assert second.workspace.path == file
    assert not second.workspace.is_changed
    assert second.workspace.remembered.recent_files == (file,)


@needs_sigstop
def test_a_save_that_waits_for_a_step_is_made_when_the_window_closes(live, open_window, qtbot, tmp_path) -> None:
    train_for_long(live, qtbot)
    live.workspace.link.client._life._process.send_signal(signal.SIGSTOP)
    live.workspace.save(tmp_path / "mine.loom")
    assert live.close()
    assert "signal 9" in live.workspace.link.client.exit_words
    assert read_project(tmp_path / "mine.loom").graph == live.workspace.document.graph
    again = open_window()
    assert again.workspace.path == tmp_path / "mine.loom"


def test_a_window_may_be_closed_twice(live, qtbot) -> None:
    train_for_long(live, qtbot)
    assert live.close()
    checkpoint = live.workspace.runs.checkpoint
    assert checkpoint is not None
    assert live.close()
    assert live.workspace.runs.checkpoint == checkpoint


def trained_and_edited(window, qtbot) -> Path:
    """A run that finished, then another network drawn; returns the weights of the first."""
    workspace = window.workspace
    workspace.set_epochs(1)
    press(qtbot, window.run_bar.slot)
    wait_for(qtbot, window, "finished")
    dense = next(id for id, block in workspace.document.graph.blocks.items() if block.type == "dense")
    workspace.document.edit("Set bias", set_parameter, dense, "bias", False)
    qtbot.waitUntil(lambda: window.run_bar.slot.isEnabled() and workspace.analysis.is_current, timeout=RUN_MS)
    assert workspace.runs.state.edited
    assert workspace.runs.checkpoint is not None
    return workspace.runs.checkpoint


def test_a_new_run_that_dies_early_does_not_go_on_from_the_weights_of_the_one_before(live, qtbot) -> None:
    workspace = live.workspace
    trained_and_edited(live, qtbot)
    train_for_long(live, qtbot)
    assert workspace.files._kept().beside.checkpoint is None, "what a kill of the window leaves has no weights yet"
    workspace.link.client._life._process.kill()
    wait_for(qtbot, live, "dead")
    workspace.start_again()
    qtbot.waitUntil(live.run_bar.slot.isEnabled, timeout=RUN_MS)
    assert live.run_bar.slot.text() == "Run"
    started: list[Started] = []
    workspace.runs.event.connect(lambda event: started.append(event) if isinstance(event, Started) else None)
    press(qtbot, live.run_bar.slot)
    wait_for(qtbot, live, "training")
    assert started[0].first_step == 0


@needs_sigstop
def test_a_new_run_that_never_starts_leaves_the_weights_of_the_one_before(live, qtbot) -> None:
    workspace = live.workspace
    weights = trained_and_edited(live, qtbot)
    process = workspace.link.client._life._process
    process.send_signal(signal.SIGSTOP)
    press(qtbot, live.run_bar.slot)
    qtbot.wait(100)
    process.kill()
    wait_for(qtbot, live, "dead")
    workspace.start_again()
    assert workspace.runs.checkpoint == weights
    qtbot.waitUntil(live.run_bar.slot.isEnabled, timeout=RUN_MS)
    assert live.run_bar.message.link.text() == "Continue with the weights that fit"


def test_closing_while_onnx_is_written_keeps_what_was_trained_until_then(live, qtbot, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="no onnxruntime: install the extra onnx")
    workspace = live.workspace
    train_for_long(live, qtbot)
    trained = len(workspace.history.losses)
    workspace.sources.export("onnx", tmp_path / "net.onnx")
    qtbot.waitUntil(lambda: workspace.runs.checkpoint is not None, timeout=RUN_MS)
    with waits(clocks=False) as found:
        assert live.close()
    assert set(found) <= CLOSING
    assert workspace.runs.checkpoint.is_file()
    assert workspace.history.checkpoint_step >= trained


def test_closing_does_not_wait_for_onnx_that_takes_for_ever(
    open_window, qtbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, begun = open_window(), tmp_path / "begun"
    workspace, client = window.workspace, window.workspace.link.client
    client._command = (sys.executable, "-P", "-c", NEVER_EXPORTS, str(begun))
    workspace.start_worker()
    qtbot.waitUntil(window.run_bar.slot.isEnabled, timeout=RUN_MS)
    train_for_long(window, qtbot)
    trained = len(workspace.history.losses)
    workspace.sources.export("onnx", tmp_path / "net.onnx")
    qtbot.waitUntil(begun.is_file, timeout=RUN_MS)
    # no step is made any more: this one was written before
    qtbot.waitUntil(lambda: workspace.runs.checkpoint is not None, timeout=RUN_MS)
    close, patience = client.close, list[float]()
    monkeypatch.setattr(client, "close", lambda timeout_s: patience.append(timeout_s) or close(timeout_s))
    with waits(clocks=False) as found:
        assert window.close()
    assert patience == [2.0]
    assert set(found) <= CLOSING
    assert workspace.runs.checkpoint.is_file()
    assert workspace.history.checkpoint_step >= trained


@needs_sigstop
def test_a_window_closed_before_a_new_run_starts_keeps_the_weights_of_the_one_before(live, open_window, qtbot) -> None:
    weights = trained_and_edited(live, qtbot)
    live.workspace.link.client._life._process.send_signal(signal.SIGSTOP)
    press(qtbot, live.run_bar.slot)
    assert live.workspace.runs.checkpoint is None
    assert live.close()
    again = open_window()
    assert again.workspace.runs.checkpoint == weights
    assert again.workspace.runs.state.edited


@needs_sigstop
def test_a_project_opened_before_a_new_run_starts_has_no_weights_of_another(live, open_window, qtbot) -> None:
    trained_and_edited(live, qtbot)
    live.workspace.link.client._life._process.send_signal(signal.SIGSTOP)
    press(qtbot, live.run_bar.slot)
    live.workspace.new()
    assert live.close()
    again = open_window()
    assert not again.workspace.document.graph.blocks
    assert again.workspace.runs.checkpoint is None


@needs_sigstop
def test_a_project_put_aside_before_its_new_run_starts_has_the_weights_of_the_one_before(live, qtbot) -> None:
    workspace = live.workspace
    trained_and_edited(live, qtbot)
    losses = len(workspace.history.losses)
    process = workspace.link.client._life._process
    process.send_signal(signal.SIGSTOP)
    press(qtbot, live.run_bar.slot)
    with qtbot.waitSignal(workspace.opened):
        workspace.open_example("moons-boundary")
    process.send_signal(signal.SIGCONT)
    workspace.store.wait()
    kept = workspace.files.aside.drawings[0].path
    with qtbot.waitSignal(workspace.opened):
        workspace.open(kept)
    assert workspace.runs.checkpoint is not None
    assert len(workspace.history.losses) == losses
    assert workspace.runs.state.edited
    qtbot.waitUntil(live.run_bar.slot.isEnabled, timeout=RUN_MS)
    assert live.run_bar.message.link.text() == "Continue with the weights that fit"


@needs_sigstop
def test_what_is_saved_or_killed_before_a_new_run_starts_has_the_weights_of_the_one_before(
    live, qtbot, tmp_path: Path
) -> None:
    workspace, file = live.workspace, tmp_path / "mine.loom"
    weights = trained_and_edited(live, qtbot)
    process = workspace.link.client._life._process
    process.send_signal(signal.SIGSTOP)
    press(qtbot, live.run_bar.slot)
    beside = workspace.files._kept().beside
    assert (beside.checkpoint, beside.edited) == (str(weights), True)
    with qtbot.waitSignal(workspace.store.saved):
        workspace.save(file)
    assert read_project(file).has_weights
    process.send_signal(signal.SIGCONT)
    wait_for(qtbot, live, "finished")
    assert workspace.runs.checkpoint != weights
    assert workspace.is_changed


def test_a_tap_of_space_after_the_worker_died_throws_nothing_away(live, qtbot) -> None:
    runs = live.workspace.runs
    run_once(live, qtbot)
    checkpoint = runs.checkpoint
    live.workspace.link.client._life._process.kill()
    wait_for(qtbot, live, "dead")
    live.editor.view.setFocus()
    qtbot.keyClick(live.editor.view, Qt.Key.Key_Space)
    assert runs.checkpoint == checkpoint
    qtbot.mouseClick(live.run_bar.message.link, Qt.MouseButton.LeftButton)
    assert live.run_bar.slot.text() == "Continue"


def test_a_run_that_its_device_refuses_takes_nothing_along(live, qtbot) -> None:
    workspace, runs = live.workspace, live.workspace.runs
    run_once(live, qtbot)
    checkpoint, run, steps = runs.checkpoint, workspace.history.run, len(workspace.history.losses)
    workspace.set_device("cuda:99")
    press(qtbot, live.run_bar.slot)
    qtbot.waitUntil(lambda: "cuda:99" in live.run_bar.message.text(), timeout=RUN_MS)
    assert (live.run_bar.slot.text(), runs.checkpoint) == ("Continue", checkpoint)
    assert (workspace.history.run, workspace.history.state) == (run, "finished")
    workspace.set_device("cpu")
    assert live.run_bar.message.text().startswith("Finished")
    assert goes_on(live, qtbot) == steps


def test_a_repair_of_a_run_that_never_started_goes_on_from_what_was_trained(live, qtbot, monkeypatch) -> None:
    workspace, runs = live.workspace, live.workspace.runs
    run_once(live, qtbot)
    steps = len(workspace.history.losses)
    fix = Fix("set_batch_size", (16,), facts={"value": 16})
    with monkeypatch.context() as patch:
        patch.setattr(runs._link, "send", lambda message: None)
        runs._start(fresh=False)
    runs._take(Failed(runs.state.run, problem=Problem(code="out-of-memory", fixes=(fix,))))
    started = starts(live)
    qtbot.mouseClick(live.run_bar.message.link, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(started), timeout=RUN_MS)
    assert started[-1].first_step == steps
    wait_for(qtbot, live, "finished")


def test_a_trained_file_for_another_device_goes_on_from_its_weights_on_this_one(live, open_window, qtbot, tmp_path):
    run_once(live, qtbot)
    steps = len(live.workspace.history.losses)
    live.workspace.set_device("cuda:99")
    with qtbot.waitSignal(live.workspace.store.saved):
        live.workspace.save(tmp_path / "net.loom")
    assert live.close()
    again = open_window(tmp_path / "net.loom", worker=True)
    measures = again.workspace.measures
    qtbot.waitUntil(lambda: measures.is_refused, timeout=RUN_MS)
    again.workspace.set_device("cpu")
    qtbot.waitUntil(lambda: measures.has_session, timeout=RUN_MS)
    assert goes_on(again, qtbot) == steps
