"""The inspector with real keys and clicks: every change is one undo step, a refused one changes nothing."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.panels.block_header import BlockHeader
from app.panels.data_section import FOLDER
from app.panels.fields import FieldRow
from app.panels.inspector import Inspector
from app.panels.project_edits import ProjectEdits
from app.panels.project_panel import ProjectPanel
from engine.blocks.catalogue import BLOCK_TYPES
from engine.data.catalogue import DATASETS
from engine.graph.analysis import Analysis, Cost
from engine.graph.edits import rename, set_learning, set_parameter
from engine.graph.graph import Block, Graph, Initialiser, Learning, PortRef, Wire, sorted_wires
from engine.graph.problem import Fix, Problem
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.graph.values import Formula
from engine.training.events import Array
from engine.training.plan import ContrastiveDivergence, DatasetRef, Plan, Settings, Supervised
from engine.worker.protocol import DatasetDescribed, Downloaded, DownloadProgress
from graph_editor.document import Document
from graph_editor.theme import load_theme
from tests.app.panels.inspecting import page, project, shown

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)")  # menus, off-screen

LEFT = Qt.MouseButton.LeftButton
EDITS = ProjectEdits(Supervised, ContrastiveDivergence, DatasetRef, default_threads=3)
RANK = Problem(
    "rank",
    path=("d",),
    facts={"title": "Dense", "name": "hidden", "expected": "N×features", "received": "N×16×8×8", "hint": "Flatten."},
    fixes=(Fix("insert_between", facts={"type": "Flatten"}),),
)


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


@pytest.fixture
def document(qapp: object) -> Document:
    settings = Settings(
        datasets=(DatasetRef("digits"),),
        title="Digits convnet",
        about="Reads pictures.",
        tries=("Press Run.", "Drag Dropout onto a wire.", "Set the kernel to 1×1."),
    )
    return Document(drawing(), BLOCK_TYPES, settings)


@pytest.fixture
def inspector(document: Document, qtbot: QtBot) -> Inspector:
    return shown(Inspector(document, BLOCK_TYPES, DATASETS, load_theme("light"), EDITS), qtbot)


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


def test_a_typed_number_is_one_undo_step(inspector: Inspector, document: Document, qtbot: QtBot) -> None:
    inspector.show_selection((), ("c",))
    type_into(qtbot, row(inspector, "out_channels"), "24")
    assert document.graph.blocks["c"].parameters == {"out_channels": 24}
    assert document.undo_stack.count() == 1
    assert document.undo_stack.undoText() == "Filters of Convolution"
    assert row(inspector, "out_channels").is_changed()
    document.undo_stack.undo()
    assert document.graph.blocks["c"].parameters == {}
    assert row(inspector, "out_channels").field().value() == 16
    assert not row(inspector, "out_channels").is_changed()


def test_the_reset_arrow_goes_back_to_the_default(inspector: Inspector, document: Document, qtbot: QtBot) -> None:
    inspector.show_selection((), ("c2",))
    assert row(inspector, "out_channels").reset_button().isVisible()
    qtbot.mouseClick(row(inspector, "out_channels").reset_button(), LEFT)
    assert document.graph.blocks["c2"].parameters == {}


def test_out_of_range_keeps_the_old_value_and_says_the_range(
    inspector: Inspector, document: Document, qtbot: QtBot
) -> None:
    inspector.show_selection((), ("c",))
    type_into(qtbot, row(inspector, "out_channels"), "0")
    assert document.undo_stack.count() == 0
    assert row(inspector, "out_channels").field().error() == "out of range: 1 to 65\u2009536"


def test_text_that_is_no_number_becomes_a_formula(inspector: Inspector, document: Document, qtbot: QtBot) -> None:
    inspector.show_selection((), ("c",))
    type_into(qtbot, row(inspector, "out_channels"), "w * 2")
    assert document.graph.blocks["c"].parameters == {"out_channels": Formula("w * 2")}
    field: Any = row(inspector, "out_channels").field()
    assert field.computed() == "48"
    type_into(qtbot, row(inspector, "out_channels"), "nobody")
    assert document.undo_stack.count() == 1
    assert "nobody" in field.error()


def test_an_edit_that_the_document_refuses_is_told(inspector: Inspector, document: Document, qtbot: QtBot) -> None:
    inspector.show_selection((), ("c",))
    section = page(inspector).parameters
    assert section is not None
    parameter = BLOCK_TYPES["conv2d"].parameter("out_channels")
    with qtbot.waitSignal(inspector.edit_refused) as signal:
        section._edited(parameter, 0)  # type: ignore[arg-type]
    assert signal.args[0].code == "parameter-range"
    assert document.graph.blocks["c"].parameters == {}
    assert row(inspector, "out_channels").field().value() == 16
    assert row(inspector, "out_channels").field().error() == "out of range: 1 to 65\u2009536"


def test_a_choice_and_a_switch(inspector: Inspector, document: Document, qtbot: QtBot) -> None:
    inspector.show_selection((), ("c",))
    choose(qtbot, row(inspector, "padding"), "None")
    qtbot.mouseClick(row(inspector, "bias").field(), LEFT)
    assert document.graph.blocks["c"].parameters == {"padding": "none", "bias": False}
    assert document.undo_stack.count() == 2


def test_advanced_parameters_fold_behind_a_link_that_names_them(
    inspector: Inspector, document: Document, qtbot: QtBot
) -> None:
    inspector.show_selection((), ("c",))
    assert not row(inspector, "dilation").isVisible()
    section = page(inspector).parameters
    assert section is not None
    folded = section.advanced()
    assert folded is not None
    assert folded.link().text().startswith("Padding size, dilation")
    qtbot.mouseClick(folded.link(), LEFT)
    assert row(inspector, "dilation").isVisible()
    document.edit("Groups", set_parameter, "c2", "groups", 2)
    inspector.show_selection((), ("c2",))
    assert row(inspector, "groups").isVisible()


def test_the_name_is_edited_in_place(inspector: Inspector, document: Document, qtbot: QtBot) -> None:
    inspector.show_selection((), ("c",))
    header = page(inspector).header
    assert isinstance(header, BlockHeader)
    assert header.subtitle() == "Conv2d"
    qtbot.mouseClick(header.name, LEFT)
    qtbot.keyClicks(header.name, "edges")
    qtbot.keyClick(header.name, Qt.Key.Key_Return)
    assert document.graph.blocks["c"].name == "edges"
    qtbot.mouseClick(header.name, LEFT)
    qtbot.keyClicks(header.name, "nothing")
    qtbot.keyClick(header.name, Qt.Key.Key_Escape)
    assert document.graph.blocks["c"].name == "edges"
    assert header.name.text() == "edges"
    assert document.undo_stack.count() == 1


def test_a_name_too_long_ends_in_an_ellipsis_until_it_is_edited(
    inspector: Inspector, document: Document, qtbot: QtBot
) -> None:
    whole = "A transposed convolution in three dimensions"
    document.edit("Name", rename, "c", whole)
    inspector.show_selection((), ("c",))
    header = page(inspector).header
    assert isinstance(header, BlockHeader)
    name = header.name
    assert name.text().endswith("…")
    assert whole.startswith(name.text()[:-1])
    assert whole in name.toolTip()
    shown = name.cursorRect().left() + name.fontMetrics().horizontalAdvance(name.text())
    assert shown < name.width(), "the ellipsis is in sight"
    qtbot.mouseClick(name, LEFT)
    assert name.text() == name.selectedText() == whole
    qtbot.keyClick(name, Qt.Key.Key_Return)
    assert name.text().endswith("…")
    assert document.graph.blocks["c"].name == whole
    qtbot.mouseClick(name, LEFT)
    row(inspector, "out_channels").field().setFocus()
    assert name.text().endswith("…")
    assert document.undo_stack.count() == 1
    document.edit("Name", rename, "c", "Short")
    assert (name.text(), name.toolTip()) == ("Short", "Click to rename")


def test_the_menu_of_the_name_leaves_what_is_being_typed(inspector: Inspector, qtbot: QtBot) -> None:
    inspector.show_selection((), ("c",))
    name = page(inspector).header.name  # type: ignore[union-attr]
    qtbot.mouseClick(name, LEFT)
    qtbot.keyClicks(name, "edg")
    menu = name.createStandardContextMenu()
    menu.popup(name.mapToGlobal(QPoint(4, 4)))
    assert name.text() == "edg"
    menu.close()
    assert name.text() == "edg"


def test_help_and_the_menu(inspector: Inspector, document: Document, qtbot: QtBot) -> None:
    inspector.show_selection((), ("c2",))
    header = page(inspector).header
    assert isinstance(header, BlockHeader)
    with qtbot.waitSignal(inspector.help_wanted) as signal:
        qtbot.mouseClick(header.help_button, LEFT)
    assert signal.args == ["conv2d"]
    menu = header.open_menu()
    action = next(action for action in menu.actions() if action.text() == "Reset all parameters")
    qtbot.mouseClick(menu, LEFT, pos=menu.actionGeometry(action).center())
    assert document.graph.blocks["c2"].parameters == {}
    assert document.undo_stack.count() == 1


def test_several_blocks_change_together_as_one_step(inspector: Inspector, document: Document, qtbot: QtBot) -> None:
    inspector.show_selection((), ("c", "c2"))
    assert page(inspector).header.title() == "2 blocks"
    field: Any = row(inspector, "out_channels").field()
    assert field.value() is None
    type_into(qtbot, row(inspector, "out_channels"), "12")
    assert {document.graph.blocks[id].parameters["out_channels"] for id in ("c", "c2")} == {12}
    assert document.undo_stack.count() == 1
    inspector.show_selection((), ("c", "d"))
    section = page(inspector).parameters
    assert section is not None
    assert section.row("bias")
    with pytest.raises(KeyError):
        section.row("out_channels")


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


def test_results_come_from_the_analysis(inspector: Inspector) -> None:
    inspector.show_selection((), ("c",))
    result = page(inspector).result
    assert result.output("output").value() == "–"
    spec = TensorSpec((Dim("N"), 16, 8, 8), "float32")
    inspector.set_analysis(Analysis(specs={"c/output": spec}, costs={"c": Cost(160, 9216, 4096)}))
    assert result.output("output").value() == "N×16×8×8"
    assert result.parameters.value() == "160"
    assert result.multiply_adds.value() == "9\u2009216"
    assert result.activations.value() == "4.1\u2009kB/sample"
    assert not result.sees.isVisible()
    costs = {"c": Cost(160, 9216, 4096, 12_288)}
    inspector.set_analysis(Analysis(costs=costs, receptive_fields={"c": (5, 3)}))
    assert result.training.value() == "12\u2009kB/sample"
    assert (result.sees.label(), result.sees.value()) == ("Sees", "5×3")
    assert result.sees.isVisible()
    inspector.set_analysis(Analysis(costs=costs, receptive_fields={"c": (None, None)}))
    assert result.sees.value() == "the whole input"
    inspector.set_analysis(Analysis(costs=costs, fields_untold={"c": "own-code"}))
    assert (result.sees.isVisible(), result.sees.value()) == (True, "not known")
    assert result.sees.toolTip() == "Your own code may look anywhere"


def test_weights_now_belong_to_their_block(inspector: Inspector) -> None:
    image = QImage(72, 18, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    inspector.set_weights_now("c", image, "Norm 1.21 · changed 38 % since the start")
    inspector.show_selection((), ("d",))
    assert not page(inspector).weights.isVisible()
    inspector.show_selection((), ("c",))
    assert page(inspector).weights.isVisible()
    assert page(inspector).weights.words.text().startswith("Norm 1.21")


def test_problems_of_the_block_stand_on_top_with_their_fixes(inspector: Inspector, qtbot: QtBot) -> None:
    inspector.set_analysis(Analysis(problems=(RANK,)))
    inspector.show_selection((), ("c",))
    assert page(inspector).problem_rows() == []
    inspector.show_selection((), ("d",))
    rows = page(inspector).problem_rows()
    assert [problem.problem for problem in rows] == [RANK]
    with qtbot.waitSignal(inspector.fix) as signal:
        qtbot.mouseClick(rows[0].links[0], LEFT)
    assert signal.args[0] == RANK.fixes[0]


def test_a_container_tells_of_the_worst_problems_inside_and_leads_there(inspector: Inspector, qtbot: QtBot) -> None:
    inside = [Problem("rank", severity, ("d", 0, "x"), facts=RANK.facts) for severity in ("advice", "warning", "error")]
    elsewhere = Problem("rank", path=("c", "d"), facts=RANK.facts)
    inspector.show_selection((), ("d",))
    inspector.set_problems((elsewhere, *inside, RANK, inside[0], inside[1]))
    rows = page(inspector).problem_rows()
    assert [row.problem for row in rows] == [RANK, inside[2], inside[1], inside[1]]
    with qtbot.assertNotEmitted(inspector.jump):
        qtbot.mouseClick(rows[0], LEFT)
    with qtbot.waitSignal(inspector.jump) as signal:
        qtbot.mouseClick(rows[1], LEFT)
    assert signal.args[0] == ("d", 0, "x")


def test_nothing_selected_shows_the_project(inspector: Inspector) -> None:
    inspector.set_project_place("digits-convnet", "Example, opened as a copy")
    panel = project(inspector)
    assert panel.header.title() == "Digits convnet"
    assert panel.header.subtitle() == "Example, opened as a copy"
    assert panel.about.text() == "Reads pictures."
    assert [section.title for section in panel.sections] == ["Try", "Data", "Training", "Variables"]


def test_a_deleted_selection_falls_back_to_the_project(inspector: Inspector, document: Document, qtbot: QtBot) -> None:
    inspector.show_selection((), ("r",))
    header = page(inspector).header
    assert isinstance(header, BlockHeader)
    menu = header.open_menu()
    action = next(action for action in menu.actions() if action.text() == "Delete")
    qtbot.mouseClick(menu, LEFT, pos=menu.actionGeometry(action).center())
    assert "r" not in document.graph.blocks
    assert isinstance(inspector.page, ProjectPanel)


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


def test_a_dataset_is_chosen_for_an_input_as_one_step(inspector: Inspector, document: Document, qtbot: QtBot) -> None:
    inspector.show_selection((), ("in",))
    data = inspector.data_section()
    assert data is not None
    before = document.graph
    with qtbot.waitSignal(inspector.dataset_chosen) as signal:
        choose(qtbot, data.dataset, "Iris")
    assert signal.args == [DatasetRef("iris")]
    block = document.graph.blocks["in"]
    assert block.parameters == {"dataset": "iris", "fields": ("features: 4 float32", "label: 3 classes")}
    assert document.settings.datasets == (DatasetRef("iris"),)
    assert wire("in", "label", "l", "target") in document.graph.wires
    assert all(known.source.port != "image" for known in document.graph.wires)
    assert document.undo_stack.count() == 1
    document.undo_stack.undo()
    assert document.graph == before
    assert document.settings.datasets == (DatasetRef("digits"),)


def test_the_project_panel_chooses_for_its_input(inspector: Inspector, document: Document, qtbot: QtBot) -> None:
    choose(qtbot, project(inspector).data.dataset, "MNIST")
    assert document.graph.blocks["in"].parameters["dataset"] == "mnist"
    assert document.settings.datasets == (DatasetRef("mnist"),)
    choose(qtbot, project(inspector).data.dataset, "None")
    assert document.graph.blocks["in"].parameters["dataset"] == ""
    assert document.settings.datasets == ()


def test_a_description_fills_pictures_rows_and_split(inspector: Inspector) -> None:
    pictures = Array.of(np.linspace(0, 1, 16 * 64, dtype=np.float32).reshape(16, 8, 8))
    fields = DATASETS["digits"].fields
    message = DatasetDescribed(id=1, name="digits", fields=fields, rows=(1257, 270, 270), pictures=pictures)
    inspector.set_dataset_described(message)
    data = project(inspector).data
    assert len(data.pictures.images()) == 16
    assert data.pictures.isVisible()
    assert data.count.value() == "1\u2009797"
    assert data.split.value() == "70 / 15 / 15 %"


def test_a_download_runs_is_cancelled_and_says_why_it_failed(
    inspector: Inspector, document: Document, qtbot: QtBot
) -> None:
    choose(qtbot, project(inspector).data.dataset, "MNIST")
    absent = Problem("unknown-dataset", facts={"dataset": "MNIST", "hint": "Press Download."})
    inspector.set_dataset_described(DatasetDescribed(id=1, name="mnist", problem=absent))
    area = project(inspector).data.download
    assert area.sentence.text() == absent.sentence
    with qtbot.waitSignal(inspector.download_wanted) as signal:
        qtbot.mouseClick(area.button, LEFT)
    assert signal.args == ["mnist"]
    assert area.cancel.hasFocus(), "the keyboard stays where the button was"
    assert not area.cancel.is_ringed()
    inspector.set_download(DownloadProgress(id=2, received=11_000_000, total=55_000_000))
    assert area.line.share() == pytest.approx(0.2)
    assert area.sentence.text() == "11.0 of 55.0 MB"
    with qtbot.waitSignal(inspector.download_cancelled):
        qtbot.mouseClick(area.cancel, LEFT)
    offline = Problem("offline", facts={"name": "MNIST", "reason": "no route"})
    inspector.set_download(Downloaded(id=2, problem=offline))
    assert "no route" in area.sentence.text()
    assert area.button.isVisible()
    assert area.button.hasFocus()
    assert not area.line.isVisible()


def test_a_folder_is_asked_for_and_bound_once_it_is_described(
    inspector: Inspector, document: Document, qtbot: QtBot
) -> None:
    data = project(inspector).data
    with qtbot.waitSignal(inspector.folder_wanted):
        choose(qtbot, data.dataset, "Folder of IDX files …")
    assert data.dataset.field().value() == "digits"
    assert data.dataset.field().value() != FOLDER
    with qtbot.waitSignal(inspector.dataset_chosen) as signal:
        inspector.choose_folder("fashion", "/data/fashion")
    assert signal.args == [DatasetRef("fashion", folder="/data/fashion")]
    assert document.undo_stack.count() == 0
    fields = DATASETS["mnist"].fields
    inspector.set_dataset_described(
        DatasetDescribed(id=1, name="fashion", folder="/data/fashion", fields=fields, rows=(60, 0, 10))
    )
    assert document.settings.datasets == (DatasetRef("fashion", folder="/data/fashion"),)
    assert document.graph.blocks["in"].parameters["fields"] == ("image: 1×28×28 float32", "label: 10 classes")
    assert document.undo_stack.count() == 1


def test_a_folder_is_told_from_another_of_its_name_by_its_whole_path(
    inspector: Inspector, document: Document, qtbot: QtBot
) -> None:
    fields = DATASETS["mnist"].fields
    inspector.choose_folder("mnist", "/data/old/mnist")
    described = DatasetDescribed(id=1, name="mnist", fields=fields, rows=(60, 0, 10))
    inspector.set_dataset_described(described)
    assert document.undo_stack.count() == 0, "that was the downloaded one"
    inspector.set_dataset_described(msgspec.structs.replace(described, folder="/data/old/mnist"))
    assert document.settings.datasets[-1] == DatasetRef("mnist", folder="/data/old/mnist")
    data = project(inspector).data
    field: Any = data.dataset.field()
    assert field.text() == "MNIST in mnist"
    assert field.toolTip() == "/data/old/mnist"
    assert data.count.value() == "70"
    inspector.set_dataset_described(msgspec.structs.replace(described, folder="/data/new/mnist", rows=(5, 0, 5)))
    assert data.count.value() == "70"
    choose(qtbot, data.dataset, "MNIST in mnist")
    assert document.undo_stack.count() == 1
    choose(qtbot, data.dataset, "MNIST")
    assert document.settings.datasets[-1] == DatasetRef("mnist")
    assert project(inspector).data.dataset.field().text() == "MNIST"  # type: ignore[attr-defined]


def test_an_undo_shows_again_what_is_known_of_the_dataset_before(
    inspector: Inspector, document: Document, qtbot: QtBot
) -> None:
    pictures = np.linspace(0, 1, 16 * 64, dtype=np.float32).reshape(16, 8, 8)
    digits = DatasetDescribed(
        id=1, name="digits", fields=DATASETS["digits"].fields, rows=(1257, 270, 270), pictures=Array.of(pictures)
    )
    inspector.set_dataset_described(digits)
    choose(qtbot, project(inspector).data.dataset, "MNIST")
    absent = Problem("unknown-dataset", facts={"dataset": "MNIST", "hint": "Press Download."})
    inspector.set_dataset_described(DatasetDescribed(id=2, name="mnist", problem=absent))
    assert project(inspector).data.download.button.isVisible()
    document.undo_stack.undo()
    assert len(project(inspector).data.pictures.images()) == 16
    assert not project(inspector).data.download.button.isVisible()
    document.undo_stack.redo()
    assert project(inspector).data.download.button.isVisible()
    inspector.set_download(Downloaded(id=3, folder="/data/mnist"))
    document.undo_stack.undo()
    document.undo_stack.redo()
    assert not project(inspector).data.download.button.isVisible(), "it is here by now"


def test_a_folder_that_held_the_dataset_before_is_offered_with_one_click(
    inspector: Inspector, document: Document, qtbot: QtBot
) -> None:
    inspector.set_known_folders({"mnist": "/data/mnist"})
    choose(qtbot, project(inspector).data.dataset, "MNIST")
    area = project(inspector).data.download
    assert not area.known.isVisible(), "nobody knows yet whether it is here"
    absent = Problem("unknown-dataset", facts={"dataset": "MNIST", "hint": "Press Download."})
    inspector.set_dataset_described(DatasetDescribed(id=1, name="mnist", problem=absent))
    assert area.known.isVisible()
    assert area.button.isVisible()
    assert area.known.text() == "Use folder mnist"
    assert area.known.geometry().right() < area.width()
    with qtbot.waitSignal(inspector.dataset_chosen) as signal:
        qtbot.mouseClick(area.known, LEFT)
    assert signal.args == [DatasetRef("mnist", folder="/data/mnist")]
    described = DatasetDescribed(id=2, name="mnist", folder="/data/mnist", fields=DATASETS["mnist"].fields)
    inspector.set_dataset_described(described)
    assert project(inspector).data.dataset.field().hasFocus(), "not the switch below, which a space would turn"
    assert document.settings.datasets[-1] == DatasetRef("mnist", folder="/data/mnist")
    gone = msgspec.structs.replace(described, problem=absent, fields=())
    inspector.set_dataset_described(gone)
    assert not project(inspector).data.download.known.isVisible(), "it is the one that cannot be read"


def test_a_folder_that_cannot_be_read_is_said_and_changes_nothing(
    inspector: Inspector, document: Document, qtbot: QtBot
) -> None:
    inspector.choose_folder("mnist", "/data/empty")
    missing = Problem("idx-missing", facts={"folder": "/data/empty", "file": "train-images-idx3-ubyte"})
    with qtbot.waitSignal(inspector.edit_refused) as signal:
        inspector.set_dataset_described(DatasetDescribed(id=1, name="mnist", folder="/data/empty", problem=missing))
    assert signal.args == [missing]
    assert document.settings.datasets == (DatasetRef("digits"),)
    assert document.undo_stack.count() == 0


def test_folded_sections_stay_folded_for_the_next_block(inspector: Inspector, qtbot: QtBot) -> None:
    inspector.show_selection((), ("c",))
    qtbot.mouseClick(page(inspector).result.header, LEFT)
    inspector.show_selection((), ("c2",))
    assert not page(inspector).result.body.isVisible()


def test_half_typed_text_goes_to_the_block_it_was_typed_for(
    inspector: Inspector, document: Document, qtbot: QtBot
) -> None:
    inspector.show_selection((), ("c",))
    line: Any = entry(row(inspector, "out_channels"))
    qtbot.mouseClick(line, LEFT)
    line.selectAll()
    qtbot.keyClicks(line, "48")
    inspector.show_selection((), ("c2",))
    assert document.graph.blocks["c"].parameters == {"out_channels": 48}
    assert document.graph.blocks["c2"].parameters == {"out_channels": 32}


def test_blocks_inside_containers_are_edited_there(qtbot: QtBot, document: Document) -> None:
    body = Graph(blocks={"q": Block("q", "dense", "inner")})
    residual = Block("box", "residual", "Residual", body=body)
    document.commit("Residual", Graph(blocks={**document.graph.blocks, "box": residual}, wires=document.graph.wires))
    inspector = Inspector(document, BLOCK_TYPES, DATASETS, load_theme("dark"), EDITS)
    qtbot.addWidget(inspector)
    inspector.resize(288, 800)
    inspector.show()
    inspector.show_selection(("box",), ("q",))
    type_into(qtbot, row(inspector, "out_features"), "9")
    inside = document.graph.blocks["box"].body
    assert inside is not None
    assert inside.blocks["q"].parameters == {"out_features": 9}


@pytest.mark.parametrize("type_id", list(BLOCK_TYPES))
def test_every_block_type_has_a_page(inspector: Inspector, document: Document, type_id: str) -> None:
    block = Block("new", type_id, BLOCK_TYPES[type_id].title)
    document.commit("New", Graph(blocks={**document.graph.blocks, "new": block}))
    inspector.show_selection((), ("new",))
    shown = page(inspector)
    declared = {parameter.id for parameter in BLOCK_TYPES[type_id].parameters} - {"dataset"}
    section = shown.parameters
    rows = {id: section.row(id) for id in section.ids()} if section is not None else {}
    assert set(rows) == declared
    assert all(not field_row.is_changed() for field_row in rows.values())
    inspector.set_theme(load_theme("dark"))
    assert not inspector.grab().isNull()
