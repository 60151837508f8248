"""A drawing, its editor on a shown window, and a mouse for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.analysis import Analysis
from engine.graph.graph import Block, Graph, Look, PortRef, Wire, sorted_wires
from engine.graph.tensor_spec import Dim, TensorSpec
from graph_editor.document import Document
from graph_editor.editor import Editor
from graph_editor.theme import load_theme

N = Dim("N")
LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
PLAIN = Qt.KeyboardModifier.NoModifier


def ref(block: str, port: str) -> PortRef:
    return PortRef(block=block, port=port)


def spec(*shape: int, dtype: str = "float32") -> TensorSpec:
    return TensorSpec(shape=(N, *shape), dtype=dtype)


def residual(id: str, x: int, y: int) -> Block:
    """A Residual with fixed ids inside: `id` followed by e, c1, r, c2, x."""
    names = iter(f"{id}{end}" for end in ("e", "c1", "r", "c2", "x"))
    make = BLOCK_TYPES["residual"].body
    assert make is not None
    return Block(id, "residual", "Residual", body=make(lambda: next(names)), look=Look(x, y))


def digits() -> Graph:
    """The digits convnet: input, conv, relu, pool, residual, flatten, dense, loss."""
    blocks = [
        Block("in", "input", "Input", look=Look(72, 80)),
        Block("cv", "conv2d", "Convolution", {"out_channels": 16, "padding": "same"}, look=Look(312, 104)),
        Block("re", "relu", "ReLU", look=Look(552, 104)),
        Block("mp", "max_pool2d", "Max pool", look=Look(728, 104)),
        residual("rs", 72, 320),
        Block("fl", "flatten", "Flatten", look=Look(328, 320)),
        Block("de", "dense", "Dense", {"out_features": 10}, look=Look(520, 320)),
        Block("ce", "cross_entropy", "Cross-entropy", look=Look(720, 272)),
    ]
    wires = [
        Wire(ref("in", "image"), ref("cv", "input")),
        Wire(ref("cv", "output"), ref("re", "input")),
        Wire(ref("re", "output"), ref("mp", "input")),
        Wire(ref("mp", "output"), ref("rs", "rse")),
        Wire(ref("rs", "rsx"), ref("fl", "input")),
        Wire(ref("fl", "output"), ref("de", "input")),
        Wire(ref("de", "output"), ref("ce", "logits")),
        Wire(ref("in", "label"), ref("ce", "target")),
    ]
    return Graph(blocks={block.id: block for block in blocks}, wires=sorted_wires(wires))


def digits_analysis() -> Analysis:
    """What is known about `digits`."""
    return Analysis(
        specs={
            "in/image": spec(1, 8, 8),
            "in/label": spec(dtype="int64"),
            "cv/output": spec(16, 8, 8),
            "re/output": spec(16, 8, 8),
            "mp/output": spec(16, 4, 4),
            "rs/rsx": spec(16, 4, 4),
            "fl/output": spec(256),
            "de/output": spec(10),
        }
    )


class Mouse:
    """Real mouse events on an editor's canvas, at places of the scene."""

    def __init__(self, editor: Editor) -> None:
        self.editor = editor

    def at(self, x: float, y: float) -> QPoint:
        return self.editor.view.mapFromScene(QPointF(x, y))

    def press(self, x: float, y: float, button: Qt.MouseButton = LEFT, keys: Qt.KeyboardModifier = PLAIN) -> None:
        QTest.mousePress(self.editor.view.viewport(), button, keys, self.at(x, y))

    def move(self, x: float, y: float) -> None:
        QTest.mouseMove(self.editor.view.viewport(), self.at(x, y))
        QApplication.processEvents()

    def release(self, x: float, y: float, button: Qt.MouseButton = LEFT, keys: Qt.KeyboardModifier = PLAIN) -> None:
        QTest.mouseRelease(self.editor.view.viewport(), button, keys, self.at(x, y))

    def click(self, x: float, y: float, button: Qt.MouseButton = LEFT, keys: Qt.KeyboardModifier = PLAIN) -> None:
        self.press(x, y, button, keys)
        self.release(x, y, button, keys)

    def double_click(self, x: float, y: float) -> None:
        self.click(x, y)
        QTest.mouseDClick(self.editor.view.viewport(), LEFT, PLAIN, self.at(x, y))

    def drag(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        button: Qt.MouseButton = LEFT,
        keys: Qt.KeyboardModifier = PLAIN,
    ) -> None:
        self.press(*start, button, keys)
        for step in (0.1, 0.5, 0.9, 1.0):
            self.move(start[0] + (end[0] - start[0]) * step, start[1] + (end[1] - start[1]) * step)
        self.release(*end, button, keys)

    def port(self, block: str, port: str, is_input: bool) -> tuple[float, float]:
        return self.editor.scene.blocks[block].port_point(port, is_input)


@pytest.fixture
def make_editor(qtbot: object) -> Callable[[Graph], Editor]:
    """A shown editor of 1000 × 600 px at zoom 1 whose scene begins at its top left corner."""

    def make(graph: Graph, size: tuple[int, int] = (1000, 600)) -> Editor:
        document = Document(graph, BLOCK_TYPES)
        editor = Editor(document, load_theme("light", 1.0))
        qtbot.addWidget(editor)  # type: ignore[attr-defined]
        editor.resize(*size)
        editor.show()
        editor.view.setFocus()
        qtbot.waitExposed(editor)  # type: ignore[attr-defined]
        editor.view.zoom_to(1.0)
        editor.view.centerOn(size[0] / 2, size[1] / 2)
        return editor

    return make


@pytest.fixture
def editor(make_editor: Callable[[Graph], Editor]) -> Editor:
    """An editor of the digits convnet, analysed."""
    editor = make_editor(digits())
    editor.set_analysis(digits_analysis())
    return editor


@pytest.fixture
def mouse(editor: Editor) -> Mouse:
    return Mouse(editor)


@pytest.fixture
def mouse_of() -> Callable[[Editor], Mouse]:
    """A mouse for any editor."""
    return Mouse


@pytest.fixture
def press_key(editor: Editor) -> Callable[..., None]:
    """Types a key on the canvas of `editor`."""

    def press(key: Qt.Key, keys: Qt.KeyboardModifier = PLAIN) -> None:
        QTest.keyClick(editor.view, key, keys)

    return press


def rows(count: int, type: str = "relu", down: int = 120) -> Graph:
    """A chain of blocks b0000, b0001 … in rows of 40 that stand `down` px apart."""
    blocks = {
        f"b{n:04d}": Block(f"b{n:04d}", type, "Block", look=Look(n % 40 * 200, n // 40 * down)) for n in range(count)
    }
    wires = [Wire(PortRef(f"b{n - 1:04d}", "output"), PortRef(f"b{n:04d}", "input")) for n in range(1, count)]
    return Graph(blocks=blocks, wires=sorted_wires(wires))
