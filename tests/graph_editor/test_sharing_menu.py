"""Sharing weights from the menu of a block, and what the choices are called."""

from __future__ import annotations

import time

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QMenu

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.edits import add_block, rename, set_weights
from engine.graph.graph import Block, Graph, Look, Weights
from engine.graph.paths import body_at, scope_at
from engine.graph.scope import Scope
from engine.project.drawing import Drawing
from graph_editor.context_menus import menu_at
from graph_editor.document import Document
from graph_editor.editor import Editor
from graph_editor.sharing_menu import MOST_LISTED, add_sharing_menu, weights_choices
from graph_editor.theme import load_theme

SCOPE = Scope(types=BLOCK_TYPES)


def drawn() -> Graph:
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("in", "input", fields=("row: 12",))
    drawing.add("enc", "dense", (200, 0), name="Encoder")
    drawing.add("relu", "relu", (400, 0))
    drawing.add("relu2", "relu", (600, 0))
    drawing.add("dec", "dense", (800, 0), name="Decoder")
    drawing.chain("in", "enc", "relu", "relu2", "dec")
    return drawing.graph


@pytest.fixture
def editor(qtbot) -> Editor:
    editor = Editor(Document(drawn(), BLOCK_TYPES), load_theme("light"))
    qtbot.addWidget(editor)
    editor.resize(1200, 600)
    editor.show()
    qtbot.waitExposed(editor)
    return editor


def submenu(editor: Editor, id: str) -> QMenu | None:
    left, top, right, _ = editor.scene.blocks[id].rectangle()
    menu = menu_at(editor, QPointF((left + right) / 2, top + 12))
    found = [action.menu() for action in menu.actions() if action.text() == "Share weights with"]
    return found[0] if found else None


def test_a_name_in_the_menu_reads_as_it_was_written(editor: Editor) -> None:
    editor.document.edit("Rename", rename, "enc", "Q&A")
    menu = submenu(editor, "dec")
    assert [action.text().replace("&&", "&") for action in menu.actions()] == ["Nobody", "Q&A", "Q&A, transposed"]
    assert [action.text().count("&") for action in menu.actions()] == [0, 2, 2]


def test_sharing_begins_and_ends_in_the_menu(editor: Editor) -> None:
    document = editor.document
    menu = submenu(editor, "dec")
    assert [action.text() for action in menu.actions()] == ["Nobody", "Encoder", "Encoder, transposed"]
    assert [action.isChecked() for action in menu.actions()] == [True, False, False]
    menu.actions()[2].trigger()
    assert document.graph.blocks["dec"].weights == Weights("enc", transposed=True)
    assert document.undo_stack.undoText() == "Share weights"
    menu = submenu(editor, "dec")
    assert [action.isChecked() for action in menu.actions()] == [False, False, True]
    menu.actions()[0].trigger()
    assert document.graph.blocks["dec"].weights is None
    assert document.undo_stack.count() == 2


def test_no_such_menu_where_there_is_no_choice(editor: Editor) -> None:
    assert submenu(editor, "enc") is None
    assert submenu(editor, "relu2") is None
    editor.select(("relu2", "dec"))
    assert submenu(editor, "dec") is None


def test_blocks_of_one_name_are_numbered_and_those_outside_say_so() -> None:
    graph = drawn()
    more = {id: Block(id, "dense", name, look=Look(x=250)) for id, name in (("a", "Encoder"), ("b", "Own"))}
    graph = Graph(blocks={**graph.blocks, **more}, wires=graph.wires)
    assert list(weights_choices(graph, SCOPE, "dec").items()) == [
        ("Own", None),
        ("Encoder", Weights("a")),
        ("Encoder, transposed", Weights("a", transposed=True)),
        ("Own (2)", Weights("b")),
        ("Own, transposed", Weights("b", transposed=True)),
        ("Encoder (2)", Weights("enc")),
        ("Encoder (2), transposed", Weights("enc", transposed=True)),
    ]
    body = Graph(blocks={"x": Block("x", "dense", "X")})
    graph = add_block(drawn(), SCOPE, Block("box", "group", "Box", body=body))
    choices = weights_choices(body_at(graph, ("box",)), scope_at(graph, ("box",), SCOPE), "x")
    assert list(choices)[:2] == ["Own", "Encoder, outside"]


def test_what_is_used_now_is_among_the_choices_even_where_it_may_no_longer_be() -> None:
    graph = set_weights(drawn(), SCOPE, "dec", Weights("enc"))
    graph = add_block(graph, SCOPE, Block("deeper", "dense", "Deeper", weights=Weights("gone")))
    assert Weights("enc") in weights_choices(graph, SCOPE, "dec").values()
    assert weights_choices(graph, SCOPE, "deeper")["gone, outside"] == Weights("gone")


def test_a_large_drawing_is_looked_through_at_once() -> None:
    blocks = {f"b{n}": Block(f"b{n}", "dense", "Dense", look=Look(x=n)) for n in range(5000)}
    graph = Graph(blocks=blocks)
    begun = time.process_time()
    assert len(weights_choices(graph, SCOPE, "b4999")) == 1 + 2 * 4999
    assert time.process_time() - begun < 2, "quadratic would take minutes"


def test_of_very_many_blocks_the_menu_lists_the_nearest_and_the_one_in_use(qtbot) -> None:
    blocks = {f"b{n}": Block(f"b{n}", "dense", f"Dense {n}", look=Look(x=n)) for n in range(300)}
    menu, chosen = QMenu(), []
    qtbot.addWidget(menu)
    graph = set_weights(Graph(blocks=blocks), SCOPE, "b299", Weights("b200"))
    add_sharing_menu(menu, graph, SCOPE, "b299", chosen.append)
    *lines, rule, rest = menu.actions()[0].menu().actions()
    assert len(lines) == 1 + MOST_LISTED + 1
    assert [line.text() for line in lines[1:4:2]] == ["Dense 298", "Dense 297"]
    assert [line.text() for line in lines if line.isChecked()] == ["Dense 200"]
    assert rule.isSeparator()
    count = len(weights_choices(graph, SCOPE, "b299")) - len(lines)
    assert (rest.text(), rest.isEnabled()) == (f"{count} more: use Weights in the inspector", False)
    lines[2].trigger()
    lines[-1].trigger()
    assert chosen == [weights_choices(graph, SCOPE, "b299")[lines[2].text()], Weights("b200")]
