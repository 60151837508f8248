"""What ends at an unlucky moment, the worker, a run, the window, takes nothing along that was already there."""

from __future__ import annotations

import signal

import pytest
from PySide6.QtCore import Qt

from tests.app.test_live_window import RUN_MS, press, train_for_long, wait_for


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


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no SIGSTOP on this system")
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
