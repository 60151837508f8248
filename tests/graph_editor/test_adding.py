"""Blocks come in by search, from the palette and onto wires; what is there makes room."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from engine.graph.graph import PortRef
from graph_editor.editor import Editor


def test_tab_and_a_double_click_on_nothing_open_search_and_a_name_with_values_adds_a_block(editor, mouse) -> None:
    QTest.keyClick(editor.view, Qt.Key.Key_Tab)
    popup = editor.search_popup()
    assert popup.isVisible()
    QTest.keyClick(popup.line(), Qt.Key.Key_Escape)
    assert not popup.isVisible()
    mouse.double_click(500, 480)
    assert popup.isVisible()
    QTest.keyClicks(popup.line(), "conv 32 5")
    QTest.keyClick(popup.line(), Qt.Key.Key_Return)
    (new,) = editor.selected_ids()
    block = editor.document.graph.blocks[new]
    assert (block.type, block.parameters["out_channels"], block.parameters["kernel_size"]) == ("conv2d", 32, (5, 5))
    item = editor.scene.blocks[new]
    assert abs(item.x() + item.geometry.width / 2 - 500) <= 8
    assert editor.document.undo_stack.count() == 1


def test_a_block_dragged_from_the_palette_follows_and_is_dropped(editor: Editor, mouse) -> None:
    editor.ghost_begin("dropout")
    outside = editor.mapToGlobal(QPoint(-50, 200))
    editor.ghost_move(outside)
    editor.ghost_drop(outside)
    assert len(editor.document.graph.blocks) == 8
    editor.ghost_begin("dropout")
    place = editor.to_global(QPointF(600, 470))
    editor.ghost_move(place)
    editor.ghost_drop(place)
    (new,) = editor.selected_ids()
    assert editor.document.graph.blocks[new].type == "dropout"
    assert editor.document.undo_stack.count() == 1
    editor.ghost_begin("relu")
    editor.ghost_move(place)
    editor.ghost_cancel()
    assert editor.view.gesture is None
    assert len(editor.document.graph.blocks) == 9


def test_dropped_on_a_wire_it_is_inserted_and_what_follows_moves_aside(editor: Editor) -> None:
    wire = editor.scene.wires[PortRef("de", "input")]
    place = editor.to_global(QPointF(*wire.route.label))
    editor.ghost_begin("dropout")
    editor.ghost_move(place)
    assert wire.insertion
    editor.ghost_drop(place)
    (new,) = editor.selected_ids()
    ends = {(wire.source.block, wire.target.block) for wire in editor.document.graph.wires}
    assert {("fl", new), (new, "de")} <= ends
    assert ("fl", "de") not in ends
    item = editor.scene.blocks[new]
    assert editor.document.graph.blocks["de"].look.x >= item.rectangle()[2] + 64
    assert editor.document.graph.blocks["ce"].look.x > 720
    assert editor.document.undo_stack.count() == 1


def test_dropped_beside_a_block_on_a_short_wire_it_stands_clear_of_it_and_the_chain_stays_straight(
    editor: Editor,
) -> None:
    x, y = editor.scene.wires[PortRef("de", "input")].route.label
    editor.ghost_begin("dropout")
    place = editor.to_global(QPointF(x - 20, y + 6))
    editor.ghost_move(place)
    editor.ghost_drop(place)
    (new,) = editor.selected_ids()
    blocks = editor.scene.blocks
    assert blocks[new].rectangle()[0] >= blocks["fl"].rectangle()[2] + 64
    assert blocks["de"].rectangle()[0] >= blocks[new].rectangle()[2] + 64
    level = blocks["fl"].port_point("output", False)[1]
    assert blocks[new].port_point("input", True)[1] == blocks[new].port_point("output", False)[1] == level


def test_what_stands_in_the_next_row_stays_when_a_block_is_inserted(editor: Editor) -> None:
    before = {id: editor.document.graph.blocks[id].look for id in ("rs", "fl", "de", "ce")}
    place = editor.to_global(QPointF(*editor.scene.wires[PortRef("mp", "input")].route.label))
    editor.ghost_begin("dropout")
    editor.ghost_move(place)
    editor.ghost_drop(place)
    after = editor.document.graph.blocks
    assert {id: after[id].look for id in before} == before
    (new,) = editor.selected_ids()
    assert after["mp"].look.x >= editor.scene.blocks[new].rectangle()[2] + 64


def test_an_input_inside_a_container_is_refused_in_words(editor: Editor) -> None:
    editor.enter("rs")
    editor.add_block("input")
    assert "stands outside of containers" in editor.refusal.problem.sentence
    assert editor.document.undo_stack.count() == 0


def test_add_block_looks_for_a_free_place(editor: Editor) -> None:
    editor.add_block("relu")
    editor.add_block("relu")
    first, second = (editor.scene.blocks[id].rectangle() for id in editor.document.graph.blocks if len(id) == 6)
    assert first[1] != second[1] or first[0] != second[0]


def test_what_a_new_block_pushes_out_of_sight_is_brought_back(editor: Editor) -> None:
    editor.fit()
    assert editor.view.visible_area().contains(editor.scene.bounds())
    editor.ghost_begin("conv2d")
    place = editor.to_global(QPointF(*editor.scene.wires[PortRef("mp", "input")].route.label))
    editor.ghost_move(place)
    editor.ghost_drop(place)
    assert editor.view.visible_area().contains(editor.scene.bounds())
    assert not editor.minimap.isVisible()


def test_a_view_that_shows_a_part_stays_where_it_is_when_a_block_is_inserted(editor: Editor) -> None:
    editor.view.zoom_to(2.0)
    editor.view.centerOn(*editor.scene.wires[PortRef("mp", "input")].route.label)
    before = editor.view.visible_area()
    place = editor.to_global(QPointF(*editor.scene.wires[PortRef("mp", "input")].route.label))
    editor.ghost_begin("conv2d")
    editor.ghost_move(place)
    editor.ghost_drop(place)
    assert editor.view.visible_area() == before


@pytest.mark.parametrize(
    ("source", "loss", "port"),
    [
        (PortRef("de", "output"), "cross_entropy", "logits"),
        (PortRef("de", "output"), "squared_error", "prediction"),
        (PortRef("in", "label"), "cross_entropy", "target"),
        (PortRef("in", "image"), "squared_error", "target"),
    ],
)
def test_a_loss_at_a_dropped_wire_takes_it_at_the_port_that_it_fits(
    editor: Editor, source: PortRef, loss: str, port: str
) -> None:
    editor.view.search_wanted.emit(QPointF(500, 480), source, False)
    editor.search_popup().chosen.emit(loss, {})
    (new,) = editor.selected_ids()
    assert [(wire.source, wire.target) for wire in editor.document.graph.wires if wire.target.block == new] == [
        (source, PortRef(new, port))
    ]
    editor.search_popup().hide()
