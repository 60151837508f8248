"""Project variables: typed in one line, used in parameters, changed once for all, removed by their arrow."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from app.panels.inspector_context import InspectorContext
from app.panels.variables_section import VariablesSection
from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.edits import set_parameter
from engine.graph.values import Formula
from engine.project.drawing import Drawing
from graph_editor.document import Document
from graph_editor.theme import load_theme

Make = Callable[[], VariablesSection]


@pytest.fixture
def document(qapp) -> Document:
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("dense", "dense")
    return Document(drawing.graph, BLOCK_TYPES)


@pytest.fixture
def make(document, qtbot) -> Make:
    def make() -> VariablesSection:
        owner = QObject(document)
        context = InspectorContext(document, BLOCK_TYPES, {}, load_theme("light"), None, owner)
        section = VariablesSection(context)
        qtbot.addWidget(section)
        section.show()
        return section

    return make


def write(section: VariablesSection, text: str) -> None:
    """Type a line and press Enter."""
    (entry,) = section.line.findChildren(QLineEdit)
    entry.setFocus()
    entry.selectAll()
    QTest.keyClicks(entry, text)
    QTest.keyClick(entry, Qt.Key.Key_Return)


def test_a_line_makes_a_variable_and_one_undo_step(document, make):
    write(make(), "width = 64")
    assert document.graph.variables == {"width": 64}
    assert document.undo_stack.count() == 1


def test_a_variable_may_be_a_formula_of_others(document, make):
    write(make(), "width=8")
    write(make(), "twice = 2 * width")
    assert document.graph.variables["twice"] == Formula("2 * width")


@pytest.mark.parametrize("text", ["width", "= 3", "width =", "2x = 3", "a = b", "a = __import__('os')"])
def test_what_is_no_variable_is_told_and_nothing_changes(document, make, text):
    section = make()
    write(section, text)
    assert section.line.error()
    assert document.graph.variables == {}
    assert document.undo_stack.count() == 0


def test_changing_one_changes_every_parameter_that_uses_it(document, make):
    write(make(), "width = 64")
    document.edit("Set", set_parameter, "dense", "out_features", Formula("width"))
    section = make()
    section.variable_rows["width"].edited.emit(32)
    dense = document.graph.blocks["dense"]
    assert BLOCK_TYPES["dense"].resolved(dense, document.graph.variables)["out_features"] == 32


def test_the_arrow_removes_a_variable(document, make, qtbot):
    write(make(), "width = 64")
    section = make()
    qtbot.mouseClick(section.variable_rows["width"].reset_button(), Qt.MouseButton.LeftButton)
    assert document.graph.variables == {}


def retype(section: VariablesSection, name: str, text: str) -> None:
    """Type another value over that of a variable and press Enter."""
    (entry,) = section.variable_rows[name].field().findChildren(QLineEdit)
    entry.setFocus()
    entry.selectAll()
    QTest.keyClicks(entry, text)
    QTest.keyClick(entry, Qt.Key.Key_Return)


def shown(section: VariablesSection, name: str) -> str:
    (entry,) = section.variable_rows[name].field().findChildren(QLineEdit)
    return entry.text()


@pytest.mark.parametrize(("text", "value"), [("128", 128), ("-3", -3), ("0.5", 0.5), ("64.0", 64.0), ("1e3", 1000.0)])
def test_a_number_stays_as_it_is_typed(document, make, text, value):
    write(make(), "width = 7")
    section = make()
    assert shown(section, "width") == "7"
    retype(section, "width", text)
    known = document.graph.variables["width"]
    assert (known, type(known)) == (value, type(value))
    section.refresh()
    assert shown(section, "width") == text.replace("1e3", "1000.0")


def test_a_whole_number_that_was_typed_over_fits_whole_parameters(document, make):
    write(make(), "width = 64")
    section = make()
    retype(section, "width", "65")
    document.edit("Set", set_parameter, "dense", "out_features", Formula("width"))
    section.variable_rows["width"].field().step_by(-3)
    assert shown(section, "width") == "62"
    resolved = BLOCK_TYPES["dense"].resolved(document.graph.blocks["dense"], document.graph.variables)
    assert (resolved["out_features"], type(resolved["out_features"])) == (62, int)
