"""The demo, as a newcomer's machine without a display runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from PySide6.QtGui import QImage


def test_the_demo_trains_off_screen_and_leaves_a_picture_and_figures(tmp_path: Path):
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    command = [sys.executable, "-P", "-m", "app", "demo", "--epochs", "3"]
    run = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert run.returncode == 0, run.stderr
    assert "Digits convnet, 3 epochs on cpu" in run.stdout
    accuracy = float(run.stdout.partition("accuracy ")[2].split()[0])
    assert accuracy > 80
    picture = QImage(str(tmp_path / "tensorloom-demo.png"))
    assert (picture.width(), picture.height()) == (1440, 900)
