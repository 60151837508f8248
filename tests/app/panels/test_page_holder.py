"""Pages stay and serve again, without a trace of the block that they showed before."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.panels import coming_page
from app.panels.block_page import BlockPage
from app.panels.fields import BooleanField, ChoiceField, FieldRow, TupleField
from app.panels.inspector import Inspector
from app.panels.integer_field import REPEAT_AFTER_MS
from app.panels.page_holder import MOST, PageHolder
from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.edits import add_block, rename, set_parameter
from engine.graph.graph import Block, Graph
from graph_editor.document import Document
from graph_editor.theme import load_theme
from tests.app.panels.inspecting import page, project, shown

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def document(qapp: object) -> Document:
    blocks = (
        Block("c", "conv2d", "First"),
        Block("c2", "conv2d", "Second", parameters={"out_channels": 32}),
        Block("wide", "conv2d", "Wide", parameters={"kernel_size": (3, 5), "dilation": 2}),
        Block("r", "relu", "ReLU"),
    )
    return Document(Graph(blocks={block.id: block for block in blocks}), BLOCK_TYPES)


@pytest.fixture
def inspector(document: Document, qtbot: QtBot) -> Inspector:
    return shown(Inspector(document, BLOCK_TYPES, {}, load_theme("light")), qtbot)


def row(inspector: Inspector, parameter: str) -> FieldRow:
    section = page(inspector).parameters
    assert section is not None
    return section.row(parameter)


def test_blocks_of_one_kind_have_one_page_and_each_its_own_values(inspector: Inspector, document: Document) -> None:
    inspector.show_selection((), ("c",))
    first = inspector.page
    inspector.show_selection((), ("r",))
    assert inspector.page is not first
    assert not first.isVisible()
    inspector.show_selection((), ("c2",))
    assert inspector.page is first
    assert first.isVisible()
    assert page(inspector).header.name.text() == "Second"  # type: ignore[attr-defined]
    assert row(inspector, "out_channels").field().value() == 32
    document.edit("Bias", set_parameter, "c2", "bias", False)
    assert inspector.page is not first, "other weights, other rows"


def test_blocks_of_a_type_that_is_not_known_have_one_page_that_follows_their_names(
    inspector: Inspector, document: Document
) -> None:
    strangers = {id: Block(id, "yolo99", name) for id, name in (("u", "Stranger"), ("v", "Another"))}
    document.load(Graph(blocks=strangers), document.settings)
    inspector.show_selection((), ("u",))
    first = inspector.page
    document.edit("Rename", rename, "u", "Detector")
    assert page(inspector).header.title() == "Detector"
    document.undo_stack.undo()
    assert page(inspector).header.title() == "Stranger"
    inspector.show_selection((), ("v",))
    assert inspector.page is first
    assert (page(inspector).header.title(), page(inspector).header.subtitle()) == ("Another", "yolo99")


def test_nothing_of_the_block_before_is_left(inspector: Inspector, qtbot: QtBot) -> None:
    inspector.show_selection((), ("c",))
    field = row(inspector, "out_channels").field()
    line = field.focusProxy()
    assert line is not None
    qtbot.mouseClick(line, LEFT)
    line.selectAll()  # type: ignore[attr-defined]
    qtbot.keyClicks(line, "0")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert field.error()
    kernel = row(inspector, "kernel_size").field()
    assert isinstance(kernel, TupleField)
    qtbot.mouseClick(kernel.link_button(), LEFT)
    assert not kernel.is_linked()
    section = page(inspector).parameters
    assert section is not None
    folded = section.advanced()
    assert folded is not None
    qtbot.mouseClick(folded.link(), LEFT)
    high = page(inspector).sizeHint().height()
    inspector.show_selection((), ("c2",))
    assert row(inspector, "out_channels").field() is field
    assert (field.error(), field.value()) == ("", 32)
    assert not line.isUndoAvailable()  # type: ignore[attr-defined]
    assert kernel.is_linked()
    assert not folded.is_open()
    assert page(inspector).sizeHint().height() < high
    inspector.show_selection((), ("wide",))
    assert not kernel.is_linked()
    assert folded.is_open()


def test_a_button_that_is_held_steps_no_other_block(inspector: Inspector, document: Document, qtbot: QtBot) -> None:
    inspector.show_selection((), ("c",))
    field = row(inspector, "out_channels").field()
    plus = QPoint(field.width() - 10, field.height() // 2)
    qtbot.mousePress(field, LEFT, pos=plus)
    assert field.value() == 17
    inspector.show_selection((), ("c2",))
    qtbot.wait(REPEAT_AFTER_MS + 100)
    assert field.value() == 32
    qtbot.mouseRelease(field, LEFT, pos=plus)
    assert document.graph.blocks["c2"].parameters == {"out_channels": 32}


@pytest.mark.parametrize("by_keys", [True, False])
def test_the_ring_of_the_keyboard_goes_along_to_another_page_and_a_mouse_brings_none(
    inspector: Inspector, document: Document, qtbot: QtBot, by_keys: bool
) -> None:
    qtbot.waitUntil(inspector.isActiveWindow)
    inspector.show_selection((), ("c",))

    def switch() -> BooleanField:
        field = row(inspector, "bias").field()
        assert isinstance(field, BooleanField)
        return field

    first = switch()
    if by_keys:
        first.setFocus(Qt.FocusReason.TabFocusReason)
        qtbot.keyClick(first, Qt.Key.Key_Space)
    else:
        qtbot.mouseClick(first, LEFT, pos=QPoint(14, 14))
    assert document.graph.blocks["c"].parameters == {"bias": False}
    assert switch() is not first, "a block without a bias has a page of its own"
    assert switch().hasFocus()
    assert switch().is_ringed() == by_keys
    document.undo_stack.undo()
    assert switch().hasFocus()
    assert switch().is_ringed() == by_keys
    inspector.set_theme(load_theme("dark"))
    assert switch().is_ringed() == by_keys


@pytest.mark.parametrize("what", ["Name", "Filters"])
def test_an_undo_that_brings_another_page_takes_nothing_that_is_half_typed(
    inspector: Inspector, document: Document, qtbot: QtBot, what: str
) -> None:
    qtbot.waitUntil(inspector.isActiveWindow)
    refused: list[object] = []
    inspector.edit_refused.connect(refused.append)
    document.edit("Bias", set_parameter, "c", "bias", False)
    document.edit("Add", add_block, Block("new", "conv2d", "New"))
    for id in ("new", "c"):
        inspector.show_selection((), (id,))
        lines = (line for line in page(inspector).findChildren(QLineEdit) if line.accessibleName() == what)
        line = next(line for line in lines if line.isVisible())
        line.setFocus()
        line.selectAll()
        qtbot.keyClicks(line, "99")
        assert line.hasFocus()
        before = document.undo_stack.index()
        document.undo_stack.undo()
        assert not line.hasFocus()
        assert document.undo_stack.index() == before - 1
    assert [document.undo_stack.text(index) for index in range(document.undo_stack.count())] == ["Bias", "Add"]
    assert refused == []
    assert document.graph.blocks["c"] == Block("c", "conv2d", "First")


@pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)")  # menus, off-screen
def test_a_menu_that_was_opened_for_one_block_chooses_for_no_other(inspector: Inspector) -> None:
    inspector.show_selection((), ("c",))
    learning = page(inspector).learning
    assert learning is not None
    field = learning.start_row().field()
    assert isinstance(field, ChoiceField)
    menu = field.open_menu()
    assert menu.isVisible()
    inspector.show_selection((), ("c2",))
    assert not menu.isVisible()
    assert field.menu() is None


def test_a_page_is_laid_out_before_the_next_turn(inspector: Inspector, qtbot: QtBot) -> None:
    inspector.show_selection((), ("wide",))
    qtbot.wait(1)
    low = page(inspector).result.y()
    inspector.show_selection((), ("c",))
    assert page(inspector).result.y() < low, "what is below a fold comes up at once"


def test_tab_goes_from_the_link_through_the_rows_behind_it(inspector: Inspector, qtbot: QtBot) -> None:
    inspector.show_selection((), ("c",))
    section, learning = page(inspector).parameters, page(inspector).learning
    assert section is not None
    assert learning is not None
    folded = section.advanced()
    assert folded is not None
    assert not folded.is_made
    link = folded.link()
    link.setFocus()
    qtbot.keyClick(link, Qt.Key.Key_Space)
    assert folded.is_made
    reached = []
    while (focused := inspector.window().focusWidget()) is not learning.header:
        assert focused is not None
        assert len(reached) < 20
        qtbot.keyClick(focused, Qt.Key.Key_Tab)
        reached.append(inspector.window().focusWidget().accessibleName())
    assert [name for name in reached if name != "Let the numbers differ"] == [
        "Padding size 1",
        "Padding size 2",
        "Dilation 1",
        "Dilation 2",
        "Groups",
        "Padding mode",
        "Start and learning",
    ]


def test_the_projects_page_serves_again_without_what_was_typed(inspector: Inspector, qtbot: QtBot) -> None:
    first = project(inspector)
    first.variables.header.click()
    line = first.variables.line.focusProxy()
    assert line is not None
    qtbot.keyClicks(line, "width")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert first.variables.line.error()
    inspector.show_selection((), ("c",))
    inspector.show_selection((), ())
    assert inspector.page is first
    assert (first.variables.line.error(), line.text()) == ("", "")  # type: ignore[attr-defined]


def test_another_theme_makes_pages_anew(inspector: Inspector) -> None:
    inspector.show_selection((), ("c",))
    first = inspector.page
    inspector.show_selection((), ("r",))
    inspector.set_theme(load_theme("dark"))
    inspector.show_selection((), ("c",))
    assert inspector.page is not first


def test_of_too_many_pages_the_one_not_seen_for_longest_goes(qtbot: QtBot) -> None:
    holder = PageHolder()
    qtbot.addWidget(holder)
    gone: list[int] = []
    for number in range(MOST + 2):
        label = QLabel(str(number))
        label.destroyed.connect(lambda _, number=number: gone.append(number))
        holder.show_page(number, label)
        holder.show_page(0, holder.page(0))
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert gone == [1, 2]
    assert holder.page(1) is None
    assert holder.page(0) is not None


def test_deep_layouts_are_settled_at_once(qtbot: QtBot) -> None:
    holder = PageHolder()
    qtbot.addWidget(holder)
    outer, middle = QWidget(), QWidget()
    QVBoxLayout(outer).addWidget(middle)
    label = QLabel("high", middle)
    label.setMinimumHeight(300)
    QVBoxLayout(middle).addWidget(label)
    holder.show_page("one", outer)
    holder.show()
    holder.lay_out()
    assert holder.minimumSizeHint().height() > 300
    label.setMinimumHeight(10)
    holder.lay_out()
    assert holder.minimumSizeHint().height() < 100


@pytest.fixture
def one_part_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock on which each part takes longer than a turn has."""
    ticks = itertools.count()
    monkeypatch.setattr(coming_page, "time", SimpleNamespace(perf_counter=lambda: float(next(ticks))))


def test_a_page_is_made_part_by_part_while_the_one_before_shows(
    inspector: Inspector, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, one_part_a_turn: None
) -> None:
    parts: list[int] = []
    make_more = BlockPage.make_more

    def made(page: BlockPage) -> bool:
        before = len(page.findChildren(QWidget))
        more = make_more(page)
        parts.append(len(page.findChildren(QWidget)) - before)
        return more

    monkeypatch.setattr(BlockPage, "make_more", made)
    before = inspector.page
    inspector.show_selection((), ("wide",))
    assert len(parts) == 1, "one part at once"
    assert not inspector.is_settled
    assert before.isVisible()
    qtbot.waitUntil(lambda: inspector.is_settled)
    assert len(parts) > 8
    assert max(parts) <= 10, "no part is large"
    assert not before.isVisible()
    assert page(inspector).isVisible()
    assert row(inspector, "kernel_size").field().value() == (3, 5)
    assert row(inspector, "dilation").isVisible(), "changed, so the advanced ones show"
    assert page(inspector).header.name.text() == "Wide"  # type: ignore[attr-defined]


def test_what_is_typed_before_a_page_comes_is_the_block_s_that_shows(
    inspector: Inspector, document: Document, qtbot: QtBot, one_part_a_turn: None
) -> None:
    inspector.show_selection((), ("c",))
    line = row(inspector, "out_channels").field().focusProxy()
    assert isinstance(line, QLineEdit)
    inspector.show_selection((), ("r",))
    assert not inspector.is_settled
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, "7")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert document.graph.blocks["c"].parameters == {"out_channels": 7}
    assert inspector.is_settled, "after an edit nothing waits"
    assert page(inspector).header.name.text() == "ReLU"  # type: ignore[attr-defined]


def test_another_selection_an_edit_or_a_new_look_ends_the_making_of_a_page(
    inspector: Inspector, document: Document, qtbot: QtBot, one_part_a_turn: None
) -> None:
    inspector.show_selection((), ("r",))
    inspector.show_selection((), ("c",))
    inspector.show_selection((), ())
    assert inspector.is_settled
    assert project(inspector).isVisible()
    inspector.show_selection((), ("c",))
    document.edit("Rename", rename, "c", "Other")
    assert inspector.is_settled
    assert page(inspector).header.name.text() == "Other"  # type: ignore[attr-defined]
    inspector.show_selection((), ("r",))
    document.load(Graph(), document.settings)
    assert inspector.is_settled
    assert project(inspector).isVisible()
    document.undo_stack.clear()
    document.load(Graph(blocks={"r": Block("r", "relu", "Alone")}), document.settings)
    inspector.show_selection((), ())
    inspector.show_selection((), ("r",))
    inspector.set_theme(load_theme("dark"))
    assert inspector.is_settled
    assert page(inspector).header.name.text() == "Alone"  # type: ignore[attr-defined]


def test_a_selection_makes_a_slice_of_a_page_and_no_more(inspector: Inspector, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[BlockPage] = []
    make_more = BlockPage.make_more
    monkeypatch.setattr(BlockPage, "make_more", lambda page: made.append(page) or make_more(page))
    ticks = itertools.count()
    monkeypatch.setattr(coming_page, "time", SimpleNamespace(perf_counter=lambda: next(ticks) / 1000))
    inspector.show_selection((), ("c",))
    assert len(made) == 2, "2 ms; the click itself and the canvas take the other 5"
