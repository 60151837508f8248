"""How long a frame of the canvas takes: 5,000 blocks and 6,000 wires, panned, zoomed and dragged at three zooms.

`python tests/benchmarks/editor_frames.py [--blocks N] [--frames N] [--json]` prints a table; with --json the last line
is one JSON object of medians and 95th percentiles in milliseconds. Off-screen, 1600×900, on the raster engine.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.graph import Block, Graph, Look, PortRef, Wire, sorted_wires
from graph_editor.document import Document
from graph_editor.editor import Editor
from graph_editor.theme import load_theme

WIDTH, HEIGHT = 1600, 900
CHAIN = ("conv2d", "relu", "max_pool2d", "dropout", "add")


def drawing(count: int) -> Graph:
    """`count` blocks in rows of 70, chained, every fifth an Add whose second input skips four blocks."""
    blocks: dict[str, Block] = {}
    wires: list[Wire] = []
    for number in range(count):
        row, column = divmod(number, 70)
        type = CHAIN[number % 5]
        id = f"b{number:05d}"
        blocks[id] = Block(id, type, BLOCK_TYPES[type].title, look=Look(column * 216, row * 160))
        if number:
            port = "a" if type == "add" else "input"
            wires.append(Wire(PortRef(f"b{number - 1:05d}", "output"), PortRef(id, port)))
        if type == "add" and column >= 4:
            wires.append(Wire(PortRef(f"b{number - 4:05d}", "output"), PortRef(id, "b")))
    return Graph(blocks=blocks, wires=sorted_wires(wires))


def timed(frames: int, step: Callable[[int], None]) -> dict[str, float]:
    """Median and 95th percentile of `frames` frames, in ms; the first three are not counted."""
    times = []
    for number in range(frames + 3):
        began = time.perf_counter()
        step(number)
        QApplication.processEvents()
        times.append((time.perf_counter() - began) * 1000)
    times = sorted(times[3:])
    return {"median_ms": round(statistics.median(times), 2), "p95_ms": round(times[int(len(times) * 0.95) - 1], 2)}


def measure(blocks: int, frames: int) -> dict[str, object]:
    """All figures."""
    graph = drawing(blocks)
    began = time.perf_counter()
    editor = Editor(Document(graph, BLOCK_TYPES), load_theme("light", 1.0))
    editor.resize(WIDTH, HEIGHT)
    editor.show()
    QApplication.processEvents()
    load_s = time.perf_counter() - began
    view = editor.view
    figures: dict[str, object] = {"blocks": blocks, "wires": len(graph.wires), "load_s": round(load_s, 3)}
    editor.fit()
    fitted = view.zoom
    for label, zoom in (("1", 1.0), ("0.6", 0.6), ("0.4", 0.4), ("fit", fitted)):
        view.zoom_to(zoom)
        view.centerOn(editor.scene.bounds().center())
        QTest.qWait(150)

        def pan(number: int) -> None:
            view.pan_by(7 if number % 40 < 20 else -7, 3 if number % 20 < 10 else -3)

        def repaint(number: int) -> None:
            view.viewport().repaint()

        def zooming(number: int, zoom: float = zoom) -> None:
            view.zoom_to(zoom * (1 + 0.02 * (number % 10)), view.viewport().rect().center())

        figures[f"pan {label}"] = timed(frames, pan)
        figures[f"repaint {label}"] = timed(frames, repaint)
        figures[f"zoom {label}"] = timed(frames, zooming)
        view.zoom_to(zoom)
        view.centerOn(editor.scene.bounds().center())
        QApplication.processEvents()
        middle = view.visible_area().center()
        item = min(
            editor.scene.blocks.values(), key=lambda item: abs(item.x() - middle.x()) + abs(item.y() - middle.y())
        )
        grab = QPointF(item.x() + 50, item.y() + 6)
        place = view.mapFromScene(grab)
        QTest.mousePress(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)

        def drag(number: int, place: object = place) -> None:
            QTest.mouseMove(view.viewport(), place + _offset(number))

        figures[f"drag {label}"] = timed(frames, drag)
        view.cancel_gesture()
        QTest.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton)
    editor.close()
    editor.deleteLater()
    return figures


def _offset(number: int) -> object:
    from PySide6.QtCore import QPoint

    return QPoint(8 + 3 * (number % 20), 2 * (number % 20))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blocks", type=int, default=5000)
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    QApplication(sys.argv[:1])
    figures = measure(arguments.blocks, arguments.frames)
    print(f"{figures['blocks']} blocks, {figures['wires']} wires, loaded and shown in {figures['load_s']} s")
    print(f"{'gesture':<14}{'median ms':>10}{'p95 ms':>10}")
    for name, value in figures.items():
        if isinstance(value, dict):
            print(f"{name:<14}{value['median_ms']:>10}{value['p95_ms']:>10}")
    if arguments.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
