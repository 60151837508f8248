"""Opens the window: application, theme, workspace, and after the first picture the worker."""

from __future__ import annotations

import gc
import signal
import sys
import threading
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from app.error_report import ErrorReport
from app.main_window import MainWindow
from app.project_store import ProjectStore
from app.workspace import Workspace
from engine.blocks.catalogue import BLOCK_TYPES
from engine.project.recovery import RecoveryFolder
from graph_editor.collecting import Collecting
from graph_editor.theme import install_fonts

WORKER_AFTER_MS = 50
WARM_UP_AFTER_MS = 400
FREEZE_AFTER_MS = 4000
SHORT_TURN_S = 0.0005


def application() -> QApplication:
    """The application, made once."""
    app = QApplication.instance()
    if isinstance(app, QApplication):
        return app
    app = QApplication(["tensorloom"])
    QGuiApplication.setApplicationDisplayName("Tensorloom")
    QGuiApplication.setDesktopFileName("tensorloom")
    app.setApplicationName("tensorloom")
    install_fonts()
    return app


def open_window(file: Path | None = None, folder: RecoveryFolder | None = None) -> MainWindow:
    """A window on the file, or on what was open last, shown; its worker starts once it is on screen."""
    application()
    collecting = Collecting()
    store = ProjectStore(BLOCK_TYPES, folder)
    workspace = Workspace(store)
    report = ErrorReport(store.folder.path.parent)
    report.install()
    problem = workspace.open_first(file)
    window = MainWindow(workspace, report)
    report.setParent(window)
    collecting.setParent(window)
    workspace.link.died.connect(
        lambda words: report.note(f"the worker ended: {words}", workspace.link.client.last_lines)
    )
    window.show()
    window.editor.setFocus()
    if problem is not None:
        window.notice.show_problem(problem)
    # One timer is not enough: the first picture must be on screen before the processor is shared with the worker.
    QTimer.singleShot(WORKER_AFTER_MS, workspace, workspace.start_worker)
    QTimer.singleShot(WARM_UP_AFTER_MS, window, warm_up)
    return window


def warm_up() -> threading.Thread:
    """In a moment of peace: import what the first live view needs. The thread ends after some tenths of a second."""
    from app.views import registry

    def import_views() -> None:
        # Else the window waits 5 ms for the interpreter each time it has something to do.
        interval = sys.getswitchinterval()
        sys.setswitchinterval(SHORT_TURN_S)
        try:
            registry.warm_up()
        finally:
            sys.setswitchinterval(interval)

    thread = threading.Thread(target=import_views, name="warm-up")
    thread.start()
    return thread


def run(file: Path | None = None) -> int:
    """Open the window and stay until it is closed."""
    app = application()
    window = open_window(file)
    app.setQuitOnLastWindowClosed(True)
    # What is here by now stays: a collection that visits it all holds the window up for 30 ms.
    QTimer.singleShot(FREEZE_AFTER_MS, window, gc.freeze)
    # The end of a session or of a terminal closes the window as its button does: nothing ended unexpectedly.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda number, frame: window.close())
    # Python hears of signals only when its interpreter runs now and then.
    wake = QTimer(window)
    wake.start(250)
    wake.timeout.connect(lambda: None)
    code = app.exec()
    sys.stdout.flush()
    return code


def process_events(seconds_ms: int = 0) -> None:
    """Let the window work for a moment: for scripts that drive it."""
    loop = QEventLoop()
    QTimer.singleShot(seconds_ms, loop.quit)
    loop.exec()
