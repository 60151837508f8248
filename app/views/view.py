"""What every live view is: a chart, or one sentence in its place; it works only while it is seen."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QLabel, QPushButton, QStackedLayout, QVBoxLayout, QWidget

from app.abstract_widget import AbstractWidget
from app.charts.look import SPACE_4, SPACE_8, Theme
from app.views.history import RunHistory
from app.wording import WAITS
from engine.measurements.results import Ask

__all__ = ["DELETED", "UNFED", "Ask", "View", "as_numpy"]

DELETED = "Its block was deleted"
UNFED = "No data reach its block yet"


class View(QWidget, metaclass=AbstractWidget):
    """A live view. Subclasses set `kind` and `title`, make a chart, and give `draw_history` or `draw_measured`.

    `subtitle` changes are told by `subtitle_changed`; `choose_wanted` asks for another block.
    """

    subtitle_changed = Signal(str)
    choose_wanted = Signal()

    kind: ClassVar[str] = ""
    title: ClassVar[str] = ""
    measures: ClassVar[bool] = False

    _told = ""
    """What the last answer adds beside the title."""

    def __init__(self, id: str, theme: Theme, block: str | None = None, block_name: str = "") -> None:
        super().__init__()
        self.id = id
        self.theme = theme
        self.block = block
        self.block_name = block_name
        self.subtitle = ""
        self.step: int | None = None
        self._history: RunHistory | None = None
        self._previous: RunHistory | None = None
        self._drawn: tuple[object, ...] | None = None
        self._waiting: tuple[Mapping[str, NDArray], int] | None = None
        self._missing = False
        self._awaited, self._problem, self._is_fed = WAITS, "", True
        self._sentence = _Sentence(WAITS)
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._sentence.setWordWrap(True)
        self._choose = QPushButton("Choose another")
        self._choose.setFlat(True)
        self._choose.setCursor(Qt.CursorShape.PointingHandCursor)
        self._choose.clicked.connect(self.choose_wanted)
        self._choose.hide()
        message = QWidget()
        column = QVBoxLayout(message)
        column.setContentsMargins(SPACE_8, SPACE_8, SPACE_8, SPACE_8)
        column.setSpacing(SPACE_4)
        column.addStretch()
        column.addWidget(self._sentence)
        column.addWidget(self._choose, alignment=Qt.AlignmentFlag.AlignHCenter)
        column.addStretch()
        self._stack = QStackedLayout(self)
        self._stack.addWidget(message)
        self.chart = self.make_chart()
        self.chart.setAccessibleName(self.title)
        self._stack.addWidget(self.chart)
        self.set_theme(theme)

    # What subclasses give.

    @abstractmethod
    def make_chart(self) -> QWidget:
        """The widget that shows what is known."""

    def draw_history(self, history: RunHistory, previous: RunHistory | None) -> bool:
        """Show a history; False while there is nothing to show."""
        return False

    def draw_measured(self, arrays: Mapping[str, NDArray], step: int) -> None:
        """Show an answer to `ask()`."""

    # What the window does.

    def ask(self) -> Ask | None:
        """What the view wants measured, or None."""
        if not self.measures or self._missing:
            return None
        return Ask(id=self.id, kind=self.kind, block=self.block or "")

    def set_block(self, block: str | None, name: str) -> None:
        """Look at another block, or learn its new name."""
        if block != self.block:
            self.block = block
            self.forget()
        if name != self.block_name:
            self.block_name = name
            self.set_subtitle(self.describe())

    def forget(self) -> None:
        """What is shown was of another block or another project."""
        self._drawn = self._waiting = self.step = None
        self._problem = self._told = ""
        self.set_subtitle(self.describe())
        if not self._missing:
            self.show_message(self._waits)

    def set_missing(self, missing: bool) -> None:
        """Whether the block that the view looks at is gone from the drawing."""
        if missing != self._missing:
            self._missing, self._told = missing, ""
            self.set_subtitle(self.describe())
            self.show_message(DELETED if missing else self._waits, choose=missing)
            self._drawn = None

    def set_awaited(self, text: str) -> None:
        """Say what comes before what is to be measured: where that was trained already it is no first epoch."""
        before, self._awaited = self._waits, text
        if self.message() == before:
            self.show_message(self._waits)

    def set_fed(self, fed: bool) -> None:
        """Whether data reach the block that the view looks at: without them there is nothing to wait for."""
        if fed != self._is_fed:
            self._is_fed = fed
            if self.message() and not self._missing:
                self.show_message(self._waits)

    @property
    def _waits(self) -> str:
        if not self.measures:
            return WAITS
        return (self._problem or self._awaited) if self._is_fed else UNFED

    @property
    def is_missing(self) -> bool:
        """Whether its block was deleted."""
        return self._missing

    def describe(self) -> str:
        """What the view shows, in secondary text beside its title."""
        return self.block_name

    def set_subtitle(self, text: str) -> None:
        """Say something else beside the title; of a block that is gone there is nothing to say."""
        text = "" if self._missing else text
        if text != self.subtitle:
            self.subtitle = text
            self.subtitle_changed.emit(text)

    def show_history(self, history: RunHistory | None, previous: RunHistory | None = None) -> None:
        """Show a run, and the one before it faintly; no work if nothing has changed or the view is hidden."""
        self._history, self._previous = history, previous
        if self.isVisible():
            self._catch_up()

    def show_measured(self, arrays: Mapping[str, object], step: int) -> None:
        """Show an answer to `ask()`: arrays by name, numpy or messages of them; kept for later while hidden."""
        if not arrays:
            return
        self._waiting, self._problem = ({name: as_numpy(value) for name, value in arrays.items()}, step), ""
        if self.isVisible():
            self._catch_up()

    def show_problem(self, text: str) -> None:
        """Say why there is nothing to show."""
        if not self._missing:
            self._waiting, self._problem, self._told = None, text, ""
            self.set_subtitle(self.describe())
            self.show_message(self._waits)

    def show_message(self, text: str, choose: bool = False) -> None:
        """One sentence in place of the chart; with `choose`, a way to another block."""
        self._sentence.setText(text)
        self._choose.setVisible(choose)
        self._stack.setCurrentIndex(0)

    def message(self) -> str:
        """The sentence that stands in place of the chart, or nothing."""
        return self._sentence.text() if self._stack.currentIndex() == 0 else ""

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self.theme = theme
        self._sentence.setFont(theme.font())
        self._sentence.set_color(theme.color("secondary"))
        self._choose.setFont(theme.font())
        self.chart.set_theme(theme)

    def reset_zoom(self) -> None:
        """Show the whole again, where the chart can look closer."""
        if hasattr(self.chart, "reset_zoom"):
            self.chart.reset_zoom()

    def picture(self) -> QImage:
        """The view as it looks now."""
        return self.grab().toImage()

    def showEvent(self, event: QEvent) -> None:
        super().showEvent(event)
        self._catch_up()

    def _catch_up(self) -> None:
        if self._missing:
            return
        if self._waiting is not None:
            arrays, step = self._waiting
            self._waiting = None
            self.step = step
            self.draw_measured(arrays, step)
            self._stack.setCurrentIndex(1)
        if not self.measures:
            self._draw_new()

    def _draw_new(self) -> None:
        history, previous = self._history, self._previous
        state = (id(history), history and history.version, id(previous), previous and previous.version)
        if state == self._drawn:
            return
        self._drawn = state
        if history is not None and self.draw_history(history, previous):
            self._stack.setCurrentIndex(1)
        else:
            self.show_message(self._waits)


class _Sentence(QLabel):
    """A label that paints its own colour: inside a scroll area the application's style sheet takes palettes away."""

    _color = QColor()

    def set_color(self, color: QColor) -> None:
        self._color = color
        self.update()

    def paintEvent(self, event: QEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self._color)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.text())
        painter.end()


def as_numpy(value: object) -> NDArray:
    """An array as numpy: itself, or what the message of one holds."""
    return value.numpy() if hasattr(value, "numpy") else np.asarray(value)  # type: ignore[no-any-return]
