"""Where the system has no program for a file, the window says where it lies."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QUrl, Slot
from PySide6.QtGui import QDesktopServices

from app.error_report import LOG_NAME
from engine.project.own_code import OwnFile


class Opener(QObject):
    """Stands for the system's programs."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        self.opened.append(url.toLocalFile())


@pytest.fixture
def log(window) -> Path:
    """The error log of the window, with something in it."""
    file = window.workspace.store.folder.path.parent / LOG_NAME
    file.write_text("the frobnicator is out of cheese", encoding="utf-8")
    return file


@pytest.mark.qt_log_ignore("openDocument")  # the off-screen platform has no programs
def test_an_error_log_that_nothing_opens_is_told_with_its_place(window, log: Path) -> None:
    window.actions_table["log"].trigger()
    assert window.notice.isVisible()
    assert str(log) in window.notice.text()


@pytest.mark.qt_log_ignore("openDocument")  # the off-screen platform has no programs
def test_a_folder_of_own_code_that_nothing_opens_is_told_with_its_place(window, tmp_path: Path) -> None:
    window.workspace.own_code.show(OwnFile("own.py", str(tmp_path / "own.py")))
    assert str(tmp_path) in window.notice.text()


def test_of_what_the_system_opens_nothing_is_said(window, log: Path) -> None:
    opener = Opener()
    QDesktopServices.setUrlHandler("file", opener, "open")
    window.actions_table["log"].trigger()
    QDesktopServices.unsetUrlHandler("file")
    assert opener.opened == [str(log)]
    assert not window.notice.isVisible()
