"""The palette with a real mouse and keyboard."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontMetricsF, QKeySequence, QShortcut, QTextCursor, QTextDocument
from PySide6.QtWidgets import QApplication, QLineEdit, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from app.panels.block_browser import OFTEN_COUNT, ROWS_AT_ONCE, BlockBrowser, often_used
from app.panels.overlay_scroll import OverlayScroll
from app.panels.palette import Palette
from app.panels.palette_row import BlockRow, FamilyRow, elided, type_tip
from engine.blocks.catalogue import BLOCK_TYPES, FAMILIES
from graph_editor.block_search import find_blocks
from graph_editor.theme import PALETTE_RAIL_WIDTH, PALETTE_WIDTH, SHADOW_POPUP, load_theme

LEFT = Qt.MouseButton.LeftButton
FIRST = (
    "input entry exit dense conv2d max_pool2d avg_pool2d global_avg_pool2d batch_norm1d batch_norm2d relu sigmoid tanh"
    " leaky_relu softmax elu gelu silu softplus hardtanh dropout lstm add concat flatten reshape residual rbm"
    " cross_entropy binary_cross_entropy squared_error"
)
TYPES = {id: BLOCK_TYPES[id] for id in FIRST.split()}
"""A catalogue that does not grow."""


@pytest.fixture
def host(qtbot: QtBot) -> QWidget:
    host = QWidget()
    host.resize(900, 700)
    qtbot.addWidget(host)
    return host


@pytest.fixture
def palette(host: QWidget, qtbot: QtBot) -> Palette:
    palette = Palette(TYPES, FAMILIES, load_theme("light"), host)
    palette.setGeometry(0, 0, PALETTE_WIDTH, 700)
    host.show()
    host.activateWindow()
    qtbot.waitExposed(host)
    return palette


def shown(palette: Palette) -> list[str]:
    return [row.type_id for row in palette.browser.rows() if isinstance(row, BlockRow)]


class Heard:
    """What a palette's signals said, in order."""

    def __init__(self, palette: Palette) -> None:
        self.said: list[tuple[str, object]] = []
        palette.drag_started.connect(lambda id: self.said.append(("started", id)))
        palette.drag_moved.connect(lambda point: self.said.append(("moved", QPoint(point))))
        palette.drag_dropped.connect(lambda point: self.said.append(("dropped", QPoint(point))))
        palette.drag_cancelled.connect(lambda: self.said.append(("cancelled", None)))
        palette.chosen.connect(lambda id: self.said.append(("chosen", id)))

    def names(self) -> list[str]:
        return [name for name, _ in self.said]


def test_often_used_stand_above_folded_families_with_counts(palette: Palette) -> None:
    assert shown(palette) == ["input", "dense", "conv2d", "relu", "max_pool2d", "flatten", "cross_entropy"]
    families = [row.family for row in palette.browser.rows() if isinstance(row, FamilyRow)]
    assert families[:3] == ["input", "dense", "convolution"]
    assert "attention" not in families
    assert palette.browser.family_row("input").accessibleName() == "Input and loss, 4 blocks"


def test_unfolding_past_the_end_moves_nothing_aside_and_a_click_draws_no_ring(
    palette: Palette, host: QWidget, qtbot: QtBot
) -> None:
    palette.setGeometry(0, 0, PALETTE_WIDTH, 560)
    row = palette.browser.family_row("activation")
    width, ground = row.width(), row.grab().toImage().pixelColor(9, 14)
    qtbot.mouseClick(row, LEFT)
    bar = palette.browser.findChild(OverlayScroll).bar
    qtbot.waitUntil(bar.isVisible)
    assert row.width() == width
    assert row.hasFocus()
    assert row.grab().toImage().pixelColor(8, 14).name() == ground.name()
    bar.setValue(bar.maximum())
    lowest = palette.browser.rows()[-1]
    assert lowest.mapTo(palette, QPoint(0, lowest.height())).y() <= palette.height()
    qtbot.keyClick(row, Qt.Key.Key_Down)
    focused = next(row for row in palette.browser.rows() if row.hasFocus())
    assert focused.grab().toImage().pixelColor(8, 14).name() == load_theme("light").color("accent").name()


def test_a_click_unfolds_a_family_and_another_folds_it(palette: Palette, qtbot: QtBot) -> None:
    row = palette.browser.family_row("pooling")
    qtbot.mouseClick(row, LEFT)
    assert shown(palette).count("avg_pool2d") == 1
    qtbot.mouseClick(row, LEFT)
    assert "avg_pool2d" not in shown(palette)


def test_a_drag_begins_beyond_the_start_distance_and_drops(palette: Palette, qtbot: QtBot) -> None:
    heard = Heard(palette)
    row = palette.browser.row("conv2d")
    start = row.rect().center()
    qtbot.mousePress(row, LEFT, pos=start)
    qtbot.mouseMove(row, start + QPoint(QApplication.startDragDistance() - 2, 0))
    assert heard.said == []
    qtbot.mouseMove(row, start + QPoint(60, 0))
    assert heard.said[0] == ("started", "conv2d")
    assert QApplication.overrideCursor() is not None
    end = start + QPoint(400, 200)
    qtbot.mouseMove(palette, row.mapTo(palette, end))
    qtbot.mouseRelease(palette, LEFT, pos=row.mapTo(palette, end))
    assert heard.said[-1] == ("dropped", row.mapToGlobal(end))
    assert heard.names().count("moved") >= 2
    assert QApplication.overrideCursor() is None


def test_escape_cancels_a_drag_and_the_release_says_nothing(palette: Palette, qtbot: QtBot) -> None:
    heard = Heard(palette)
    row = palette.browser.row("dense")
    qtbot.mousePress(row, LEFT, pos=QPoint(60, 10))
    qtbot.mouseMove(row, QPoint(300, 10))
    qtbot.keyClick(palette, Qt.Key.Key_Escape)
    qtbot.mouseRelease(row, LEFT, pos=QPoint(300, 10))
    assert heard.names()[-1] == "cancelled"
    assert "dropped" not in heard.names()
    assert QApplication.overrideCursor() is None


def test_a_click_alone_chooses_nothing_a_double_click_does(palette: Palette, qtbot: QtBot) -> None:
    heard = Heard(palette)
    row = palette.browser.row("flatten")
    qtbot.mouseClick(row, LEFT)
    assert heard.said == []
    qtbot.mouseDClick(row, LEFT)
    assert heard.said == [("chosen", "flatten")]


def test_the_key_belongs_to_the_window_and_one_shortcut_focuses_the_search(palette: Palette, qtbot: QtBot) -> None:
    # Two equal shortcuts in a window are ambiguous, and then neither works.
    assert palette.findChildren(QShortcut) == []
    shortcut = QShortcut(QKeySequence("/"), palette.window())
    shortcut.activated.connect(palette.focus_search)
    qtbot.keyClick(palette.window(), Qt.Key.Key_Slash)
    qtbot.waitUntil(palette.browser.search.line().hasFocus)


def test_typing_finds(palette: Palette, qtbot: QtBot) -> None:
    line = palette.browser.search.line()
    palette.focus_search()
    qtbot.waitUntil(line.hasFocus)
    qtbot.keyClicks(line, "pool")
    assert shown(palette) == ["max_pool2d", "avg_pool2d", "global_avg_pool2d"]
    heard = Heard(palette)
    qtbot.keyClick(line, Qt.Key.Key_Down)
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert heard.said == [("chosen", "avg_pool2d")]
    qtbot.keyClick(line, Qt.Key.Key_Escape)
    assert line.text() == ""
    assert shown(palette)[0] == "input"


def test_of_many_finds_those_in_sight_come_with_the_key_and_the_others_after(host: QWidget, qtbot: QtBot) -> None:
    palette = Palette(BLOCK_TYPES, FAMILIES, load_theme("light"), host)
    palette.setGeometry(0, 0, PALETTE_WIDTH, 700)
    host.show()
    wanted = [match.type_id for match in find_blocks("c", BLOCK_TYPES).matches]
    assert len(wanted) > 2 * ROWS_AT_ONCE
    line = palette.browser.search.line()
    qtbot.keyClicks(line, "c")
    assert shown(palette) == wanted[:ROWS_AT_ONCE]
    assert palette.browser.rows()[0].is_current()
    qtbot.waitUntil(lambda: shown(palette) == wanted)
    # What was still to come of one search does not come to the next.
    line.setText("r")
    qtbot.keyClick(line, Qt.Key.Key_Backspace)
    qtbot.keyClicks(line, "rbm")
    found = [match.type_id for match in find_blocks("rbm", BLOCK_TYPES).matches]
    assert shown(palette) == found
    qtbot.wait(20)
    assert shown(palette) == found
    line.setText("r")
    line.clear()
    qtbot.wait(20)
    assert len(shown(palette)) == OFTEN_COUNT


def test_nothing_found_names_the_nearest(palette: Palette, qtbot: QtBot) -> None:
    qtbot.keyClicks(palette.browser.search.line(), "flaten")
    assert shown(palette) == []
    link = next(child for child in palette.findChildren(QWidget) if getattr(child, "text", str)() == _MEANT)
    qtbot.mouseClick(link, LEFT)
    assert shown(palette)[0] == "flatten"


_MEANT = "Did you mean Flatten?"


def test_arrows_walk_the_rows_and_enter_chooses(palette: Palette, qtbot: QtBot) -> None:
    heard = Heard(palette)
    line = palette.browser.search.line()
    palette.focus_search()
    qtbot.keyClick(line, Qt.Key.Key_Down)
    rows = palette.browser.rows()
    qtbot.waitUntil(rows[0].hasFocus)
    qtbot.keyClick(rows[0], Qt.Key.Key_Down)
    qtbot.keyClick(rows[1], Qt.Key.Key_Return)
    assert heard.said == [("chosen", "dense")]
    family = palette.browser.family_row("energy")
    family.setFocus()
    qtbot.keyClick(family, Qt.Key.Key_Right)
    assert "rbm" in shown(palette)
    qtbot.keyClick(rows[1], Qt.Key.Key_Up)
    qtbot.keyClick(rows[0], Qt.Key.Key_Up)
    qtbot.waitUntil(line.hasFocus)


def test_input_and_the_loss_used_most_stay_whatever_else_is_used() -> None:
    usage = dict.fromkeys(("conv2d", "relu", "dense", "dropout", "lstm", "rbm", "max_pool2d", "flatten"), 9)
    found = often_used(BLOCK_TYPES, usage)
    assert len(found) == 7
    assert found[0] == "input"
    assert "cross_entropy" in found
    found = often_used(BLOCK_TYPES, {**usage, "input": 1, "squared_error": 1})
    assert {"input", "squared_error"} < set(found)
    assert "cross_entropy" not in found


def test_usage_fills_often_used(palette: Palette) -> None:
    assert often_used(BLOCK_TYPES, {})[0] == "input"
    palette.set_usage({"lstm": 9, "rbm": 3, "dense": 1})
    assert {"lstm", "rbm", "dense"} < set(shown(palette))
    assert len(shown(palette)) == 7


@pytest.mark.qt_log_ignore("does not support raise")
def test_the_tooltip_tells_name_pytorch_name_and_purpose(palette: Palette, qtbot: QtBot) -> None:
    row = palette.browser.row("conv2d")
    qtbot.mouseMove(palette, QPoint(100, 690))
    qtbot.mouseMove(row)
    qtbot.waitUntil(QToolTip.isVisible)
    text = QToolTip.text()
    assert "Convolution" in text
    assert "Conv2d" in text
    assert BLOCK_TYPES["conv2d"].purpose in text
    QToolTip.hideText()
    qtbot.waitUntil(lambda: not QToolTip.isVisible())


def test_the_rail_is_narrow_and_a_family_flies_out_to_be_chosen(palette: Palette, qtbot: QtBot) -> None:
    heard = Heard(palette)
    palette.set_rail(True)
    assert palette.width() == PALETTE_RAIL_WIDTH
    qtbot.mouseClick(palette.rail.button("pooling"), LEFT)
    flyout = palette.flyout()
    assert flyout is not None
    assert flyout.isVisible()
    rows = flyout.findChildren(BlockRow)
    assert [row.type_id for row in rows] == ["max_pool2d", "avg_pool2d", "global_avg_pool2d"]
    qtbot.waitUntil(rows[0].hasFocus)
    qtbot.keyClick(rows[0], Qt.Key.Key_Down)
    qtbot.keyClick(rows[1], Qt.Key.Key_Return)
    assert heard.said == [("chosen", "avg_pool2d")]
    assert palette.flyout() is None


def test_a_long_family_flies_out_inside_the_window_and_the_keyboard_reaches_its_end(
    host: QWidget, qtbot: QtBot
) -> None:
    palette = Palette(BLOCK_TYPES, FAMILIES, load_theme("light"), host)
    host.resize(600, 300)
    palette.setGeometry(0, 0, PALETTE_WIDTH, 300)
    host.show()
    host.activateWindow()
    qtbot.waitExposed(host)
    palette.set_rail(True)
    qtbot.mouseClick(palette.rail.button("activation"), LEFT)
    flyout = palette.flyout()
    assert flyout is not None
    rows = flyout.findChildren(BlockRow)
    qtbot.waitUntil(rows[0].hasFocus)
    assert len(rows) * rows[0].height() > 300
    panel = flyout.geometry().adjusted(SHADOW_POPUP, SHADOW_POPUP, -SHADOW_POPUP, -SHADOW_POPUP)
    assert host.rect().contains(panel)
    for row in rows[:-1]:
        qtbot.keyClick(row, Qt.Key.Key_Down)
    assert rows[-1].hasFocus()
    last = rows[-1].mapTo(host, rows[-1].rect().bottomRight())
    assert panel.contains(last)


def test_a_drag_out_of_a_flyout_closes_it_and_goes_on(palette: Palette, qtbot: QtBot) -> None:
    heard = Heard(palette)
    palette.set_rail(True)
    qtbot.mouseClick(palette.rail.button("energy"), LEFT)
    flyout = palette.flyout()
    assert flyout is not None
    row = flyout.findChildren(BlockRow)[0]
    qtbot.mousePress(row, LEFT, pos=QPoint(40, 10))
    qtbot.mouseMove(row, QPoint(200, 10))
    assert palette.flyout() is None
    qtbot.mouseMove(palette, QPoint(500, 300))
    qtbot.mouseRelease(palette, LEFT, pos=QPoint(500, 300))
    assert heard.names()[0] == "started"
    assert heard.said[-1] == ("dropped", palette.mapToGlobal(QPoint(500, 300)))


def test_the_rail_flies_its_search_out_and_a_press_elsewhere_closes(palette: Palette, qtbot: QtBot) -> None:
    heard = Heard(palette)
    palette.set_rail(True)
    palette.focus_search()
    flyout = palette.flyout()
    assert flyout is not None
    browser = flyout.content()
    assert isinstance(browser, BlockBrowser)
    line: QLineEdit = browser.search.line()
    qtbot.waitUntil(line.hasFocus)
    qtbot.keyClicks(line, "rbm")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert heard.said == [("chosen", "rbm")]
    qtbot.mouseClick(palette.rail.button(""), LEFT)
    assert palette.flyout() is not None
    qtbot.mouseClick(palette.window(), LEFT, pos=QPoint(800, 600))
    assert palette.flyout() is None


def test_dark_differs_from_light(palette: Palette) -> None:
    light = palette.grab().toImage()
    palette.set_theme(load_theme("dark"))
    assert palette.grab().toImage() != light


def test_rows_of_a_family_are_made_when_it_is_unfolded_and_stay(palette: Palette, qtbot: QtBot) -> None:
    made = len(palette.findChildren(BlockRow))
    assert made == len(shown(palette))
    row = palette.browser.family_row("pooling")
    qtbot.mouseClick(row, LEFT)
    unfolded = shown(palette)
    assert len(palette.findChildren(BlockRow)) == len(unfolded) > made
    kinds = [type(row).__name__ for row in palette.browser.rows()]
    assert kinds.index("FamilyRow") == made
    families = [row.family for row in palette.browser.rows() if isinstance(row, FamilyRow)]
    place = palette.browser.rows().index(row)
    assert [row.type_id for row in palette.browser.rows()[place + 1 : place + 3]] == unfolded[made : made + 2]
    assert families == list(dict.fromkeys(families))
    qtbot.mouseClick(row, LEFT)
    qtbot.mouseClick(row, LEFT)
    assert shown(palette) == unfolded
    assert len(palette.findChildren(BlockRow)) == len(unfolded)


def test_names_that_differ_in_their_dimension_alone_stay_apart_where_there_is_little_room(qapp) -> None:
    metrics = QFontMetricsF(load_theme("light").font())
    names = ("Transposed convolution", "Transposed convolution 1-D", "Transposed convolution 3-D")
    for room in (100.0, 120.0):
        shown = [elided(name, metrics, room) for name in names]
        assert len(set(shown)) == 3
        assert all(metrics.horizontalAdvance(text) <= room for text in shown)
        assert [text[-3:] for text in shown[1:]] == ["1-D", "3-D"]
    assert elided(names[1], metrics, 400.0) == names[1]


def test_the_name_in_a_tooltip_has_a_weight_of_the_fonts_that_ship(qapp) -> None:
    tip = QTextDocument()
    tip.setHtml(type_tip(TYPES["conv2d"]))
    name = tip.find(TYPES["conv2d"].title)
    assert name.charFormat().fontWeight() == 600
    name.movePosition(QTextCursor.MoveOperation.End)
    assert name.charFormat().fontWeight() == 400


def test_a_tooltip_tells_the_name_in_pytorch_only_where_it_is_another() -> None:
    assert "Conv2d" in type_tip(TYPES["conv2d"])
    assert type_tip(TYPES["flatten"]).count("Flatten") == 1
