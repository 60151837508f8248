"""Pasted and duplicated blocks stand where the pointer is, or below their originals, on no other block."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRectF
from PySide6.QtGui import QCursor

from engine.graph.graph import Block, Graph, Look
from graph_editor.editor import Editor


@pytest.fixture(autouse=True)
def pointer_away(editor: Editor) -> None:
    """The pointer is nowhere over the canvas until a test moves it there."""
    QCursor.setPos(editor.mapToGlobal(QPoint(-200, -200)))


def area(editor: Editor, ids: tuple[str, ...]) -> QRectF:
    """What blocks cover."""
    found = QRectF()
    for id in ids:
        left, top, right, bottom = editor.scene.blocks[id].rectangle()
        found = found.united(QRectF(left, top, right - left, bottom - top))
    return found


def stands_alone(editor: Editor, ids: tuple[str, ...]) -> bool:
    """Whether these blocks lie on none of the others."""
    others = [id for id in editor.scene.blocks if id not in ids]
    return not any(area(editor, (id,)).intersects(area(editor, (other,))) for id in ids for other in others)


def test_a_paste_goes_to_the_pointer_and_the_next_beside_it(editor: Editor, mouse) -> None:
    editor.select(["cv", "re"])
    editor.copy()
    mouse.move(304, 480)
    editor.paste()
    first = editor.selected_ids()
    assert area(editor, first).topLeft().toTuple() == (304, 480)
    assert stands_alone(editor, first)
    editor.paste()
    assert stands_alone(editor, editor.selected_ids())
    assert area(editor, editor.selected_ids()).topLeft().toTuple() != (304, 480)


def test_a_paste_on_other_blocks_makes_way(editor: Editor, mouse) -> None:
    editor.select(["cv"])
    editor.copy()
    mouse.move(340, 120)
    editor.paste()
    assert stands_alone(editor, editor.selected_ids())
    editor.view.setFocus()
    QCursor.setPos(editor.mapToGlobal(QPoint(-200, -200)))
    editor.paste()
    assert stands_alone(editor, editor.selected_ids())


def test_a_duplicate_stands_below_its_original_where_there_is_room(editor: Editor) -> None:
    editor.select(["re"])
    original = area(editor, ("re",))
    editor.duplicate()
    copy = area(editor, editor.selected_ids())
    assert copy.left() == original.left()
    assert 0 < copy.top() - original.bottom() <= 32
    assert stands_alone(editor, editor.selected_ids())
    editor.select(["cv", "re", "mp"])
    editor.duplicate()
    assert len(editor.selected_ids()) == 3
    assert stands_alone(editor, editor.selected_ids())


def test_what_is_duplicated_comes_into_sight(make_editor, qtbot) -> None:
    editor = make_editor(Graph(blocks={"a": Block("a", "relu", "ReLU", look=Look(400, 540))}))
    editor.select(["a"])
    editor.duplicate()
    qtbot.waitUntil(lambda: editor.view.visible_area().contains(area(editor, editor.selected_ids())))


def test_a_large_drawing_is_pasted_below_everything(make_editor) -> None:
    blocks = [Block(f"b{at}", "relu", f"ReLU {at}", look=Look(at % 30 * 160, at // 30 * 80)) for at in range(600)]
    editor = make_editor(Graph(blocks={block.id: block for block in blocks}))
    QCursor.setPos(editor.mapToGlobal(QPoint(-200, -200)))
    before = editor.scene.bounds()
    editor.select_all()
    editor.copy()
    editor.paste()
    assert len(editor.selected_ids()) == 600
    assert min(editor.document.graph.blocks[id].look.y for id in editor.selected_ids()) > before.bottom()
