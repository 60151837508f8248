"""`demo`: the digits convnet, opened and trained live; without a display off-screen, as a picture and figures."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.graph.problem import Refused, refused

if TYPE_CHECKING:
    from app.main_window import MainWindow
    from app.workspace import Workspace

EXAMPLE = "digits-convnet"
SIZE = (1440, 900)
PATIENCE_S = 300.0
LAST_LOOK_S = 1.0
TICK_MS = 20


def run_demo(picture: Path, epochs: int | None) -> int:
    """Show the window until it is closed, or make `picture` where there is no display. The exit status."""
    from app.cli.picture import check_place, offscreen_application, require_qt
    from app.display import is_off_screen

    require_qt()
    if not is_off_screen():
        return _live(epochs)
    check_place(picture, ".png", ".jpg", ".jpeg")
    offscreen_application()
    with tempfile.TemporaryDirectory(prefix="tensorloom-demo-", ignore_cleanup_errors=True) as folder:
        return _off_screen(picture, epochs, Path(folder))


def _live(epochs: int | None) -> int:
    from PySide6.QtCore import QTimer

    from app.launch import application, open_window

    app = application()
    window = open_window()
    workspace = window.workspace
    workspace.open_example(EXAMPLE)

    def begin() -> None:
        if workspace.example != EXAMPLE or not workspace.link.devices:
            return
        timer.stop()
        if epochs is not None:
            workspace.set_epochs(epochs)
        workspace.runs.run()

    timer = QTimer(window)
    timer.timeout.connect(begin)
    timer.start(TICK_MS)
    return app.exec()


def _off_screen(picture: Path, epochs: int | None, folder: Path) -> int:
    from app.launch import open_window, process_events
    from engine.project.recovery import RecoveryFolder
    from graph_editor.theme import load_theme

    window = open_window(folder=RecoveryFolder(folder))
    try:
        window.resize(*SIZE)
        window.set_theme(load_theme("light"))
        workspace = window.workspace
        _wait(workspace, lambda: bool(workspace.link.devices) and bool(workspace.analysis.analysis.specs))
        if epochs is not None:
            workspace.set_epochs(epochs)
        workspace.runs.run()
        _wait(workspace, lambda: workspace.history is not None and workspace.history.state == "finished")
        process_events(round(1000 * LAST_LOOK_S))
        _print_figures(workspace)
        _save_picture(window, picture)
        print(f"Wrote {picture}.")
        return 0
    finally:
        _close(window)


def _save_picture(window: MainWindow, picture: Path) -> None:
    from PySide6.QtCore import QBuffer, QIODevice

    from app.cli.picture import write_bytes

    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    window.grab().save(buffer, picture.suffix[1:].upper())
    write_bytes(picture, bytes(buffer.data().data()))


def _wait(workspace: Workspace, done: Callable[[], bool]) -> None:
    """Let the window work until `done`. Raises Refused where the run fails or nothing happens for minutes."""
    from app.launch import process_events

    end = time.monotonic() + PATIENCE_S
    while not done():
        history = workspace.history
        if history is not None and history.problem is not None:
            raise Refused(history.problem)
        if time.monotonic() > end:
            raise refused("run-failed", reason=f"nothing happened for {PATIENCE_S:.0f} s", hint="Try again.")
        process_events(TICK_MS)


def _print_figures(workspace: Workspace) -> None:
    from app.cli.training import figures
    from app.wording import count_words

    history = workspace.history
    assert history is not None
    epochs, threads = count_words(history.epoch, "epoch"), count_words(history.threads, "thread")
    print(f"Digits convnet, {epochs} on {history.device}, {threads}:")
    print(f"  test set: {figures(history.test)}")
    print(f"  {history.seconds:.2f} s, {history.samples_per_second:,.0f} samples/s")
    sys.stdout.flush()


def _close(window: MainWindow) -> None:
    from app.launch import process_events

    window.close()
    window.deleteLater()
    process_events(TICK_MS)
