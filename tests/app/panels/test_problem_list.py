"""The problem list: a click jumps, a link repairs, an empty list says so."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from app.panels.problem_list import ProblemList
from app.panels.problem_row import rich_sentence
from engine.graph.problem import Fix, Problem
from graph_editor.theme import HEADING_HEIGHT, load_theme

LEFT = Qt.MouseButton.LeftButton
RANK = Problem(
    "rank",
    path=("box", "d"),
    facts={"title": "Dense", "name": "hidden <1>", "expected": "N×features", "received": "N×16", "hint": "Flatten."},
    fixes=(
        Fix("insert_between", facts={"type": "Flatten"}),
        Fix("set_parameter", facts={"label": "Bias", "value": False}),
    ),
)
WARNING = Problem("not-connected", "warning", ("r",), facts={"title": "RBM", "name": "RBM"})
EMPTY = Problem("empty")
NO_LOSS = Problem("no-loss")


@pytest.fixture
def problems(qtbot: QtBot) -> ProblemList:
    problems = ProblemList(load_theme("light"))
    problems.resize(320, 400)
    qtbot.addWidget(problems)
    problems.show()
    return problems


def test_a_click_jumps_and_a_link_repairs_without_jumping(problems: ProblemList, qtbot: QtBot) -> None:
    problems.set_problems((RANK, WARNING))
    first, second = problems.rows()
    with qtbot.waitSignal(problems.jump) as signal:
        qtbot.mouseClick(first, LEFT, pos=QPoint(100, 12))
    assert signal.args == [("box", "d")]
    assert [link.text() for link in first.links] == ["Insert Flatten", "Set Bias to no"]
    with qtbot.assertNotEmitted(problems.jump), qtbot.waitSignal(problems.fix) as signal:
        qtbot.mouseClick(first.links[1], LEFT)
    assert signal.args == [RANK.fixes[1]]
    assert second.links == []


def test_enter_jumps_too(problems: ProblemList, qtbot: QtBot) -> None:
    problems.set_problems((WARNING,))
    with qtbot.waitSignal(problems.jump) as signal:
        qtbot.keyClick(problems.rows()[0], Qt.Key.Key_Return)
    assert signal.args == [("r",)]


def test_a_problem_of_the_whole_drawing_jumps_nowhere(problems: ProblemList, qtbot: QtBot) -> None:
    problems.set_problems((NO_LOSS,))
    with qtbot.assertNotEmitted(problems.jump):
        qtbot.mouseClick(problems.rows()[0], LEFT)


def test_the_block_is_semibold_and_names_are_escaped() -> None:
    text = rich_sentence(RANK)
    assert "<span style='font-weight: 600'>Dense “hidden &lt;1&gt;”</span>" in text
    assert "font-weight" not in rich_sentence(EMPTY)


def test_before_anybody_has_looked_nothing_is_promised(problems: ProblemList) -> None:
    assert problems.empty_words() == "Checking …"
    checking = problems.grab().toImage()
    problems.set_problems(())
    assert problems.empty_words() == "No problems"
    assert problems.grab().toImage() != checking
    problems.set_problems((RANK,))
    problems.set_problems(None)
    assert problems.rows() == []
    assert problems.grab().toImage() == checking


def test_an_empty_drawing_is_no_fault(problems: ProblemList) -> None:
    problems.set_problems((EMPTY,))
    assert problems.rows() == []
    assert problems.empty_words() == "Nothing is drawn yet"
    blank = problems.grab().toImage()
    problems.set_problems(())
    assert problems.empty_words() == "No problems"
    assert problems.grab().toImage() != blank


def test_the_list_follows_and_empties(problems: ProblemList) -> None:
    problems.set_problems((RANK, WARNING))
    full = problems.grab().toImage()
    assert len(problems.rows()) == 2
    problems.set_problems(())
    assert problems.rows() == []
    assert problems.problems() == ()
    assert problems.grab().toImage() != full


def test_a_theme_keeps_the_rows(problems: ProblemList) -> None:
    problems.set_problems((RANK,))
    light = problems.grab().toImage()
    problems.set_theme(load_theme("dark"))
    assert len(problems.rows()) == 1
    assert problems.grab().toImage() != light


@pytest.mark.parametrize("width", [240, 320, 560])
def test_a_long_problem_stands_whole(problems: ProblemList, qtbot: QtBot, width: int) -> None:
    received = "N×16×5×5 from “" + "pool of a long name " * 9
    long = Problem("rank", path=("d",), facts={**RANK.facts, "received": received})
    problems.resize(width, 600)
    problems.set_problems((long, WARNING))
    qtbot.wait(20)
    first, second = problems.rows()
    assert first.label.height() >= first.label.heightForWidth(first.label.width())
    assert second.y() == first.geometry().bottom() + 1
    assert second.height() < 80


def test_rows_that_fit_need_no_scrolling(problems: ProblemList, qtbot: QtBot) -> None:
    problems.set_problems((RANK, WARNING, NO_LOSS))
    qtbot.wait(20)
    bottom = problems.rows()[-1].geometry().bottom()
    problems.resize(320, HEADING_HEIGHT + 1 + bottom + 2)
    qtbot.wait(20)
    assert not problems._scroll.bar.isVisible()
    problems.resize(320, HEADING_HEIGHT + bottom - 20)
    qtbot.waitUntil(problems._scroll.bar.isVisible)
