"""Blocks that share weights carry the mark of their owner's colour."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace
from PySide6.QtGui import QImage, QPainter

from engine.graph.edits import add_block, remove_blocks, rename, set_weights
from engine.graph.graph import Block, Graph, Look, Weights
from graph_editor.block_item import BlockItem
from graph_editor.block_parts import TWIN_AT
from graph_editor.editor import Editor
from graph_editor.theme import load_theme
from graph_editor.twins import twins_of
from tests.graph_editor.conftest import rows


def dense(id: str, of: str | None = None) -> Block:
    return Block(id, "dense", id, weights=Weights(of) if of else None)


def body(*blocks: Block) -> Graph:
    return Graph(blocks={block.id: block for block in blocks})


def test_an_owner_and_its_users_have_one_colour_and_others_none() -> None:
    found = twins_of(body(dense("a"), dense("b", "a"), dense("c", "a"), dense("d"), dense("e", "d"), dense("f")), 10)
    assert found["a"] == found["b"] == found["c"] != found["d"] == found["e"]
    assert "f" not in found


def test_every_owner_has_a_colour_of_its_own_while_there_are_some() -> None:
    blocks = [block for number in range(10) for block in (dense(f"o{number}"), dense(f"u{number}", f"o{number}"))]
    assert len(set(twins_of(body(*blocks), 10).values())) == 10
    assert len(twins_of(body(*blocks, dense("o"), dense("u", "o")), 10)) == 22


def test_a_container_that_uses_weights_from_outside_is_marked() -> None:
    within = Block("box", "group", "Box", body=body(dense("x", "a"), dense("y"), dense("z", "y")))
    found = twins_of(body(dense("a"), within), 10)
    assert found["box"] == found["a"]
    alone = Block("box", "group", "Box", body=body(dense("y"), dense("z", "y")))
    assert twins_of(body(dense("a"), alone), 10) == {}


@pytest.mark.parametrize("name", ["light", "dark"])
def test_the_mark_is_drawn_on_both_and_goes_with_the_sharing(editor: Editor, name: str) -> None:
    editor.set_theme(load_theme(name))  # type: ignore[arg-type]
    document, items = editor.document, editor.scene.blocks
    document.edit("Add", add_block, Block("t1", "dense", "Twin", look=Look(520, 480)))
    assert items["de"].twin is None
    document.edit("Share", set_weights, "t1", Weights("de"))
    number = items["de"].twin
    assert number is not None
    assert items["t1"].twin == number
    for id in ("de", "t1"):
        height = items[id].geometry.height
        image = QImage(40, 40, QImage.Format.Format_RGB32)
        image.fill(0)
        painter = QPainter(image)
        painter.translate(20 - TWIN_AT, 20 - height)
        items[id].paint_full(painter)
        painter.end()
        colour = editor.scene.look.theme.class_color(number).rgb()
        assert sum(image.pixel(x, y) == colour for x in range(40) for y in range(40)) > 40, id
    document.edit("Delete", remove_blocks, ("de",))
    assert items["t1"].twin is None
    document.undo_stack.undo()
    assert items["de"].twin == items["t1"].twin == number


def test_after_an_edit_only_blocks_that_share_weights_are_asked_for_their_mark(
    make_editor: Callable[[Graph], Editor], monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = rows(100, "dense")
    sharing = replace(graph.blocks["b0001"], weights=Weights("b0000"))
    editor = make_editor(replace(graph, blocks={**graph.blocks, "b0001": sharing}))
    editor.scene.moves.finish()
    items, asked = editor.scene.blocks, set[str]()
    assert items["b0000"].twin == items["b0001"].twin is not None

    def ask(item: BlockItem) -> int | None:
        asked.add(item.id)
        return item.__dict__["twin"]

    monkeypatch.setattr(
        BlockItem, "twin", property(ask, lambda item, twin: item.__dict__.update(twin=twin)), raising=False
    )
    editor.document.edit("Rename", rename, "b0050", "Other")
    assert asked <= {"b0000", "b0001"}
    editor.document.edit("Share no more", set_weights, "b0001", None)
    assert items["b0000"].twin is items["b0001"].twin is None
