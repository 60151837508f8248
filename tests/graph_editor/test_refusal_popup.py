from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from engine.graph.problem import Fix, Problem
from graph_editor.refusal_popup import RefusalPopup, wrapped
from graph_editor.theme import load_theme

replace = msgspec.structs.replace

PROBLEM = Problem(
    code="rank",
    facts={
        "title": "Dense",
        "name": "hidden",
        "expected": "N×features",
        "received": "N×16×4×4",
        "source": " from “pool2”",
        "hint": "Put a Flatten between them.",
    },
    fixes=(
        Fix(edit="insert_between", facts={"type": "Flatten"}, key="F"),
        Fix(edit="insert_between", facts={"type": "Global average pool"}, key="G"),
        Fix(edit="insert_between", facts={"type": "Fourier"}, key="F"),
    ),
)


@pytest.fixture
def popup(qtbot) -> Iterator[RefusalPopup]:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(700, 400)
    window.show()
    yield RefusalPopup(load_theme("light", 1.0), window)
    window.close()


def test_at_the_pointer_it_says_the_sentence_and_lets_the_mouse_through(popup: RefusalPopup) -> None:
    popup.show_problem(PROBLEM, QPoint(100, 100), offer=False)
    assert popup.isVisible()
    assert not popup.offers
    assert popup.buttons == ()
    assert popup.accessibleName() == PROBLEM.sentence
    assert popup.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)


def test_an_offer_has_a_button_for_each_fix_and_a_key_for_each_letter_once(popup: RefusalPopup, qtbot) -> None:
    chosen = []
    popup.fix_chosen.connect(chosen.append)
    popup.show_problem(PROBLEM, QPoint(100, 100), offer=True)
    assert [button.text() for button in popup.buttons] == [
        "Insert Flatten",
        "Insert Global average pool",
        "Insert Fourier",
    ]
    QTest.keyClick(popup, Qt.Key.Key_G)
    assert chosen == [PROBLEM.fixes[1]]
    assert not popup.isVisible()
    popup.show_problem(PROBLEM, QPoint(100, 100), offer=True)
    qtbot.mouseClick(popup.buttons[2], Qt.MouseButton.LeftButton)
    assert chosen[-1] == PROBLEM.fixes[2]
    popup.show_problem(PROBLEM, QPoint(100, 100), offer=True)
    QTest.keyClick(popup, Qt.Key.Key_Return)
    assert chosen[-1] == PROBLEM.fixes[0]


@pytest.mark.parametrize("place", [QPoint(0, 0), QPoint(699, 0), QPoint(699, 399), QPoint(0, 399)])
def test_it_stays_inside_the_window(popup: RefusalPopup, place: QPoint) -> None:
    popup.show_problem(PROBLEM, place, offer=True)
    assert popup.parentWidget().rect().contains(popup.geometry())


def test_all_buttons_lie_inside(popup: RefusalPopup) -> None:
    popup.show_problem(PROBLEM, QPoint(10, 10), offer=True)
    assert all(popup.rect().contains(button.geometry()) for button in popup.buttons)


def test_lines_break_between_words(qapp) -> None:
    font = load_theme("light", 1.0).font()
    lines = wrapped("one two three four five six seven eight nine ten", font, 90)
    assert len(lines) > 2
    assert " ".join(lines) == "one two three four five six seven eight nine ten"
    assert wrapped("", font, 90) == []


REMOVE = Fix(edit="remove_blocks", arguments=(("a", "b"),), facts={"name": "2 blocks"})
WIRE = Fix(edit="connect", facts={"source": "a", "target": "loss"})


@pytest.mark.parametrize("fixes", [(REMOVE, WIRE), (WIRE, REMOVE)])
def test_what_deletes_several_blocks_comes_last_and_enter_takes_the_other(popup: RefusalPopup, fixes) -> None:
    chosen = []
    popup.fix_chosen.connect(chosen.append)
    popup.show_problem(replace(PROBLEM, fixes=fixes), QPoint(100, 100), offer=True)
    assert [button.text() for button in popup.buttons] == ["Wire a to loss", "Remove 2 blocks"]
    QTest.keyClick(popup, Qt.Key.Key_Return)
    assert chosen == [WIRE]


def test_enter_alone_deletes_no_blocks_a_click_does(popup: RefusalPopup, qtbot) -> None:
    chosen = []
    popup.fix_chosen.connect(chosen.append)
    popup.show_problem(replace(PROBLEM, fixes=(REMOVE,)), QPoint(100, 100), offer=True)
    QTest.keyClick(popup, Qt.Key.Key_Return)
    assert chosen == []
    qtbot.mouseClick(popup.buttons[0], Qt.MouseButton.LeftButton)
    assert chosen == [REMOVE]
