"""How long the window takes to appear, and a run to show its first loss: best of three.

`python -P tests/benchmarks/startup.py [--json]`. `window_s`: from the start of a process until the main window has been
painted for the first time. `first_loss_s`: from a press of Run, with a warm worker and the digits convnet, until the
first loss has arrived in the window.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TRIES = 3
PATIENCE_S = 120.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="the figures as an object on the last line")
    parser.add_argument("--measure", choices=("window", "loss"), help=argparse.SUPPRESS)
    parser.add_argument("--since", type=float, default=0.0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        print(_window_s(options.since) if options.measure == "window" else _first_loss_s())
        return 0
    windows = [_measured("window") for _ in range(TRIES)]
    losses = [_measured("loss") for _ in range(TRIES)]
    print(f"{'':28}{'best':>8}{'all':>26}{'reach':>10}")
    for title, found, reach in (("First window on screen", windows, 0.7), ("Run to first loss", losses, 0.5)):
        every = "  ".join(f"{value:.3f}" for value in found)
        print(f"{title:28}{min(found):>6.3f} s{every:>26}{reach:>8} s")
    if options.json:
        print(json.dumps({"window_s": min(windows), "first_loss_s": min(losses)}))
    return 0


def _measured(what: str) -> float:
    """One measurement in a process of its own, with folders of its own; with bytecode, as an installed program has."""
    with tempfile.TemporaryDirectory(prefix="tensorloom-startup-", ignore_cleanup_errors=True) as folder:
        environment = {**os.environ, "TENSORLOOM_STATE_FOLDER": folder, "XDG_CONFIG_HOME": folder}
        environment["PYTHONPYCACHEPREFIX"] = str(Path(tempfile.gettempdir()) / "tensorloom-startup-bytecode")
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        command = [sys.executable, "-P", str(Path(__file__).resolve()), "--measure", what, "--since", str(time.time())]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=PATIENCE_S, check=False)
        if done.returncode:
            raise SystemExit(done.stderr)
        return float(done.stdout.splitlines()[-1])


def _window_s(since: float) -> float:
    """From `since` (wall clock) to the end of the first paint; both processes read the same clock."""
    from PySide6.QtCore import QEvent, QObject, QTimer

    from app.launch import application, open_window

    app = application()
    painted: list[float] = []

    class FirstPaint(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint and not painted:
                painted.append(0.0)
                # All parts are painted within the one event that this timer comes after.
                QTimer.singleShot(0, self, finish)
            return False

    def finish() -> None:
        painted[0] = time.time() - since
        window.close()
        app.quit()

    watch = FirstPaint()
    window = open_window()
    window.editor.view.viewport().installEventFilter(watch)
    app.exec()
    return painted[0]


def _first_loss_s() -> float:
    """From the press of Run to the first event with losses."""
    from PySide6.QtCore import QEventLoop, Qt, QTimer
    from PySide6.QtTest import QTest

    from app.launch import application, open_window, process_events
    from engine.training.events import Losses

    application()
    window = open_window()
    workspace = window.workspace
    end = time.monotonic() + PATIENCE_S
    while not (workspace.measures.has_session and workspace.analysis.is_current) and time.monotonic() < end:
        process_events(20)
    process_events(1000)
    loop = QEventLoop()
    arrived: list[float] = []

    def take(event: object) -> None:
        if isinstance(event, Losses) and not arrived:
            arrived.append(time.perf_counter())
            loop.quit()

    workspace.runs.event.connect(take)
    QTimer.singleShot(round(1000 * PATIENCE_S), loop.quit)
    since = time.perf_counter()
    QTest.mouseClick(window.run_bar.slot, Qt.MouseButton.LeftButton)
    loop.exec()
    window.close()
    return arrived[0] - since


if __name__ == "__main__":
    sys.exit(main())
