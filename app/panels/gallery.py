"""The gallery: stands where the live views will be until the first run."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.panels.buttons import PlainButton
from app.panels.example_card import ExampleCard, ExampleFacts
from app.panels.label_look import style_label
from graph_editor.theme import SEMIBOLD, SIZE_HEADING, SPACE_8, SPACE_12, SPACE_16, Theme

CARD_MIN, CARD_MAX, CARD_MAX_HEIGHT = 132, 208, 173


class Gallery(QWidget):
    """One row of cards, as many as fit, and three ways elsewhere."""

    example_chosen = Signal(str)
    empty_wanted = Signal()
    open_wanted = Signal()
    all_wanted = Signal()

    def __init__(self, examples: tuple[ExampleFacts, ...], theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._heading = QLabel("Or start from another example", self)
        self._buttons = (
            PlainButton("Empty canvas", theme, "ph.file-plus", parent=self),
            PlainButton("Open", theme, "ph.folder-open", parent=self),
            PlainButton("All examples", theme, "ph.squares-four", parent=self),
        )
        for button, signal in zip(self._buttons, (self.empty_wanted, self.open_wanted, self.all_wanted), strict=True):
            button.clicked.connect(signal)
        self.cards = tuple(ExampleCard(facts, theme, self) for facts in examples)
        for card in self.cards:
            card.clicked.connect(lambda _checked=False, id=card.facts.id: self.example_chosen.emit(id))
            card.setMaximumHeight(CARD_MAX_HEIGHT)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_16, SPACE_8 + 2, SPACE_12, SPACE_12)
        column.setSpacing(SPACE_12 + 2)
        top = QHBoxLayout()
        top.setSpacing(SPACE_8)
        top.addWidget(self._heading)
        top.addStretch()
        for button in self._buttons:
            button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            top.addWidget(button)
        column.addLayout(top)
        row = QHBoxLayout()
        row.setSpacing(SPACE_8)
        for card in self.cards:
            row.addWidget(card, 1)
            card.setMaximumWidth(CARD_MAX)
        row.addStretch(0)
        column.addLayout(row, 1)
        column.addStretch(0)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._theme = theme
        style_label(self._heading, theme.font(SIZE_HEADING, SEMIBOLD), "text", theme)
        for part in (*self._buttons, *self.cards):
            part.set_theme(theme)
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = self.width() - SPACE_16 - SPACE_12
        fitting = max(2, (room + SPACE_8) // (CARD_MIN + SPACE_8))
        for index, card in enumerate(self.cards):
            card.setVisible(index < fitting)
        self._buttons[2].setVisible(self.width() >= 560)
        self._heading.setVisible(self.width() >= 480)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.color("canvas"))
        painter.end()
