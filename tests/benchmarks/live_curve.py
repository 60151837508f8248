"""Frames a second of a live curve with 1,000,000 points, and the time that one update of five views takes.

`python tests/benchmarks/live_curve.py [--points 1000000] [--json]`; the last line of `--json` is
`{"points": n, "frames_per_second": {case: rate}, "append_us": µs, "views_ms": {"p50": ms, "p95": ms}}`.
"""

from __future__ import annotations

import argparse
import json
import os
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtWidgets import QApplication

from app.charts.line_chart import Curve, LineChart
from app.charts.step_axis import StepAxis
from app.charts.step_series import StepSeries
from app.panels.live_views import LiveViews
from app.views.history import RunHistory
from engine.training.events import Array, EpochEnded, Losses, Started
from engine.training.plan import ViewSpec
from graph_editor.theme import load_theme

SECONDS = 1.5
NEW_STEPS = 64
STEPS_PER_EPOCH = 10_000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    application = QApplication.instance() or QApplication([])
    rates, append_us = curve_rates(given.points, application)
    views = views_ms(application)
    print(f"{given.points} points, {NEW_STEPS} more each frame")
    for case, rate in rates.items():
        print(f"  {case:<28}{rate:8.0f} frames/s")
    print(f"  append {NEW_STEPS} steps{append_us:22.1f} µs")
    print(f"five views, one update: p50 {views['p50']:.2f} ms, p95 {views['p95']:.2f} ms")
    if given.json:
        told = {"points": given.points, "frames_per_second": rates, "append_us": append_us, "views_ms": views}
        print(json.dumps(told))


def losses(count: int) -> np.ndarray:
    """A noisy falling curve, float32."""
    steps = np.arange(count)
    noise = np.random.default_rng(0).gamma(2.0, 0.1, count)
    return (2.3 * np.exp(-steps / (count / 6)) + 0.1 + noise).astype(np.float32)


def curve_rates(count: int, application: QApplication) -> tuple[dict[str, float], float]:
    """Frames a second of a 960×400 chart, by what is looked at; µs to append."""
    rates: dict[str, float] = {}
    for name, zoom in (("whole curve", 1.0), ("a tenth of it", 0.1), ("a thousandth of it", 0.001)):
        chart = LineChart(load_theme("light", 1.0))
        chart.resize(960, 400)
        chart.show()
        while not chart.windowHandle().isExposed():
            application.processEvents()
        series = StepSeries(losses(count))
        x = np.arange(1, count // STEPS_PER_EPOCH + 1, dtype=np.float64)
        curve = Curve("train", x, np.exp(-x / 16) + 0.3)
        frames, start = 0, time.perf_counter()
        while time.perf_counter() - start < SECONDS:
            series.extend(series.array()[-NEW_STEPS:])
            end = len(series) / STEPS_PER_EPOCH
            chart.show_lines([curve], series, StepAxis.even(STEPS_PER_EPOCH), x_end=end)
            if zoom < 1:
                chart.look_at(end * 0.5, end * (0.5 + zoom / 2), 0.0, chart.view_range[3])
            chart.repaint()
            frames += 1
        assert chart.contents_painted >= frames, "a frame was not painted"
        rates[name] = frames / (time.perf_counter() - start)
        chart.close()
    series = StepSeries(losses(count))
    more = losses(NEW_STEPS)
    start = time.perf_counter()
    for _ in range(1000):
        series.extend(more)
    return rates, (time.perf_counter() - start) * 1e3


def views_ms(application: QApplication, updates: int = 150) -> dict[str, float]:
    """One update of five visible views from messages to painted pixels: new losses, an epoch, four measurements."""
    random = np.random.default_rng(0)
    views = LiveViews(load_theme("light", 1.0), ViewSpec)
    views.resize(1440, 288)
    views.show()
    kinds = ("loss", "filters", "latent", "boundary", "predictions")
    views.set_views(tuple(ViewSpec(id=kind, kind=kind) for kind in kinds))
    history = RunHistory()
    history.add(Started("r", device="cpu", threads=1, steps_per_epoch=20, samples=1257, stages=(updates,)))
    views.show_history(history)
    application.processEvents()
    times = []
    for update in range(updates):
        messages = {kind: {k: Array.of(v) for k, v in measured(kind, random).items()} for kind in kinds[1:]}
        values = losses(20)
        start = time.perf_counter()
        history.add(Losses("r", stage=0, first_step=update * 20, values=values.tobytes()))
        metrics = {"loss": float(values.mean()), "accuracy": 0.9}
        history.add(EpochEnded("r", 0, update + 1, (update + 1) * 20, metrics, metrics))
        views.show_history(history)
        for kind, arrays in messages.items():
            views.show_measured(kind, arrays, update * 20)
        application.processEvents()
        times.append((time.perf_counter() - start) * 1e3)
    views.close()
    return {"p50": float(np.percentile(times, 50)), "p95": float(np.percentile(times, 95))}


def measured(kind: str, random: np.random.Generator) -> dict[str, np.ndarray]:
    """An answer of the size that the digits give."""
    labels = random.integers(0, 10, 270)
    pictures = random.random((270, 8, 8), dtype=np.float32)
    if kind == "filters":
        return {"filters": random.normal(size=(16, 3, 3)).astype(np.float32), "limit": np.array(3.0, np.float32)}
    if kind == "latent":
        points = random.normal(size=(270, 2)).astype(np.float32) + labels[:, None]
        return {"points": points, "labels": labels, "pictures": pictures, "explained": np.float32([0.4, 0.2])}
    if kind == "boundary":
        line = np.linspace(-1, 1, 64, dtype=np.float32)
        grid = 1 / (1 + np.exp(-8 * (line[None] + line[:, None] ** 2 + 0.1 * random.normal())))
        extent = np.float32([-1, 1, -1, 1])
        points = random.uniform(-1, 1, (200, 2)).astype(np.float32)
        return {"grid": grid.astype(np.float32), "extent": extent, "points": points, "labels": labels[:200] % 2}
    answers = random.integers(0, 10, 270)
    return {
        "pictures": pictures,
        "true": labels,
        "predicted": answers,
        "probability": random.random(270, dtype=np.float32),
        "wrong": np.array((labels != answers).sum()),
        "count": np.array(270),
    }


if __name__ == "__main__":
    main()
