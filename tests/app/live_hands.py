"""What tests of the window with a real worker do again and again."""

from __future__ import annotations

from PySide6.QtCore import Qt

RUN_MS = 60_000


def press(qtbot, button) -> None:
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def wait_for(qtbot, window, *phases: str) -> None:
    qtbot.waitUntil(lambda: window.workspace.runs.state.phase in phases, timeout=RUN_MS)


def block_of(window, type_id: str) -> str:
    graph = window.workspace.document.graph
    return next(id for id, block in graph.blocks.items() if block.type == type_id)


def train_for_long(window, qtbot) -> None:
    window.workspace.set_epochs(100_000)
    press(qtbot, window.run_bar.slot)
    wait_for(qtbot, window, "training")
    qtbot.waitUntil(lambda: len(window.workspace.history.losses) > 20, timeout=RUN_MS)
