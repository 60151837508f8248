"""A window of its own state folder, with a real worker where a test starts one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    from app.main_window import MainWindow

WORKER_MS = 60_000


@pytest.fixture
def open_window(qtbot, tmp_path: Path) -> Iterator[Callable[..., MainWindow]]:
    """Opens windows on one state folder; those that are still open at the end are closed."""
    from app.main_window import MainWindow
    from app.project_store import ProjectStore
    from app.workspace import Workspace
    from engine.blocks.catalogue import BLOCK_TYPES
    from engine.project.recovery import RecoveryFolder

    opened: list[MainWindow] = []

    def open(file: Path | None = None, worker: bool = False) -> MainWindow:
        workspace = Workspace(ProjectStore(BLOCK_TYPES, RecoveryFolder(tmp_path / "state")))
        problem = workspace.open_first(file)
        window = MainWindow(workspace)
        opened.append(window)
        window.resize(1440, 900)
        window.show()
        if problem is not None:
            window.notice.show_problem(problem)
        if worker:
            workspace.start_worker()
            qtbot.waitUntil(lambda: bool(workspace.analysis.analysis.specs), timeout=WORKER_MS)
        return window

    yield open
    for window in opened:
        if not window.workspace.store.is_closed:
            window.close()
        window.deleteLater()
    opened.clear()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def window(open_window) -> MainWindow:
    """A window on the first example, without a worker."""
    return open_window()


@pytest.fixture
def live(open_window) -> MainWindow:
    """A window on the first example, its worker warm and the drawing analysed."""
    return open_window(worker=True)
