"""Uncaught exceptions are told in the window and written to a log; nothing ends."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from app.error_report import LOG_NAME, ErrorPanel, ErrorReport
from graph_editor.theme import load_theme


@pytest.fixture
def report(tmp_path: Path):
    made = ErrorReport(tmp_path / "state")
    made.install()
    yield made
    made.uninstall()


def fail() -> None:
    raise RuntimeError("the frobnicator is out of cheese")


def raised() -> tuple[type[BaseException], BaseException, object]:
    try:
        fail()
    except RuntimeError:
        return sys.exc_info()  # type: ignore[return-value]
    raise AssertionError


def test_an_exception_is_logged_and_told(report, qtbot) -> None:
    with qtbot.waitSignal(report.raised) as told:
        sys.excepthook(*raised())
    assert "out of cheese" in told.args[0]
    log = report.log.read_text(encoding="utf-8")
    assert report.log.name == LOG_NAME
    assert "out of cheese" in log
    assert "Tensorloom" in log
    assert "Qt" in log


def test_one_that_names_a_file_that_is_not_unicode_is_told_too(report, qtbot) -> None:
    error = RuntimeError("no cheese in gr\udcfcn.loom")
    with qtbot.waitSignal(report.raised):
        sys.excepthook(RuntimeError, error, None)
    assert r"gr\udcfcn.loom" in report.log.read_text(encoding="utf-8")


def test_one_of_a_thread_is_heard_too(report, qtbot) -> None:
    with qtbot.waitSignal(report.raised) as told:
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
    assert "out of cheese" in told.args[0]


def test_the_panel_says_the_work_is_safe_and_copies(qtbot, qapp) -> None:
    from PySide6.QtWidgets import QWidget

    window = QWidget()
    qtbot.addWidget(window)
    window.resize(900, 600)
    window.show()
    panel = ErrorPanel(load_theme("dark"), window)
    panel.show_report("Traceback …\nRuntimeError: the frobnicator is out of cheese")
    assert panel.isVisible()
    assert "Your work is saved" in panel._words.text()
    assert "out of cheese" in panel._words.text()
    qtbot.mouseClick(panel.copy, Qt.MouseButton.LeftButton)
    assert "Traceback" in QGuiApplication.clipboard().text()
    qtbot.mouseClick(panel.more, Qt.MouseButton.LeftButton)
    assert panel._details.isVisible()
    qtbot.mouseClick(panel._cross, Qt.MouseButton.LeftButton)
    assert not panel.isVisible()


def test_a_full_disk_does_not_hide_the_report(tmp_path: Path, qtbot) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    report = ErrorReport(blocked / "folder")
    with qtbot.waitSignal(report.raised):
        report.take(*raised())
