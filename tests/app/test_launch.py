"""What happens around the first picture of the window, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.project.recovery import RecoveryFolder

NAMES = ("pyqtgraph", "numpy", "networkx", "torch", "sklearn")
PAINTED = """
import sys, threading
from PySide6.QtCore import QEvent, QObject
from app.launch import application, open_window, process_events
application()
seen = []

class Watch(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and not seen:
            seen.append(sorted(name for name in NAMES if name in sys.modules))
        return False

watch = Watch()
window = open_window()
window.editor.view.viewport().installEventFilter(watch)
process_events(300)
assert seen == [[]], seen
"""
WARMED = """
for _ in range(200):
    process_events(50)
    if "pyqtgraph" in sys.modules and not any(thread.name == "warm-up" for thread in threading.enumerate()):
        break
assert "app.views.latent" in sys.modules
window.close()
assert "torch" not in sys.modules
print("warm")
"""


def said_by(program: str, state: Path) -> str:
    """What a Python process of its own prints, which must end in order; its state folder is `state`."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "TENSORLOOM_STATE_FOLDER": str(state)},
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("then", ["window.close(); print('warm')", WARMED], ids=["closed at once", "warmed up"])
def test_what_views_need_is_imported_after_the_first_paint(tmp_path: Path, then: str) -> None:
    """Charts, numbers and learning stay off the way to the first picture."""
    program = PAINTED.replace("NAMES", repr(NAMES)) + then
    assert said_by(program, tmp_path) == "warm"


@pytest.mark.skipif(sys.platform == "win32", reason="signals end a process there without a word")
@pytest.mark.parametrize("sent", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_the_end_of_a_session_closes_the_window_in_order(tmp_path: Path, sent: str) -> None:
    program = """
import os, signal
from PySide6.QtCore import QTimer
from app import launch
launch.application()
QTimer.singleShot(1500, lambda: os.kill(os.getpid(), signal.SENT))
raise SystemExit(launch.run())
"""
    said_by(program.replace("SENT", sent), tmp_path)
    folder = RecoveryFolder(tmp_path)
    recovered = folder.read(BLOCK_TYPES)
    folder.close()
    assert recovered is not None
    assert recovered.beside.closed, "nothing ended unexpectedly"
