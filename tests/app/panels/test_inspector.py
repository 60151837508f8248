"""The inspector with real keys and clicks: every change is one undo step, a refused one changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from app.panels.block_header import BlockHeader
from app.panels.inspector import Inspector
from app.panels.project_panel import ProjectPanel
from engine.blocks.catalogue import BLOCK_TYPES
from engine.data.catalogue import DATASETS
from engine.graph.analysis import Analysis, Cost
from engine.graph.edits import rename, set_parameter
from engine.graph.graph import Block, Graph
from engine.graph.problem import Fix, Problem
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.graph.values import Formula
from graph_editor.document import Document
from graph_editor.theme import INSPECTOR_WIDTH, INSPECTOR_WIDTH_NARROW, load_theme
from tests.app.panels.inspected_drawing import EDITS, LEFT, choose, entry, row, type_into
from tests.app.panels.inspecting import page, project, shown

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)")  # menus, off-screen

RANK = Problem(
    "rank",
    path=("d",),
    facts={"title": "Dense", "name": "hidden", "expected": "N×features", "received": "N×16×8×8", "hint": "Flatten."},
    fixes=(Fix("insert_between", facts={"type": "Flatten"}),),
)


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
    assert folded.link().text() == "Padding size, dilation, groups and 1 more"
    assert folded.link().toolTip() == "Padding size, dilation, groups, padding mode"
    qtbot.mouseClick(folded.link(), LEFT)
    assert row(inspector, "dilation").isVisible()
    document.edit("Groups", set_parameter, "c2", "groups", 2)
    inspector.show_selection((), ("c2",))
    assert row(inspector, "groups").isVisible()


def test_no_page_is_wider_than_a_narrow_inspector(inspector: Inspector, qtbot: QtBot) -> None:
    inspector.resize(INSPECTOR_WIDTH_NARROW, 900)
    inspector.show_selection((), ("c",))
    section = page(inspector).parameters
    assert section is not None
    link = section.advanced().link()
    assert link.text() == "Padding size, dilation and 2 more"
    qtbot.waitUntil(lambda: link.width() == link.sizeHint().width())
    assert page(inspector).width() == inspector._scroll.viewport().width()
    assert page(inspector).minimumSizeHint().width() <= page(inspector).width()
    inspector.resize(INSPECTOR_WIDTH, 900)
    assert link.text() == "Padding size, dilation, groups and 1 more"
    qtbot.waitUntil(lambda: link.width() == link.sizeHint().width())


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


class Asked(dict[str, Any]):
    """Counts what is asked of it."""

    asked = 0

    def __getitem__(self, key: str) -> Any:
        Asked.asked += 1
        return super().__getitem__(key)

    def items(self) -> Any:
        Asked.asked += 1
        return super().items()


def test_many_selected_blocks_are_looked_up_once(qtbot: QtBot) -> None:
    ids = tuple(f"b{number:03d}" for number in range(300))
    blocks = Asked({id: Block(id, "relu", "ReLU", parameters=Asked()) for id in ids})
    inspector = Inspector(
        Document(Graph(blocks=blocks), BLOCK_TYPES), BLOCK_TYPES, DATASETS, load_theme("light"), EDITS
    )
    shown(inspector, qtbot)
    inspector.show_selection((), ids[:2])
    assert inspector.page is not None
    Asked.asked = 0
    inspector.show_selection((), ids)
    assert page(inspector).header.title() == "300 blocks"
    assert Asked.asked < 2 * len(ids)


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
    inspector.set_project_place("net one", "Project", has_file=True)
    assert panel.header.title() == "net one"
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
