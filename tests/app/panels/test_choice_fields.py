"""Switches and choices under a real mouse and keyboard."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from app.panels.fields import BooleanField, ChoiceField
from graph_editor.theme import Theme
from tests.app.panels.field_hands import LEFT, click, shown


def test_a_switch_turns_by_mouse_and_space(qtbot: QtBot, theme: Theme) -> None:
    field = BooleanField(theme)
    field.set_value(True)
    log = shown(qtbot, field)
    click(qtbot, field, 18)
    field.setFocus()
    qtbot.keyClick(field, Qt.Key.Key_Space)
    assert log.edited == [False, True]


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_a_choice_from_the_menu(qtbot: QtBot, theme: Theme) -> None:
    field = ChoiceField(theme, ("same", "valid", "he-normal"))
    field.set_value("same")
    log = shown(qtbot, field)
    assert field.text() == "Same"
    click(qtbot, field)
    menu = field.menu()
    assert menu is not None
    assert [action.text() for action in menu.actions()] == ["Same", "Valid", "He normal"]
    assert menu.actions()[0].isChecked()
    qtbot.mouseClick(menu, LEFT, pos=menu.actionGeometry(menu.actions()[2]).center())
    assert log.edited == ["he-normal"]
    assert field.menu() is None


def test_a_choice_by_keyboard(qtbot: QtBot, theme: Theme) -> None:
    field = ChoiceField(theme, ("same", "valid", "full"))
    field.set_value("same")
    log = shown(qtbot, field)
    field.setFocus()
    qtbot.keyClick(field, Qt.Key.Key_Down)
    qtbot.keyClick(field, Qt.Key.Key_Up)
    qtbot.keyClick(field, Qt.Key.Key_Up)
    qtbot.keyClicks(field, "f")
    assert log.edited == ["valid", "same", "full"]


def test_a_switch_tells_both_its_error_and_what_stands_beside_it(qtbot: QtBot, theme: Theme) -> None:
    field = BooleanField(theme, validate=lambda value: "needs more rows" if value else None)
    field.set_value(None)
    field.set_placeholder("differ")
    log = shown(qtbot, field)
    assert field.accessibleDescription() == "differ"
    qtbot.mouseClick(field, LEFT, pos=QPoint(14, 14))
    assert field.error() == "needs more rows"
    assert field.accessibleDescription() == "needs more rows. differ"
    field.set_error(None)
    assert field.accessibleDescription() == "differ", "an error that is mended takes nothing else away"
    field.set_error("needs more rows")
    field.set_placeholder("")
    assert field.accessibleDescription() == "needs more rows", "nor does a value take the error away"
    assert log.edited == []


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_a_letter_in_the_open_menu_moves_to_the_next_choice_beginning_with_it(qtbot: QtBot, theme: Theme) -> None:
    field = ChoiceField(theme, ("adam", "sgd", "adamw", "rmsprop"))
    field.set_value("sgd")
    log = shown(qtbot, field)
    field.setFocus()
    qtbot.keyClick(field, Qt.Key.Key_Space)
    menu = field.menu()
    assert menu is not None
    seen = []
    for letter in "aaax":
        qtbot.keyClicks(menu, letter)
        seen.append(menu.activeAction().text())
    assert seen == ["Adamw", "Adam", "Adamw", "Adamw"]
    assert log.edited == [], "nothing is chosen yet"
    qtbot.keyClick(menu, Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(menu, Qt.Key.Key_Return)
    assert log.edited == ["rmsprop"]
    assert field.menu() is None
