"""Home and End in open menus."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from graph_editor.style_sheet import round_menu

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)")  # menus, off-screen


@pytest.fixture
def opened(qtbot: QtBot) -> Iterator[Callable[[int], QMenu]]:
    """Opens a menu of so many lines between a first one, which has a menu of its own, and a disabled last one."""
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    menu = round_menu(QMenu(window))

    def open(lines: int) -> QMenu:
        menu.addMenu("First").addAction("Inside")
        for number in range(lines):
            menu.addAction(f"Line {number}")
        menu.addAction("Disabled").setEnabled(False)
        menu.popup(QPoint(10, 10))
        return menu

    yield open
    menu.close()


@pytest.mark.parametrize("lines", [3, 100])
def test_home_and_end_go_to_the_first_and_the_last_line(opened, qtbot, lines: int) -> None:
    menu = opened(lines)
    seen = []
    for key in (Qt.Key.Key_End, Qt.Key.Key_Home, Qt.Key.Key_Down, Qt.Key.Key_End, Qt.Key.Key_Up):
        qtbot.keyClick(menu, key)
        seen.append(menu.activeAction().text())
    assert seen == [f"Line {lines - 1}", "First", "Line 0", f"Line {lines - 1}", f"Line {lines - 2}"]
    assert QApplication.activePopupWidget() is menu, "a line with a menu of its own is not opened by the way"


def test_an_empty_menu_and_other_keys_stay_as_they_are(qtbot, opened) -> None:
    menu = opened(3)
    qtbot.keyClick(menu, Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier)
    assert menu.activeAction() is None
    menu.clear()
    qtbot.keyClick(menu, Qt.Key.Key_Home)
    assert menu.activeAction() is None
