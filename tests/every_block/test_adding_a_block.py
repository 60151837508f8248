"""Adding a block is one declaration in one place: with it alone, every part of the program knows the block."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from safetensors.torch import load_file, save_file

from app.panels.block_page import BlockPage
from app.panels.inspector import Inspector
from app.panels.palette import Palette
from app.panels.palette_row import BlockRow
from app.panels.project_edits import ProjectEdits
from engine.blocks.catalogue import BLOCK_TYPES, FAMILIES
from engine.compile.analyse import Analyser
from engine.compile.compiler import compile_graph
from engine.compile.python_source import write_source
from engine.data.catalogue import DATASETS
from engine.graph.graph import Graph
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.project.drawing import Drawing
from engine.project.project_file import Project, read_project, write_project
from engine.training.events import Finished, Losses
from engine.training.loop import train
from engine.training.plan import ContrastiveDivergence, DatasetRef, Plan, Settings, Supervised, TrainingRequest
from engine.training.session import open_session
from graph_editor.block_search import find_blocks
from graph_editor.document import Document
from graph_editor.theme import load_theme
from tests.every_block.exporting import loaded
from tests.every_block.swish_gate import SWISH_GATE, SwishGate

ID = SWISH_GATE.id
TYPES = {**BLOCK_TYPES, ID: SWISH_GATE}
LEFT = Qt.MouseButton.LeftButton


class Silent:
    """Nobody steers."""

    def take(self) -> tuple[()]:
        return ()

    def wait(self) -> tuple[()]:
        raise AssertionError("nobody paused")


@pytest.fixture
def graph() -> Graph:
    """Digits, a Dense, the new block, a Dense, cross-entropy."""
    drawn = Drawing(TYPES)
    drawn.add("in", "input", dataset="digits")
    drawn.add("flat", "flatten")
    drawn.add("hidden", "dense", out_features=16)
    drawn.add("new", ID, start=2.0)
    drawn.add("out", "dense", out_features=10)
    drawn.add("loss", "cross_entropy")
    drawn.chain("in.image", "flat", "hidden", "new", "out", "loss.logits")
    drawn.wire("in.label", "loss.target")
    return drawn.graph


@pytest.fixture
def request_(graph: Graph) -> TrainingRequest:
    plan = Plan((Supervised(2, learning_rate=0.01),), batch_size=64, seed=1, threads=1, device="cpu")
    return TrainingRequest("r", graph, plan, ())


def test_the_catalogue_of_the_program_lacks_it() -> None:
    assert ID not in BLOCK_TYPES


def test_the_palette_has_a_row_for_it(qtbot: QtBot) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    palette = Palette(TYPES, FAMILIES, load_theme("light"), host)
    palette.setGeometry(0, 0, 240, 4000)
    host.show()
    qtbot.keyClicks(palette.browser.search.line(), "swish g")
    rows = [row.type_id for row in palette.browser.rows() if isinstance(row, BlockRow)]
    assert rows[0] == ID


@pytest.mark.parametrize("text", ["swish gate", "learned swish", "SwishGate", "swish_gate"])
def test_the_search_finds_it_by_title_alias_class_and_id(text: str) -> None:
    assert find_blocks(text, TYPES).matches[0].type_id == ID


def test_the_search_takes_its_values_and_knows_what_it_accepts() -> None:
    spec = TensorSpec((Dim("N"), 16), "float32")
    (match, *_) = find_blocks("swish gate 0.5", TYPES, spec=spec).matches
    assert (match.type_id, dict(match.parameters)) == (ID, {"start": 0.5})
    labels = find_blocks("swish gate", TYPES, spec=TensorSpec((Dim("N"),), "int64"))
    assert ID in labels.refusing


def test_the_inspector_shows_its_fields_and_edits_them(graph: Graph, qtbot: QtBot) -> None:
    document = Document(graph, TYPES, Settings())
    edits = ProjectEdits(Supervised, ContrastiveDivergence, DatasetRef, default_threads=1)
    inspector = Inspector(document, TYPES, DATASETS, load_theme("light"), edits)
    inspector.resize(288, 900)
    qtbot.addWidget(inspector)
    inspector.show()
    inspector.show_selection((), ("new",))
    page = inspector.page
    assert isinstance(page, BlockPage)
    assert page.parameters is not None
    row = page.parameters.row("start")
    assert row.field().value() == 2.0
    line = row.field().focusProxy()
    assert line is not None
    qtbot.mouseClick(line, LEFT)
    line.selectAll()  # type: ignore[attr-defined]
    qtbot.keyClicks(line, "3.5")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert document.graph.blocks["new"].parameters == {"start": 3.5}
    assert document.undo_stack.undoText() == "First slope of Swish gate"


def test_analysis_knows_its_shape_cost_and_second_line(graph: Graph) -> None:
    analysis = Analyser(TYPES).analyse(graph)
    assert [problem.sentence for problem in analysis.problems] == []
    assert str(analysis.specs["new/output"]) == "N×16"
    assert analysis.costs["new"].parameters == 1
    assert SWISH_GATE.second_line({"start": 2.0}, {}) == "β 2"


def test_it_trains(request_: TrainingRequest) -> None:
    session = open_session(request_, TYPES)
    module = session.network.block("new")
    assert isinstance(module, SwishGate)
    assert module.slope.item() == 2.0
    events = list(train(request_, Silent(), session))
    assert isinstance(events[-1], Finished), events[-1]
    assert events[-1].test["accuracy"] > 0.8
    assert len([event for event in events if isinstance(event, Losses)]) > 0
    assert module.slope.item() != 2.0


def test_it_is_saved_and_read_with_its_weights(graph: Graph, tmp_path: Path) -> None:
    network = compile_graph(graph, TYPES, seed=2)
    state = {key: tensor.clone() + 1 for key, tensor in network.state().items()}
    assert state["new.slope"].tolist() == [3.0]
    save_file(state, tmp_path / "weights.safetensors")
    path = tmp_path / "new.loom"
    write_project(path, Project(graph=graph), tmp_path / "weights.safetensors")
    project = read_project(path, TYPES)
    assert project.graph == graph
    file = project.weights_file(tmp_path)
    assert file is not None
    again = compile_graph(project.graph, TYPES, seed=4)
    again.load_state(load_file(file))
    for key, tensor in again.state().items():
        assert torch.equal(tensor, state[key])


def test_a_program_without_it_keeps_it_as_it_is(graph: Graph, tmp_path: Path) -> None:
    path = tmp_path / "new.loom"
    write_project(path, Project(graph=graph))
    stranger = read_project(path, BLOCK_TYPES)
    write_project(path, Project(graph=stranger.graph))
    assert read_project(path, TYPES).graph.blocks["new"].parameters == {"start": 2.0}


def test_the_exported_python_uses_it(graph: Graph) -> None:
    network = compile_graph(graph, TYPES, seed=2)
    source = write_source(graph, TYPES, "With a new block")
    assert "from tests.every_block.swish_gate import SwishGate" in source.text
    assert "self.swish_gate = SwishGate(start=2.0)" in source.text
    model = loaded(source.text).WithANewBlock()
    model.load_state_dict(network.readable_state())
    image = torch.rand(3, 1, 8, 8)
    (expected,) = network.slice(("out/output",)).module(image)
    assert torch.equal(model(image), expected)
