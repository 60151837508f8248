"""What the window says of Tidy where there is nothing to lay out or nobody who does."""

from __future__ import annotations

import os
import signal

import msgspec

from app.actions import plain
from engine.graph import edits
from engine.graph.graph import Block, Graph
from engine.training.plan import Settings

WORKER_MS = 60_000


def test_without_a_worker_it_says_so(window) -> None:
    before = window.workspace.document.graph
    window.actions_table["tidy"].trigger()
    assert window.status.message.text() == "The worker lays drawings out, and it is not running"
    assert not window.workspace.layouts.is_waiting
    assert window.workspace.document.graph is before


def test_one_block_or_none_is_nothing_to_lay_out(window) -> None:
    window.workspace.document.load(Graph(blocks={"a": Block("a", "relu", "ReLU")}), Settings())
    window.commands.refresh()
    window.actions_table["tidy"].trigger()
    assert window.status.message.text() == "Nothing to lay out"
    window.workspace.new()
    window.commands.refresh()
    assert not window.actions_table["tidy"].isEnabled()


def test_the_menu_says_when_the_selection_is_meant(window) -> None:
    action = window.actions_table["tidy"]
    ids = sorted(window.editor.scene.blocks)
    for chosen, words in ((ids[:3], "Tidy selection"), (ids[:1], "Tidy"), ((), "Tidy")):
        window.editor.select(chosen)
        window.commands.refresh()
        assert plain(action.text()) == words


def scattered(window) -> dict[str, tuple[int, int]]:
    """Where the blocks are after each was moved somewhere else."""
    ids = sorted(window.editor.scene.blocks)
    places = {id: (number % 3 * 400, number * 160 % 560) for number, id in enumerate(ids)}
    window.workspace.document.edit("Scatter", edits.move, places)
    return places


def places(window) -> dict[str, tuple[int, int]]:
    return {id: (block.look.x, block.look.y) for id, block in window.workspace.document.graph.blocks.items()}


def test_edits_that_move_nothing_leave_the_answer_on_its_way(live, qtbot) -> None:
    document, before = live.workspace.document, scattered(live)
    dense = next(id for id, block in document.graph.blocks.items() if block.type == "dense")
    live.actions_table["tidy"].trigger()
    document.edit_settings("Rename", lambda settings: msgspec.structs.replace(settings, title="Other"))
    document.edit("Freeze", edits.set_frozen, (dense,), True)
    assert live.workspace.layouts.is_waiting
    qtbot.waitUntil(lambda: document.undo_stack.undoText() == "Tidy", timeout=WORKER_MS)
    assert places(live) != before
    assert document.graph.blocks[dense].learning.frozen
    document.undo_stack.undo()
    assert places(live) == before
    assert document.graph.blocks[dense].learning.frozen


def test_an_edit_that_changes_the_size_of_a_block_drops_the_answer(live, qtbot) -> None:
    document, before = live.workspace.document, scattered(live)
    live.actions_table["tidy"].trigger()
    document.edit("Rename", edits.rename, min(before), "A name that is a good deal longer")
    assert not live.workspace.layouts.is_waiting
    assert live.status.message.text() == "The drawing changed, so it was not laid out"
    qtbot.wait(300)
    assert places(live) == before


def test_a_worker_that_dies_leaves_nobody_waiting(live, qtbot) -> None:
    process = live.workspace.link.client.process_id
    os.kill(process, signal.SIGSTOP if hasattr(signal, "SIGSTOP") else signal.SIGTERM)
    live.actions_table["tidy"].trigger()
    assert live.workspace.layouts.is_waiting
    os.kill(process, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    qtbot.waitUntil(lambda: not live.workspace.layouts.is_waiting, timeout=WORKER_MS)
    assert live.workspace.document.undo_stack.undoText() != "Tidy"
