"""A window in a process of its own that adds block after block until it is killed.

Prints the blocks that it opened with, then after each edit the blocks, one JSON object a line. `on_disk` is how many of
these lines, the first included, were told when the drawing was kept that is on disk by now.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from app.launch import application
from app.project_store import Kept, ProjectStore
from tests.journeys.hands import Hands

MOST = 60


class Told:
    """What was told of a window, and how much of that is on disk."""

    def __init__(self, hands: Hands) -> None:
        store: ProjectStore = hands.workspace.store
        self._hands, self._keep, self._write = hands, store._keep, store._write
        self._lines = self._kept = self._on_disk = 0
        store.keep_with(self._note)
        store._write = self._note_written

    def tell(self) -> None:
        names = sorted(block.name for block in self._hands.graph.blocks.values())
        line = {"blocks": names, "notice": self._hands.notice, "on_disk": self._on_disk}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
        self._lines += 1

    def _note(self) -> Kept:
        self._kept = self._lines
        return self._keep()

    def _note_written(self, kept: Kept) -> None:
        # nothing else is kept before this is written
        self._write(kept)
        self._on_disk = self._kept


def main(state: Path) -> None:
    application()
    hands = Hands.open(state)
    told = Told(hands)
    told.tell()
    document, editor = hands.workspace.document, hands.window.editor
    number = 0
    while True:
        if len(hands.graph.blocks) > MOST:
            editor.select_all()
            editor.delete_selection()
        else:
            editor.add_block(("dense", "relu", "dropout", "residual")[number % 4])
            (new,) = editor.selected_ids()
            from engine.graph.edits import rename

            document.edit("Rename", rename, new, f"block {time.monotonic_ns()}")
        told.tell()
        number += 1
        hands.rest(15)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
