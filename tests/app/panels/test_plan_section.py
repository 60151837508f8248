"""The plan in the project's panel: each setting and each stage is one undo step."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.panels.inspector import Inspector
from engine.graph.problem import Fix, Problem
from engine.training.plan import ContrastiveDivergence, Plan, Supervised
from graph_editor.document import Document
from tests.app.panels.inspected_drawing import LEFT, choose, type_into
from tests.app.panels.inspecting import project

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)")  # menus, off-screen


def test_plan_settings_are_edited_and_undone(inspector: Inspector, document: Document, qtbot: QtBot) -> None:
    plan = project(inspector).plan
    assert plan is not None
    type_into(qtbot, plan.stage_rows[0]["epochs"], "5")
    type_into(qtbot, plan.batch_size, "32")
    type_into(qtbot, plan.seed, "7")
    assert document.settings.plan == Plan(stages=(Supervised(epochs=5),), batch_size=32, seed=7)
    assert document.undo_stack.count() == 3
    document.undo_stack.undo()
    assert plan.seed.field().value() == 0


def test_momentum_belongs_to_sgd(inspector: Inspector, document: Document, qtbot: QtBot) -> None:
    plan = project(inspector).plan
    assert plan is not None
    assert "momentum" not in plan.stage_rows[0]
    choose(qtbot, plan.stage_rows[0]["optimiser"], "SGD")
    plan = project(inspector).plan
    assert plan is not None
    type_into(qtbot, plan.stage_rows[0]["momentum"], "0.5")
    assert document.settings.plan.stages == (Supervised(optimiser="sgd", momentum=0.5),)


def test_stages_are_added_and_removed(inspector: Inspector, document: Document, qtbot: QtBot) -> None:
    plan = project(inspector).plan
    assert plan is not None
    menu = plan.open_add_menu()
    action = next(action for action in menu.actions() if action.text() == "Contrastive divergence on RBM")
    qtbot.mouseClick(menu, LEFT, pos=menu.actionGeometry(action).center())
    assert document.settings.plan.stages == (Supervised(), ContrastiveDivergence(block="e"))
    plan = project(inspector).plan
    assert plan is not None
    type_into(qtbot, plan.stage_rows[1]["k"], "3")
    assert document.settings.plan.stages[1].k == 3
    row = plan.stage_rows[1]["persistent"]
    assert "chains" in row.toolTip()
    qtbot.mouseClick(row.field(), LEFT)
    qtbot.mouseClick(plan.headings[0].remove, LEFT)
    assert document.settings.plan.stages == (ContrastiveDivergence(block="e", k=3, persistent=True),)


def test_contrastive_divergence_is_offered_where_nothing_else_trains(inspector: Inspector, qtbot: QtBot) -> None:
    fix = Fix("add_contrastive_divergence", ("e",))
    inspector.set_problems((Problem("no-loss-energy", path=("e",), facts={"name": "RBM"}, fixes=(fix,)),))
    link = next(child for child in inspector.findChildren(QWidget) if _text(child) == fix.label)
    with qtbot.waitSignal(inspector.fix) as signal:
        qtbot.mouseClick(link, LEFT)
    assert signal.args == [fix]


def _text(widget: QWidget) -> str:
    text = getattr(widget, "text", None)
    return str(text()) if callable(text) else ""
