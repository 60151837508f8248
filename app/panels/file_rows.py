"""Rows of text to press, and files as such rows under a heading: those opened last, drawings that were never saved."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.panels.buttons import Button, IconButton, LinkButton, baseline
from app.panels.keyboard import reason_of
from app.panels.label_look import style_label
from app.wording import ago_words, kept_words
from graph_editor.theme import (
    ICON,
    MEDIUM,
    SEMIBOLD,
    SIZE_HEADING,
    SIZE_SMALL,
    SPACE_4,
    SPACE_8,
    SPACE_12,
    SPACE_16,
    SPACE_24,
    Theme,
)

MORE = 20
THROWS_AWAY = "Move to the trash"
IS_OPEN = "Open now: to throw it away, open another project first"


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

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self.height_px)

    def _paint_ground(self, painter: QPainter) -> None:
        self._paint_under_pointer(painter)

    def _paint_content(self, painter: QPainter, left: float) -> None:
        theme, middle = self._theme, self.height() / 2
        pixmap = theme.icon_pixmap(self._icon_name, "secondary", ICON, self.devicePixelRatioF())
        painter.drawPixmap(QPointF(SPACE_8, round(middle - ICON / 2)), pixmap)
        font = self.text_font()
        at = SPACE_8 + ICON + SPACE_8
        small = theme.font(SIZE_SMALL)
        metrics = QFontMetricsF(small)
        right = metrics.horizontalAdvance(self._at_right)
        room = self.width() - at - right - SPACE_24
        name = QFontMetricsF(font).elidedText(self.text(), Qt.TextElideMode.ElideMiddle, room)
        painter.setFont(font)
        painter.setPen(theme.color("text"))
        line = baseline(font, middle)
        painter.drawText(QPointF(at, line), name)
        at += round(QFontMetricsF(font).horizontalAdvance(name)) + SPACE_12
        painter.setFont(small)
        painter.setPen(theme.color("secondary"))
        painter.drawText(QPointF(self.width() - SPACE_8 - right, line), self._at_right)
        room = self.width() - at - right - SPACE_16 - SPACE_4
        details = metrics.elidedText(self._details, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(QPointF(at, line), details)


class FileRow(TextRow):
    """A recent file: name, folder, when it was written."""

    bin: IconButton | None = None

    def __init__(self, path: Path, theme: Theme) -> None:
        self.path = path
        name, details = self._words()
        super().__init__(name, details, "", "ph.file", theme)
        self.setToolTip(str(path))

    def tell(self, written_s: float | None, is_open: bool) -> None:
        """Say when it was written; one that is open cannot be thrown away."""
        self._at_right = ago_words(time.time() - written_s) if written_s is not None else ""
        self.update()

    def _words(self) -> tuple[str, str]:
        return self.path.stem, str(self.path.parent)


class DrawingRow(FileRow):
    """A drawing that was never saved: name, when it was kept, when it was written; its `bin` stands beside it."""

    def __init__(self, path: Path, theme: Theme) -> None:
        super().__init__(path, theme)
        self._called = ", ".join(self._words())
        self.setAccessibleName(self._called)
        self.bin = IconButton("ph.trash", THROWS_AWAY, theme)

    def tell(self, written_s: float | None, is_open: bool) -> None:
        """Say when it was written; one that is open cannot be thrown away."""
        super().tell(written_s, is_open)
        assert self.bin is not None
        words = IS_OPEN if is_open else THROWS_AWAY
        self.bin.setEnabled(not is_open)
        self.bin.setToolTip(words)
        self.bin.setAccessibleName(f"{words}: {self._called}")

    def _words(self) -> tuple[str, str]:
        return kept_words(self.path.stem)


class FileRows(QVBoxLayout):
    """Emits `chosen(Path)`, `thrown_away(Path)` of a drawing, `changed()` when the rows are others.

    Without files nothing shows. Its widgets are the page's: one of its own would cut the ring of the keyboard.
    """

    chosen = Signal(object)
    thrown_away = Signal(object)
    changed = Signal()

    def __init__(self, title: str, most: int, theme: Theme, page: QWidget, are_drawings: bool = False) -> None:
        super().__init__()
        self._most, self._theme, self._are_drawings = most, theme, are_drawings
        self.heading = QLabel(title, page)
        self.link = LinkButton("", theme, parent=page)
        self.link.clicked.connect(lambda: self.show_more() if self._shown < len(self._files) else self.show_fewer())
        self._shown = most
        self.rows: tuple[FileRow, ...] = ()
        self._files: tuple[tuple[Path, float | None], ...] = ()
        self._open: Path | None = None
        self._waits = False
        # The click comes after the row is let go.
        self._let_go = QTimer(self, singleShot=True, interval=0)
        self._let_go.timeout.connect(self._show_what_waits)
        self._head, self._body = QHBoxLayout(), QGridLayout()
        self._head.setSpacing(SPACE_12)
        self._head.addWidget(self.heading)
        self._head.addWidget(self.link)
        self._head.addStretch()
        self._body.setSpacing(0)
        self.setSpacing(0)
        self.addLayout(self._head)
        self.addLayout(self._body)
        self._show()

    @property
    def stops(self) -> tuple[Button, ...]:
        """Where Tab goes, as one reads."""
        return (self.link, *(stop for row in self.rows for stop in _stops_of(row)))

    def show_files(self, files: tuple[tuple[Path, float | None], ...], open: Path | None = None) -> None:
        """List files with the time they were written; that which is open cannot be thrown away.

        A row that is pressed is not taken away under the hand: the rows change once it is let go.
        """
        self._files, self._open = files, open
        self._show_unless_pressed()

    def show_more(self) -> None:
        """List twenty more of them: hundreds at once would take the window's time."""
        self._shown += MORE
        self._show_unless_pressed()

    def show_fewer(self) -> None:
        """List the first few."""
        self._shown = self._most
        self._show_unless_pressed()

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._theme = theme
        style_label(self.heading, theme.font(SIZE_HEADING, SEMIBOLD), "text", theme)
        for stop in self.stops:
            stop.set_theme(theme)

    def _show_unless_pressed(self) -> None:
        self._waits = any(stop.isDown() for stop in self.stops)
        if not self._waits:
            self._show()

    def _show_what_waits(self) -> None:
        if self._waits:
            self._show_unless_pressed()

    def _show(self) -> None:
        files, before = self._files[: self._shown], self.rows
        at = next((place for place, row in enumerate(before) if row.bin is not None and row.bin.hasFocus()), None)
        reason = reason_of(before[at].bin) if at is not None else Qt.FocusReason.OtherFocusReason
        # Rows that stay keep the keyboard, and making them costs a hundred times as much.
        known = {row.path: row for row in before}
        self.rows = tuple(known.pop(path, None) or self._row(path) for path, _ in files)
        for row in known.values():
            for stop in _stops_of(row):
                self._body.removeWidget(stop)
                stop.deleteLater()
        for place, (row, (path, written_s)) in enumerate(zip(self.rows, files, strict=True)):
            row.tell(written_s, path == self._open)
            if row not in before[place : place + 1]:
                for column, stop in enumerate(_stops_of(row)):
                    self._body.removeWidget(stop)
                    self._body.addWidget(stop, place, column)
        if at is not None and before[at].path in known and self.rows:
            self._give_focus(self.rows[min(at, len(self.rows) - 1)], reason)
        more = len(self._files) - self._shown
        self.link.set_label(f"Show all {len(self._files)}" if more <= MORE else f"Show {MORE} more")
        if more <= 0:
            self.link.set_label("Show fewer")
        self.link.setVisible(self._are_drawings and len(self._files) > self._most)
        self.heading.setVisible(bool(self.rows))
        self._head.setContentsMargins(0, 0, 0, SPACE_12 if self.rows else 0)
        self.changed.emit()

    def _give_focus(self, row: FileRow, reason: Qt.FocusReason) -> None:
        """From a bin whose drawing is gone to the next one."""
        stop = row.bin if row.bin is not None and row.bin.isEnabled() else row
        stop.show()
        stop.setFocus(reason)

    def _row(self, path: Path) -> FileRow:
        row = DrawingRow(path, self._theme) if self._are_drawings else FileRow(path, self._theme)
        row.clicked.connect(lambda: self.chosen.emit(path))
        if row.bin is not None:
            row.bin.clicked.connect(lambda: self.thrown_away.emit(path))
        for stop in _stops_of(row):
            stop.released.connect(self._let_go.start)
        return row


def _stops_of(row: FileRow) -> tuple[Button, ...]:
    return (row,) if row.bin is None else (row, row.bin)
