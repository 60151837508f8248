"""From an empty canvas to a trained, saved and reopened network, with the mouse and the keyboard."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import first_network


def test_a_person_draws_trains_saves_and_reopens_a_first_network(open_hands, tmp_path: Path) -> None:
    first_network.journey(open_hands(), tmp_path)


def test_the_window_of_the_whole_journey_never_loads_torch(tmp_path: Path) -> None:
    script = Path(first_network.__file__).resolve()
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "XDG_CONFIG_HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-P", str(script), str(tmp_path)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=240,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {"reports": [], "torch": []}
