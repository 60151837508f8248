"""The search popup with real keys and clicks."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.tensor_spec import Dim, TensorSpec
from graph_editor.search_popup import SearchPopup
from graph_editor.theme import SEARCH_ROW_HEIGHT, SEARCH_WIDTH, SHADOW_POPUP, load_theme

PICTURE = TensorSpec(shape=(Dim("N"), 16, 8, 8), dtype="float32")


@pytest.fixture
def popup(qtbot: QtBot) -> SearchPopup:
    host = QWidget()
    host.resize(900, 600)
    other = QPushButton("elsewhere", host)
    other.setGeometry(800, 560, 90, 30)
    popup = SearchPopup(BLOCK_TYPES, load_theme("light"), host)
    qtbot.addWidget(host)
    host.show()
    host.activateWindow()
    qtbot.waitExposed(host)
    popup.open_at(host.mapToGlobal(QPoint(200, 100)), PICTURE)
    popup.host, popup.other = host, other  # type: ignore[attr-defined]
    return popup


def test_it_opens_at_the_place_with_its_field_ready(popup: SearchPopup, qtbot: QtBot) -> None:
    assert popup.isVisible()
    assert popup.width() == SEARCH_WIDTH + 2 * SHADOW_POPUP
    qtbot.waitUntil(popup.line().hasFocus)
    assert popup.geometry().contains(QPoint(200, 100))
    assert popup.row_rect(1).top() - popup.row_rect(0).top() == SEARCH_ROW_HEIGHT
    assert popup.row_rect(0).top() > popup.line().geometry().bottom()


def test_typing_a_name_with_values_and_enter_chooses(popup: SearchPopup, qtbot: QtBot) -> None:
    qtbot.keyClicks(popup.line(), "conv 32 3")
    current = popup.current()
    assert current is not None
    assert current.words == "32 · 3×3"
    with qtbot.waitSignal(popup.chosen) as signal:
        qtbot.keyClick(popup.line(), Qt.Key.Key_Return)
    assert signal.args == ["conv2d", {"out_channels": 32, "kernel_size": (3, 3)}]
    assert not popup.isVisible()


def test_a_click_on_a_row_chooses_it(popup: SearchPopup, qtbot: QtBot) -> None:
    wanted = popup.matches()[2].type_id
    with qtbot.waitSignal(popup.chosen) as signal:
        qtbot.mouseClick(popup, Qt.MouseButton.LeftButton, pos=popup.row_rect(2).center())
    assert signal.args[0] == wanted


def test_arrows_move_and_wrap_and_scroll(popup: SearchPopup, qtbot: QtBot) -> None:
    qtbot.keyClick(popup.line(), Qt.Key.Key_Down)
    assert popup.current() == popup.matches()[1]
    qtbot.keyClick(popup.line(), Qt.Key.Key_Up)
    qtbot.keyClick(popup.line(), Qt.Key.Key_Up)
    last = len(popup.matches()) - 1
    assert popup.current() == popup.matches()[last]
    assert popup.rect().contains(popup.row_rect(last))
    assert not popup.rect().contains(popup.row_rect(0))


def test_the_pointer_makes_a_row_current(popup: SearchPopup, qtbot: QtBot) -> None:
    qtbot.mouseMove(popup, popup.row_rect(3).center())
    qtbot.waitUntil(lambda: popup.current() == popup.matches()[3])


def test_escape_cancels(popup: SearchPopup, qtbot: QtBot) -> None:
    with qtbot.waitSignal(popup.cancelled):
        qtbot.keyClick(popup.line(), Qt.Key.Key_Escape)
    assert not popup.isVisible()


def test_a_press_elsewhere_cancels(popup: SearchPopup, qtbot: QtBot) -> None:
    with qtbot.waitSignal(popup.cancelled):
        qtbot.mouseClick(popup.other, Qt.MouseButton.LeftButton)  # type: ignore[attr-defined]
    assert not popup.isVisible()
    with qtbot.assertNotEmitted(popup.cancelled):
        qtbot.mouseClick(popup.other, Qt.MouseButton.LeftButton)  # type: ignore[attr-defined]


def test_tab_writes_the_name_and_selects_the_values_to_type_over(popup: SearchPopup, qtbot: QtBot) -> None:
    qtbot.keyClicks(popup.line(), "conv")
    qtbot.keyClick(popup.line(), Qt.Key.Key_Tab)
    assert popup.line().text() == "Convolution 16 3"
    assert popup.line().selectedText() == "16 3"
    qtbot.keyClicks(popup.line(), "8 5")
    with qtbot.waitSignal(popup.chosen) as signal:
        qtbot.keyClick(popup.line(), Qt.Key.Key_Enter)
    assert signal.args == ["conv2d", {"out_channels": 8, "kernel_size": (5, 5)}]


def test_shapes_fill_in_and_follow_the_typed_values(popup: SearchPopup, qtbot: QtBot) -> None:
    asked: list[object] = []
    popup.values_typed.connect(asked.append)
    qtbot.keyClicks(popup.line(), "conv")
    match = popup.current()
    assert match is not None
    assert popup.shape_words(match) == ""
    before = popup.grab().toImage()
    popup.set_shapes({"conv2d": TensorSpec(shape=(Dim("N"), 16, 8, 8), dtype="float32")})
    assert popup.shape_words(match) == "→ 16×8×8"
    assert popup.grab().toImage() != before
    qtbot.keyClicks(popup.line(), " 32")
    typed = popup.current()
    assert typed is not None
    assert popup.shape_words(typed) == ""
    assert asked[-1]["conv2d"] == {"out_channels": 32}
    assert "kernel_size" not in asked[-1]["conv2d"]
    popup.set_shapes({"conv2d": TensorSpec(shape=(Dim("N"), 32, 8, 8), dtype="float32")}, asked[-1])
    assert popup.shape_words(typed) == "→ 32×8×8"
    qtbot.keyClicks(popup.line(), " 3")
    again = popup.current()
    assert again is not None
    assert popup.shape_words(again) == "→ 32×8×8", "3 is the kernel that it has anyway"
    for _ in " 32 3":
        qtbot.keyClick(popup.line(), Qt.Key.Key_Backspace)
    assert asked[-1] == {}
    plain = popup.current()
    assert plain is not None
    assert popup.shape_words(plain) == ""
    popup.set_shapes({"conv2d": TensorSpec(shape=(Dim("N"), 16, 8, 8), dtype="float32")}, {})
    assert popup.shape_words(plain) == "→ 16×8×8"


def test_nothing_found_offers_the_nearest(popup: SearchPopup, qtbot: QtBot) -> None:
    qtbot.keyClicks(popup.line(), "dorpout")
    assert popup.matches() == ()
    assert popup.message() == "No such block"
    with qtbot.waitSignal(popup.chosen) as signal:
        qtbot.mouseClick(popup, Qt.MouseButton.LeftButton, pos=popup.row_rect(1).center())
    assert signal.args == ["dropout", {}]


def test_a_block_that_refuses_the_tensor_is_said_and_not_inserted(popup: SearchPopup, qtbot: QtBot) -> None:
    qtbot.keyClicks(popup.line(), "lstm")
    assert popup.message().startswith("LSTM")
    assert popup.message().endswith(" not accept 16×8×8")
    with qtbot.assertNotEmitted(popup.chosen):
        qtbot.keyClick(popup.line(), Qt.Key.Key_Return)
    qtbot.keyClick(popup.line(), Qt.Key.Key_Escape)


def test_near_a_corner_it_stays_inside(popup: SearchPopup) -> None:
    host: QWidget = popup.host  # type: ignore[attr-defined]
    popup.open_at(host.mapToGlobal(QPoint(890, 590)), PICTURE)
    assert host.rect().adjusted(-SHADOW_POPUP, -SHADOW_POPUP, SHADOW_POPUP, SHADOW_POPUP).contains(popup.geometry())
    popup.hide()


def test_painting_it_leaves_the_shadow_of_blocks_as_it_is(popup: SearchPopup) -> None:
    before = load_theme("light").shadow_color().alphaF()
    popup.grab()
    assert load_theme("light").shadow_color().alphaF() == before


def test_values_without_a_name_are_told_how_to_be_written(popup: SearchPopup, qtbot: QtBot) -> None:
    qtbot.keyClicks(popup.line(), "nonsense=3")
    assert popup.message() == "Write a block before its values: dense 64"
    with qtbot.assertNotEmitted(popup.chosen):
        qtbot.keyClick(popup.line(), Qt.Key.Key_Return)


def test_what_was_chosen_before_comes_first_of_equals(popup: SearchPopup) -> None:
    found = {match.type_id: place for place, match in enumerate(popup.matches())}
    popup.set_usage({"group_norm": 9})
    popup.open_at(QPoint(200, 100), PICTURE)
    again = {match.type_id: place for place, match in enumerate(popup.matches())}
    assert again["group_norm"] < found["group_norm"]
