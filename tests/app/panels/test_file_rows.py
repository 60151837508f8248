"""Unsaved drawings on the start page: the latest few or all, each with a bin."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from app.panels.file_rows import MORE, TextRow
from app.panels.start_page import MOST_DRAWINGS, StartPage
from graph_editor.theme import load_theme

LEFT = Qt.MouseButton.LeftButton
FIVE = tuple((Path(f"/state/unsaved/net {day} 2026-01-0{day} 03.04.05.loom"), 1_000_000.0) for day in range(1, 6))


@pytest.fixture
def page(qtbot: QtBot) -> StartPage:
    page = StartPage((), load_theme("light"))
    qtbot.addWidget(page)
    page.resize(800, 500)
    with qtbot.waitActive(page):
        page.show()
        page.activateWindow()
    return page


def paths(page: StartPage) -> list[Path]:
    return [row.path for row in page.drawings]


def test_a_press_shows_all_of_them_and_another_the_first_few(page, qtbot) -> None:
    link = page._drawings.link
    page.show_drawings(FIVE[:MOST_DRAWINGS])
    assert not link.isVisible()
    page.show_drawings(FIVE)
    assert paths(page) == [path for path, _ in FIVE[:MOST_DRAWINGS]]
    assert link.text() == "Show all 5"
    qtbot.mouseClick(link, LEFT)
    assert paths(page) == [path for path, _ in FIVE]
    qtbot.mouseClick(link, LEFT)
    assert paths(page) == [path for path, _ in FIVE[:MOST_DRAWINGS]]
    page.show_drawings(())
    assert not link.isVisible()


def test_hundreds_come_twenty_at_a_press(page, qtbot) -> None:
    many = tuple((Path(f"/state/unsaved/net {number}.loom"), None) for number in range(40))
    link = page._drawings.link
    page.show_drawings(many)
    for shown, words in ((MOST_DRAWINGS + MORE, "Show all 40"), (40, "Show fewer"), (MOST_DRAWINGS, "Show 20 more")):
        qtbot.mouseClick(link, LEFT)
        assert (len(page.drawings), link.text()) == (shown, words)


def test_a_row_that_stays_is_the_same_one_and_says_what_came_to_be_known(page, qtbot) -> None:
    page.show_drawings(((FIVE[0][0], None), FIVE[1]))
    qtbot.wait(20)
    row = page.drawings[0]
    row.setFocus(Qt.FocusReason.TabFocusReason)
    page.show_drawings((FIVE[2], FIVE[0]))
    qtbot.wait(20)
    assert page.drawings[1] is row
    assert row.is_ringed()
    assert "days ago" in row._at_right
    assert row.y() > page.drawings[0].y()
    assert row.bin.y() == row.y()


def test_a_press_on_a_row_opens_and_one_on_its_bin_throws_away(page, qtbot) -> None:
    page.show_drawings(FIVE)
    qtbot.wait(20)
    chosen, thrown = [], []
    page.file_chosen.connect(chosen.append)
    page.thrown_away.connect(thrown.append)
    qtbot.mouseClick(page.drawings[0], LEFT)
    qtbot.mouseClick(page.drawings[1].bin, LEFT)
    assert (chosen, thrown) == ([FIVE[0][0]], [FIVE[1][0]])


def test_the_keyboard_goes_from_a_bin_to_the_next_one(page, qtbot) -> None:
    page.show_drawings(FIVE)
    qtbot.wait(20)
    page.drawings[1].bin.setFocus(Qt.FocusReason.TabFocusReason)
    page.show_drawings((FIVE[0], *FIVE[2:]))
    qtbot.waitUntil(page.drawings[1].bin.hasFocus)
    page.show_drawings(FIVE[:1])
    qtbot.waitUntil(page.drawings[0].bin.hasFocus)


def test_tab_goes_from_a_row_to_its_bin_and_on(page, qtbot) -> None:
    page.show_drawings(FIVE[:2])
    qtbot.wait(20)
    first, second = page.drawings
    first.setFocus(Qt.FocusReason.TabFocusReason)
    for stop in (first.bin, second, second.bin):
        qtbot.keyClick(page.focusWidget(), Qt.Key.Key_Tab)
        qtbot.waitUntil(stop.hasFocus)


def test_a_long_name_ends_before_what_stands_at_the_right(qtbot) -> None:
    def columns(name: str, right: str) -> QImage:
        row = TextRow(name, "", right, "ph.file", load_theme("light"))
        qtbot.addWidget(row)
        row.resize(320, 28)
        return row.grab().toImage().copy(250, 0, 70, 28)

    assert columns("name " * 40, "5 days ago") == columns("", "5 days ago")
