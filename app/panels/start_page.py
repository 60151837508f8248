"""The start page, in the canvas' place: files opened last, unsaved drawings, and all examples as pictures."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QSpacerItem,
    QVBoxLayout,
    QWidget,
)

from app.panels.buttons import IconButton, PlainButton
from app.panels.example_card import ExampleCard, ExampleFacts
from app.panels.file_rows import FileRow, FileRows, TextRow
from app.panels.label_look import style_label
from graph_editor.theme import (
    SEMIBOLD,
    SIZE_HEADING,
    SIZE_PAGE,
    SPACE_4,
    SPACE_8,
    SPACE_12,
    SPACE_16,
    SPACE_24,
    SPACE_32,
    Theme,
)

CARD_WIDTH, CARD_HEIGHT, PAGE_WIDTH = 176, 188, 960
MOST_FILES, MOST_DRAWINGS = 5, 3


class StartPage(QScrollArea):
    """`example_chosen(id)`, `file_chosen(Path)`, `empty_wanted`, `open_wanted`, `closed` with Escape or the cross.

    `thrown_away(Path)` an unsaved drawing.
    """

    example_chosen = Signal(str)
    file_chosen = Signal(object)
    thrown_away = Signal(object)
    empty_wanted = Signal()
    open_wanted = Signal()
    closed = Signal()

    def __init__(
        self,
        examples: tuple[ExampleFacts, ...],
        theme: Theme,
        parent: QWidget | None = None,
        references: tuple[ExampleFacts, ...] = (),
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._page = page = _Page()
        self._title, self._examples, self._published = (
            QLabel(words, page) for words in ("Start", "Examples", "Published networks")
        )
        self._published.setVisible(bool(references))
        self._cross = IconButton("ph.x", "Back to the canvas", theme)
        self._cross.clicked.connect(self.closed)
        self._empty = PlainButton("Empty canvas", theme, "ph.file-plus")
        self._empty.clicked.connect(self.empty_wanted)
        self._open = PlainButton("Open", theme, "ph.folder-open")
        self._open.clicked.connect(self.open_wanted)
        self.cards = tuple(ExampleCard(facts, theme, page) for facts in examples)
        for card in self.cards:
            card.setFixedHeight(CARD_HEIGHT)
            card.clicked.connect(lambda _checked=False, id=card.facts.id: self.example_chosen.emit(id))
        self.references = tuple(ReferenceRow(facts, theme, page) for facts in references)
        for row in self.references:
            row.clicked.connect(lambda _checked=False, id=row.id: self.example_chosen.emit(id))
        self._recent = FileRows("Recent files", MOST_FILES, theme, page)
        self._drawings = FileRows("Unsaved drawings", MOST_DRAWINGS, theme, page, are_drawings=True)
        self._drawings.thrown_away.connect(self.thrown_away)
        for rows in (self._recent, self._drawings):
            rows.chosen.connect(self.file_chosen)
            rows.changed.connect(self._rows_changed)

        top = QHBoxLayout()
        top.setSpacing(SPACE_8)
        top.addWidget(self._title)
        top.addStretch()
        for button in (self._empty, self._open):
            button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            top.addWidget(button)
        top.addWidget(self._cross)
        self._grid = QGridLayout()
        self._grid.setSpacing(SPACE_12)
        self._table = QGridLayout()
        self._table.setHorizontalSpacing(SPACE_24)
        self._table.setVerticalSpacing(0)
        content = QWidget()
        content.setMaximumWidth(PAGE_WIDTH + 2 * SPACE_4)
        column = QVBoxLayout(content)
        # The ring of the keyboard around what reaches to the edge must not be cut.
        column.setContentsMargins(SPACE_4, SPACE_4, SPACE_4, SPACE_4)
        column.setSpacing(SPACE_12)
        column.addLayout(top)
        column.addSpacing(SPACE_8)
        self._between, self._gap = QSpacerItem(0, 0), QSpacerItem(0, 0)
        for part in (self._recent, self._drawings):
            column.addLayout(part)
            column.addItem(self._between if part is self._recent else self._gap)
        column.addWidget(self._examples)
        column.addLayout(self._grid)
        column.addSpacing(SPACE_16)
        column.addWidget(self._published)
        column.addLayout(self._table)
        column.addStretch()
        around = QHBoxLayout(page)
        around.setContentsMargins(SPACE_32 - SPACE_4, SPACE_24 - SPACE_4, SPACE_32 - SPACE_4, SPACE_32 - SPACE_4)
        around.addStretch(1)
        around.addWidget(content, 100)
        around.addStretch(1)
        self.setWidget(page)
        self._order_stops()
        self._columns = 0
        self.set_theme(theme)

    def show_files(self, files: tuple[tuple[Path, float | None], ...]) -> None:
        """List the files opened last, so many that the examples stay in sight; the menu has the others.

        With each, when it was written in seconds since 1970, None where that is not known yet.
        """
        self._recent.show_files(files)

    def show_drawings(self, drawings: tuple[tuple[Path, float | None], ...], open: Path | None = None) -> None:
        """List the drawings that were never saved, the latest few or more; the one that is open has to stay."""
        self._drawings.show_files(drawings, open)

    def show_more_drawings(self) -> None:
        """List more than the latest few, from now on."""
        self._drawings.show_fewer()
        self._drawings.show_more()

    @property
    def files(self) -> tuple[FileRow, ...]:
        """The rows of the files opened last."""
        return self._recent.rows

    @property
    def drawings(self) -> tuple[FileRow, ...]:
        """The rows of the unsaved drawings."""
        return self._drawings.rows

    def _rows_changed(self) -> None:
        self._between.changeSize(0, SPACE_4 if self._recent.rows and self._drawings.rows else 0)
        self._gap.changeSize(0, SPACE_16 if self._recent.rows or self._drawings.rows else 0)
        self._order_stops()

    def _order_stops(self) -> None:
        """Let Tab go as one reads."""
        stops = (self._empty, self._open, self._cross, *self._recent.stops, *self._drawings.stops)
        stops = (*stops, *self.cards, *self.references)
        for one, other in pairwise(stops):
            QWidget.setTabOrder(one, other)

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._theme = theme
        for label, size, weight, ink in (
            (self._title, SIZE_PAGE, SEMIBOLD, "text"),
            (self._examples, SIZE_HEADING, SEMIBOLD, "text"),
            (self._published, SIZE_HEADING, SEMIBOLD, "text"),
        ):
            style_label(label, theme.font(size, weight), ink, theme)
        for part in (self._cross, self._empty, self._open, *self.cards, *self.references, self._recent, self._drawings):
            part.set_theme(theme)
        self._page.set_colour(theme.color("canvas"))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not event.spontaneous():
            # The focus went on to a lower card as the page was left, and took the page with it.
            self.verticalScrollBar().setValue(0)
        # A scroll area that is given another parent has its labels' fonts taken away by the style sheet.
        self.set_theme(self._theme)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = min(self.viewport().width() - 2 * SPACE_32, PAGE_WIDTH)
        columns = max(1, (room + SPACE_12) // (CARD_WIDTH + SPACE_12))
        if columns != self._columns:
            self._columns = columns
            rows = -(-len(self.references) // (2 if columns > 2 else 1))
            for index, row in enumerate(self.references):
                self._table.addWidget(row, index % rows, index // rows)
            for index, card in enumerate(self.cards):
                self._grid.addWidget(card, index // columns, index % columns)
            for column in range(max(columns, 12)):
                self._grid.setColumnStretch(column, 1 if column < columns else 0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)


class _Page(QWidget):
    _colour = QColor()

    def set_colour(self, colour: QColor) -> None:
        self._colour = colour
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._colour)
        painter.end()


class ReferenceRow(TextRow):
    """A published network and its number of parameters."""

    def __init__(self, facts: ExampleFacts, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(facts.name, "", facts.line, "ph.share-network", theme, parent)
        self.id = facts.id
        self.setAccessibleName(f"{facts.name}, {facts.line}")
