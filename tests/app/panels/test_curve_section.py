from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from app.panels.curve_section import CurveChart, CurveSection
from app.panels.inspector import Inspector
from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.edits import set_bypassed
from engine.graph.graph import Block, Graph
from engine.graph.problem import Problem
from graph_editor.document import Document
from graph_editor.theme import load_theme

X = np.linspace(-4, 4, 401, dtype=np.float32)
TANH = {"x": X, "function": np.tanh(X), "derivative": 1 - np.tanh(X) ** 2}


def near(one: QColor, other: QColor) -> bool:
    return all(abs(a - b) < 40 for a, b in zip(one.getRgb()[:3], other.getRgb()[:3], strict=True))


@pytest.mark.parametrize("name", ["light", "dark"])
def test_it_draws_function_and_derivative_in_both_themes(qtbot: QtBot, name: str) -> None:
    theme = load_theme(name)  # type: ignore[arg-type]
    chart = CurveChart(theme)
    qtbot.addWidget(chart)
    chart.resize(280, chart.sizeHint().height())
    chart.show_curves(X.tolist(), {"function": TANH["function"].tolist(), "derivative": TANH["derivative"].tolist()})
    chart.show()
    image = chart.grab().toImage()
    ratio, plot = image.devicePixelRatio(), chart.plot()
    inked = {number: 0 for number in (0, 1)}
    tail = int(0.25 * plot.width() * ratio)
    for x in range(int(plot.left() * ratio), int(plot.left() * ratio) + tail):
        column = [image.pixelColor(x, y) for y in range(int(plot.top() * ratio), int((plot.bottom() + 2) * ratio))]
        for number in inked:
            inked[number] += any(near(colour, theme.class_color(number)) for colour in column)
    assert inked[0] > 0.9 * tail, "the function is one line"
    assert 0.2 * tail < inked[1] < 0.9 * tail, "the derivative is dashed"
    labels = chart.labels()
    assert set(labels) == {"function", "derivative"}
    assert labels["function"].top() < labels["derivative"].top()
    assert all(place.right() <= chart.width() for place in labels.values())


def test_names_of_curves_that_end_together_stand_apart(qtbot: QtBot) -> None:
    chart = CurveChart(load_theme("dark"))
    qtbot.addWidget(chart)
    chart.resize(280, chart.sizeHint().height())
    chart.show_curves([-4.0, 0.0, 4.0], {"function": [0.0, 0.0, 1.0], "derivative": [0.0, 1.0, 1.0]})
    chart.show()
    chart.grab()
    one, two = chart.labels().values()
    assert not one.intersects(two)


def test_the_inspector_shows_the_curve_of_the_block_that_is_selected(qtbot: QtBot) -> None:
    blocks = {"a": Block("a", "tanh", "Tanh"), "b": Block("b", "relu", "ReLU")}
    document = Document(Graph(blocks=blocks), BLOCK_TYPES)
    inspector = Inspector(document, BLOCK_TYPES, {}, load_theme("light"))
    qtbot.addWidget(inspector)
    inspector.show_selection((), ("a",))
    section = inspector.page.curve  # type: ignore[union-attr]
    assert isinstance(section, CurveSection)
    assert section.isHidden()
    inspector.set_curve("a", TANH)
    assert not section.isHidden()
    assert section.chart.curves()["derivative"][200] == pytest.approx(1)
    inspector.set_theme(load_theme("dark"))
    assert not inspector.page.curve.isHidden()  # type: ignore[union-attr]
    inspector.show_selection((), ("b",))
    assert inspector.page.curve.isHidden()  # type: ignore[union-attr]
    inspector.set_curve("b", None)
    assert inspector.page.curve.isHidden()  # type: ignore[union-attr]


def test_the_inspector_says_why_a_block_has_no_curve(qtbot: QtBot) -> None:
    blocks = {"a": Block("a", "prelu", "PReLU", {"slopes": "one a channel"}), "b": Block("b", "relu", "ReLU")}
    document = Document(Graph(blocks=blocks), BLOCK_TYPES)
    inspector = Inspector(document, BLOCK_TYPES, {}, load_theme("light"))
    qtbot.addWidget(inspector)
    inspector.show_selection((), ("a",))
    facts = {"title": "PReLU", "name": "PReLU"}
    inspector.set_curve("a", Problem(code="no-curve", path=("a",), facts=facts))
    section = inspector.page.curve  # type: ignore[union-attr]
    assert not section.isHidden()
    assert section.chart.isHidden()
    assert not section.words.isHidden()
    assert section.words.text().startswith("PReLU has no curve.")
    assert section.words.text().endswith("alike in all channels, has one.")
    inspector.set_curve("a", TANH)
    assert section.words.isHidden()
    assert not section.chart.isHidden()
    inspector.set_curve("b", Problem(code="no-curve", path=("b",), facts=facts))
    assert section.isHidden()
    document.edit("Bypass", set_bypassed, ("a",), True)
    inspector.set_curve("a", Problem(code="no-curve", path=("a",), facts=facts))
    assert inspector.page.curve.isHidden()  # type: ignore[union-attr]
