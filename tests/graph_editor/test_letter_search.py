"""Letters in open menus."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu, QWidget
from pytestqt.qtbot import QtBot

from graph_editor.letter_search import find_by_letter

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)")  # menus, off-screen


@pytest.fixture
def menu(qtbot: QtBot) -> Iterator[QMenu]:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    menu = find_by_letter(QMenu(window))
    for text in ("Rename\tF2", "Duplicate\tCtrl+D", "Delete\tDel", "R&&D", "3 classes", "&Quit"):
        menu.addAction(text)
    menu.addSeparator()
    menu.addAction("Help").setEnabled(False)
    menu.popup(QPoint(10, 10))
    yield menu
    menu.close()


def active(menu: QMenu) -> str:
    action = menu.activeAction()
    return action.text() if action is not None else ""


def test_letters_go_round_over_the_lines_that_begin_with_them(menu, qtbot) -> None:
    seen = []
    for letter in "dddrr3":
        qtbot.keyClicks(menu, letter)
        seen.append(active(menu).partition("\t")[0])
    assert seen == ["Duplicate", "Delete", "Duplicate", "R&&D", "Rename", "3 classes"]
    assert menu.isVisible()


def test_what_no_line_begins_with_what_is_disabled_and_other_keys_move_nothing(menu, qtbot) -> None:
    qtbot.keyClicks(menu, "r")
    for letter in "xh":
        qtbot.keyClicks(menu, letter)
    qtbot.keyClick(menu, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert active(menu) == "Rename\tF2"
    qtbot.keyClick(menu, Qt.Key.Key_Down)
    assert active(menu) == "Duplicate\tCtrl+D"


def test_a_letter_that_a_line_is_marked_with_acts_at_once(menu, qtbot) -> None:
    acted: list[bool] = []
    menu.actions()[5].triggered.connect(lambda: acted.append(True))
    qtbot.keyClicks(menu, "q")
    assert acted == [True]
    assert not menu.isVisible()
