"""Wires drawn by keys alone."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from engine.graph.analysis import Analysis
from engine.graph.edits import connect
from engine.graph.graph import Block, Graph, Look, PortRef
from engine.graph.tensor_spec import Dim, TensorSpec
from graph_editor.editor import Editor

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)")  # menus, off-screen


@pytest.fixture
def editor(make_editor) -> Editor:
    """A convolution that gives 16×4×4, a dense block, a ReLU and an Add, and a loss far off, not wired."""
    blocks = [
        Block("cv", "conv2d", "Convolution", look=Look(80, 80)),
        Block("de", "dense", "hidden", look=Look(320, 80)),
        Block("re", "relu", "ReLU", look=Look(400, 160)),
        Block("ad", "add", "Add", look=Look(640, 80)),
        Block("ce", "cross_entropy", "Loss", look=Look(640, 320)),
    ]
    editor = make_editor(Graph(blocks={block.id: block for block in blocks}))
    specs = {
        "cv/output": TensorSpec((Dim("N"), 16, 4, 4), "float32"),
        "de/output": TensorSpec((Dim("N"), 10), "float32"),
    }
    editor.set_analysis(Analysis(specs=specs))
    return editor


def menu_of(editor: Editor, id: str) -> QMenu:
    editor.select([id])
    QTest.keyClick(editor.view, Qt.Key.Key_W)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    return menu


def lines(menu: QMenu) -> list[str]:
    return [action.text() for action in menu.actions()]


def wires(editor: Editor) -> set[tuple[str, str, str]]:
    return {(wire.source.block, wire.target.block, wire.target.port) for wire in editor.document.graph.wires}


def test_it_offers_what_fits_the_nearest_first_and_then_what_needs_a_block_between(editor: Editor) -> None:
    menu = menu_of(editor, "cv")
    assert lines(menu)[:3] == ["Convolution to ReLU", "Convolution to Add a", "Convolution to Add b"]
    assert "Convolution to hidden, after Flatten" in lines(menu)
    assert lines(menu)[-1] == "Convolution to a new block …"
    assert menu.activeAction() is menu.actions()[0]
    QTest.keyClick(menu, Qt.Key.Key_Return)
    assert wires(editor) == {("cv", "re", "input")}
    assert lines(menu_of(editor, "cv"))[0] == "Convolution to Add a", "what is fed already is left out"
    QApplication.activePopupWidget().close()


def test_the_block_between_comes_with_the_wire_as_one_step(editor: Editor) -> None:
    menu = menu_of(editor, "cv")
    place = lines(menu).index("Convolution to hidden, after Flatten")
    for _ in range(place):
        QTest.keyClick(menu, Qt.Key.Key_Down)
    QTest.keyClick(menu, Qt.Key.Key_Return)
    (flatten,) = (id for id, block in editor.document.graph.blocks.items() if block.type == "flatten")
    assert wires(editor) == {("cv", flatten, "input"), (flatten, "de", "input")}
    assert editor.document.undo_stack.count() == 1


def test_a_new_block_is_searched_for_and_wired(editor: Editor) -> None:
    menu = menu_of(editor, "cv")
    QTest.keyClick(menu, Qt.Key.Key_Up)
    QTest.keyClick(menu, Qt.Key.Key_Return)
    popup = editor.search_popup()
    assert popup.isVisible()
    QTest.keyClicks(popup.line(), "max pool")
    QTest.keyClick(popup.line(), Qt.Key.Key_Return)
    (new,) = editor.selected_ids()
    assert wires(editor) == {("cv", new, "input")}
    assert editor.scene.blocks[new].x() > editor.scene.blocks["cv"].x()


def test_a_loss_is_fed_from_itself_and_no_loop_is_offered(editor: Editor) -> None:
    menu = menu_of(editor, "ce")
    assert "hidden to Loss logits" in lines(menu)
    assert lines(menu)[-1].startswith("A new block to Loss")
    QTest.keyClick(menu, Qt.Key.Key_Escape)
    editor.document.edit("Wire", connect, PortRef("re", "output"), PortRef("cv", "input"))
    menu = menu_of(editor, "cv")
    assert "Convolution to ReLU" not in lines(menu)
    menu.close()


def test_the_menu_of_a_block_leads_to_it(editor: Editor) -> None:
    editor.select(["cv"])
    QTest.keyClick(editor.view, Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    QTest.keyClicks(menu, "w")
    QTest.keyClick(menu, Qt.Key.Key_Return)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert lines(menu)[0] == "Convolution to ReLU"
    menu.close()
    editor.select(["cv", "re"])
    QTest.keyClick(editor.view, Qt.Key.Key_W)
    assert QApplication.activePopupWidget() is None, "of several blocks none is meant"


def test_a_chain_goes_on_to_the_right_where_there_is_no_room_in_sight_and_the_view_follows(editor: Editor) -> None:
    for id, x in (("cv", 80), ("ad", 920)):
        editor.commands.move({id: (x, 80)})
    menu = menu_of(editor, "ad")
    QTest.keyClick(menu, Qt.Key.Key_Up)
    QTest.keyClick(menu, Qt.Key.Key_Return)
    QTest.keyClicks(editor.search_popup().line(), "relu")
    QTest.keyClick(editor.search_popup().line(), Qt.Key.Key_Return)
    QTest.qWait(250)
    (new,) = editor.selected_ids()
    item = editor.scene.blocks[new]
    assert item.x() > editor.scene.blocks["ad"].sceneBoundingRect().right()
    assert editor.view.visible_area().contains(item.sceneBoundingRect())


def test_a_block_whose_inputs_are_all_wired_says_so(editor: Editor) -> None:
    for source, port in (("de", "logits"), ("re", "target")):
        editor.document.edit("Wire", connect, PortRef(source, "output"), PortRef("ce", port))
    menu = menu_of(editor, "ce")
    assert lines(menu) == ["All its inputs are wired"]
    assert not menu.actions()[0].isEnabled()
    menu.close()
