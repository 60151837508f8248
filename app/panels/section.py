"""What the inspector's sections are made of: a heading that folds, rows of figures, sentences, rows behind a link."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.panel_focus import next_stop
from app.panels.buttons import LinkButton, SectionHeader, baseline
from app.panels.label_look import style_label
from graph_editor.theme import REGULAR, SIZE_NORMAL, SPACE_12, SPACE_16, Theme

ROW_GAP = 6
FIGURE_HEIGHT = 24
LINK_ROOM = 240


class Section(QWidget):
    """A heading that folds its rows away, and a line below. `folded(title, folded)` lets a panel remember."""

    folded = Signal(str, bool)

    def __init__(self, title: str, theme: Theme, *, ruled: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = title
        self._theme = theme
        self._ruled = ruled
        self.header = SectionHeader(title, theme, self)
        self.header.folded.connect(self._fold)
        self.body = QWidget(self)
        self.rows = QVBoxLayout(self.body)
        self.rows.setContentsMargins(0, 0, 0, SPACE_12)
        self.rows.setSpacing(ROW_GAP)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2, 0, 1)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addWidget(self.body)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)

    def add(self, widget: QWidget) -> QWidget:
        """Put a row at the end."""
        self.rows.addWidget(widget)
        return widget

    def set_folded(self, folded: bool) -> None:
        """Fold or unfold without telling."""
        self.header.blockSignals(True)
        self.header.set_folded(folded)
        self.header.blockSignals(False)
        self.body.setVisible(not folded)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._ruled:
            painter = QPainter(self)
            painter.fillRect(0, self.height() - 1, self.width(), 1, self._theme.color("line"))
            painter.end()

    def _fold(self, folded: bool) -> None:
        self.body.setVisible(not folded)
        self.folded.emit(self.title, folded)


class Figure(QWidget):
    """A fact: what it is at the left in secondary, its value in mono at the right."""

    def __init__(self, label: str, value: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = label
        self._value = value
        self._theme = theme
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._name()

    def value(self) -> str:
        """What it says."""
        return self._value

    def label(self) -> str:
        """What it is."""
        return self._label

    def set_label(self, label: str) -> None:
        """Call it something else."""
        self._label = label
        self._name()
        self.update()

    def set_value(self, value: str) -> None:
        """Say something else."""
        if value != self._value:
            self._value = value
            self._name()
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, FIGURE_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, FIGURE_HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        theme, middle = self._theme, self.height() / 2
        font, mono = theme.font(SIZE_NORMAL, REGULAR), theme.font(SIZE_NORMAL, mono=True)
        painter.setFont(font)
        painter.setPen(theme.color("secondary"))
        painter.drawText(QPointF(SPACE_16, baseline(font, middle)), self._label)
        room = self.width() - 2 * SPACE_16 - QFontMetricsF(font).horizontalAdvance(self._label) - 12
        metrics = QFontMetricsF(mono)
        value = metrics.elidedText(self._value, Qt.TextElideMode.ElideLeft, max(room, 40))
        painter.setFont(mono)
        painter.setPen(theme.color("text"))
        left = self.width() - SPACE_16 - metrics.horizontalAdvance(value)
        painter.drawText(QPointF(left, baseline(font, middle)), value)
        painter.end()

    def _name(self) -> None:
        self.setAccessibleName(f"{self._label}: {self._value}")


class Sentence(QLabel):
    """Wrapped text 16 px in, in a token of the theme."""

    def __init__(
        self, text: str, theme: Theme, ink: str = "text", size: int = SIZE_NORMAL, parent: QWidget | None = None
    ) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setContentsMargins(SPACE_16, 0, SPACE_16, 0)
        style_label(self, theme.font(size), ink, theme)

    def changeEvent(self, event: QEvent) -> None:
        # With another style a frame that is smaller than its margins, as before it is laid out, would drop them.
        margins = self.contentsMargins()
        super().changeEvent(event)
        self.setContentsMargins(margins)


class Folded(QWidget):
    """Rows behind a link that names them: `Dilation, groups, padding mode`; `make(self)` gives them when they show.

    Names without room are counted, `Padding size, dilation and 2 more`, and told by the tooltip.
    """

    def __init__(
        self,
        names: Sequence[str],
        make: Callable[[QWidget], Iterable[QWidget]],
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._names = [name.lower() for name in names]
        self._make = make
        self._rows: list[QWidget] = []
        self._left: Iterator[QWidget] | None = None
        self._link = LinkButton("", theme, size=12, parent=self)
        self._link.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._link.setMinimumWidth(1)
        self._link.clicked.connect(lambda: self.set_open(not self._open))
        self._last_stop: QWidget = self._link
        self._open = True
        self._room = LINK_ROOM
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(ROW_GAP)
        holder = QHBoxLayout()
        holder.setContentsMargins(SPACE_16, 0, SPACE_16, 0)
        holder.addWidget(self._link)
        holder.addStretch()
        layout.addLayout(holder)
        self._column = layout
        self.set_open(False)

    def link(self) -> LinkButton:
        """The link that shows and hides the rows."""
        return self._link

    def is_open(self) -> bool:
        """Whether the rows show."""
        return self._open

    @property
    def is_made(self) -> bool:
        """Whether the rows are there, shown or not."""
        return self._left is not None

    def make(self) -> None:
        """Have the rows, if they are not there yet; Tab goes from the link through them in their order."""
        for _ in self.making():
            pass

    def making(self) -> Iterator[QWidget]:
        """The rows that are not there yet, one after the other as they are made."""
        if self._left is None:
            self._left = iter(self._make(self))
        for row in self._left:
            row.hide()
            self._column.insertWidget(len(self._rows), row)
            self._rows.append(row)
            self._last_stop = tab_behind(self._last_stop, row)
            yield row

    def set_open(self, open: bool) -> None:
        """Show the rows, or hide them behind the link."""
        self._open = open
        if open:
            self.make()
        for row in self._rows:
            row.setVisible(open)
        self._name()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._room = min(self.width() - 2 * SPACE_16, LINK_ROOM)
        self._name()

    def _name(self) -> None:
        words, whole = self._named_in(self._room), self._named(len(self._names))
        self._link.set_label("Fewer" if self._open else words)
        self._link.setToolTip("" if self._open or words == whole else whole)

    def _named_in(self, room: float) -> str:
        metrics = QFontMetricsF(self._link.text_font())
        choices = (self._named(count) for count in range(len(self._names), 1, -1))
        return next((words for words in choices if metrics.horizontalAdvance(words) <= room), self._named(1))

    def _named(self, count: int) -> str:
        """The first of the names, and how many others there are."""
        others = len(self._names) - count
        words = ", ".join(self._names[:count]) + (f" and {others} more" if others > 0 else "")
        return words[:1].upper() + words[1:]


def tab_behind(before: QWidget, row: QWidget) -> QWidget:
    """Let Tab go from `before` through a row in its order; where it then is."""
    for stop in stops(row):
        QWidget.setTabOrder(before, stop)
        before = stop
    return before


def stops(row: QWidget) -> list[QWidget]:
    """Where Tab stops in a row, in its order."""
    found: list[QWidget] = []
    widget = next_stop(row)
    while widget is not row and row.isAncestorOf(widget):
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.focusProxy() is None:
            found.append(widget)
        widget = next_stop(widget)
    return found


class Line(QWidget):
    """A line of 1 px."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setFixedHeight(1)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.color("line"))
        painter.end()


def clear_layout(layout: QVBoxLayout) -> None:
    """Take every widget out of a layout and let it go."""
    while layout.count():
        item = layout.takeAt(0)
        widget = item.widget() if item is not None else None
        if widget is not None:
            widget.hide()
            widget.setParent(None)
            widget.deleteLater()
