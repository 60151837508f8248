"""Recent files are listed at once, however long the disk takes to tell of them."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from app import recent_files
from app.recent_files import RecentFile, RecentFiles
from app.settings import AppSettings


@pytest.fixture
def remembered(tmp_path: Path) -> AppSettings:
    return AppSettings(tmp_path / "settings.ini")


def test_files_that_are_gone_are_left_out_once_the_disk_has_told(remembered, qtbot, tmp_path: Path) -> None:
    here, gone = tmp_path / "here.loom", tmp_path / "gone.loom"
    here.touch()
    os.utime(here, (1_000_000, 1_000_000))
    for path in (here, gone):
        remembered.add_recent(path)
    recent = RecentFiles(remembered)
    assert recent.files() == (RecentFile(gone), RecentFile(here))
    with qtbot.waitSignal(recent.changed):
        recent.look()
    assert recent.files() == (RecentFile(here, 1_000_000.0),)
    new = tmp_path / "new.loom"
    remembered.add_recent(new)
    assert recent.files() == (RecentFile(new), RecentFile(here, 1_000_000.0)), "a file that was just saved shows"
    gone.touch()
    new.touch()
    with qtbot.waitSignal(recent.changed):
        recent.look()
    assert [file.path for file in recent.files()] == [new, gone, here]
    with qtbot.assertNotEmitted(recent.changed, wait=100):
        recent.look()


def test_what_is_asked_while_the_disk_has_not_answered_is_asked_again(
    remembered, qtbot, monkeypatch, tmp_path: Path
) -> None:
    begun, answer, asks = threading.Event(), threading.Event(), []
    asked = recent_files._written_s

    def late(path: Path) -> float | None:
        found = asked(path)
        asks.append(path)
        begun.set()
        assert answer.wait(20)
        return found

    monkeypatch.setattr(recent_files, "_written_s", late)
    path = tmp_path / "net.loom"
    path.touch()
    remembered.add_recent(path)
    recent = RecentFiles(remembered)
    recent.look()
    assert begun.wait(20)
    path.unlink()
    recent.look()
    recent.look()
    answer.set()
    qtbot.waitUntil(lambda: recent.files() == ())
    qtbot.wait(50)
    assert asks == [path, path], "once more, however often it was asked meanwhile"


def test_a_disk_that_does_not_answer_holds_nobody_up(window, qtbot, monkeypatch, tmp_path: Path) -> None:
    answer = threading.Event()
    asked, answered = recent_files._written_s, list[Path]()

    def late(path: Path) -> float | None:
        answer.wait(20)
        answered.append(path)
        return asked(path)

    monkeypatch.setattr(recent_files, "_written_s", late)
    path = tmp_path / "net.loom"
    path.touch()
    window.workspace.remembered.add_recent(path)
    window.workspace.remembered.add_recent(tmp_path / "gone.loom")
    window.show_start_page(True)
    window.commands.fill_recent()
    assert not answered
    menu = window.actions_table.menus["File/Open recent"]
    assert [action.text() for action in menu.actions()[:2]] == ["gone", "net"]
    assert [row.path.stem for row in window.start_page.files] == ["gone", "net"]
    window.activateWindow()
    window.start_page.files[1].setFocus()
    qtbot.waitUntil(window.start_page.files[1].hasFocus)
    with qtbot.waitSignal(window.commands.recent.changed):
        answer.set()
    (row,) = window.start_page.files
    assert row.path == path
    qtbot.waitUntil(row.hasFocus)
    window.commands.fill_recent()
    assert menu.actions()[0].text() == "net"


@pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)")  # menus, off-screen
def test_a_menu_that_is_open_lists_a_file_that_has_come(window, qtbot, tmp_path: Path) -> None:
    path = tmp_path / "net.loom"
    window.workspace.remembered.add_recent(path)
    recent = window.commands.recent
    with qtbot.waitSignal(recent.changed):
        recent.look()
    assert recent.files() == ()
    path.touch()
    menu = window.actions_table.menus["File/Open recent"]
    menu.popup(window.pos())
    assert menu.actions()[0].text() == "No files yet"
    qtbot.waitUntil(lambda: menu.actions()[0].text() == "net")
    menu.close()


def test_a_window_that_closed_meanwhile_is_not_told(remembered, qtbot, monkeypatch, tmp_path: Path) -> None:
    answer = threading.Event()
    monkeypatch.setattr(recent_files, "_written_s", lambda path: answer.wait(20) and None)
    remembered.add_recent(tmp_path / "net.loom")
    recent = RecentFiles(remembered)
    recent.look()
    (thread,) = [thread for thread in threading.enumerate() if thread.name == "recent-files"]
    recent.deleteLater()
    qtbot.wait(20)
    answer.set()
    thread.join(60)
    assert not thread.is_alive()


def test_a_dialog_opens_where_the_last_one_did_once_the_disk_has_told(remembered, qtbot, tmp_path: Path) -> None:
    remembered.folder = tmp_path / "left"
    (tmp_path / "left").mkdir()
    recent = RecentFiles(remembered)
    assert recent.folder() == Path.home(), "left from before: nobody waits for it"
    recent.look()
    qtbot.waitUntil(lambda: recent.folder() == tmp_path / "left")
    remembered.folder = tmp_path
    assert recent.folder() == tmp_path, "a file was just saved there"
    remembered.folder = tmp_path / "left"
    (tmp_path / "left").rmdir()
    recent.look()
    qtbot.waitUntil(lambda: recent.folder() == Path.home())


def test_no_dialog_asks_the_disk_for_its_folder(window, monkeypatch, tmp_path: Path) -> None:
    remembered = window.workspace.remembered
    remembered.folder = tmp_path
    main, asked = threading.get_ident(), []
    is_dir = Path.is_dir
    monkeypatch.setattr(Path, "is_dir", lambda path: asked.append(threading.get_ident()) or is_dir(path))
    dialog = window.commands._dialog("Open", "")
    assert Path(dialog.directory().absolutePath()) == tmp_path
    assert main not in asked
    dialog.close()
    dialog.deleteLater()
