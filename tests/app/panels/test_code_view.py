from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication

from app.panels.code_view import CodeView
from engine.graph.problem import Problem
from graph_editor.theme import load_theme

TEXT = '"""A net."""\n\nclass Net(nn.Module):\n    def forward(self, x):\n        return self.dense(x, 3)  # out\n'
LONG = TEXT + "\n".join(f"x = {number}" for number in range(300)) + "\n"


@pytest.fixture
def view(qtbot) -> CodeView:
    view = CodeView(load_theme("light", 1.0))
    qtbot.addWidget(view)
    view.resize(420, 300)
    view.show()
    qtbot.waitExposed(view)
    return view


def ink(view: CodeView, line: int, word: str) -> str:
    """The colour of a word, as the highlighter has laid it over the line."""
    block = view.source.document().findBlockByNumber(line - 1)
    at = block.text().index(word)
    return next(
        part.format.foreground().color().name().upper()
        for part in block.layout().formats()
        if part.start <= at < part.start + part.length
    )


def test_the_source_is_shown_with_the_colours_of_the_theme(view: CodeView) -> None:
    assert view.said.isVisible()
    view.set_source(TEXT, {}, None)
    assert not view.said.isVisible()
    assert view.source.toPlainText() == TEXT.removesuffix("\n")
    assert view.source.isReadOnly()
    light, dark = load_theme("light", 1.0), load_theme("dark", 1.0)
    assert ink(view, 1, "A net") == light.hex("good")
    assert ink(view, 3, "class") == light.hex("accent")
    assert ink(view, 5, "3") == light.hex("warning")
    assert ink(view, 5, "# out") == light.hex("secondary")
    view.set_theme(dark)
    assert ink(view, 3, "class") == dark.hex("accent")


def test_a_docstring_of_several_lines_is_one_text(view: CodeView) -> None:
    view.set_source('"""One\nreturn two\n"""\nreturn 1\n', {}, None)
    theme = load_theme("light", 1.0)
    assert ink(view, 2, "return") == theme.hex("good")
    assert ink(view, 4, "return") == theme.hex("accent")


def test_the_lines_of_the_selected_block_are_tinted_and_brought_into_sight(view: CodeView) -> None:
    view.set_source(LONG, {"a": ((3, 4), (250, 251)), "b/c": ((200, 200),)}, None)
    view.show_selection(("a",))
    assert view.source.marked() == ((3, 4), (250, 251))
    picture = view.source.viewport().grab().toImage()
    line = view.source.blockBoundingGeometry(view.source.document().findBlockByNumber(2)).center().toPoint()
    ratio = picture.devicePixelRatio()
    far = QPoint(int((view.source.viewport().width() - 4) * ratio), int(line.y() * ratio))
    assert picture.pixelColor(far).name().upper() == load_theme("light", 1.0).hex("select")
    assert view.source.verticalScrollBar().value() == 0
    view.show_selection(("b/c",))
    assert 150 < view.source.verticalScrollBar().value() < 200
    view.show_selection(())
    assert view.source.marked() == ()


def test_another_source_keeps_the_place_and_marks_anew(view: CodeView) -> None:
    view.set_source(LONG, {"a": ((9, 9),)}, None)
    view.show_selection(("a",))
    view.source.verticalScrollBar().setValue(120)
    view.set_source("# more\n" + LONG, {"a": ((10, 10),)}, None)
    assert view.source.verticalScrollBar().value() == 120
    assert view.source.marked() == ((10, 10),)


def test_a_problem_is_said_and_the_last_source_stays(view: CodeView) -> None:
    view.set_source(TEXT, {"a": ((3, 3),)}, None)
    view.show_selection(("a",))
    view.set_source("", {}, Problem(code="empty"))
    assert view.said.isVisible()
    assert view.said.text() == "The drawing is empty. Drag an Input onto the canvas, or start from an example."
    assert view.text() == TEXT
    assert view.source.marked() == ()
    view.set_source(TEXT, {"a": ((3, 3),)}, None)
    assert view.source.marked() == ((3, 3),)


def test_copy_takes_the_whole_source(view: CodeView, qtbot) -> None:
    assert not view.copy_button.isEnabled()
    view.set_source(TEXT, {}, None)
    qtbot.mouseClick(view.copy_button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == TEXT
    assert view.copy_button.text() == "Copied"
    qtbot.waitUntil(lambda: view.copy_button.text() == "Copy")


def test_line_numbers_take_no_more_room_than_they_need(view: CodeView) -> None:
    view.set_source(TEXT, {}, None)
    narrow = view.source.viewportMargins().left()
    view.set_source(LONG, {}, None)
    assert view.source.viewportMargins().left() > narrow
