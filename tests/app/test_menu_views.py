"""What the menu of a block opens is a view that there is."""

from __future__ import annotations

from app.views.registry import VIEW_KINDS
from engine.blocks.catalogue import BLOCK_TYPES
from engine.project.drawing import Drawing
from graph_editor.context_menus import menu_at
from graph_editor.document import Document
from graph_editor.editor import Editor
from graph_editor.theme import load_theme


def test_every_view_of_the_menu_is_known(qtbot):
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("conv", "conv2d")
    editor = Editor(Document(drawing.graph, BLOCK_TYPES), load_theme("light"))
    qtbot.addWidget(editor)
    editor.resize(600, 400)
    editor.show()
    wanted: list[tuple[str, str]] = []
    editor.view_wanted.connect(lambda kind, path: wanted.append((kind, path)))
    left, top, right, _ = editor.scene.blocks["conv"].rectangle()
    menu = menu_at(editor, editor.view.mapToScene(editor.view.mapFromScene((left + right) / 2, top + 12)))
    for action in menu.actions():
        if action.text().startswith("Show"):
            action.trigger()
    known = set(VIEW_KINDS)
    assert [path for _, path in wanted] == ["conv", "conv"]
    assert {kind for kind, _ in wanted} <= known
