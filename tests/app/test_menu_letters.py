"""Letters of the menus are underlined while Alt is held and while menus are used with the keyboard."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app.menu_letters import LettersStyle, MenuLetters

ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def letters(window) -> MenuLetters:
    window.commands.choose_theme("light")
    window.activateWindow()
    window.editor.view.setFocus()
    return window._menu_bar.findChild(MenuLetters)


def ink(widget: QWidget) -> int:
    """How many dark pixels a picture of the widget has: underlines are some 6 px each."""
    picture = widget.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), picture.bytesPerLine())
    return int((rows[:, : picture.width()] < 90).sum())


def test_letters_show_while_alt_is_held(window, letters, qtbot) -> None:
    bar = window._menu_bar
    hidden, without = bar.grab().toImage(), ink(bar)
    QTest.keyPress(window.editor.view, Qt.Key.Key_Alt, ALT)
    assert letters.are_shown
    assert ink(bar) > without + 6 * 4
    window.editor.view.setFocus()
    QTest.keyRelease(window.editor.view, Qt.Key.Key_Alt)
    QTest.keyClick(window.editor.view, Qt.Key.Key_Escape)
    window.editor.view.setFocus()
    qtbot.waitUntil(lambda: not letters.are_shown)
    assert bar.grab().toImage() == hidden


@pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)")  # menus, off-screen
def test_a_menu_that_alt_opened_shows_them_until_it_is_left(window, letters, qtbot) -> None:
    menu = window.actions_table.menus["File"]
    without = ink(menu)
    QTest.keyPress(window.editor.view, Qt.Key.Key_Alt, ALT)
    QTest.keyClick(window, Qt.Key.Key_F, ALT)
    qtbot.waitUntil(menu.isVisible)
    assert letters.are_shown
    assert ink(menu) > without + 8 * 4
    menu.close()
    window.editor.view.setFocus()
    qtbot.waitUntil(lambda: not letters.are_shown)
    assert ink(menu) == without


@pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)")  # menus, off-screen
def test_the_menu_beside_one_that_alt_opened_shows_them_too(window, letters, qtbot) -> None:
    file, edit = (window.actions_table.menus[name] for name in ("File", "Edit"))
    without = ink(edit)
    QTest.keyPress(window.editor.view, Qt.Key.Key_Alt, ALT)
    QTest.keyClick(window, Qt.Key.Key_F, ALT)
    qtbot.waitUntil(file.isVisible)
    QTest.keyClick(file, Qt.Key.Key_Right)
    qtbot.waitUntil(edit.isVisible)
    QTest.qWait(50)
    assert letters.are_shown
    assert ink(edit) > without + 8
    edit.close()
    window.editor.view.setFocus()
    qtbot.waitUntil(lambda: not letters.are_shown)


@pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)")  # menus, off-screen
def test_letters_of_a_bar_that_kept_the_focus_go_when_its_menus_are_left(window, letters, qtbot) -> None:
    bar, file = window._menu_bar, window.actions_table.menus["File"]
    window.editor.view.clearFocus()
    QTest.keyClick(window, Qt.Key.Key_Alt)
    qtbot.waitUntil(bar.hasFocus)
    assert letters.are_shown
    QTest.keyPress(bar, Qt.Key.Key_Alt, ALT)
    QTest.keyClick(bar, Qt.Key.Key_F, ALT)
    qtbot.waitUntil(file.isVisible)
    QTest.qWait(50)
    assert letters.are_shown
    QTest.keyClick(file, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not file.isVisible())
    QTest.keyClick(bar, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not letters.are_shown)


@pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)")  # menus, off-screen
def test_a_menu_that_the_mouse_opened_shows_none(window, letters, qtbot) -> None:
    bar, menu = window._menu_bar, window.actions_table.menus["File"]
    without = ink(menu)
    QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.actionGeometry(menu.menuAction()).center())
    qtbot.waitUntil(menu.isVisible)
    assert not letters.are_shown
    assert ink(menu) == without
    menu.close()


def test_letters_go_with_the_window(window, letters) -> None:
    QTest.keyPress(window.editor.view, Qt.Key.Key_Alt, ALT)
    assert letters.are_shown
    other = QWidget()
    other.show()
    other.activateWindow()
    QApplication.processEvents()
    assert not letters.are_shown
    other.close()
    other.deleteLater()


def test_menus_keep_the_look_of_the_theme(window, letters) -> None:
    bar, menu = window._menu_bar, window.actions_table.menus["File"]
    for choice in ("dark", "light"):
        window.commands.choose_theme(choice)
        for widget in (bar, menu):
            picture = widget.grab().toImage()
            assert picture.pixelColor(picture.width() - 12, 10) == window.theme.color("panel")
    assert len(QApplication.instance().findChildren(LettersStyle)) == 1
