"""A window in a process of its own that adds block after block until it is killed.

Prints the blocks that it opened with, then after each edit the time and the blocks, one JSON object a line.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from app.launch import application
from tests.journeys.hands import Hands

MOST = 60


def tell(hands: Hands) -> None:
    names = sorted(block.name for block in hands.graph.blocks.values())
    sys.stdout.write(json.dumps({"at": time.time(), "blocks": names, "notice": hands.notice}) + "\n")
    sys.stdout.flush()


def main(state: Path) -> None:
    application()
    hands = Hands.open(state)
    tell(hands)
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
        tell(hands)
        number += 1
        hands.rest(15)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
