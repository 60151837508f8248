"""Drawings that were never saved can be reached as long as they are there, whatever the recent files are."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QFile, Qt

from app.project_store import Content
from app.settings import MOST_RECENT
from engine.graph.edits import remove_blocks
from engine.graph.graph import Graph
from engine.project.project_file import Project

LEFT = Qt.MouseButton.LeftButton
EMPTY = Content(Project(graph=Graph()))


@pytest.fixture
def aside(window):
    return window.workspace.files.aside


def edited_and_left(window) -> Graph:
    """What was drawn, unsaved, before an empty canvas took its place."""
    document = window.workspace.document
    document.edit("Delete", remove_blocks, (next(iter(document.graph.blocks)),))
    left = document.graph
    window.actions_table["new"].trigger()
    return left


def menu_of(window) -> list[str]:
    window.commands.fill_recent()
    return [action.text() for action in window.actions_table.menus["File/Open recent"].actions() if action.text()]


def kept_on_disk(window, qtbot) -> Path:
    (drawing,) = window.workspace.files.aside.drawings
    window.workspace.store.wait()
    qtbot.waitUntil(lambda: window.workspace.files.aside.drawings[0].written_s is not None)
    return drawing.path


def test_it_stays_however_many_files_follow_and_are_forgotten(window, open_window, qtbot, tmp_path: Path) -> None:
    left = edited_and_left(window)
    kept = kept_on_disk(window, qtbot)
    for number in range(MOST_RECENT + 1):
        window.workspace.remembered.add_recent(tmp_path / f"{number}.loom")
    window.commands.forget_recent()
    assert menu_of(window) == ["Unsaved drawings", kept.stem]
    window.show_start_page(True)
    assert [row.path for row in window.start_page.drawings] == [kept]
    assert window.close()
    again = open_window()
    qtbot.waitUntil(lambda: menu_of(again)[:2] == ["Unsaved drawings", kept.stem])
    with qtbot.waitSignal(again.workspace.opened):
        again.actions_table.menus["File/Open recent"].actions()[1].trigger()
    assert again.workspace.document.graph == left
    assert again.workspace.remembered.recent_files == (), "it takes no place of a file"


def test_the_menu_lists_the_latest_and_leads_to_all(window, aside, qtbot) -> None:
    aside.folder.mkdir(parents=True)
    paths = [aside.folder / f"Untitled 2026-01-{day:02d} 03.04.05.loom" for day in range(1, 16)]
    for age, path in enumerate(reversed(paths)):
        path.touch()
        os.utime(path, (1_000_000 - age, 1_000_000 - age))
    with qtbot.waitSignal(aside.changed):
        aside.look()
    lines = menu_of(window)
    assert lines[1:-1] == [path.stem for path in reversed(paths)][:MOST_RECENT]
    window.actions_table.menus["File/Open recent"].actions()[-1].trigger()
    assert window.start_page.isVisible()
    assert [row.path for row in window.start_page.drawings] == paths[::-1]


@pytest.fixture
def trash(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    (tmp_path / "share").mkdir()
    return tmp_path / "share" / "Trash" / "files"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have one trash for all programs")
def test_one_is_thrown_away_into_the_trash_alone(window, aside, qtbot, trash: Path) -> None:
    edited_and_left(window)
    kept = kept_on_disk(window, qtbot)
    window.show_start_page(True)
    qtbot.mouseClick(window.start_page.drawings[0].bin, LEFT)
    qtbot.waitUntil(lambda: window.start_page.drawings == ())
    assert not window.start_page._drawings.heading.isVisible()
    assert not kept.exists()
    assert (trash / kept.name).is_file()
    assert "in the trash" in window.status.message.text()
    assert menu_of(window) == ["No files yet"]


def test_without_a_trash_it_stays_and_that_is_told(window, aside, qtbot, monkeypatch) -> None:
    edited_and_left(window)
    kept = kept_on_disk(window, qtbot)
    monkeypatch.setattr(QFile, "moveToTrash", lambda path: False)
    with qtbot.waitSignal(window.workspace.refused):
        aside.throw_away(kept)
    assert "is still kept" in window.notice.text()
    assert str(kept.parent) in window.notice.text()
    assert kept.is_file()
    assert [drawing.path for drawing in aside.drawings] == [kept]


def test_the_one_that_is_open_cannot_be_thrown_away(window, qtbot) -> None:
    edited_and_left(window)
    kept = kept_on_disk(window, qtbot)
    with qtbot.waitSignal(window.workspace.opened):
        window.workspace.open(kept)
    window.show_start_page(True)
    (row,) = window.start_page.drawings
    assert not row.bin.isEnabled()
    assert "open another project first" in row.bin.toolTip()
    window.workspace.new()
    window.show_start_page(True)
    assert window.start_page.drawings[0].bin.isEnabled()


def test_it_is_listed_at_once_however_long_the_disk_takes(window, aside, qtbot) -> None:
    answer = threading.Event()
    aside.look()
    window.workspace.store.behind(lambda: answer.wait(20), lambda _: None)
    edited_and_left(window)
    (drawing,) = aside.drawings
    qtbot.wait(50)
    assert aside.drawings == (drawing,), "an answer from before does not take it away"
    assert menu_of(window)[:2] == ["Unsaved drawings", drawing.path.stem]
    assert not drawing.path.exists()
    answer.set()
    qtbot.waitUntil(lambda: aside.drawings[0].written_s is not None)
    assert [drawing.path] == [found.path for found in aside.drawings]


def test_the_window_does_not_ask_the_disk_for_them(window, aside, qtbot, monkeypatch) -> None:
    edited_and_left(window)
    kept = kept_on_disk(window, qtbot)
    main, asked = threading.get_ident(), []
    glob = Path.glob
    monkeypatch.setattr(Path, "glob", lambda path, pattern: asked.append(threading.get_ident()) or glob(path, pattern))
    window.show_start_page(True)
    assert kept.stem in menu_of(window)
    window.workspace.store.wait()
    assert asked
    assert main not in asked


def test_two_within_one_second_are_two(window, aside, monkeypatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_700_000_000.0)
    aside.keep("net", EMPTY)
    aside.keep("net", EMPTY)
    window.workspace.store.wait()
    assert len(list(aside.folder.iterdir())) == 2


def test_a_name_as_long_as_can_be_is_kept_too(window, aside, qtbot) -> None:
    with qtbot.assertNotEmitted(window.workspace.store.failed, wait=100):
        aside.keep("ä" * 115, EMPTY)
        window.workspace.store.wait()
    (kept,) = aside.folder.iterdir()
    assert kept.name.startswith("ä" * 90)
