"""The start page, in the canvas' place: the files opened last, and all examples as pictures."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QResizeEvent, QShowEvent
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

from app.panels.buttons import Button, IconButton, PlainButton, baseline
from app.panels.example_card import ExampleCard, ExampleFacts
from app.panels.keyboard import reason_of
from app.panels.label_look import style_label
from app.wording import ago_words
from graph_editor.theme import (
    ICON,
    MEDIUM,
    SEMIBOLD,
    SIZE_HEADING,
    SIZE_PAGE,
    SIZE_SMALL,
    SPACE_4,
    SPACE_8,
    SPACE_12,
    SPACE_16,
    SPACE_24,
    SPACE_32,
    Theme,
)

CARD_WIDTH, CARD_HEIGHT, PAGE_WIDTH = 176, 188, 960
MOST_FILES = 5


class StartPage(QScrollArea):
    """`example_chosen(id)`, `file_chosen(Path)`, `empty_wanted`, `open_wanted`, `closed` with Escape or the cross."""

    example_chosen = Signal(str)
    file_chosen = Signal(object)
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
        self._title, self._examples, self._published, self._recent = (
            QLabel(words, page) for words in ("Start", "Examples", "Published networks", "Recent files")
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
        self.files: tuple[FileRow, ...] = ()
        self._files_to_come: tuple[tuple[Path, float | None], ...] | None = None
        # The click comes after the row is let go.
        self._let_go = QTimer(self, singleShot=True, interval=0)
        self._let_go.timeout.connect(self._show_files_to_come)

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
        half = -(-len(self.references) // 2)
        for index, row in enumerate(self.references):
            self._table.addWidget(row, index % half, index // half)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        content = QWidget()
        content.setMaximumWidth(PAGE_WIDTH + 2 * SPACE_4)
        column = QVBoxLayout(content)
        # The ring of the keyboard around what reaches to the edge must not be cut.
        column.setContentsMargins(SPACE_4, SPACE_4, SPACE_4, SPACE_4)
        column.setSpacing(SPACE_12)
        column.addLayout(top)
        column.addSpacing(SPACE_8)
        column.addWidget(self._recent)
        column.addLayout(self._rows)
        self._gap = QSpacerItem(0, 0)
        column.addItem(self._gap)
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

        With each, when it was written in seconds since 1970, None where that is not known yet. A row that is pressed
        is not taken away under the hand: the rows change once it is let go.
        """
        if any(row.isDown() for row in self.files):
            self._files_to_come = files
            return
        self._files_to_come = None
        focused = next((row for row in self.files if row.hasFocus()), None)
        reason = reason_of(focused)
        for row in self.files:
            self._rows.removeWidget(row)
            row.deleteLater()
        self.files = tuple(FileRow(path, written_s, self._theme) for path, written_s in files[:MOST_FILES])
        for row in self.files:
            row.clicked.connect(lambda _checked=False, path=row.path: self.file_chosen.emit(path))
            row.released.connect(self._let_go.start)
            self._rows.addWidget(row)
            if focused is not None and row.path == focused.path:
                row.show()
                row.setFocus(reason)
        self._order_stops()
        self._recent.setVisible(bool(self.files))
        self._gap.changeSize(0, SPACE_16 if self.files else 0)

    def _order_stops(self) -> None:
        """Let Tab go as one reads."""
        stops = (self._empty, self._open, self._cross, *self.files, *self.cards, *self.references)
        for one, other in pairwise(stops):
            QWidget.setTabOrder(one, other)

    def _show_files_to_come(self) -> None:
        if self._files_to_come is not None:
            self.show_files(self._files_to_come)

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._theme = theme
        for label, size, weight, ink in (
            (self._title, SIZE_PAGE, SEMIBOLD, "text"),
            (self._examples, SIZE_HEADING, SEMIBOLD, "text"),
            (self._published, SIZE_HEADING, SEMIBOLD, "text"),
            (self._recent, SIZE_HEADING, SEMIBOLD, "text"),
        ):
            style_label(label, theme.font(size, weight), ink, theme)
        for part in (self._cross, self._empty, self._open, *self.cards, *self.references, *self.files):
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


class TextRow(Button):
    """A row to press: icon and name, details behind it in secondary, something short at the right."""

    weight = MEDIUM
    radius = 4

    def __init__(
        self, name: str, details: str, at_right: str, icon: str, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(name, theme, icon, parent=parent)
        self._icon_name = icon
        self._details = details
        self._at_right = at_right
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(320, self.height_px)

    def _paint_ground(self, painter: QPainter) -> None:
        self._paint_under_pointer(painter)

    def _paint_content(self, painter: QPainter, left: float) -> None:
        theme, middle = self._theme, self.height() / 2
        pixmap = theme.icon_pixmap(self._icon_name, "secondary", ICON, self.devicePixelRatioF())
        painter.drawPixmap(QPointF(SPACE_8, round(middle - ICON / 2)), pixmap)
        font = self.text_font()
        at = SPACE_8 + ICON + SPACE_8
        painter.setFont(font)
        painter.setPen(theme.color("text"))
        line = baseline(font, middle)
        painter.drawText(QPointF(at, line), self.text())
        at += round(QFontMetricsF(font).horizontalAdvance(self.text())) + SPACE_12
        small = theme.font(SIZE_SMALL)
        metrics = QFontMetricsF(small)
        right = metrics.horizontalAdvance(self._at_right)
        painter.setFont(small)
        painter.setPen(theme.color("secondary"))
        painter.drawText(QPointF(self.width() - SPACE_8 - right, line), self._at_right)
        room = self.width() - at - right - SPACE_16 - SPACE_4
        details = metrics.elidedText(self._details, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(QPointF(at, line), details)


class ReferenceRow(TextRow):
    """A published network and its number of parameters."""

    def __init__(self, facts: ExampleFacts, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(facts.name, "", facts.line, "ph.share-network", theme, parent)
        self.id = facts.id
        self.setAccessibleName(f"{facts.name}, {facts.line}")


class FileRow(TextRow):
    """A recent file: name, folder, when it was written."""

    def __init__(self, path: Path, written_s: float | None, theme: Theme, parent: QWidget | None = None) -> None:
        self.path = path
        when = ago_words(time.time() - written_s) if written_s is not None else ""
        super().__init__(path.stem, str(path.parent), when, "ph.file", theme, parent)
        self.setToolTip(str(path))
