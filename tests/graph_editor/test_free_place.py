"""A new block lands free of others and in sight, wherever the pointer is."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from engine.graph.graph import Block, Graph, Look, PortRef
from graph_editor import motion
from graph_editor.block_index import BlockIndex
from graph_editor.editor import Editor
from graph_editor.free_place import BESIDE, TRIES, free_corner, shown_area
from graph_editor.theme import SHADOW_POPUP

SHOWN = QRectF(0, 0, 800, 400)


def full(columns: int = 40, rows: int = 40) -> BlockIndex:
    """Blocks edge to edge."""
    index = BlockIndex()
    for column in range(columns):
        for row in range(rows):
            left, top = -800 + column * 104, -400 + row * 56
            index.put(f"{column}-{row}", (left, top, left + 96, top + 48))
    return index


def test_where_nothing_is_it_stands_where_it_is_wanted() -> None:
    assert free_corner(BlockIndex(), QRectF(99, 62, 96, 48), SHOWN) == (96, 64)


def test_it_makes_way_by_little_and_stays_clear() -> None:
    index = BlockIndex()
    index.put("a", (100, 100, 200, 148))
    x, y = free_corner(index, QRectF(120, 104, 96, 48), SHOWN)
    assert (x % 8, y % 8) == (0, 0)
    assert index.is_free(x - BESIDE, y - BESIDE, x + 96 + BESIDE, y + 48 + BESIDE)
    assert ((x - 120) ** 2 + (y - 104) ** 2) ** 0.5 < 120


@pytest.mark.parametrize("corner", [(-60, -30), (790, 390), (-60, 200), (400, 396)])
def test_it_stands_whole_in_sight(corner: tuple[int, int]) -> None:
    place = free_corner(BlockIndex(), QRectF(*corner, 96, 48), SHOWN)
    assert SHOWN.contains(QRectF(*place, 96, 48))


def test_it_does_not_hide_below_a_panel() -> None:
    panel = QRectF(0, 340, 160, 60)
    place = free_corner(BlockIndex(), QRectF(20, 350, 96, 48), SHOWN, [panel])
    assert SHOWN.contains(QRectF(*place, 96, 48))
    assert not panel.intersects(QRectF(*place, 96, 48))


def test_in_a_view_without_room_it_stands_outside_and_free() -> None:
    index = BlockIndex()
    index.put("a", (-20, -20, 820, 420))
    x, y = free_corner(index, QRectF(352, 176, 96, 48), SHOWN)
    assert index.is_free(x, y, x + 96, y + 48)


def test_where_all_is_full_it_does_not_look_for_ever() -> None:
    index, asked = full(), []
    whole = index.is_free
    index.is_free = lambda *place: bool(asked.append(place)) or whole(*place)  # type: ignore[method-assign]
    x, y = free_corner(index, QRectF(352, 176, 96, 48), SHOWN)
    assert len(asked) <= TRIES + 1
    assert whole(x, y, x + 96, y + 48)


def search(editor: Editor, words: str) -> str:
    """Types into the open search and takes the first row; the id of the new block."""
    popup = editor.search_popup()
    QTest.keyClicks(popup.line(), words)
    QTest.keyClick(popup.line(), Qt.Key.Key_Return)
    (new,) = editor.selected_ids()
    return new


def is_alone(editor: Editor, id: str) -> bool:
    return editor.scene.index.within(*editor.scene.blocks[id].rectangle()) == [id]


def test_tab_over_a_block_adds_beside_it(editor: Editor, mouse) -> None:
    for words in ("relu", "conv 32 3", "dropout"):
        editor.search.open(QPointF(360, 128))
        new = search(editor, words)
        assert is_alone(editor, new)
        assert shown_area(editor.view).contains(editor.scene.blocks[new].sceneBoundingRect())


@pytest.mark.parametrize("corner", [(4, 4), (994, 594), (4, 594), (994, 300)])
def test_tab_at_the_edge_adds_in_sight_and_beside_the_panels(editor: Editor, corner: tuple[int, int]) -> None:
    editor.search.open(editor.view.mapToScene(*corner))
    item = editor.scene.blocks[search(editor, "residual")]
    assert is_alone(editor, item.id)
    assert editor.view.visible_area().contains(item.sceneBoundingRect())
    place = editor.view.mapFromScene(item.sceneBoundingRect()).boundingRect()
    for panel in (editor.breadcrumb, editor.zoom_bar, editor.minimap):
        assert not panel.isVisible() or not panel.geometry().intersects(place)


def test_a_wire_let_go_at_the_edge_gets_a_whole_block(editor: Editor, mouse) -> None:
    mouse.drag(mouse.port("de", "output", False), (990, 420))
    new = search(editor, "relu")
    assert is_alone(editor, new)
    assert editor.view.visible_area().contains(editor.scene.blocks[new].sceneBoundingRect())
    assert [wire.source.block for wire in editor.document.graph.wires if wire.target.block == new] == ["de"]


def test_in_a_full_view_the_new_block_is_brought_into_sight(editor: Editor, monkeypatch) -> None:
    monkeypatch.setattr(motion, "is_wanted", lambda: False)
    editor.view.zoom_to(4.0)
    editor.view.centerOn(360, 128)
    editor.search.open(QPointF(360, 128))
    new = search(editor, "dense")
    assert is_alone(editor, new)
    assert editor.view.visible_area().contains(editor.scene.blocks[new].sceneBoundingRect())


def test_blocks_from_the_palette_make_way_for_each_other(editor: Editor) -> None:
    for _ in range(12):
        editor.add_block("conv2d")
        (new,) = editor.selected_ids()
        assert is_alone(editor, new)
        assert editor.view.visible_area().contains(editor.scene.blocks[new].sceneBoundingRect())


def test_search_and_new_blocks_keep_clear_of_a_panel_over_the_right_side(make_editor) -> None:
    source = Block("cv", "conv2d", "Convolution", look=Look(520, 200))
    editor: Editor = make_editor(Graph(blocks={"cv": source}), (976, 400))
    panel = QWidget(editor)
    panel.setGeometry(680, 0, 296, 400)
    panel.show()
    editor.search.keep_clear_of(panel)
    editor.search.open(QPointF(900, 224), PortRef("cv", "output"))
    popup = editor.search_popup()
    assert popup.geometry().right() - SHADOW_POPUP <= panel.x() + SHADOW_POPUP
    QTest.keyClicks(popup.line(), "relu")
    QTest.keyClick(popup.line(), Qt.Key.Key_Return)
    QTest.qWait(250)
    (new,) = editor.selected_ids()
    rectangle = editor.scene.blocks[new].sceneBoundingRect()
    assert editor.view.mapFromScene(rectangle.topRight()).x() <= panel.x()
    panel.hide()
    editor.search.open(QPointF(900, 224))
    assert popup.geometry().right() > 680, "where nothing lies over the canvas it opens at the pointer"
