"""Files on a background thread: what is asked for is done in order, faults are told, recovery is written at a pace."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from app.project_store import RECOVERY_EVERY_MS, Content, Kept, Opened, ProjectStore
from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.graph import Graph
from engine.project.project_file import Project
from engine.project.recovery import Beside, RecoveryFolder
from engine.training.plan import Settings


@pytest.fixture
def store(qtbot, tmp_path: Path):
    made = ProjectStore(BLOCK_TYPES, RecoveryFolder(tmp_path / "state"))
    yield made
    made.close(last=False)


def kept(title: str) -> Kept:
    return Kept(graph=Graph(), settings=Settings(title=title), curves={}, beside=Beside(changed=True))


def make_two_newer_files(store: ProjectStore) -> None:
    """Checkpoints of a run, newer than all others: a clean-up keeps these two."""
    for step in range(2):
        newer = store.folder.checkpoints / f"run-{step}.safetensors"
        newer.touch()
        os.utime(newer, (time.time() + 10, time.time() + 10))


def test_a_saved_project_opens_again_on_the_windows_thread(store, qtbot, tmp_path: Path) -> None:
    project = store.example("digits-convnet")
    with qtbot.waitSignal(store.saved) as saved:
        store.save(tmp_path / "net", Content(project))
    assert saved.args[0] == tmp_path / "net.loom"
    threads = []
    store.opened.connect(lambda opened: threads.append(threading.current_thread()))
    with qtbot.waitSignal(store.opened) as opened:
        store.open(tmp_path / "net.loom")
    assert opened.args[0].project.graph == project.graph
    assert opened.args[0].path == tmp_path / "net.loom"
    assert threads == [threading.main_thread()]


def test_weights_of_projects_on_their_way_in_outlast_a_clean_up_meanwhile(store, qtbot, tmp_path: Path) -> None:
    project = store.example("digits-convnet")
    for value, name in enumerate(("first", "second")):
        weights = tmp_path / f"{name}.safetensors"
        save_file({"dense.weight": np.full((2, 2), value, np.float32)}, weights)
        with qtbot.waitSignal(store.saved):
            store.save(tmp_path / name, Content(project, weights))

    def clean_up() -> None:
        """After a run that ended before the window had heard of what is being read."""
        make_two_newer_files(store)
        store.prune(())

    told: list[Opened] = []
    store.opened.connect(told.append)
    store.open(tmp_path / "first.loom")
    store.open(tmp_path / "second.loom")
    qtbot.waitUntil(lambda: len(told) == 2)

    def left() -> list[bool]:
        store.wait()
        return [opened.weights.is_file() for opened in told]

    clean_up()
    store.taken_in(told[0])
    assert left() == [True, True], "nobody had taken them in when it was asked for"
    clean_up()
    assert left() == [False, True]
    store.taken_in(told[1])
    clean_up()
    assert left() == [False, False]


def test_a_window_says_itself_which_weights_of_an_opened_project_it_needs(window, qtbot, tmp_path: Path) -> None:
    files, weights = window.workspace.files, tmp_path / "w.safetensors"
    save_file({"dense.weight": np.ones((2, 2), np.float32)}, weights)
    files.store.save(tmp_path / "net.loom", Content(files.store.example("digits-convnet"), weights))
    with qtbot.waitSignal(files.opened):
        files.open(tmp_path / "net.loom")
    files.store.wait()
    assert not files.store._on_their_way
    make_two_newer_files(files.store)
    files.run_ended()
    files.store.wait()
    assert files.file_weights.is_file()


def test_a_missing_file_is_told_as_a_problem(store, qtbot, tmp_path: Path) -> None:
    with qtbot.waitSignal(store.failed) as failed:
        store.open(tmp_path / "nowhere.loom")
    assert "nowhere.loom" in failed.args[0].sentence


def test_a_place_that_cannot_be_written_leaves_nothing_behind(store, qtbot, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with qtbot.waitSignal(store.failed):
        store.save(tmp_path / "file" / "net.loom", Content(Project(graph=Graph())))


def test_what_is_put_aside_is_written_and_only_a_failure_is_told(store, qtbot, tmp_path: Path) -> None:
    told: list[object] = []
    store.saved.connect(told.append)
    content = Content(store.example("digits-convnet"))
    store.save_aside(tmp_path / "aside.loom", content)
    with qtbot.waitSignal(store.opened) as opened:
        store.open(tmp_path / "aside.loom")
    assert opened.args[0].project.graph == content.project.graph
    (tmp_path / "file").touch()
    with qtbot.waitSignal(store.failed):
        store.save_aside(tmp_path / "file" / "aside.loom", content)
    assert not told


def test_recovery_is_written_at_most_once_a_second(store, qtbot) -> None:
    asked: list[float] = []

    def keep() -> Kept:
        asked.append(time.monotonic())
        return kept(f"number {len(asked)}")

    store.keep_with(keep)
    while len(asked) < 3:
        store.touch()
        qtbot.wait(20)
    store.wait()
    assert RECOVERY_EVERY_MS == 1000
    assert all(later - sooner > 0.95 for sooner, later in zip(asked, asked[1:], strict=False))
    recovered = store.recovered()
    assert recovered is not None
    assert recovered.project.settings.title.startswith("number")
    assert not recovered.beside.closed


def test_weights_that_were_cleaned_away_since_are_no_newer_ones(store, qtbot) -> None:
    weights = store.folder.checkpoints / "run-1.safetensors"
    weights.touch()
    store.folder.write(Graph(), Settings(), beside=Beside(checkpoint=str(weights), run="run"))
    recovered, told = store.recovered(), []
    assert recovered.checkpoint == weights
    store.later.connect(lambda before, again: told.append(again.checkpoint))
    later = weights.with_name("run-2.safetensors")
    for change in (weights.unlink, later.touch):
        change()
        store.look_again(recovered)
        store.wait()
    qtbot.waitUntil(lambda: bool(told))
    assert told == [later]


def test_closing_writes_the_last_state_and_says_so(qtbot, tmp_path: Path) -> None:
    store = ProjectStore(BLOCK_TYPES, RecoveryFolder(tmp_path / "state"))
    store.keep_with(lambda: kept("the last"))
    store.close()
    store.touch()
    again = ProjectStore(BLOCK_TYPES, RecoveryFolder(tmp_path / "state"))
    recovered = again.recovered()
    again.close(last=False)
    assert recovered is not None
    assert recovered.project.settings.title == "the last"
    assert recovered.beside.closed
