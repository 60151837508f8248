"""The drawing that the inspector's tests look at, and hands on its rows."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.panels.fields import FieldRow
from app.panels.inspector import Inspector
from app.panels.project_edits import ProjectEdits
from engine.graph.graph import Block, Graph, PortRef, Wire, sorted_wires
from engine.training.plan import ContrastiveDivergence, DatasetRef, Supervised
from tests.app.panels.inspecting import page

LEFT = Qt.MouseButton.LeftButton

EDITS = ProjectEdits(Supervised, ContrastiveDivergence, DatasetRef, default_threads=3)


def wire(source: str, port: str, target: str, into: str) -> Wire:
    return Wire(source=PortRef(source, port), target=PortRef(target, into))


def drawing() -> Graph:
    blocks = (
        Block("in", "input", "Input"),
        Block("c", "conv2d", "Convolution"),
        Block("c2", "conv2d", "Second", parameters={"out_channels": 32}),
        Block("d", "dense", "hidden"),
        Block("r", "relu", "ReLU"),
        Block("e", "rbm", "RBM"),
        Block("l", "cross_entropy", "Cross-entropy"),
    )
    wires = [
        wire("in", "image", "c", "input"),
        wire("c", "output", "c2", "input"),
        wire("d", "output", "l", "logits"),
        wire("in", "label", "l", "target"),
    ]
    return Graph(blocks={b.id: b for b in blocks}, wires=sorted_wires(wires), variables={"w": 24})


def row(inspector: Inspector, parameter: str) -> FieldRow:
    section = page(inspector).parameters
    assert section is not None
    return section.row(parameter)


def entry(row: FieldRow) -> QWidget:
    found = row.field().focusProxy()
    assert found is not None
    return found


def type_into(qtbot: QtBot, row: FieldRow, text: str) -> None:
    line = entry(row)
    qtbot.mouseClick(line, LEFT)
    line.selectAll()  # type: ignore[attr-defined]
    qtbot.keyClicks(line, text)
    qtbot.keyClick(line, Qt.Key.Key_Return)


def choose(qtbot: QtBot, row: FieldRow, label: str) -> None:
    field: Any = row.field()
    qtbot.mouseClick(field, LEFT)
    menu = field.menu()
    action = next(action for action in menu.actions() if action.text() == label)
    qtbot.mouseClick(menu, LEFT, pos=menu.actionGeometry(action).center())
