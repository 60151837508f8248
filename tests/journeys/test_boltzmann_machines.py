"""A drawing of a machine that needs no loss: the window offers contrastive divergence, lists the stage, and trains."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hands import Hands
from PySide6.QtWidgets import QWidget

from app.panels.project_panel import ProjectPanel
from app.views.filters import FiltersView
from engine.blocks.catalogue import BLOCK_TYPES
from engine.project.drawing import Drawing
from engine.project.project_file import Project, write_project
from engine.training.plan import ContrastiveDivergence, DatasetRef, Plan, Settings, Supervised, ViewSpec

OFFER = "Train it by contrastive divergence"


def link(hands: Hands, words: str) -> QWidget | None:
    for child in hands.window.inspector.findChildren(QWidget):
        text = getattr(child, "text", None)
        if callable(text) and text() == words and child.isVisible():
            return child
    return None


def convolutional(drawing: Drawing) -> None:
    drawing.add("machine", "conv_rbm", (224, 24), hidden=9)
    drawing.chain("input.image", "machine")


def pooled(drawing: Drawing) -> None:
    drawing.add("machine", "conv_rbm", (224, 24), hidden=9, pool=2)
    drawing.chain("input.image", "machine")


def deep(drawing: Drawing) -> None:
    drawing.add("flatten", "flatten", (224, 24))
    drawing.add("machine", "deep_boltzmann_machine", (416, 24), hidden=(32, 16))
    drawing.chain("input.image", "flatten", "machine")


@pytest.mark.parametrize("draw", [convolutional, pooled, deep])
def test_a_machine_without_a_loss_is_offered_its_stage_and_trains(
    open_hands: Callable[..., Hands], tmp_path: Path, draw: Callable[[Drawing], None]
) -> None:
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("input", "input")
    draw(drawing)
    file = tmp_path / "machine.loom"
    views = (ViewSpec("v1", "loss"), ViewSpec("v2", "filters", "machine"))
    settings = Settings(Plan((Supervised(),), batch_size=50), (DatasetRef("digits"),), views)
    write_project(file, Project(drawing.graph, settings))
    hands = open_hands(file)
    hands.wait_ready()
    hands.wait(lambda: link(hands, OFFER), "the offer")
    offer = link(hands, OFFER)
    assert offer is not None
    hands.click(offer)
    assert hands.workspace.document.settings.plan.stages == (ContrastiveDivergence("machine"),)
    hands.wait_analysed()
    panel = hands.window.inspector.page
    assert isinstance(panel, ProjectPanel)
    assert panel.plan is not None
    assert [heading.accessibleName() for heading in panel.plan.headings] == ["Contrastive divergence"]
    assert panel.plan.stage_rows[0]["block"].field().value() == "machine"
    hands.press_run_button("Run")
    hands.wait_phase("finished")
    history = hands.workspace.history
    assert history is not None
    errors = history.losses.array()
    assert errors[-20:].mean() < errors[:20].mean()
    filters = hands.window.findChild(FiltersView)
    assert filters is not None

    def changed() -> int:
        _, known, words = filters.chart.accessibleDescription().partition("changed ")
        return int(words.removesuffix(" %")) if known else 0

    # The last look at them may come a pull after the end of the run
    hands.wait(lambda: changed() > 50, "the filters that have learnt")


def test_pool_is_typed_and_the_shape_follows_or_says_what_fits(
    open_hands: Callable[..., Hands], tmp_path: Path
) -> None:
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("input", "input")
    drawing.add("first", "conv_rbm", (224, 24), name="First")
    drawing.add("second", "conv_rbm", (448, 24), name="Second", kernel_size=(2, 2))
    drawing.chain("input.image", "first", "second")
    file = tmp_path / "stack.loom"
    write_project(
        file, Project(drawing.graph, Settings(Plan((ContrastiveDivergence("first"),)), (DatasetRef("digits"),)))
    )
    hands = open_hands(file)
    hands.wait_ready()
    hands.set_parameter("first", "pool", "2")
    hands.wait_analysed()
    specs = hands.workspace.analysis.analysis.specs
    assert [specs[f"{id}/output"].per_sample for id in ("first", "second")] == ["16×3×3", "16×2×2"]
    hands.set_parameter("second", "pool", "2")
    hands.wait_analysed()
    assert hands.workspace.analysis.analysis.specs["second/output"].per_sample == "16×1×1"
    hands.set_parameter("first", "pool", "4")
    hands.wait_analysed()
    (sentence,) = [problem.sentence for problem in hands.problems if problem.severity == "error"]
    assert "“First”" in sentence
    assert "a multiple of 4" in sentence
    assert "Crop or pad the picture to 6×6" in sentence
