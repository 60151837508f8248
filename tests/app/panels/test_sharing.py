"""Weights are shared from the inspector with real clicks: begun, changed and ended, each as one undo step."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.panels import sharing as panel
from app.panels.block_header import BlockHeader
from app.panels.inspector import Inspector
from app.panels.learning_section import LearningSection
from app.panels.project_panel import ProjectPanel
from app.panels.sharing import SharingRows
from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.graph import edits
from engine.graph.edits import add_block, remove_blocks, rename, set_parameter, set_weights
from engine.graph.graph import Block, Graph, PortRef, Weights, Wire
from engine.graph.problem import Problem
from engine.graph.scope import Scope
from engine.project.drawing import Drawing
from graph_editor.document import Document
from graph_editor.theme import load_theme
from tests.app.panels.inspecting import page, project, shown

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)")  # menus, off-screen

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def document(qapp: object) -> Document:
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("in", "input", fields=("row: 64",))
    drawing.add("enc", "dense", (100, 0), name="Encoder", out_features=16)
    drawing.add("relu", "relu", (200, 0))
    drawing.add("dec", "dense", (300, 0), name="Decoder", out_features=64)
    drawing.add("conv", "conv2d", (100, 200))
    drawing.add("loss", "squared_error", (400, 0))
    drawing.chain("in", "enc", "relu", "dec", "loss.prediction")
    drawing.wire("in", "loss.target")
    return Document(drawing.graph, BLOCK_TYPES)


@pytest.fixture
def inspector(document: Document, qtbot: QtBot) -> Inspector:
    return shown(Inspector(document, BLOCK_TYPES, {}, load_theme("light")), qtbot)


def learning(inspector: Inspector) -> LearningSection:
    section = page(inspector).learning
    assert section is not None
    return section


def sharing(inspector: Inspector) -> SharingRows:
    rows = learning(inspector).sharing
    assert rows is not None
    return rows


def offered(inspector: Inspector, qtbot: QtBot) -> list[str]:
    menu = open_menu(inspector, qtbot)
    lines = [action.text() for action in menu.actions()]
    menu.close()
    return lines


def open_menu(inspector: Inspector, qtbot: QtBot):
    choice = sharing(inspector).choice
    qtbot.mouseClick(choice, LEFT)
    menu = choice.menu()
    assert menu is not None
    return menu


def choose(inspector: Inspector, qtbot: QtBot, label: str) -> None:
    menu = open_menu(inspector, qtbot)
    action = next(action for action in menu.actions() if action.text() == label)
    qtbot.mouseClick(menu, LEFT, pos=menu.actionGeometry(action).center())
    qtbot.wait(1)


def said(inspector: Inspector) -> str:
    words = sharing(inspector).words
    return words.text() if words.isVisible() else ""


def faults(document: Document) -> list[Problem]:
    found = Analyser(BLOCK_TYPES).analyse(document.graph).problems
    return [problem for problem in found if problem.path == ("dec",) and problem.severity == "error"]


def problems(document: Document) -> list[str]:
    return [problem.sentence for problem in faults(document)]


def mend(document: Document, label: str) -> Graph:
    """The drawing with a repair of the decoder's problem made, as a click on it does."""
    (fix,) = [fix for problem in faults(document) for fix in problem.fixes if fix.label == label]
    document.apply_fix(fix, vars(edits))
    return document.graph


def test_sharing_is_begun_changed_and_ended_in_single_undo_steps(
    inspector: Inspector, document: Document, qtbot: QtBot
) -> None:
    inspector.show_selection((), ("dec",))
    assert sharing(inspector).choice.text() == "Own"
    assert said(inspector) == ""
    assert offered(inspector, qtbot) == ["Own", "Encoder", "Encoder, transposed"]
    choose(inspector, qtbot, "Encoder")
    assert document.graph.blocks["dec"].weights == Weights("enc")
    assert said(inspector) == "Uses the weights of “Encoder”, which start and learn as set there."
    assert not learning(inspector).rate_factor.isVisible()
    choose(inspector, qtbot, "Encoder, transposed")
    assert document.graph.blocks["dec"].weights == Weights("enc", transposed=True)
    assert said(inspector) == "Uses the weights of “Encoder” transposed, with a bias of its own."
    assert problems(document) == []
    choose(inspector, qtbot, "Own")
    assert document.graph.blocks["dec"].weights is None
    assert learning(inspector).rate_factor.isVisible()
    stack = document.undo_stack
    assert [stack.text(place) for place in range(stack.count())] == ["Share weights", "Share weights", "Own weights"]
    stack.undo()
    assert document.graph.blocks["dec"].weights == Weights("enc", transposed=True)
    assert sharing(inspector).choice.text() == "Encoder, transposed"
    stack.setIndex(0)
    assert sharing(inspector).choice.text() == "Own"


def test_the_arrow_goes_back_to_weights_of_its_own(inspector: Inspector, document: Document, qtbot: QtBot) -> None:
    document.edit("Share", set_weights, "dec", Weights("enc", transposed=True))
    inspector.show_selection((), ("dec",))
    reset = sharing(inspector).row.reset_button()
    assert reset.isVisible()
    qtbot.mouseClick(reset, LEFT)
    qtbot.wait(1)
    assert document.graph.blocks["dec"].weights is None
    assert not sharing(inspector).row.reset_button().isVisible()


def test_the_arrow_keys_choose_too(inspector: Inspector, document: Document, qtbot: QtBot) -> None:
    inspector.show_selection((), ("dec",))
    choice = sharing(inspector).choice
    choice.setFocus()
    qtbot.keyPress(choice, Qt.Key.Key_Down)
    qtbot.keyPress(choice, Qt.Key.Key_Down)
    assert document.undo_stack.count() == 0
    qtbot.keyRelease(choice, Qt.Key.Key_Down)
    qtbot.wait(1)
    assert document.graph.blocks["dec"].weights == Weights("enc", transposed=True)
    assert document.undo_stack.count() == 1


def test_the_keyboard_stays_at_the_choice_whose_page_was_made_anew(qtbot: QtBot, document: Document) -> None:
    window = QWidget()
    QPushButton("Run", window)
    inspector = Inspector(document, BLOCK_TYPES, {}, load_theme("light"), parent=window)
    inspector.setGeometry(0, 40, 288, 860)
    window.resize(288, 900)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitActive(window)
    inspector.show_selection((), ("dec",))
    sharing(inspector).choice.setFocus()
    before = inspector.page
    qtbot.keyClick(sharing(inspector).choice, Qt.Key.Key_Down)
    assert document.graph.blocks["dec"].weights == Weights("enc")
    assert inspector.page is not before
    assert window.focusWidget() is sharing(inspector).choice
    inspector.show_selection((), ())
    qtbot.mouseClick(project(inspector).variables.header, LEFT)
    line = project(inspector).variables.line
    entry = line.focusProxy()
    assert entry is not None
    entry.setFocus()
    qtbot.keyClicks(entry, "width = 64")
    qtbot.keyClick(entry, Qt.Key.Key_Return)
    assert document.graph.variables == {"width": 64}
    again = project(inspector).variables.line.focusProxy()
    assert again is not None
    assert again is not entry
    assert window.focusWidget() is again


def test_what_stays_its_own_is_set_here(inspector: Inspector, document: Document, qtbot: QtBot) -> None:
    document.edit("Share", set_weights, "dec", Weights("enc", transposed=True))
    inspector.show_selection((), ("dec",))
    section = learning(inspector)
    assert section.start_row().isVisible()
    assert section.start_row().field().accessibleName() == "Initial bias"
    assert "initial bias" not in section.more.link().text().lower()
    document.edit("No bias", set_parameter, "dec", "bias", False)
    assert not learning(inspector).rate_factor.isVisible()
    assert not learning(inspector).more.isVisible()
    assert said(inspector) == "Uses the weights of “Encoder” transposed."


def test_an_owner_says_who_uses_its_weights_and_offers_nothing(inspector: Inspector, document: Document) -> None:
    inspector.show_selection((), ("enc",))
    assert not sharing(inspector).row.isVisible()
    assert said(inspector) == ""
    document.edit("Share", set_weights, "dec", Weights("enc"))
    assert said(inspector) == "“Decoder” uses its weights too."
    for number in range(4):
        document.edit("Add", add_block, Block(f"t{number}", "dense", f"Twin {number}", weights=Weights("enc")))
    assert said(inspector) == "“Decoder”, “Twin 0”, “Twin 1” and 2 more use its weights too."
    assert not sharing(inspector).row.isVisible()


def test_a_block_without_another_of_its_kind_has_no_such_row(inspector: Inspector) -> None:
    inspector.show_selection((), ("conv",))
    assert not sharing(inspector).isVisible()
    inspector.show_selection((), ("relu",))
    assert page(inspector).learning is None
    inspector.show_selection((), ("enc", "dec"))
    assert learning(inspector).sharing is None


def test_names_and_offers_follow_the_drawing(inspector: Inspector, document: Document, qtbot: QtBot) -> None:
    inspector.show_selection((), ("dec",))
    document.edit("Rename", rename, "enc", "Code")
    assert offered(inspector, qtbot) == ["Own", "Code", "Code, transposed"]
    document.edit("Share", set_weights, "dec", Weights("enc"))
    assert said(inspector).startswith("Uses the weights of “Code”")
    inspector.show_selection((), ("conv",))
    document.edit("Add", add_block, Block("second", "conv2d", "Second"))
    assert offered(inspector, qtbot) == ["Own", "Second"]


def test_weights_outside_a_container_are_offered_inside(inspector: Inspector, document: Document, qtbot: QtBot) -> None:
    body = Graph(blocks={"x": Block("x", "dense", "X"), "y": Block("y", "dense", "Y")})
    document.edit("Add", add_block, Block("box", "group", "Box", body=body))
    inspector.show_selection(("box",), ("y",))
    assert offered(inspector, qtbot)[:4] == ["Own", "X", "X, transposed", "Encoder, outside"]
    choose(inspector, qtbot, "Encoder, outside, transposed")
    inner = document.graph.blocks["box"].body
    assert inner is not None
    assert inner.blocks["y"].weights == Weights("enc", transposed=True)
    assert said(inspector).startswith("Uses the weights of “Encoder” transposed")


def test_shapes_that_do_not_match_are_a_problem_in_words(
    inspector: Inspector, document: Document, qtbot: QtBot
) -> None:
    inspector.show_selection((), ("dec",))
    choose(inspector, qtbot, "Encoder")
    begin = "Dense “Decoder” cannot use the weights of “Encoder”. "
    assert problems(document) == [f"{begin}It needs 64×16 weights, and they are 16×64."]
    assert mend(document, "Use them transposed").blocks["dec"].weights == Weights("enc", transposed=True)
    assert problems(document) == []
    document.edit("Units", set_parameter, "dec", "out_features", 32)
    assert f"{begin}It needs 32×16 weights, and they are 64×16." in problems(document)
    assert mend(document, "Set Units to 64").blocks["dec"].parameters == {}
    assert problems(document) == []
    choose(inspector, qtbot, "Encoder")
    assert mend(document, "Give it weights of its own").blocks["dec"].weights is None
    document.edit("Units", set_parameter, "dec", "out_features", 16)
    document.edit("Loss", remove_blocks, ("loss",))
    document.edit("Inner", set_parameter, "enc", "out_features", 64)
    document.edit("Units", set_parameter, "dec", "out_features", 64)
    document.edit("No bias", set_parameter, "dec", "bias", False)
    choose(inspector, qtbot, "Encoder")
    assert problems(document) == [f"{begin}They are made with other parameters; give both the same."]


def test_deleting_an_owner_from_the_menu_tells_who_has_its_weights(
    inspector: Inspector, document: Document, qtbot: QtBot
) -> None:
    document.edit("Add", add_block, Block("twin", "dense", "Twin", weights=Weights("enc")))
    document.edit("Share", set_weights, "dec", Weights("enc", transposed=True))
    told: list[str] = []
    inspector.message.connect(told.append)
    steps = document.undo_stack.count()
    delete_from_menu(inspector, qtbot, (), "enc")
    assert isinstance(inspector.page, ProjectPanel)
    assert document.graph.blocks["twin"].weights is None
    assert document.graph.blocks["dec"].weights == Weights("twin", transposed=True)
    assert told == ["Weights of Encoder handed on to Twin"]
    assert document.undo_stack.count() == steps + 1
    document.undo_stack.undo()
    document.edit("Own", set_weights, "twin", None)
    delete_from_menu(inspector, qtbot, (), "enc")
    assert document.graph.blocks["dec"].weights is None
    assert told[1:] == ["Decoder has weights of its own now"]


def test_deleting_an_exit_from_the_menu_takes_the_wire_at_its_port_along(
    inspector: Inspector, document: Document, qtbot: QtBot
) -> None:
    body = Graph(blocks={"e": Block("e", "entry", "In"), "x": Block("x", "exit", "Out")})
    document.edit("Add", add_block, Block("box", "group", "Box", body=body))
    document.commit("Wire", with_wire(document.graph, PortRef("box", "x"), PortRef("conv", "input")))
    delete_from_menu(inspector, qtbot, ("box",), "x")
    assert all(wire.source.block != "box" for wire in document.graph.wires)


def with_wire(graph: Graph, source: PortRef, target: PortRef) -> Graph:
    from engine.graph.graph import sorted_wires

    wires = sorted_wires((*graph.wires, Wire(source, target)))
    return Graph(blocks=graph.blocks, wires=wires)


def delete_from_menu(inspector: Inspector, qtbot: QtBot, path: tuple[str, ...], id: str) -> None:
    inspector.show_selection(path, (id,))
    header = page(inspector).header
    assert isinstance(header, BlockHeader)
    menu = header.open_menu()
    action = next(action for action in menu.actions() if action.text() == "Delete")
    qtbot.mouseClick(menu, LEFT, pos=menu.actionGeometry(action).center())
    qtbot.wait(1)


def test_what_is_offered_is_found_when_somebody_asks_once_for_each_drawing(
    inspector: Inspector, document: Document, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    found: list[Graph] = []
    choices = panel.weights_choices

    def counted(body: Graph, scope: Scope, id: str) -> dict[str, Weights | None]:
        found.append(body)
        return choices(body, scope, id)

    monkeypatch.setattr(panel, "weights_choices", counted)
    inspector.show_selection((), ("dec",))
    assert sharing(inspector).row.isVisible()
    assert found == []
    assert offered(inspector, qtbot) == ["Own", "Encoder", "Encoder, transposed"]
    assert offered(inspector, qtbot) == ["Own", "Encoder", "Encoder, transposed"]
    assert len(found) == 1
    assert found[0] is document.graph
    document.edit("Rename", rename, "enc", "Other")
    assert len(found) == 1
    assert offered(inspector, qtbot) == ["Own", "Other", "Other, transposed"]
    assert len(found) == 2
    assert found[1] is document.graph
    inspector.show_selection((), ("enc",))
    assert not sharing(inspector).row.isVisible(), "the only other one comes after it"
