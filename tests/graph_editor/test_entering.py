"""A container is entered readably: all of it where that can be read, else its beginning."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage
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


def two_deep() -> Graph:
    """A Group in a Group, at an odd place beside a ReLU."""
    inner = inside(2).blocks["g"]
    outer = inside(2).blocks["g"]
    assert inner.body is not None
    assert outer.body is not None
    ids = {"entry": "entry2", "exit": "exit2"}
    blocks = {
        ids.get(block.type, f"{id}i"): Block(ids.get(block.type, f"{id}i"), block.type, block.name, look=block.look)
        for id, block in inner.body.blocks.items()
    }
    held = Block("h", "group", "Inner", body=Graph(blocks=blocks), look=Look(40, 88))
    body = Graph(blocks={**outer.body.blocks, "h": held})
    return Graph(
        blocks={
            "g": Block("g", "group", "Group", body=body, look=Look(304, 208)),
            "x": Block("x", "relu", "ReLU", look=Look(600, 72)),
        }
    )


@pytest.mark.parametrize("zoom", [1.0, 0.83, 0.37])
def test_leaving_returns_exactly_to_where_one_was(make_editor, mouse_of, zoom: float) -> None:
    editor: Editor = make_editor(two_deep(), (700, 500))
    editor.view.zoom_to(zoom)
    editor.view.pan_by(-13, 27)

    def place() -> tuple[object, ...]:
        return editor.view.mapToScene(0, 0), editor.view.zoom, editor.view.mapFromScene(0, 0)

    outside = place()
    mouse_of(editor).double_click(*(editor.scene.blocks["g"].pos() + QPointF(60, 10)).toTuple())
    assert editor.body_path() == ("g",)
    editor.view.pan_by(5, 3)
    between = place()
    mouse_of(editor).double_click(*(editor.scene.blocks["h"].pos() + QPointF(60, 10)).toTuple())
    assert editor.body_path() == ("g", "h")
    editor.leave()
    assert place() == between
    editor.leave()
    assert place() == outside
    editor.enter("g")
    editor.enter("h")
    editor.breadcrumb.chosen.emit(0)
    assert place() == outside
    assert editor.selected_ids() == ("g",)


def test_what_was_fitted_is_so_on_return_at_another_size_too(make_editor) -> None:
    editor: Editor = make_editor(two_deep(), (700, 500))
    editor.fit(soft=False)
    editor.enter("g")
    editor.resize(500, 400)
    editor.leave()
    assert is_centred(editor)
    editor.resize(620, 420)
    assert is_centred(editor), "nobody moved it meanwhile"


def test_a_place_that_was_panned_to_stays_in_the_middle_of_a_canvas_of_another_size(make_editor) -> None:
    editor: Editor = make_editor(two_deep(), (700, 500))
    editor.view.pan_by(-60, 40)
    middle = editor.view.middle()
    editor.enter("g")
    editor.resize(500, 400)
    editor.leave()
    assert editor.view.zoom == 1.0
    assert (editor.view.middle() - middle).manhattanLength() <= 2


def test_fit_still_shows_all_of_it(make_editor) -> None:
    editor: Editor = make_editor(inside(20), (500, 400))
    editor.enter("g")
    editor.fit()
    QTest.qWait(250)
    assert editor.view.visible_area().contains(editor.scene.bounds())


def is_centred(editor: Editor) -> bool:
    seen, drawn = editor.view.visible_area(), editor.scene.bounds()
    away = seen.center() - drawn.center()
    return seen.contains(drawn) and max(abs(away.x()), abs(away.y())) < 4


def test_what_was_fitted_stays_so_while_panels_find_their_places(make_editor) -> None:
    editor: Editor = make_editor(inside(2).blocks["g"].body, (1390, 580))
    editor.fit(soft=False)
    editor.resize(934, 515)
    assert is_centred(editor)
    editor.resize(400, 515)
    assert is_centred(editor)


def grow(editor: Editor) -> None:
    """The first picture of a block comes: it gets a strip for it."""
    before = editor.scene.bounds()
    editor.set_previews({"r01": QImage(8, 8, QImage.Format.Format_Grayscale8)})
    assert not before.contains(editor.scene.bounds())


def test_what_was_fitted_stays_so_as_blocks_grow_by_their_pictures(make_editor) -> None:
    editor: Editor = make_editor(inside(2).blocks["g"].body, (934, 515))
    editor.fit(soft=False)
    grow(editor)
    assert is_centred(editor)
    corner = editor.view.mapToScene(0, 0)
    editor.set_previews({})
    assert editor.view.mapToScene(0, 0) == corner


def test_the_view_stays_as_blocks_grow_where_somebody_moved_it_or_holds_something(make_editor, mouse_of) -> None:
    editor: Editor = make_editor(inside(2).blocks["g"].body, (934, 515))
    editor.fit(soft=False)
    editor.view.pan_by(40, 0)
    corner = editor.view.mapToScene(0, 0)
    grow(editor)
    assert editor.view.mapToScene(0, 0) == corner
    editor.set_previews({})
    editor.fit(soft=False)
    corner = editor.view.mapToScene(0, 0)
    middle = editor.scene.blocks["r00"].sceneBoundingRect().center()
    mouse_of(editor).press(middle.x(), middle.y())
    assert editor.view.gesture is not None
    grow(editor)
    assert editor.view.mapToScene(0, 0) == corner


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
