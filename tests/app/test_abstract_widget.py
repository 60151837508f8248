"""A widget that lacks what its base asks for is refused when it is made, not when it is painted."""

from __future__ import annotations

from abc import abstractmethod

import pytest
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.abstract_widget import AbstractWidget
from app.charts.chart import Chart
from app.panels.buttons import Button, PlainButton
from app.panels.entry_field import EntryField
from app.panels.number_field import NumberField
from app.views.view import View
from graph_editor.theme import load_theme


class Shape(QWidget, metaclass=AbstractWidget):
    drawn = Signal(int)

    def __init__(self, sides: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sides = sides

    @abstractmethod
    def draw(self) -> None: ...

    @abstractmethod
    def area(self) -> float: ...


class HalfDone(Shape):
    def draw(self) -> None:
        self.drawn.emit(self.sides)


class Square(HalfDone):
    def area(self) -> float:
        return 1.0


def test_what_lacks_a_method_is_refused_by_name(qtbot: QtBot) -> None:
    with pytest.raises(TypeError, match="Shape without area, draw"):
        Shape(3)
    with pytest.raises(TypeError, match="HalfDone without area"):
        HalfDone(3)


def test_what_has_them_all_is_a_widget_with_its_signals(qtbot: QtBot) -> None:
    parent = QPushButton()
    qtbot.addWidget(parent)
    square = Square(4, parent=parent)
    told: list[int] = []
    square.drawn.connect(told.append)
    square.draw()
    assert told == [4]
    assert parent.findChild(Square) is square
    assert isinstance(square, Shape)
    assert not isinstance(parent, Shape)


@pytest.mark.parametrize("base", [Chart, View, Button, EntryField, NumberField])
def test_bases_cannot_be_made(base: type[QWidget], qtbot: QtBot) -> None:
    with pytest.raises(TypeError, match=f"Can't instantiate abstract class {base.__name__}"):
        base()


def test_a_button_of_one_kind_can(qtbot: QtBot) -> None:
    button = PlainButton("Save", load_theme("light"))
    qtbot.addWidget(button)
    assert not button.grab().isNull()
