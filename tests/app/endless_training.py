"""A window in a process of its own that trains until it is killed.

Prints how many losses are on disk, for the next window to find, one number a line.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtTest import QTest

from app.launch import application, open_window
from app.project_store import Kept
from engine.project.recovery import RecoveryFolder


def main(state: Path) -> None:
    application()
    window = open_window(None, RecoveryFolder(state))
    workspace = window.workspace
    while not window.run_bar.slot.isEnabled() or not workspace.analysis.is_current:
        QTest.qWait(50)
    store = workspace.store
    keep, write = store._keep, store._write
    kept = written = 0

    def note() -> Kept:
        nonlocal kept
        kept = len(workspace.history.losses) if workspace.history is not None else 0
        return keep()

    def note_written(what: Kept) -> None:
        # nothing else is kept before this is written
        nonlocal written
        write(what)
        written = kept

    store.keep_with(note)
    store._write = note_written
    workspace.set_epochs(100_000)
    workspace.runs.run()
    while True:
        QTest.qWait(100)
        sys.stdout.write(f"{written}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
