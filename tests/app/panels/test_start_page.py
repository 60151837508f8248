"""The rows of recent files on the start page, under the mouse and the keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from app.panels.example_card import ExampleFacts
from app.panels.start_page import StartPage
from graph_editor.theme import load_theme

LEFT = Qt.MouseButton.LeftButton
A, B, C = (Path(f"/home/ada/{name}.loom") for name in "abc")


def paths(start_page: StartPage) -> list[Path]:
    return [row.path for row in start_page.files]


def test_a_row_that_is_pressed_while_the_files_change_still_opens_its_file(start_page, qtbot) -> None:
    start_page.show_files(((A, None), (B, None)))
    qtbot.wait(20)
    chosen: list[Path] = []
    start_page.file_chosen.connect(chosen.append)
    row = start_page.files[1]
    qtbot.mousePress(row, LEFT)
    start_page.show_files(((C, 1.0), (A, 1.0)))
    start_page.show_files(((C, 1.0), (A, 1.0), (B, 1.0)))
    qtbot.wait(20)
    assert paths(start_page) == [A, B], "nothing moves under the hand"
    qtbot.mouseRelease(row, LEFT)
    assert chosen == [B]
    qtbot.waitUntil(lambda: paths(start_page) == [C, A, B])
    assert start_page.files[2].hasFocus()


@pytest.mark.qt_log_ignore("not accepted by receiving widget")  # let go beside it
def test_a_press_that_is_taken_back_opens_nothing_and_the_files_change(start_page, qtbot) -> None:
    start_page.show_files(((A, None),))
    qtbot.wait(20)
    chosen: list[Path] = []
    start_page.file_chosen.connect(chosen.append)
    row = start_page.files[0]
    qtbot.mousePress(row, LEFT)
    start_page.show_files(())
    qtbot.mouseMove(row, row.rect().bottomRight() + QPoint(0, 100))
    qtbot.mouseRelease(row, LEFT, pos=row.rect().bottomRight() + QPoint(0, 100))
    qtbot.waitUntil(lambda: paths(start_page) == [])
    assert chosen == []


def test_the_ring_of_the_keyboard_stays_where_it_was_and_comes_to_nobody_else(start_page, qtbot) -> None:
    start_page.show_files(((A, None), (B, None)))
    qtbot.wait(20)
    start_page.files[1].setFocus(Qt.FocusReason.TabFocusReason)
    assert start_page.files[1].is_ringed()
    start_page.show_files(((B, 1.0), (A, 1.0)))
    qtbot.waitUntil(start_page.files[0].is_ringed)
    qtbot.wait(20)
    qtbot.mouseClick(start_page.files[1], LEFT)
    assert start_page.files[1].hasFocus()
    start_page.show_files(((A, 1.0), (B, 1.0)))
    assert start_page.files[0].hasFocus()
    qtbot.wait(20)
    assert not start_page.files[0].is_ringed()


def test_the_ring_of_no_card_is_cut(qtbot: QtBot) -> None:
    facts = tuple(ExampleFacts(id=str(number), name=f"Example {number}", line="") for number in range(8))
    start_page = StartPage(facts, load_theme("light"))
    qtbot.addWidget(start_page)
    start_page.resize(900, 700)
    with qtbot.waitActive(start_page):
        start_page.show()
        start_page.activateWindow()
    qtbot.wait(20)
    for card in start_page.cards:
        card.setFocus(Qt.FocusReason.TabFocusReason)
        ring = card._ring
        assert ring is not None
        assert ring.parentWidget().rect().contains(ring.geometry()), card.text()


def test_the_page_begins_at_its_top_each_time(qtbot: QtBot) -> None:
    examples = tuple(ExampleFacts(id=f"e{number}", name=f"Example {number}", line="") for number in range(30))
    start_page = StartPage(examples, load_theme("light"))
    qtbot.addWidget(start_page)
    start_page.resize(500, 400)
    with qtbot.waitExposed(start_page):
        start_page.show()
    start_page.cards[-1].setFocus()
    start_page.ensureWidgetVisible(start_page.cards[-1])
    assert start_page.verticalScrollBar().value() > 0
    start_page.hide()
    start_page.show()
    assert start_page.verticalScrollBar().value() == 0


@pytest.mark.parametrize("width", [440, 700, 1100])
def test_nothing_is_cut_off_where_the_page_is_narrow(qtbot: QtBot, width: int) -> None:
    facts = tuple(
        ExampleFacts(id=f"e{number}", name=f"Network {number}", line="7 005 832 parameters") for number in range(7)
    )
    page = StartPage(facts, load_theme("light"), references=facts)
    page.show_files(((A, 1.0),))
    page.show_drawings(((Path("/state/unsaved/a network with a long name 2026-01-02 03.04.05.loom"), 1.0),))
    qtbot.addWidget(page)
    for across in (1100, width):
        page.resize(across, 500)
        page.show()
        qtbot.wait(20)
    stops = (page._cross, page._open, *page.cards, *page.references, *page._drawings.stops)
    right = max(stop.mapTo(page, stop.rect().topRight()).x() for stop in stops if stop.isVisible())
    assert right < page.viewport().width()
