"""How late the window's event loop comes, idle and while training with five live views open: best of three.

`python -P tests/benchmarks/window_latency.py [--json] [--seconds 6] [--blocks]`. A precise timer of 5 ms notes by how
much each of its ticks is late. `--blocks` also lists what held the window up for more than 8 ms, by Python function.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

TICK_MS = 5
TRIES = 3
LATE_MS = 8.0
PATIENCE_S = 120.0
VIEWS = ("loss", "accuracy", "filters", "latent", "predictions")
EXAMPLE = "digits-convnet"
EPOCHS = 100_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="the figures as an object on the last line")
    parser.add_argument("--seconds", type=float, default=6.0, help="of each measurement")
    parser.add_argument("--blocks", action="store_true", help="list what held the window up")
    options = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory(prefix="tensorloom-latency-", ignore_cleanup_errors=True) as folder:
        os.environ.update(TENSORLOOM_STATE_FOLDER=folder, XDG_CONFIG_HOME=folder)
        found, held = _measure(options.seconds, options.blocks)
    print(f"{'':12}{'p50':>10}{'p99':>10}{'max':>10}")
    for name, figures in found.items():
        print(f"{name:12}" + "".join(f"{figures[key]:>7.2f} ms" for key in ("p50_ms", "p99_ms", "max_ms")))
    for place, count in held.most_common(12):
        print(f"{count:6} × {place}")
    if options.json:
        print(json.dumps(found))
    return 0


def _measure(seconds: float, blocks: bool) -> tuple[dict[str, dict[str, float]], collections.Counter[str]]:
    from app.launch import application, open_window, process_events
    from engine.training.plan import ViewSpec

    application()
    window = open_window()
    workspace = window.workspace
    window.resize(1600, 900)

    def wait(until: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE_S
        while not until():
            assert time.monotonic() < end, workspace.runs.state
            process_events(20)

    wait(lambda: workspace.measures.has_session and workspace.analysis.is_current)
    blocks_of = {block.type: id for id, block in workspace.document.graph.blocks.items()}
    aims = {"filters": "conv2d", "latent": "flatten", "predictions": "cross_entropy"}
    workspace.set_views(tuple(ViewSpec(id=kind, kind=kind, block=blocks_of.get(aims.get(kind, ""))) for kind in VIEWS))
    process_events(1500)
    held: collections.Counter[str] = collections.Counter()
    idle = [_late(seconds, held if blocks else None) for _ in range(TRIES)]
    workspace.set_epochs(EPOCHS)
    workspace.runs.run()
    wait(lambda: workspace.history is not None and len(workspace.history.losses) > 1000)
    assert len(window.live_views.views()) == len(VIEWS)
    training = [_late(seconds, held if blocks else None) for _ in range(TRIES)]
    assert workspace.runs.state.phase == "training"
    assert len(window.live_views.asks()) >= 3, "the views that measure are seen"
    window.close()
    window.deleteLater()
    return {"idle": _best(idle), "training": _best(training)}, held


def _late(seconds: float, held: collections.Counter[str] | None) -> list[float]:
    """By how many ms each tick was late."""
    from PySide6.QtCore import QEventLoop, Qt, QTimer

    late: list[float] = []
    loop = QEventLoop()
    before = time.perf_counter()

    def tick() -> None:
        nonlocal before
        now = time.perf_counter()
        late.append(max(0.0, 1000 * (now - before) - TICK_MS))
        before = now

    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(tick)
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(lambda: before, over, held), daemon=True)
    if held is not None:
        watcher.start()
    before = time.perf_counter()
    timer.start(TICK_MS)
    loop.exec()
    timer.stop()
    over.set()
    return late


def _watch(last: Callable[[], float], over: threading.Event, held: collections.Counter[str]) -> None:
    """Note what the window's thread does whenever it is late, by the innermost functions of our own."""
    main_thread = threading.main_thread().ident
    own = str(Path(__file__).resolve().parents[2])
    while not over.wait(0.002):
        if 1000 * (time.perf_counter() - last()) < TICK_MS + LATE_MS:
            continue
        frame = sys._current_frames().get(main_thread)
        stack = [place for place in traceback.extract_stack(frame) if place.filename.startswith(own)]
        ours = [f"{Path(place.filename).stem}.{place.name}:{place.lineno}" for place in stack[3:]]
        held[" > ".join(ours[-3:]) or "Qt itself"] += 1


def _best(tries: list[list[float]]) -> dict[str, float]:
    """The try with the least p99."""
    import numpy as np

    figures = [
        {"p50_ms": float(np.percentile(late, 50)), "p99_ms": float(np.percentile(late, 99)), "max_ms": max(late)}
        for late in tries
    ]
    return min(figures, key=lambda found: found["p99_ms"])


if __name__ == "__main__":
    sys.exit(main())
