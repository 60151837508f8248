"""Deleting the owner of shared weights with the key tells who has them now, and is one undo step."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.graph.edits import add_block
from engine.graph.graph import Block, Look, Weights
from graph_editor.editor import Editor


def test_deleting_an_owner_says_who_has_its_weights(editor: Editor) -> None:
    document, told = editor.document, []
    editor.message.connect(told.append)
    for id, name in (("t1", "Twin"), ("t2", "Second twin")):
        document.edit("Add", add_block, Block(id, "dense", name, weights=Weights("de"), look=Look(520, 480)))
    before, steps = document.graph, document.undo_stack.count()
    editor.select(("de",))
    editor.view.setFocus()
    QTest.keyClick(editor.view, Qt.Key.Key_Delete)
    assert told == ["Weights of Dense handed on to Twin"]
    assert document.graph.blocks["t1"].weights is None
    assert document.graph.blocks["t2"].weights == Weights("t1")
    assert document.undo_stack.count() == steps + 1
    document.undo_stack.undo()
    assert document.graph == before
