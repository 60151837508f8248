"""How weights start and learn, of one block and of several."""

from __future__ import annotations

from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.panels.inspector import Inspector
from engine.graph.edits import set_learning, set_parameter
from engine.graph.graph import Initialiser, Learning
from graph_editor.document import Document
from graph_editor.theme import load_theme
from tests.app.panels.inspected_drawing import LEFT, choose, entry, row, type_into
from tests.app.panels.inspecting import page

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)")  # menus, off-screen


def test_initial_weights_rate_and_freezing(inspector: Inspector, document: Document, qtbot: QtBot) -> None:
    inspector.show_selection((), ("c",))
    learning = page(inspector).learning
    assert learning is not None
    choose(qtbot, learning.start_row(), "He normal")
    assert document.graph.blocks["c"].learning.initialisers == {"weight": Initialiser("he-normal")}
    choose(qtbot, learning.start_row(), "Uniform")
    assert learning.argument_row().isVisible()
    type_into(qtbot, learning.argument_row(), "0.5")
    assert document.graph.blocks["c"].learning.initialisers["weight"] == Initialiser("uniform", {"bound": 0.5})
    type_into(qtbot, learning.rate_factor, "0.1")
    qtbot.mouseClick(learning.more.link(), LEFT)
    qtbot.mouseClick(learning.frozen.field(), LEFT)
    type_into(qtbot, learning.decay, "0.01")
    now = document.graph.blocks["c"].learning
    assert (now.rate_factor, now.frozen, now.decay) == (0.1, True, 0.01)
    assert document.undo_stack.count() == 6
    choose(qtbot, learning.start_row(), "PyTorch default")
    assert document.graph.blocks["c"].learning.initialisers == {}


def test_learning_values_that_differ_are_shown_as_differing(
    inspector: Inspector, document: Document, qtbot: QtBot
) -> None:
    fast = Learning(rate_factor=0.1, decay=0.01, initialisers={"weight": Initialiser("he-normal")})
    document.edit("Learn slowly", set_learning, "c", fast)
    inspector.show_selection((), ("c", "c2"))
    learning = page(inspector).learning
    assert learning is not None
    assert learning.rate_factor.field().value() is None
    assert learning.decay.field().value() is None
    assert learning.start_row().field().value() == "several values"
    assert not learning.argument_row().isVisible()
    assert "differ" in entry(learning.rate_factor).placeholderText()
    type_into(qtbot, learning.rate_factor, "0.5")
    assert {document.graph.blocks[id].learning.rate_factor for id in ("c", "c2")} == {0.5}
    assert learning.rate_factor.field().value() == 0.5
    assert document.graph.blocks["c"].learning.decay == 0.01
    choose(qtbot, learning.start_row(), "Uniform")
    assert {document.graph.blocks[id].learning.initialisers["weight"].name for id in ("c", "c2")} == {"uniform"}
    assert learning.argument_row().isVisible()


def test_a_bias_that_starts_with_an_argument_shows_it_on_every_page(
    inspector: Inspector, document: Document, qtbot: QtBot
) -> None:
    for id in ("c", "c2"):
        start = Learning(initialisers={"bias": Initialiser("constant", {"value": 0.5})})
        document.edit("Start", set_learning, id, start)
    inspector.show_selection((), ("c",))
    learning = page(inspector).learning
    assert learning is not None
    assert learning.more.is_open(), "something in there is changed"
    assert learning.argument_row(1).field().value() == 0.5
    inspector.show_selection((), ("c2",))
    assert page(inspector).learning.argument_row(1).isVisible()
    inspector.set_theme(load_theme("dark"))
    learning = page(inspector).learning
    assert learning.argument_row(1).field().value() == 0.5
    assert learning.frozen.y() > learning.argument_row(1).y() > learning.start_row(1).y()


def test_switches_that_differ_say_so_and_turn_on_for_all(
    inspector: Inspector, document: Document, qtbot: QtBot
) -> None:
    document.edit("Freeze", set_learning, "c2", Learning(frozen=True))
    document.edit("Bias", set_parameter, "c", "bias", False)
    inspector.show_selection((), ("c", "c2"))
    learning = page(inspector).learning
    assert learning is not None
    assert learning.more.is_open(), "something in there is changed"
    for find in (lambda: learning.frozen, lambda: row(inspector, "bias")):
        field: Any = find().field()
        assert field.value() is None
        assert field.placeholder() == field.accessibleDescription() == "differ"
        assert find().is_changed()
        wide = field.width()
        steps = document.undo_stack.count()
        qtbot.mouseClick(field, LEFT)
        # With a bias there are other weights to start, and the page is another.
        field = find().field()
        assert field.value() is True
        assert (field.placeholder(), field.accessibleDescription()) == ("", "")
        assert field.width() < wide
        assert document.undo_stack.count() == steps + 1
    assert [document.graph.blocks[id].learning.frozen for id in ("c", "c2")] == [True, True]
    assert document.graph.blocks["c"].parameters.get("bias", True) is True
    document.undo_stack.undo()
    document.undo_stack.undo()
    assert learning.frozen.field().value() is None
    inspector.show_selection((), ("c2", "c"))
    assert learning.frozen.field().value() is None, "whichever comes first"
    inspector.show_selection((), ("c2",))
    alone = page(inspector).learning
    assert alone is not None
    assert alone.frozen.field().value() is True


def test_a_block_without_weights_has_nothing_to_learn(inspector: Inspector, document: Document) -> None:
    inspector.show_selection((), ("r",))
    assert page(inspector).learning is None
    assert page(inspector).parameters is None


def test_switching_the_bias_off_takes_its_initial_value_away(
    inspector: Inspector, document: Document, qtbot: QtBot
) -> None:
    inspector.show_selection((), ("d",))
    learning = page(inspector).learning
    assert learning is not None
    assert "bias" in learning.more.link().text()
    qtbot.mouseClick(row(inspector, "bias").field(), LEFT)
    learning = page(inspector).learning
    assert learning is not None
    assert "bias" not in learning.more.link().text()
