"""Samples per second of a project's run in the worker, with the window open and its live views drawing.

`python -P tests/benchmarks/window_run.py FILE [--seconds 3]` prints the rate. `training_speed.py` calls it as its
contestant `tensorloom_window`; it stands in a file of its own because the window's process knows no torch.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

WARM_S = 1.0
PATIENCE_S = 120.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--seconds", type=float, default=3.0, help="of the measurement, after a second of warming up")
    options = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory(prefix="tensorloom-window-run-", ignore_cleanup_errors=True) as folder:
        os.environ.update(TENSORLOOM_STATE_FOLDER=folder, XDG_CONFIG_HOME=folder)
        print(rate(options.file, options.seconds))
    return 0


def rate(file: Path, seconds: float) -> float:
    """Samples per second from the losses that arrive; the plan must have epochs enough."""
    from app.launch import application, open_window, process_events
    from engine.training.events import Losses
    from graph_editor import motion

    application().setProperty(motion.MOTION, False)
    window = open_window(file)
    workspace = window.workspace
    window.resize(1600, 900)

    def wait(until: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE_S
        while not until():
            assert time.monotonic() < end, workspace.runs.state
            process_events(20)

    wait(lambda: workspace.link.devices and workspace.analysis.is_current and workspace.analysis.analysis.specs)
    assert not workspace.analysis.errors, [problem.sentence for problem in workspace.analysis.problems]
    seen: list[tuple[float, int]] = []

    def take(event: object) -> None:
        if isinstance(event, Losses):
            seen.append((time.perf_counter(), event.first_step + len(event.values) // 4))

    workspace.runs.event.connect(take)
    workspace.runs.run()
    wait(lambda: seen)
    wait(lambda: seen[-1][0] - seen[0][0] > WARM_S)
    begun, first = seen[-1]
    wait(lambda: seen[-1][0] - begun > seconds)
    assert workspace.runs.state.phase == "training", workspace.runs.state
    views, asks = len(window.live_views.views()), len(window.live_views.asks())
    ended, last = seen[-1]
    window.close()
    sys.stderr.write(f"{views} views, {asks} measurements asked for\n")
    return (last - first) * workspace.document.settings.plan.batch_size / (ended - begun)


if __name__ == "__main__":
    sys.exit(main())
