"""A window that starts while the worker of a killed one is still writing its last checkpoint."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from PySide6.QtTest import QTest

from app.late_checkpoint import LOOK_EVERY_MS
from engine.graph.edits import remove_blocks
from engine.project.project_file import read_project
from engine.project.recovery import RecoveryFolder
from tests.app.live_hands import RUN_MS, press, wait_for
from tests.journeys.broken_files import sound_file


def trained(file: Path) -> bool:
    return read_project(file).has_weights


@pytest.fixture
def killed(live, qtbot, tmp_path: Path, monkeypatch, request) -> tuple[Path, Path]:
    """Where the last checkpoint of a killed window will be, and where it lies before that; none was written before.

    The drawing was unsaved, unless a test says False.
    """
    monkeypatch.setattr("app.late_checkpoint.LOOKS", 1000)  # however long a worker takes to start here
    workspace = live.workspace
    workspace.set_epochs(2)
    press(qtbot, live.run_bar.slot)
    wait_for(qtbot, live, "finished")
    checkpoint, kept = workspace.runs.checkpoint, workspace.files._kept()
    assert live.close()
    folder = RecoveryFolder(tmp_path / "state")
    beside = msgspec.structs.replace(kept.beside, checkpoint=None, changed=getattr(request, "param", True))
    folder.write(kept.graph, kept.settings, kept.curves, beside)
    for file in folder.checkpoints.iterdir():
        if file != checkpoint:
            file.unlink()
    folder.close()
    return checkpoint, checkpoint.rename(tmp_path / "not-yet")


def test_what_it_writes_then_is_taken(killed, open_window, qtbot) -> None:
    place, kept = killed
    window = open_window(worker=True)
    workspace, runs = window.workspace, window.workspace.runs
    assert (runs.checkpoint, window.run_bar.slot.text(), workspace.history) == (None, "Run", None)
    kept.rename(place)
    qtbot.waitUntil(lambda: runs.checkpoint == place, timeout=RUN_MS)
    assert window.run_bar.slot.text() == "Continue"
    losses = len(workspace.history.losses)
    qtbot.waitUntil(lambda: workspace.measures.has_session, timeout=RUN_MS)
    started = []
    runs.event.connect(lambda event: started.append(event) if type(event).__name__ == "Started" else None)
    press(qtbot, window.run_bar.slot)
    wait_for(qtbot, window, "finished")
    assert started[0].first_step == losses


def test_it_comes_too_late_for_another_project(killed, open_window, qtbot) -> None:
    place, kept = killed
    window = open_window()
    with qtbot.waitSignal(window.workspace.opened):
        window.workspace.open_example("moons-boundary")
    kept.rename(place)
    QTest.qWait(3 * LOOK_EVERY_MS)
    assert window.workspace.runs.checkpoint is None


def test_weights_of_a_drawing_edited_meanwhile_are_those_of_another_network(killed, open_window, qtbot) -> None:
    place, kept = killed
    window = open_window()
    document, runs = window.workspace.document, window.workspace.runs
    document.edit("Delete", remove_blocks, (next(id for id in document.graph.blocks),))
    kept.rename(place)
    qtbot.waitUntil(lambda: runs.checkpoint == place, timeout=RUN_MS)
    assert runs.state.edited
    document.undo_stack.undo()
    assert not runs.state.edited
    assert window.run_bar.slot.text() == "Continue"


def test_it_is_taken_even_by_the_second_window_after_the_kill(killed, open_window) -> None:
    place, kept = killed
    assert open_window().close()
    kept.rename(place)
    assert open_window().workspace.runs.checkpoint == place


def test_a_save_that_began_before_it_came_lacks_it(killed, open_window, qtbot, tmp_path: Path) -> None:
    place, kept = killed
    window = open_window()
    workspace = window.workspace
    kept.rename(place)
    workspace.store.look_again(workspace.files.late_checkpoint._recovered)
    with qtbot.waitSignal(workspace.store.saved, timeout=RUN_MS):
        workspace.save(tmp_path / "net.loom")
    assert workspace.runs.checkpoint == place
    assert workspace.is_changed


@pytest.mark.parametrize("killed", [True, False], indirect=True)
def test_the_copy_that_makes_way_for_a_file_gets_it(killed, open_window, qtbot, tmp_path: Path, request) -> None:
    was_unsaved = request.node.callspec.params["killed"]
    place, kept = killed
    file = sound_file(tmp_path / "other.loom")
    window = open_window(file, worker=True)
    workspace, runs = window.workspace, window.workspace.runs
    copies = [drawing.path for drawing in workspace.files.aside.drawings]
    assert len(copies) == was_unsaved
    kept.rename(place)
    qtbot.waitUntil(
        lambda: any(trained(path) for path in (tmp_path / "state" / "unsaved").glob("*.loom")), timeout=RUN_MS
    )
    assert (workspace.path, runs.checkpoint, workspace.history) == (file, None, None), "the file is as it was"
    (copy,) = [drawing.path for drawing in workspace.files.aside.drawings]
    assert copies in ([], [copy])
    with qtbot.waitSignal(workspace.opened):
        workspace.open(copy)
    assert window.run_bar.slot.text() == "Continue"
    losses = len(workspace.history.losses)
    qtbot.waitUntil(lambda: workspace.measures.has_session, timeout=RUN_MS)
    started = []
    runs.event.connect(lambda event: started.append(event) if type(event).__name__ == "Started" else None)
    press(qtbot, window.run_bar.slot)
    wait_for(qtbot, window, "finished")
    assert started[0].first_step == losses


def test_a_copy_that_the_window_has_open_is_not_written_behind_its_back(killed, open_window, qtbot, tmp_path) -> None:
    place, kept = killed
    window = open_window(sound_file(tmp_path / "other.loom"))
    workspace = window.workspace
    workspace.store.wait()
    (copy,) = (tmp_path / "state" / "unsaved").glob("*.loom")
    with qtbot.waitSignal(workspace.opened):
        workspace.open(copy)
    kept.rename(place)
    QTest.qWait(3 * LOOK_EVERY_MS)
    workspace.store.wait()
    assert not trained(copy)
