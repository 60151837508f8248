"""A window in a process of its own that trains until it is killed. Prints how many losses it has, one number a line."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtTest import QTest

from app.launch import application, open_window
from engine.project.recovery import RecoveryFolder


def main(state: Path) -> None:
    application()
    window = open_window(None, RecoveryFolder(state))
    workspace = window.workspace
    while not window.run_bar.slot.isEnabled() or not workspace.analysis.is_current:
        QTest.qWait(50)
    workspace.set_epochs(100_000)
    workspace.runs.run()
    while True:
        QTest.qWait(100)
        losses = len(workspace.history.losses) if workspace.history is not None else 0
        sys.stdout.write(f"{losses}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
