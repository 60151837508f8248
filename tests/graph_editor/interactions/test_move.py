from __future__ import annotations

from PySide6.QtCore import Qt

from engine.graph.graph import Block, Graph, Look, PortRef, Wire
from graph_editor.editor import Editor


def test_a_drag_moves_by_the_grid_as_one_step(editor: Editor, mouse) -> None:
    mouse.drag((380, 120), (403, 209))
    look = editor.document.graph.blocks["cv"].look
    assert (look.x, look.y) == (336, 192)
    assert editor.document.undo_stack.count() == 1
    assert (editor.scene.blocks["cv"].x(), editor.scene.blocks["cv"].y()) == (336, 192)
    assert not editor.scene.blocks["cv"].lifted
    editor.document.undo_stack.undo()
    assert editor.scene.blocks["cv"].x() == 312


def test_while_dragged_the_block_is_lifted_and_its_wires_follow(editor: Editor, mouse) -> None:
    mouse.press(380, 120)
    mouse.move(380, 220)
    item = editor.scene.blocks["cv"]
    assert item.lifted
    wire = editor.scene.wires[PortRef(block="cv", port="input")]
    assert wire.route.points[-1] == item.port_point("input", True)
    mouse.release(380, 220)


def test_a_twitch_is_a_click(editor: Editor, mouse) -> None:
    mouse.drag((380, 120), (382, 121))
    assert editor.document.undo_stack.count() == 0
    assert editor.selected_ids() == ("cv",)


def test_all_selected_blocks_move_together(editor: Editor, mouse) -> None:
    editor.select(["cv", "re"])
    mouse.drag((600, 128), (600, 168))
    blocks = editor.document.graph.blocks
    assert (blocks["cv"].look.y, blocks["re"].look.y) == (144, 144)
    assert editor.document.undo_stack.count() == 1


def test_escape_puts_the_block_back(editor: Editor, mouse, press_key) -> None:
    mouse.press(380, 120)
    mouse.move(500, 300)
    press_key(Qt.Key.Key_Escape)
    assert editor.scene.blocks["cv"].x() == 312
    assert editor.document.undo_stack.count() == 0
    mouse.release(500, 300)


def test_with_alt_a_copy_moves(editor: Editor, mouse) -> None:
    mouse.drag((600, 128), (600, 224), keys=Qt.KeyboardModifier.AltModifier)
    graph = editor.document.graph
    assert len(graph.blocks) == 9
    assert graph.blocks["re"].look == Look(552, 104)
    (copy,) = editor.selected_ids()
    assert (graph.blocks[copy].type, graph.blocks[copy].look) == ("relu", Look(552, 200))
    assert editor.document.undo_stack.count() == 1


def test_a_loose_block_dropped_on_a_wire_goes_into_it_and_the_rest_moves_aside(make_editor, mouse_of) -> None:
    a, b = PortRef(block="a", port="output"), PortRef(block="b", port="input")
    blocks = [
        Block("a", "dense", "One", look=Look(80, 80)),
        Block("b", "dense", "Two", look=Look(260, 80)),
        Block("c", "relu", "ReLU", look=Look(80, 320)),
    ]
    editor = make_editor(Graph(blocks={block.id: block for block in blocks}, wires=(Wire(a, b),)))
    mouse = mouse_of(editor)
    wire = editor.scene.wires[b]
    x, y = wire.route.label
    mouse.press(120, 344)
    mouse.move(300, 200)
    mouse.move(x - 8, y)
    assert wire.insertion
    mouse.release(x - 8, y)
    graph = editor.document.graph
    assert {(w.source.block, w.target.block) for w in graph.wires} == {("a", "c"), ("c", "b")}
    right = editor.scene.blocks["c"].rectangle()[2]
    assert graph.blocks["b"].look.x >= right + 64
    assert editor.document.undo_stack.count() == 1
