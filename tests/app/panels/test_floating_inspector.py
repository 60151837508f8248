"""In a narrow window the inspector lies over the canvas, whole, and menu and run bar say whether it is there."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint

from app.panels.block_page import BlockPage
from app.panels.fields import FieldRow
from engine.graph.edits import set_parameter
from engine.graph.problem import Fix, Problem
from graph_editor.theme import SHADOW_POPUP

NARROW = (1024, 700)


@pytest.fixture
def narrow(open_window):
    window = open_window()
    window.resize(*NARROW)
    window.editor.select([])
    return window


def is_there(window) -> bool:
    """Whether the inspector is in sight; menu and run bar must say the same."""
    told = {window.actions_table["inspector"].isChecked(), window.run_bar.toggles["inspector"].isChecked()}
    (said,) = told
    assert window.inspector.isVisible() is said
    return said


def conv_of(window) -> str:
    return next(id for id, block in window.workspace.document.graph.blocks.items() if block.type == "conv2d")


def test_the_reset_arrows_stand_inside(narrow, qtbot) -> None:
    conv = conv_of(narrow)
    narrow.workspace.document.edit("Set", set_parameter, conv, "out_channels", 33)
    narrow.editor.select([conv])
    page = narrow.inspector.page
    assert isinstance(page, BlockPage)
    row = next(row for row in page.findChildren(FieldRow) if row.is_changed() and row.isVisible())
    arrow, frame = row.reset_button(), narrow.inspector
    assert frame.rect().contains(arrow.mapTo(frame, QPoint(arrow.width() - 1, arrow.height() - 1)))
    scroll = narrow.inspector._scroll
    assert page.width() == scroll.viewport().width()
    assert not scroll.bar.isVisible() or arrow.mapTo(scroll, QPoint(0, 0)).x() < scroll.bar.x()


def test_no_repair_of_a_refused_wire_lies_below_it(narrow) -> None:
    narrow.editor.select([conv_of(narrow)])
    assert is_there(narrow)
    refusal, floating = narrow.editor.refusal, narrow.floating
    problem = Problem(code="no-loss", fixes=(Fix("insert_between", facts={"type": "Flatten"}, key="F"),))
    refusal.show_problem(problem, QPoint(narrow.editor.width() - 40, 80), offer=True)
    edge = floating.mapToGlobal(QPoint(SHADOW_POPUP, 0)).x()
    assert refusal.mapToGlobal(QPoint(refusal.width(), 0)).x() <= edge
    narrow.editor.select([])
    refusal.show_problem(problem, QPoint(narrow.editor.width() - 40, 80), offer=True)
    assert refusal.mapToGlobal(QPoint(refusal.width(), 0)).x() > edge


def test_only_where_it_is_docked_it_has_an_edge_of_its_own(narrow) -> None:
    def edge() -> str:
        return narrow.inspector.grab().toImage().pixelColor(0, 20).name()

    narrow.editor.select([conv_of(narrow)])
    assert edge() == narrow.theme.color("panel").name()
    narrow.resize(1440, 900)
    assert edge() == narrow.theme.color("line").name()


def test_the_tick_says_whether_it_is_in_sight(narrow) -> None:
    assert not is_there(narrow)
    narrow.editor.select([conv_of(narrow)])
    assert is_there(narrow)
    narrow.editor.select([])
    assert not is_there(narrow)


def test_asked_for_it_shows_the_project_and_goes_when_dismissed(narrow) -> None:
    act = narrow.actions_table["inspector"]
    act.trigger()
    assert is_there(narrow)
    assert not isinstance(narrow.inspector.page, BlockPage)
    act.trigger()
    assert not is_there(narrow)
    narrow.editor.select([conv_of(narrow)])
    assert is_there(narrow)


def test_dismissed_over_a_selection_it_stays_away_until_asked_for(narrow) -> None:
    conv = conv_of(narrow)
    narrow.editor.select([conv])
    narrow.run_bar.toggles["inspector"].click()
    assert not is_there(narrow)
    narrow.editor.select([])
    narrow.editor.select([conv])
    assert not is_there(narrow)
    narrow.run_bar.toggles["inspector"].click()
    assert is_there(narrow)


def test_widening_docks_it_and_says_so(narrow) -> None:
    narrow.resize(1440, 900)
    assert is_there(narrow)
    narrow.resize(*NARROW)
    assert not is_there(narrow)
