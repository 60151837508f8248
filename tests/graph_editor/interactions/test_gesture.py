"""What becomes of a gesture when the drawing changes under it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from engine.graph.edits import add_block, connect, disconnect, move
from engine.graph.graph import Block, Look, PortRef
from graph_editor.editor import Editor

ALT, CTRL, PLAIN = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.NoModifier
OUT, IN = PortRef(block="de", port="output"), PortRef(block="new", port="input")


@pytest.fixture
def with_new(editor: Editor) -> Editor:
    """The digits convnet and a loose block below it, which one undo takes away."""
    editor.document.edit("Add ReLU", add_block, Block("new", "relu", "New", look=Look(400, 450)))
    return editor


@pytest.mark.parametrize("keys", [PLAIN, ALT])
def test_a_block_that_is_deleted_is_out_of_the_hand(with_new: Editor, mouse, press_key, keys) -> None:
    mouse.press(440, 470, keys=keys)
    mouse.move(470, 400)
    assert with_new.view.gesture is not None
    press_key(Qt.Key.Key_Delete)
    assert with_new.view.gesture is None
    # Over a wire, into which it would have gone.
    mouse.move(290, 128)
    QApplication.processEvents()
    mouse.release(290, 128, keys=keys)
    assert len(with_new.document.graph.blocks) == 8
    assert with_new.document.undo_stack.count() == 2


def test_a_block_stays_in_the_hand_while_another_goes(with_new: Editor, mouse) -> None:
    mouse.press(380, 120)
    mouse.move(380, 200)
    with_new.document.undo_stack.undo()
    mouse.move(380, 208)
    mouse.release(380, 208)
    assert with_new.document.graph.blocks["cv"].look == Look(312, 192)


def test_a_wire_in_the_hand_is_let_go_when_other_ports_come(with_new: Editor, mouse) -> None:
    with_new.document.undo_stack.undo()
    start = mouse.port("de", "output", False)
    mouse.press(*start)
    mouse.move(start[0] + 40, start[1])
    with_new.document.undo_stack.redo()
    assert with_new.view.gesture is None
    end = mouse.port("new", "input", True)
    mouse.move(*end)
    mouse.release(*end)
    assert IN not in {wire.target for wire in with_new.document.graph.wires}


def test_a_wire_stays_in_the_hand_while_blocks_only_move(with_new: Editor, mouse) -> None:
    mouse.press(*mouse.port("de", "output", False))
    with_new.document.edit("Move", move, {"new": (400, 460)})
    end = mouse.port("new", "input", True)
    mouse.move(*end)
    mouse.release(*end)
    assert IN in {wire.target for wire in with_new.document.graph.wires}


def test_the_end_of_a_wire_that_is_taken_back_is_out_of_the_hand(with_new: Editor, mouse) -> None:
    with_new.document.edit("Connect", connect, OUT, IN)
    start = mouse.port("new", "input", True)
    mouse.press(*start)
    mouse.move(start[0] + 40, start[1] + 20)
    with_new.document.undo_stack.undo()
    assert with_new.view.gesture is None
    mouse.release(start[0] + 40, start[1] + 20)
    assert with_new.document.undo_stack.canRedo()


def test_a_sweep_ends_when_a_wire_it_crossed_goes(editor: Editor, mouse) -> None:
    target = PortRef(block="re", port="input")
    x, y = editor.scene.wires[target].route.points[0]
    mouse.press(x + 20, y - 40, keys=CTRL | ALT)
    mouse.move(x + 20, y + 40)
    editor.document.edit("Delete wire", disconnect, (target,))
    assert editor.view.gesture is None
    mouse.release(x + 20, y + 50, keys=CTRL | ALT)
    assert editor.document.undo_stack.count() == 1


def test_blocks_grabbed_on_their_way_land_beside_each_other_as_they_were_drawn(editor: Editor, mouse) -> None:
    editor.select(["cv", "re"])
    editor.scene.drag({"cv": (300.0, 90.0), "re": (541.5, 91.5)})
    mouse.press(600, 115)
    editor.scene.settle()
    mouse.move(600, 180)
    mouse.release(600, 155)
    blocks = editor.document.graph.blocks
    assert blocks["cv"].look.y == blocks["re"].look.y
    assert blocks["re"].look.x - blocks["cv"].look.x == 552 - 312
