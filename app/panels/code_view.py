"""The drawing as PyTorch: read-only source with line numbers, the lines of the selected blocks marked."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QFontMetricsF,
    QGuiApplication,
    QHideEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
)
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QSizePolicy, QTextEdit, QVBoxLayout, QWidget

from app.panels.buttons import PlainButton, baseline
from app.panels.label_look import style_label
from app.panels.python_colours import PythonColours
from app.panels.section import Sentence
from engine.graph.problem import Problem
from graph_editor.theme import (
    HEADING_HEIGHT,
    SEMIBOLD,
    SIZE_HEADING,
    SIZE_NORMAL,
    SPACE_8,
    SPACE_12,
    Theme,
)

Lines = tuple[int, int]
COPIED_MS = 1500
LEAST_WIDTH = 360
WAITING = "The code is on its way."


class CodeView(QWidget):
    """Shows what `set_source` brings. `shown_changed` tells whether anybody can see it."""

    shown_changed = Signal(bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._lines: Mapping[str, tuple[Lines, ...]] = {}
        self._selected: tuple[str, ...] = ()
        self._text = ""
        self.setAccessibleName("Code")
        self.setMinimumWidth(LEAST_WIDTH)
        self.copy_button = PlainButton("Copy", theme, "ph.copy")
        self.copy_button.height_px = 24
        self.copy_button.setEnabled(False)
        self.copy_button.clicked.connect(self.copy)
        self._copied = QTimer(self)
        self._copied.setSingleShot(True)
        self._copied.setInterval(COPIED_MS)
        self._copied.timeout.connect(lambda: self.copy_button.set_label("Copy"))
        self._header = _Header(theme)
        row = QHBoxLayout(self._header)
        row.setContentsMargins(SPACE_12, 0, SPACE_8, 1)
        row.addStretch()
        row.addWidget(self.copy_button)
        self.said = Sentence(WAITING, theme, "secondary")
        self.said.setContentsMargins(SPACE_12, SPACE_8, SPACE_12, SPACE_8)
        self.source = SourceText(theme)
        self._colours = PythonColours(self.source.document(), theme)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._header)
        column.addWidget(self.said)
        column.addWidget(self.source, 1)

    def set_source(self, text: str, lines: Mapping[str, tuple[Lines, ...]], problem: Problem | None) -> None:
        """Show `text`; with a problem keep what was shown, and say what stands in the way."""
        self.said.setVisible(problem is not None)
        self.said.setText(problem.sentence if problem is not None else "")
        if problem is not None:
            self._lines = {}
            self.source.mark(())
            return
        if text != self._text:
            self._text = text
            self.source.show_text(text)
        self._lines = lines
        self.copy_button.setEnabled(bool(text))
        self._mark(scroll=False)

    def show_selection(self, keys: tuple[str, ...]) -> None:
        """Mark the lines about the blocks at these paths, "k3f9/q8d2"."""
        if keys != self._selected:
            self._selected = keys
            self._mark(scroll=True)

    def text(self) -> str:
        """The source that is shown."""
        return self._text

    def copy(self) -> None:
        """Put the whole source on the clipboard."""
        QGuiApplication.clipboard().setText(self._text)
        self.copy_button.set_label("Copied")
        self._copied.start()

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._theme = theme
        for part in (self._header, self.copy_button, self.source, self._colours):
            part.set_theme(theme)
        style_label(self.said, theme.font(SIZE_NORMAL), "secondary", theme)

    def sizeHint(self) -> QSize:
        return QSize(520, 400)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shown_changed.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.shown_changed.emit(False)

    def _mark(self, scroll: bool) -> None:
        found = sorted({lines for key in self._selected for lines in self._lines.get(key, ())})
        self.source.mark(tuple(found))
        if found and scroll:
            self.source.scroll_to(found[0])


class SourceText(QPlainTextEdit):
    """Read-only monospace text with line numbers and marked lines."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._marked: tuple[Lines, ...] = ()
        self.setReadOnly(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("PyTorch source")
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._numbers = _Numbers(self)
        self.blockCountChanged.connect(lambda count: self._make_room())
        self.updateRequest.connect(self._scrolled)
        self.set_theme(theme)

    def show_text(self, text: str) -> None:
        """Show another text at the same place."""
        across, down = self.horizontalScrollBar().value(), self.verticalScrollBar().value()
        self.setPlainText(text.removesuffix("\n"))
        self.horizontalScrollBar().setValue(across)
        self.verticalScrollBar().setValue(down)

    def mark(self, lines: tuple[Lines, ...]) -> None:
        """Tint whole lines, counted from 1."""
        self._marked = lines
        tint = QTextCharFormat()
        tint.setBackground(self._theme.color("select"))
        tint.setProperty(QTextFormat.Property.FullWidthSelection, True)
        selections: list[QTextEdit.ExtraSelection] = []
        for number in sorted({number for first, last in lines for number in range(first, last + 1)}):
            selection = QTextEdit.ExtraSelection()
            selection.format = tint
            selection.cursor = QTextCursor(self.document().findBlockByNumber(number - 1))
            selections.append(selection)
        self.setExtraSelections(selections)

    def marked(self) -> tuple[Lines, ...]:
        """The lines that are tinted."""
        return self._marked

    def scroll_to(self, lines: Lines) -> None:
        """Bring lines into sight, if they are not."""
        first = self.firstVisibleBlock().blockNumber() + 1
        shown = max(1, int(self.viewport().height() / max(1, self.fontMetrics().lineSpacing())) - 1)
        if lines[0] < first or lines[1] > first + shown:
            self.verticalScrollBar().setValue(max(0, lines[0] - 1 - shown // 4))

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._theme = theme
        look = f"background: {theme.hex('panel')}; color: {theme.hex('text')}; border: none; padding: 0;"
        self.setStyleSheet(f"QPlainTextEdit {{ {look} }}")
        self.setFont(theme.font(SIZE_NORMAL, mono=True))
        self._make_room()
        self.mark(self._marked)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        inside = self.contentsRect()
        self._numbers.setGeometry(QRect(inside.left(), inside.top(), self._numbers_width(), inside.height()))

    def paint_numbers(self, event: QPaintEvent) -> None:
        """Draw the numbers of the lines in sight."""
        painter = QPainter(self._numbers)
        painter.fillRect(event.rect(), self._theme.color("panel"))
        painter.setFont(self.font())
        painter.setPen(self._theme.color("secondary"))
        block = self.firstVisibleBlock()
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        while block.isValid() and top <= event.rect().bottom():
            height = self.blockBoundingRect(block).height()
            place = QRectF(0, top, self._numbers.width() - SPACE_12, height)
            flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(place, flags, str(block.blockNumber() + 1))
            block, top = block.next(), top + height
        painter.end()

    def _numbers_width(self) -> int:
        digits = max(2, len(str(self.blockCount())))
        return round(digits * QFontMetricsF(self.font()).horizontalAdvance("0")) + 2 * SPACE_12

    def _make_room(self) -> None:
        self.setViewportMargins(self._numbers_width(), 0, 0, 0)
        self._numbers.resize(self._numbers_width(), self._numbers.height())
        self._numbers.update()

    def _scrolled(self, area: QRect, down: int) -> None:
        if down:
            self._numbers.scroll(0, down)
        else:
            self._numbers.update(0, area.y(), self._numbers.width(), area.height())


class _Numbers(QWidget):
    """The column of line numbers beside the text."""

    def __init__(self, text: SourceText) -> None:
        super().__init__(text)
        self._text = text

    def paintEvent(self, event: QPaintEvent) -> None:
        self._text.paint_numbers(event)


class _Header(QWidget):
    """The panel's name."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setFixedHeight(HEADING_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.color("panel"))
        painter.fillRect(QRectF(0, self.height() - 1, self.width(), 1), self._theme.color("line"))
        font = self._theme.font(SIZE_HEADING, SEMIBOLD)
        painter.setFont(font)
        painter.setPen(self._theme.color("text"))
        painter.drawText(QPointF(SPACE_12, baseline(font, (self.height() - 1) / 2)), "Code")
        painter.end()
