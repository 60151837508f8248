"""Keys of the window while a value is being typed: what stands there counts."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from app.main_window import MainWindow
from app.panels.block_header import NameLine

CTRL = Qt.KeyboardModifier.ControlModifier


def epochs(window: MainWindow) -> int:
    return window.workspace.document.settings.plan.stages[0].epochs


def typing(window: MainWindow, text: str) -> QLineEdit:
    """The line of the Epochs field, this text typed into it and not taken yet."""
    window.activateWindow()
    window.run_bar.epochs.setFocus()
    line = QApplication.focusWidget()
    assert isinstance(line, QLineEdit)
    line.selectAll()
    QTest.keyClicks(line, text)
    assert line.text() == text != str(epochs(window))
    return line


def saved_epochs(window: MainWindow, path: Path) -> int:
    return window.workspace.store.read_now(path).project.settings.plan.stages[0].epochs


def saved(window: MainWindow, qtbot, path: Path) -> Path:
    with qtbot.waitSignal(window.workspace.store.saved):
        window.workspace.save(path)
    return path


def test_a_save_by_key_has_what_is_being_typed(window, qtbot, tmp_path: Path) -> None:
    path = saved(window, qtbot, tmp_path / "net.loom")
    line = typing(window, "93")
    with qtbot.waitSignal(window.workspace.store.saved):
        QTest.keyClick(line, Qt.Key.Key_S, CTRL)
    assert saved_epochs(window, path) == 93
    assert not window.workspace.is_changed
    assert line.hasFocus()


def test_a_run_by_key_trains_with_what_is_being_typed(window) -> None:
    QTest.keyClick(typing(window, "93"), Qt.Key.Key_R, CTRL)
    assert epochs(window) == 93


def test_what_is_being_typed_belongs_to_the_project_that_makes_way(window) -> None:
    QTest.keyClick(typing(window, "93"), Qt.Key.Key_N, CTRL)
    window.setFocus()
    assert epochs(window) != 93
    window.workspace.store.wait()
    assert saved_epochs(window, window.workspace.files.aside.drawings[0].path) == 93


@pytest.mark.parametrize("on_canvas", [True, False])
def test_a_save_by_key_has_the_name_that_is_being_typed(window, qtbot, tmp_path: Path, on_canvas: bool) -> None:
    path = saved(window, qtbot, tmp_path / "net.loom")
    id = next(iter(window.workspace.document.graph.blocks))
    window.activateWindow()
    window.editor.select([id])
    if on_canvas:
        window.editor.rename_block(id)
        line = window.editor.name_editor
    else:
        line = window.inspector.page.findChild(NameLine)
        line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, "eyes")
    with qtbot.waitSignal(window.workspace.store.saved):
        QTest.keyClick(line, Qt.Key.Key_S, CTRL)
    assert window.workspace.store.read_now(path).project.graph.blocks[id].name == "eyes"
