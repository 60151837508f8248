"""Texts beside each other, of whatever size, stand on one line."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from app.panels.palette_row import FamilyRow
from app.panels.problem_list import HEADING_HEIGHT, ProblemList
from app.panels.start_page import TextRow
from app.panels.status_bar import StatusBar
from app.panels.view_tile import TileHeader
from app.panels.views_header import ViewsHeader
from engine.graph.problem import Problem
from graph_editor.theme import Theme, load_theme

GAP = 6
"""Between texts are more px than these without ink, between letters fewer."""


def feet(widget: QWidget, left: int, height: int) -> set[int]:
    """Where the texts right of `left` in the upper `height` px end below."""
    image = widget.grab().toImage()
    paper = image.pixelColor(left, 4).lightness()
    found: list[int] = []
    last = left - GAP - 1
    for x in range(left, image.width()):
        ink = [y for y in range(2, height) if differs(image.pixelColor(x, y), paper)]
        if ink:
            if x - last > GAP:
                found.append(0)
            found[-1] = max(found[-1], ink[-1])
            last = x
    assert len(found) > 1
    return set(found)


def differs(ink: QColor, paper: int) -> bool:
    return abs(ink.lightness() - paper) > 70


def tile(theme: Theme) -> QWidget:
    header = TileHeader("HH", theme)
    header.set_subtitle("HH")
    header.more.hide()
    return header


def views(theme: Theme) -> QWidget:
    header = ViewsHeader(theme)
    header.set_subtitle("HH")
    header.set_lively(False)
    return header


def problems(theme: Theme) -> QWidget:
    made = ProblemList(theme)
    made.set_problems((Problem(code="no-loss"),))
    return made


def status(theme: Theme) -> QWidget:
    bar = StatusBar(theme)
    bar.problems.set_label("HH")
    for label in (bar.blocks, bar.parameters, bar.saved):
        label.setText("HH")
    return bar


def file(theme: Theme) -> QWidget:
    return TextRow("HH", "HH", "HH", "ph.file", theme)


def family(theme: Theme) -> QWidget:
    return FamilyRow("dense", "HH", 11, theme)


@pytest.mark.parametrize("scale", [1.0, 1.25, 1.5, 2.0])
@pytest.mark.parametrize(
    ("make", "left", "height"),
    [(tile, 4, 0), (views, 4, 30), (problems, 4, HEADING_HEIGHT), (status, 30, 0), (file, 28, 0), (family, 52, 0)],
    ids=["tile", "views", "problems", "status", "file", "family"],
)
def test_texts_beside_each_other_stand_on_one_line(
    make: Callable[[Theme], QWidget], left: int, height: int, scale: float, qtbot
) -> None:
    widget = make(load_theme("light", scale))
    qtbot.addWidget(widget)
    widget.resize(400, widget.sizeHint().height())
    widget.show()
    qtbot.waitExposed(widget)
    assert len(feet(widget, left, height or widget.height())) == 1
