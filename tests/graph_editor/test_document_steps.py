from __future__ import annotations

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph import edits
from engine.graph.graph import Graph, PortRef
from engine.graph.problem import Fix, Refused
from graph_editor.document import Document
from tests.graph_editor.conftest import digits


@pytest.fixture
def document(qapp) -> Document:
    return Document(digits(), BLOCK_TYPES, settings="a")


def test_an_edit_is_one_step_and_is_told_once(document: Document) -> None:
    told = []
    document.changed.connect(told.append)
    before = document.graph
    document.edit("Rename", edits.rename, "de", "hidden")
    assert document.undo_stack.undoText() == "Rename"
    assert len(told) == 1
    assert told[0].meaning
    document.undo_stack.undo()
    assert document.graph is before
    document.undo_stack.redo()
    assert document.graph.blocks["de"].name == "hidden"


def test_a_refused_edit_changes_nothing(document: Document) -> None:
    before = document.graph
    with pytest.raises(Refused):
        document.edit("Connect", edits.connect, PortRef("fl", "output"), PortRef("cv", "input"))
    assert document.graph is before
    assert document.undo_stack.count() == 0


def test_an_edit_that_changes_nothing_is_no_step(document: Document) -> None:
    document.edit("Rename", edits.rename, "de", "Dense")
    assert document.undo_stack.count() == 0


def test_settings_are_undone_like_the_drawing(document: Document) -> None:
    told = []
    document.settings_changed.connect(lambda: told.append(document.settings))
    document.edit_settings("Rate", lambda settings, value: value, "b")
    document.undo_stack.undo()
    assert told == ["b", "a"]


def test_a_fix_gets_its_new_ids(document: Document) -> None:
    source, target = PortRef("mp", "output"), PortRef("de", "input")
    fix = Fix(edit="insert_between", arguments=("flatten", source, target, ()), new_blocks=1, facts={"type": "Flatten"})
    document.apply_fix(fix, {"insert_between": edits.insert_between})
    assert document.undo_stack.undoText() == "Insert Flatten"
    assert len(document.graph.blocks) == 9


def test_new_ids_are_different_and_free(document: Document) -> None:
    ids = document.new_ids(500)
    assert len(set(ids)) == 500
    assert not set(ids) & document.graph.blocks.keys()


def test_loading_clears_the_steps(document: Document) -> None:
    document.edit("Rename", edits.rename, "de", "hidden")
    document.load(Graph(), "c")
    assert document.undo_stack.count() == 0
    assert (document.graph, document.settings) == (Graph(), "c")
