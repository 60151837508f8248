"""How long a frame of the canvas takes: 5,000 blocks and 6,000 wires, panned, zoomed and dragged at three zooms.

`python tests/benchmarks/editor_frames.py [--blocks N …] [--frames N] [--json]` prints a table; with --json the last
line is one object {"frames": {blocks: {gesture: {zoom: [median_ms, p95_ms]}}}, "load_ms": {blocks: ms}, "undo_ms":
{blocks: ms}}, loaded when all blocks stand, undone being the move of 1,000 blocks. Off-screen, 1600×900, on the raster
engine.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.edits import move
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


def timed(frames: int, step: Callable[[int], None]) -> list[float]:
    """Median and 95th percentile of `frames` frames, in ms; the first three are not counted."""
    times = []
    for number in range(frames + 3):
        times.append(ms(lambda number=number: step(number)))
    times = sorted(times[3:])
    return [round(statistics.median(times), 2), round(times[int(len(times) * 0.95) - 1], 2)]


def ms(act: Callable[[], object]) -> float:
    """Milliseconds that something takes until the window has caught up with it."""
    began = time.perf_counter()
    act()
    QApplication.processEvents()
    return (time.perf_counter() - began) * 1000


@dataclass
class Figures:
    """What was measured on one drawing, in milliseconds."""

    wires: int
    load_ms: float = 0.0
    undo_ms: float = 0.0
    frames: dict[str, dict[str, list[float]]] = field(default_factory=dict)


def measure(blocks: int, frames: int) -> Figures:
    """All figures."""
    graph = drawing(blocks)
    figures = Figures(len(graph.wires))
    shown: list[Editor] = []

    def load() -> None:
        shown.append(Editor(Document(graph, BLOCK_TYPES), load_theme("light", 1.0)))
        shown[0].resize(WIDTH, HEIGHT)
        shown[0].show()
        while shown[0].scene.moves.is_making:
            QApplication.processEvents()

    figures.load_ms = round(ms(load), 1)
    editor = shown[0]
    editor.fit()
    for label, zoom in (("1", 1.0), ("0.4", 0.4), ("fit", editor.view.zoom)):
        for gesture, step in gestures(editor, zoom):
            figures.frames.setdefault(gesture, {})[label] = timed(frames, step)
    editor.fit()
    figures.undo_ms = round(undo_ms(editor, graph), 1)
    editor.close()
    editor.deleteLater()
    return figures


def gestures(editor: Editor, zoom: float) -> Iterator[tuple[str, Callable[[int], None]]]:
    """What is done at one zoom, one after the other; each is called with the number of the frame."""
    view = editor.view

    def start() -> None:
        view.zoom_to(zoom)
        view.centerOn(editor.scene.bounds().center())
        QTest.qWait(150)

    start()
    yield "pan", lambda number: view.pan_by(7 if number % 40 < 20 else -7, 3 if number % 20 < 10 else -3)
    yield "repaint", lambda number: view.viewport().repaint()
    yield "zoom", lambda number: view.zoom_to(zoom * (1 + 0.02 * (number % 10)), view.viewport().rect().center())
    start()
    middle = view.visible_area().center()
    item = min(editor.scene.blocks.values(), key=lambda item: abs(item.x() - middle.x()) + abs(item.y() - middle.y()))
    place = view.mapFromScene(QPointF(item.x() + 50, item.y() + 6))
    QTest.mousePress(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    yield "drag", lambda number: QTest.mouseMove(view.viewport(), place + _offset(number))
    view.cancel_gesture()
    QTest.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton)


def undo_ms(editor: Editor, graph: Graph) -> float:
    """Milliseconds to undo the move of 1,000 blocks."""
    places = {id: (block.look.x + 40, block.look.y + 24) for id, block in list(graph.blocks.items())[:1000]}
    document = editor.document
    document.edit("Move", move, places)
    QTest.qWait(150)

    def undo() -> None:
        document.undo_stack.undo()
        editor.scene.moves.finish()

    took = ms(undo)
    assert document.graph == graph
    return took


def _offset(number: int) -> object:
    from PySide6.QtCore import QPoint

    return QPoint(8 + 3 * (number % 20), 2 * (number % 20))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blocks", type=int, nargs="+", default=[5000])
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    QApplication(sys.argv[:1])
    found = {str(blocks): measure(blocks, options.frames) for blocks in options.blocks}
    for blocks, figures in found.items():
        print(f"{blocks} blocks, {figures.wires} wires: shown in {figures.load_ms} ms, undone in {figures.undo_ms} ms")
        print(f"{'gesture':<14}{'zoom':<6}{'median ms':>10}{'p95 ms':>10}")
        for gesture, zooms in figures.frames.items():
            for zoom, (median, late) in zooms.items():
                print(f"{gesture:<14}{zoom:<6}{median:>10}{late:>10}")
    if options.json:
        told = {
            "frames": {blocks: figures.frames for blocks, figures in found.items()},
            "load_ms": {blocks: figures.load_ms for blocks, figures in found.items()},
            "undo_ms": {blocks: figures.undo_ms for blocks, figures in found.items()},
        }
        print(json.dumps(told))


if __name__ == "__main__":
    main()
