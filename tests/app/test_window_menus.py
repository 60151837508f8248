"""The window's menus: names, keys, letters, and what is enabled when."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QMenuBar

from app.actions import MENUS


def test_every_menu_action_has_a_name_and_no_key_twice(window) -> None:
    keys = [
        sequence.toString() for action in window.actions() if action.objectName() for sequence in action.shortcuts()
    ]
    assert len(keys) == len(set(keys))
    assert [menu.title() for menu in (window.actions_table.menus[name] for name in ("File", "Run", "Help"))] == [
        "&File",
        "&Run",
        "&Help",
    ]


def letters(menu: QMenu | QMenuBar) -> list[str]:
    lines = [action for action in menu.actions() if not action.isSeparator()]
    return [action.text().partition("&")[2][:1].lower() for action in lines]


def test_every_line_of_a_menu_has_an_alt_letter_of_its_own(window) -> None:
    window.workspace.remembered.add_recent(Path(__file__))
    window.commands.refresh()
    menus = window.actions_table.menus
    assert letters(window._menu_bar) == ["f", "e", "v", "i", "r", "h"]
    for name in (*MENUS, "View/Theme"):
        found = letters(menus[name])
        assert all(found), name
        assert len(found) == len(set(found)), (name, found)


@pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)")  # menus, off-screen
def test_the_menus_are_used_with_alt_and_letters(window, qtbot) -> None:
    window.activateWindow()
    window.editor.setFocus()
    assert window.workspace.document.graph.blocks
    QTest.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.AltModifier)
    menu = window.actions_table.menus["File"]
    qtbot.waitUntil(menu.isVisible)
    QTest.keyClick(menu, Qt.Key.Key_N)
    qtbot.waitUntil(lambda: not window.workspace.document.graph.blocks)


def test_a_recent_file_keeps_the_ampersand_of_its_name(window, tmp_path) -> None:
    path = tmp_path / "cats & dogs.loom"
    path.write_bytes(b"")
    window.workspace.remembered.add_recent(path)
    window.commands.fill_recent()
    assert window.actions_table.menus["File/Open recent"].actions()[0].text() == "cats && dogs"


def test_actions_are_enabled_when_they_can_be_used(window) -> None:
    table = window.actions_table
    assert not table["undo"].isEnabled()
    assert not table["cut"].isEnabled()
    block = next(iter(window.workspace.document.graph.blocks))
    window.editor.select([block])
    window.commands.refresh()
    assert table["cut"].isEnabled()
    window.editor.delete_selection()
    window.commands.refresh()
    assert table["undo"].isEnabled()
    assert table["undo"].text().startswith("&Undo delete")
    table["undo"].trigger()
    assert block in window.workspace.document.graph.blocks


@pytest.mark.parametrize("place", ["canvas", "container", "start page"])
def test_a_slash_searches_in_the_palette_and_is_a_letter_where_one_types(window, qtbot, place: str) -> None:
    editor, line = window.editor, window.palette_panel.browser.search.line()
    window.activateWindow()
    if place == "container":
        editor.enter(next(id for id, block in editor.scene.body.blocks.items() if block.body is not None))
    focused = editor.view
    if place == "start page":
        window.show_start_page(True)
        focused = window.start_page
    focused.setFocus()
    qtbot.waitUntil(lambda: window.focusWidget() is not None and window.focusWidget() is not line)
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Slash)
    qtbot.waitUntil(line.hasFocus)
    assert line.text() == ""
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Slash)
    assert line.text() == "/"
