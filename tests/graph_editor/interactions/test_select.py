from __future__ import annotations

from PySide6.QtCore import Qt

from graph_editor.editor import Editor


def test_a_click_selects_one_block_and_a_click_on_nothing_none(editor: Editor, mouse) -> None:
    mouse.click(380, 128)
    assert editor.selected_ids() == ("cv",)
    mouse.click(600, 128)
    assert editor.selected_ids() == ("re",)
    mouse.click(600, 250)
    assert editor.selected_ids() == ()


def test_shift_adds_and_takes_away(editor: Editor, mouse) -> None:
    mouse.click(380, 128)
    mouse.click(600, 128, keys=Qt.KeyboardModifier.ShiftModifier)
    assert editor.selected_ids() == ("cv", "re")
    mouse.click(380, 128, keys=Qt.KeyboardModifier.ShiftModifier)
    assert editor.selected_ids() == ("re",)


def test_a_box_selects_what_it_touches_and_the_wires_between(editor: Editor, mouse) -> None:
    mouse.drag((290, 60), (680, 200))
    assert editor.selected_ids() == ("cv", "re")
    assert {wire.block for wire in editor.scene.picked_wires} == {"re"}


def test_a_click_on_a_wire_selects_it_and_delete_removes_it(editor: Editor, mouse) -> None:
    mouse.click(500, 128)
    assert {target.block for target in editor.scene.picked_wires} == {"re"}
    editor.delete_selection()
    assert "re" not in {wire.target.block for wire in editor.document.graph.wires}
    editor.document.undo_stack.undo()
    assert "re" in {wire.target.block for wire in editor.document.graph.wires}


def test_a_click_on_one_of_many_selects_it_alone(editor: Editor, mouse) -> None:
    editor.select(["cv", "re"])
    mouse.click(600, 128)
    assert editor.selected_ids() == ("re",)


def test_escape_ends_a_box_and_then_clears_the_selection(editor: Editor, mouse, press_key) -> None:
    editor.select(["ce"])
    mouse.press(290, 60)
    mouse.move(680, 200)
    assert editor.selected_ids() == ("cv", "re")
    press_key(Qt.Key.Key_Escape)
    assert editor.view.gesture is None
    assert editor.selected_ids() == ()
    mouse.release(680, 200)
    assert editor.selected_ids() == ()
