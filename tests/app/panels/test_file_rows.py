"""Unsaved drawings on the start page: the latest few or all, each with a bin."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from app.panels.file_rows import MORE, TextRow
from app.panels.start_page import MOST_DRAWINGS, StartPage
from graph_editor.theme import load_theme

LEFT = Qt.MouseButton.LeftButton
FIVE = tuple((Path(f"/state/unsaved/net {day} 2026-01-0{day} 03.04.05.loom"), 1_000_000.0) for day in range(1, 6))


def paths(start_page: StartPage) -> list[Path]:
    return [row.path for row in start_page.drawings]


def test_a_press_shows_all_of_them_and_another_the_first_few(start_page, qtbot) -> None:
    link = start_page._drawings.link
    start_page.show_drawings(FIVE[:MOST_DRAWINGS])
    assert not link.isVisible()
    start_page.show_drawings(FIVE)
    assert paths(start_page) == [path for path, _ in FIVE[:MOST_DRAWINGS]]
    assert link.text() == "Show all 5"
    qtbot.mouseClick(link, LEFT)
    assert paths(start_page) == [path for path, _ in FIVE]
    qtbot.mouseClick(link, LEFT)
    assert paths(start_page) == [path for path, _ in FIVE[:MOST_DRAWINGS]]
    start_page.show_drawings(())
    assert not link.isVisible()


def test_hundreds_come_twenty_at_a_press(start_page, qtbot) -> None:
    many = tuple((Path(f"/state/unsaved/net {number}.loom"), None) for number in range(40))
    link = start_page._drawings.link
    start_page.show_drawings(many)
    for shown, words in ((MOST_DRAWINGS + MORE, "Show all 40"), (40, "Show fewer"), (MOST_DRAWINGS, "Show 20 more")):
        qtbot.mouseClick(link, LEFT)
        assert (len(start_page.drawings), link.text()) == (shown, words)


def test_a_row_that_stays_is_the_same_one_and_says_what_came_to_be_known(start_page, qtbot) -> None:
    start_page.show_drawings(((FIVE[0][0], None), FIVE[1]))
    qtbot.wait(20)
    row = start_page.drawings[0]
    row.setFocus(Qt.FocusReason.TabFocusReason)
    start_page.show_drawings((FIVE[2], FIVE[0]))
    qtbot.wait(20)
    assert start_page.drawings[1] is row
    assert row.is_ringed()
    assert "days ago" in row._at_right
    assert row.y() > start_page.drawings[0].y()
    assert row.bin.y() == row.y()


def test_a_press_on_a_row_opens_and_one_on_its_bin_throws_away(start_page, qtbot) -> None:
    start_page.show_drawings(FIVE)
    qtbot.wait(20)
    chosen, thrown = [], []
    start_page.file_chosen.connect(chosen.append)
    start_page.thrown_away.connect(thrown.append)
    qtbot.mouseClick(start_page.drawings[0], LEFT)
    qtbot.mouseClick(start_page.drawings[1].bin, LEFT)
    assert (chosen, thrown) == ([FIVE[0][0]], [FIVE[1][0]])


def test_the_keyboard_goes_from_a_bin_to_the_next_one(start_page, qtbot) -> None:
    start_page.show_drawings(FIVE)
    qtbot.wait(20)
    start_page.drawings[1].bin.setFocus(Qt.FocusReason.TabFocusReason)
    start_page.show_drawings((FIVE[0], *FIVE[2:]))
    qtbot.waitUntil(start_page.drawings[1].bin.hasFocus)
    start_page.show_drawings(FIVE[:1])
    qtbot.waitUntil(start_page.drawings[0].bin.hasFocus)


def test_tab_goes_from_a_row_to_its_bin_and_on(start_page, qtbot) -> None:
    start_page.show_drawings(FIVE[:2])
    qtbot.wait(20)
    first, second = start_page.drawings
    first.setFocus(Qt.FocusReason.TabFocusReason)
    for stop in (first.bin, second, second.bin):
        qtbot.keyClick(start_page.focusWidget(), Qt.Key.Key_Tab)
        qtbot.waitUntil(stop.hasFocus)


def test_a_long_name_ends_before_what_stands_at_the_right(qtbot) -> None:
    def columns(name: str, right: str) -> QImage:
        row = TextRow(name, "", right, "ph.file", load_theme("light"))
        qtbot.addWidget(row)
        row.resize(320, 28)
        return row.grab().toImage().copy(250, 0, 70, 28)

    assert columns("name " * 40, "5 days ago") == columns("", "5 days ago")
