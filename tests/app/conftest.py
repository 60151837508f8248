"""A window of its own state folder, with a real worker where a test starts one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

if TYPE_CHECKING:
    from app.main_window import MainWindow
    from tests.journeys.hands import Hands

WORKER_MS = 60_000


@contextmanager
def opening(qtbot: QtBot, folder: Path) -> Iterator[Callable[..., MainWindow]]:
    """Opens windows on one state folder; those that are still open at the end are closed."""
    from app.main_window import MainWindow
    from app.project_store import ProjectStore
    from app.workspace import Workspace
    from engine.blocks.catalogue import BLOCK_TYPES
    from engine.project.recovery import RecoveryFolder

    opened: list[MainWindow] = []

    def open(file: Path | None = None, worker: bool = False) -> MainWindow:
        workspace = Workspace(ProjectStore(BLOCK_TYPES, RecoveryFolder(folder)))
        problem = workspace.open_first(file)
        window = MainWindow(workspace)
        opened.append(window)
        # Where a test before left the pointer a tooltip may come up, of which the off-screen platform complains.
        QCursor.setPos(-100, -100)
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
def open_window(qtbot: QtBot, tmp_path: Path) -> Iterator[Callable[..., MainWindow]]:
    """Opens windows on one state folder; those that are still open at the end are closed."""
    with opening(qtbot, tmp_path / "state") as open:
        yield open


@pytest.fixture
def window(open_window) -> MainWindow:
    """A window on the first example, without a worker."""
    return open_window()


@pytest.fixture
def live(open_window) -> MainWindow:
    """A window on the first example, its worker warm and the drawing analysed."""
    return open_window(worker=True)


@pytest.fixture(scope="module")
def _one_window(
    qapp: QApplication, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[tuple[Hands, dict[str, object]]]:
    """A window on the first example, its worker warm, and how it stands."""
    from tests.journeys.hands import Hands

    with opening(QtBot(request), tmp_path_factory.mktemp("window") / "state") as open:
        hands = Hands(open(worker=True))
        hands.begin_anew()
        yield hands, hands.standing()


@pytest.fixture
def warm(_one_window: tuple[Hands, dict[str, object]]) -> Iterator[MainWindow]:
    """The one window of a file of tests, on the first example as it was opened at first, its worker warm.

    For tests that leave window and worker whole; it saves the seconds in which a worker gets warm.
    """
    hands, standing = _one_window
    hands.begin_anew()
    assert hands.standing() == standing
    yield hands.window
    hands.put_away()
