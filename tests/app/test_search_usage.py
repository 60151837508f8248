"""What the user chose before stands first in the search on the canvas, now and at the next start."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest


def first_for(window, text: str) -> str:
    window.editor.open_search()
    popup = window.editor.search_popup()
    QTest.keyClicks(popup.line(), text)
    found = popup.matches()[0].type_id
    QTest.keyClick(popup.line(), Qt.Key.Key_Escape)
    return found


def test_what_was_chosen_before_comes_first(open_window) -> None:
    window = open_window()
    assert first_for(window, "64") == "dense"
    for _ in range(2):
        window.editor.add_block("lstm")
    assert first_for(window, "64") == "lstm"
    window.close()
    again = open_window()
    assert first_for(again, "64") == "lstm"
