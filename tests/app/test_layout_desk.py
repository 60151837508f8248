"""What the window says of Tidy where there is nothing to lay out or nobody who does."""

from __future__ import annotations

import os
import signal

from app.actions import plain
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


def test_a_worker_that_dies_leaves_nobody_waiting(live, qtbot) -> None:
    process = live.workspace.link.client.process_id
    os.kill(process, signal.SIGSTOP if hasattr(signal, "SIGSTOP") else signal.SIGTERM)
    live.actions_table["tidy"].trigger()
    assert live.workspace.layouts.is_waiting
    os.kill(process, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    qtbot.waitUntil(lambda: not live.workspace.layouts.is_waiting, timeout=WORKER_MS)
    assert live.workspace.document.undo_stack.undoText() != "Tidy"
