"""Files and folders opened in the system's own programs, where it has some."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from engine.graph.problem import Problem


def open_outside(path: Path) -> Problem | None:
    """Have the system open a file or folder; where it has no program for it, a problem that says where that is."""
    if QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))):
        return None
    return Problem(code="not-opened", severity="advice", facts={"file": str(path)})
