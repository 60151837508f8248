"""Help about a block type says all there is to say, and goes away."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.panels.block_help import facts_of, show_block_help
from engine.blocks.catalogue import BLOCK_TYPES
from graph_editor.theme import SHADOW_POPUP, load_theme


@pytest.fixture
def host(qtbot: QtBot) -> QWidget:
    host = QWidget()
    host.resize(1000, 700)
    qtbot.addWidget(host)
    return host


@pytest.fixture
def anchor(host: QWidget, qtbot: QtBot) -> QPushButton:
    anchor = QPushButton("?", host)
    anchor.setGeometry(940, 40, 30, 30)
    host.show()
    host.activateWindow()
    qtbot.waitExposed(host)
    return anchor


@pytest.mark.parametrize("type_id", list(BLOCK_TYPES))
def test_it_tells_purpose_formula_and_parameters(anchor: QPushButton, type_id: str) -> None:
    type = BLOCK_TYPES[type_id]
    help = show_block_help(type, load_theme("light"), anchor)
    said = help.texts()
    assert type.title in said
    assert type.purpose in said
    assert not type.formula or type.formula in said
    for parameter in type.parameters:
        assert parameter.label in said
        assert parameter.help in said
    inside = anchor.window().rect().adjusted(-SHADOW_POPUP, -SHADOW_POPUP, SHADOW_POPUP, SHADOW_POPUP)
    assert inside.contains(help.geometry())
    assert not help.grab().isNull()
    help.close_now()


def test_it_stands_beside_what_opened_it(anchor: QPushButton) -> None:
    help = show_block_help(BLOCK_TYPES["conv2d"], load_theme("dark"), anchor)
    assert help.geometry().right() - SHADOW_POPUP < anchor.geometry().left()
    help.close_now()


def test_escape_and_a_press_elsewhere_close_it(anchor: QPushButton, qtbot: QtBot) -> None:
    help = show_block_help(BLOCK_TYPES["dense"], load_theme("light"), anchor)
    with qtbot.waitSignal(help.closed):
        qtbot.keyClick(help, Qt.Key.Key_Escape)
    help = show_block_help(BLOCK_TYPES["dense"], load_theme("light"), anchor)
    with qtbot.waitSignal(help.closed):
        qtbot.mouseClick(anchor.window(), Qt.MouseButton.LeftButton, pos=QPoint(20, 600))


def test_facts_of_a_parameter() -> None:
    filters = BLOCK_TYPES["conv2d"].parameter("out_channels")
    padding = BLOCK_TYPES["conv2d"].parameter("padding")
    assert filters is not None
    assert padding is not None
    assert facts_of(filters) == "16 · 1 to 65\u2009536"
    assert facts_of(padding) == "same, none, custom"
