"""Unfolding a Recurrent from the canvas."""

from __future__ import annotations

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.project.drawing import Drawing
from graph_editor.context_menus import UNFOLDED_STEPS, menu_at
from graph_editor.document import Document
from graph_editor.editor import Editor
from graph_editor.theme import load_theme

FIELDS = ("sequence: T×1 float32", "next: 1 float32")


def test_a_recurrent_is_drawn_unfolded_and_folded_again(qtbot):
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("input", "input", dataset="sine", fields=FIELDS)
    drawing.add("loop", "recurrent", (240, 0), output="last step")
    drawing.chain("input.sequence", "loop")
    document = Document(drawing.graph, BLOCK_TYPES)
    editor = Editor(document, load_theme("light"))
    qtbot.addWidget(editor)
    editor.resize(900, 600)
    editor.show()
    qtbot.waitExposed(editor)
    editor.set_analysis(Analyser(BLOCK_TYPES).analyse(document.graph))
    left, top, right, bottom = editor.scene.blocks["loop"].rectangle()
    menu = menu_at(editor, editor.view.mapToScene(editor.view.mapFromScene((left + right) / 2, top + 12)))
    (entry,) = [action for action in menu.actions() if action.text().startswith("Unfold")]
    assert entry.text() == f"Unfold over {UNFOLDED_STEPS} steps"
    entry.trigger()
    unfolded = document.graph.blocks["loop"]
    assert unfolded.type == "group"
    assert unfolded.body is not None
    assert len([block for block in unfolded.body.blocks.values() if block.type == "tanh"]) == UNFOLDED_STEPS
    document.undo_stack.undo()
    assert document.graph.blocks["loop"].type == "recurrent"
