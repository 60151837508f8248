"""Painting leaves the reference count of None alone.

PySide 6.12 on Python before 3.12 takes one reference of None with each call that returns nothing; after some minutes
of painting none is left and the process aborts. From Python 3.12 on None is immortal.
"""

from __future__ import annotations

import sys

import numpy as np
import pyqtgraph
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from graph_editor.theme import load_theme

ROUNDS = 300
CALLS_A_ROUND = 10
# What caches and the interpreter hold on to or let go of by themselves stays far below one a round.
TOLERANCE = 50

pytestmark = pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is immortal from Python 3.12 on")


class Painted(QWidget):
    """A widget that paints as the canvas does: pens, brushes, paths, text."""

    def paintEvent(self, event: object) -> None:
        theme = load_theme("light", 1.0)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.save()
        for row in range(CALLS_A_ROUND):
            painter.setPen(theme.pen("edge"))
            painter.setBrush(theme.brush("block"))
            painter.drawRoundedRect(QRectF(4, 4 + 8 * row, 80, 6), 3, 3)
            painter.setFont(theme.font(11))
            painter.drawText(10, 10 + 8 * row, "16×8×8")
        painter.restore()
        painter.end()


def _lost(work: object, rounds: int = ROUNDS) -> int:
    assert callable(work)
    for _ in range(20):
        work()
    before = sys.getrefcount(None)
    for _ in range(rounds):
        work()
    return before - sys.getrefcount(None)


def test_painting_a_widget_loses_no_reference_to_none(qtbot: QtBot) -> None:
    widget = Painted()
    qtbot.addWidget(widget)
    widget.resize(100, 100)
    image = QImage(100, 100, QImage.Format.Format_ARGB32_Premultiplied)
    assert _lost(lambda: widget.render(image)) < TOLERANCE


def test_painting_a_plot_loses_no_reference_to_none(qtbot: QtBot) -> None:
    plot = pyqtgraph.PlotWidget()
    qtbot.addWidget(plot)
    plot.resize(320, 200)
    curve = plot.plot(np.arange(100), np.zeros(100))
    image = pyqtgraph.ImageItem()
    plot.addItem(image)
    random = np.random.default_rng(0)

    def frame() -> None:
        curve.setData(np.arange(100), random.random(100))
        image.setImage(random.random((8, 8)))
        plot.grab()

    assert _lost(frame, rounds=100) < TOLERANCE


def test_the_count_would_show_a_loss() -> None:
    held: list[object] = [None] * (CALLS_A_ROUND * ROUNDS)
    assert _lost(held.pop, rounds=ROUNDS) >= ROUNDS - TOLERANCE
