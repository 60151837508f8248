"""A container is entered readably: all of it where that can be read, else its beginning."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtTest import QTest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.graph import Block, Graph, Look
from graph_editor.canvas_look import FULL
from graph_editor.editor import Editor
from graph_editor.entering import READABLE
from graph_editor.glide import middle_of

AREA = QRectF(0, 0, 2000, 1000)


@pytest.mark.parametrize(
    ("focus", "middle"),
    [((0, 500), (300, 500)), ((1990, 990), (1700, 800)), ((900, 400), (900, 400)), ((-500, 4000), (300, 800))],
)
def test_the_middle_is_near_the_focus_and_leaves_no_room_unused(focus: object, middle: object) -> None:
    assert middle_of(AREA, (600, 400), QPointF(*focus)) == QPointF(*middle)  # type: ignore[misc]


def test_what_fits_stands_in_the_middle() -> None:
    assert middle_of(AREA, (2100, 400), QPointF(0, 0)) == QPointF(1000, 200)
    assert middle_of(AREA, (2100, 1100), QPointF(0, 0)) == AREA.center()


def inside(number: int) -> Graph:
    """A Group of so many ReLUs in a row, from 0, 0 on."""
    make = BLOCK_TYPES["group"].body
    assert make is not None
    ids = iter(f"b{one}" for one in range(9))
    body = make(lambda: next(ids))
    entry = next(block for block in body.blocks.values() if block.type == "entry")
    row = {f"r{one:02}": Block(f"r{one:02}", "relu", f"ReLU {one}", look=Look(160 * one, 0)) for one in range(number)}
    blocks = {**row, entry.id: Block(entry.id, "entry", entry.name, look=Look(-200, 0))}
    return Graph(blocks={"g": Block("g", "group", "Group", body=Graph(blocks=blocks))})


def test_a_wide_body_is_entered_at_its_beginning(make_editor) -> None:
    editor: Editor = make_editor(inside(20), (500, 400))
    editor.enter("g")
    assert editor.view.zoom == pytest.approx(READABLE)
    assert editor.scene.look.detail == FULL
    entry = next(id for id, block in editor.scene.body.blocks.items() if block.type == "entry")
    assert editor.view.visible_area().contains(editor.scene.blocks[entry].sceneBoundingRect())
    assert editor.view.mapFromScene(editor.scene.blocks[entry].pos()).x() == pytest.approx(48, abs=12)
    assert editor.minimap.isVisible()


def test_a_small_body_is_entered_whole(make_editor) -> None:
    editor: Editor = make_editor(inside(2), (900, 400))
    editor.enter("g")
    assert editor.view.visible_area().contains(editor.scene.bounds())


def test_leaving_shows_the_container_that_was_left(make_editor) -> None:
    graph = inside(2)
    row = {f"x{one:02}": Block(f"x{one:02}", "relu", f"ReLU {one}", look=Look(160 * one, 200)) for one in range(30)}
    group = Block("g", "group", "Group", body=graph.blocks["g"].body, look=Look(3000, 400))
    editor: Editor = make_editor(Graph(blocks={"g": group, **row}), (500, 400))
    editor.enter("g")
    editor.leave()
    assert editor.selected_ids() == ("g",)
    assert editor.view.zoom == pytest.approx(READABLE)
    assert editor.view.visible_area().contains(editor.scene.blocks["g"].sceneBoundingRect())


def test_fit_still_shows_all_of_it(make_editor) -> None:
    editor: Editor = make_editor(inside(20), (500, 400))
    editor.enter("g")
    editor.fit()
    QTest.qWait(250)
    assert editor.view.visible_area().contains(editor.scene.bounds())


def is_centred(editor: Editor) -> bool:
    seen, drawn = editor.view.visible_area(), editor.scene.bounds()
    return seen.contains(drawn) and abs(seen.center().x() - drawn.center().x()) < 4


def test_what_was_fitted_stays_so_while_panels_find_their_places(make_editor) -> None:
    editor: Editor = make_editor(inside(2).blocks["g"].body, (1390, 580))
    editor.fit(soft=False)
    editor.resize(934, 515)
    assert is_centred(editor)
    editor.resize(400, 515)
    assert is_centred(editor)


@pytest.mark.parametrize("what", ["pan", "zoom", "edit"])
def test_a_view_that_somebody_moved_or_edited_stays_at_another_size(make_editor, what: str) -> None:
    editor: Editor = make_editor(inside(2).blocks["g"].body, (1390, 580))
    editor.fit(soft=False)
    if what == "pan":
        editor.view.pan_by(40, 0)
    elif what == "zoom":
        editor.view.zoom_to(0.8)
    else:
        editor.commands.move({"r00": (8, 8)})
    corner, zoom = editor.view.mapToScene(0, 0), editor.view.zoom
    editor.resize(934, 515)
    assert (editor.view.mapToScene(0, 0), editor.view.zoom) == (corner, zoom)


def test_an_entered_body_begins_at_its_beginning_at_another_size_too(make_editor) -> None:
    editor: Editor = make_editor(inside(20), (900, 400))
    editor.enter("g")
    editor.resize(500, 300)
    entry = next(id for id, block in editor.scene.body.blocks.items() if block.type == "entry")
    assert editor.view.visible_area().contains(editor.scene.blocks[entry].sceneBoundingRect())
    assert editor.view.zoom == pytest.approx(READABLE)
