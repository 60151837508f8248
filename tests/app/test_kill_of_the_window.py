"""A window that is killed while it trains: the next one has weights and curves that belong together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.project.project_file import read_project
from tests.app.live_hands import RUN_MS, press, wait_for
from tests.journeys.broken_files import sound_file

TRAINER = Path(__file__).with_name("endless_training.py")
ROOT = TRAINER.parents[2]
ENOUGH = 400


def trained_and_killed(state: Path, wholly: bool) -> int:
    """Train, and kill window and, where `wholly`, worker; how many losses it had written at least."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    window = subprocess.Popen(
        [sys.executable, str(TRAINER), str(state)],
        stdout=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    )
    losses = 0
    try:
        while losses < ENOUGH:
            line = window.stdout.readline()
            assert line, "the window ended"
            losses = int(line)
    finally:
        if wholly:
            os.killpg(window.pid, signal.SIGKILL)
        else:
            window.kill()
        window.stdout.close()
        window.wait()
    return losses


needs_groups = pytest.mark.skipif(not hasattr(os, "killpg"), reason="no process groups on this system")


def wait_for_worker(state: Path, qtbot) -> None:
    """Until the worker, alone now, has written its last checkpoint."""
    folder = state / "window-1" / "checkpoints"
    qtbot.waitUntil(lambda: any(folder.glob("*.safetensors")), timeout=RUN_MS)


def test_a_first_run_is_there_again_before_its_first_checkpoint_was_due(open_window, qtbot, tmp_path) -> None:
    losses = trained_and_killed(tmp_path / "state", wholly=False)
    wait_for_worker(tmp_path / "state", qtbot)
    window = open_window(worker=True)
    workspace = window.workspace
    assert "ended unexpectedly" in window.notice.text()
    assert workspace.runs.checkpoint is not None
    assert workspace.is_changed
    assert len(workspace.history.losses) >= losses
    assert window.run_bar.slot.text() == "Continue"
    kept = workspace.history.losses.array().copy()
    workspace.set_epochs(1)
    started = []
    workspace.runs.event.connect(lambda event: started.append(event) if type(event).__name__ == "Started" else None)
    press(qtbot, window.run_bar.slot)
    wait_for(qtbot, window, "finished")
    assert started[0].first_step >= losses
    np.testing.assert_array_equal(workspace.history.losses.array()[:losses], kept[:losses])


def test_what_makes_way_for_a_file_at_once_has_what_the_worker_wrote_alone(
    open_window, qtbot, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr("app.late_checkpoint.LOOKS", 1000)  # however long the worker takes to end here
    losses = trained_and_killed(tmp_path / "state", wholly=False)
    file = sound_file(tmp_path / "other.loom")
    workspace = open_window(file).workspace
    assert workspace.path == file

    def copies() -> list[Path]:
        return [path for path in (tmp_path / "state" / "unsaved").glob("*.loom") if read_project(path).has_weights]

    qtbot.waitUntil(lambda: bool(copies()), timeout=RUN_MS)
    with qtbot.waitSignal(workspace.opened):
        workspace.open(*copies())
    assert workspace.runs.checkpoint is not None
    assert len(workspace.history.losses) >= losses


@needs_groups
def test_curves_whose_weights_are_lost_are_those_of_an_earlier_run(open_window, tmp_path) -> None:
    losses = trained_and_killed(tmp_path / "state", wholly=True)
    window = open_window()
    workspace = window.workspace
    assert workspace.runs.checkpoint is None
    assert window.run_bar.slot.text() == "Run"
    assert workspace.history is None, "no curve without its weights"
    assert len(workspace.previous.losses) >= losses
