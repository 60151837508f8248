"""Help about a block type says all there is to say, and goes away."""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QPushButton, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from app.panels.block_help import BlockHelp, facts_of, page_of
from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.block_type import BlockType
from graph_editor.theme import SHADOW_POPUP, load_theme

replace = msgspec.structs.replace


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


def _opened(type: BlockType, theme: str, beside: QPushButton) -> BlockHelp:
    help = BlockHelp(type, load_theme(theme), beside.window())
    help.open_beside(beside)
    return help


@pytest.mark.parametrize("type_id", list(BLOCK_TYPES))
def test_it_tells_purpose_formula_and_parameters(anchor: QPushButton, type_id: str) -> None:
    type = BLOCK_TYPES[type_id]
    help = _opened(type, "light", anchor)
    said = help.texts()
    assert type.title in said
    assert (page_of(type_id) or (type.purpose,))[0] in said
    assert not type.formula or type.formula in said
    assert said.count(type.formula) <= 1
    assert all(paragraph in said for paragraph in page_of(type_id))
    for parameter in type.parameters:
        assert parameter.label in said
        assert parameter.help in said
    inside = anchor.window().rect().adjusted(-SHADOW_POPUP, -SHADOW_POPUP, SHADOW_POPUP, SHADOW_POPUP)
    assert inside.contains(help.geometry())
    assert not help.grab().isNull()
    help.close_now()


def test_the_page_of_a_block_is_told_without_its_title_and_formula(anchor: QPushButton) -> None:
    page = page_of("conv2d")
    assert any("first layers find edges" in paragraph for paragraph in page)
    assert page[-1].startswith("Paper")
    assert not any(paragraph.startswith(("#", " ")) for paragraph in page)
    help = _opened(BLOCK_TYPES["repeat"], "light", anchor)
    formats = {label.text(): label.textFormat() for label in help.findChildren(QLabel)}
    assert {formats[paragraph] for paragraph in page_of("repeat")} == {Qt.TextFormat.MarkdownText}
    help.close_now()


def test_a_block_without_a_page_has_its_purpose_and_parameters(anchor: QPushButton) -> None:
    assert page_of("hologram") == ()
    type = replace(BLOCK_TYPES["dense"], id="hologram")
    help = _opened(type, "light", anchor)
    assert type.purpose in help.texts()
    assert type.parameters[0].help in help.texts()
    help.close_now()


def test_it_stands_beside_what_opened_it(anchor: QPushButton) -> None:
    help = _opened(BLOCK_TYPES["conv2d"], "dark", anchor)
    assert help.geometry().right() - SHADOW_POPUP < anchor.geometry().left()
    help.close_now()


def test_escape_and_a_press_elsewhere_close_it(anchor: QPushButton, qtbot: QtBot) -> None:
    help = _opened(BLOCK_TYPES["dense"], "light", anchor)
    with qtbot.waitSignal(help.closed):
        qtbot.keyClick(help, Qt.Key.Key_Escape)
    help = _opened(BLOCK_TYPES["dense"], "light", anchor)
    with qtbot.waitSignal(help.closed):
        qtbot.mouseClick(anchor.window(), Qt.MouseButton.LeftButton, pos=QPoint(20, 600))


def test_facts_of_a_parameter() -> None:
    filters = BLOCK_TYPES["conv2d"].parameter("out_channels")
    padding = BLOCK_TYPES["conv2d"].parameter("padding")
    assert filters is not None
    assert padding is not None
    assert facts_of(filters) == "16 · 1 to 65\u2009536"
    assert facts_of(padding) == "same, none, custom"
    cell = BLOCK_TYPES["hog"].parameter("cell_size")
    assert cell is not None
    assert facts_of(cell) == "4 · 1 to 1000 px"


def test_what_fits_needs_no_scrolling(anchor: QPushButton) -> None:
    help = _opened(BLOCK_TYPES["relu"], "light", anchor)
    scroll = help.findChild(QScrollArea)
    assert scroll.verticalScrollBar().maximum() == 0
    help.close_now()
