"""The status bar: problems, blocks, parameters, multiply-adds, and at the right whether all is saved."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QStatusBar, QWidget

from app.panels.buttons import Button
from app.panels.label_look import style_label
from app.wording import CHECKING, count_words, number_words, short_words
from engine.graph.analysis import Analysis
from engine.graph.graph import Graph
from engine.graph.paths import bodies
from engine.graph.problem import Problem, tell_of_blank
from graph_editor.theme import ICON_IN_FIELD, REGULAR, SIZE_SMALL, SPACE_12, STATUS_HEIGHT, Theme

MESSAGE_MS = 6000
READING_MS = 60  # for each letter of a long message
GAP = 20


class StatusBar(QWidget):
    """`problems_pressed` when a person asks for the list."""

    problems_pressed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setFixedHeight(STATUS_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.problems = ProblemsButton(theme, self)
        self.problems.clicked.connect(self.problems_pressed)
        self.blocks, self.parameters, self.multiply_adds = QLabel(self), QLabel(self), QLabel(self)
        self.message, self.saved = MessageLabel(self), QLabel(self)
        self._labels = (self.blocks, self.parameters, self.multiply_adds, self.message, self.saved)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE_12 - 4, 1, SPACE_12, 0)
        row.setSpacing(0)
        row.addWidget(self.problems)
        for label in (self.blocks, self.parameters, self.multiply_adds, self.message):
            row.addSpacing(GAP - (4 if label is self.blocks else 0))
            row.addWidget(label)
        self.message.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row.setStretchFactor(self.message, 1)
        row.addSpacing(GAP)
        row.addWidget(self.saved)
        self._work = ""
        self._message_over = QTimer(self)
        self._message_over.setSingleShot(True)
        self._message_over.timeout.connect(self.forget_message)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._theme = theme
        self.problems.set_theme(theme)
        for label in self._labels:
            ink = "text" if label is self.message else "secondary"
            style_label(label, theme.font(SIZE_SMALL), ink, theme)
        self.update()

    def show_problems(self, problems: tuple[Problem, ...] | None, unknown: str = CHECKING) -> None:
        """Say how many problems there are, by the worst; None: nobody knows yet, which is said as `unknown`."""
        self.problems.show_problems(problems, unknown)

    def show_graph(self, graph: Graph) -> None:
        """Say how many blocks the drawing has; those in containers are told on hover."""
        self.blocks.setText(count_words(len(graph.blocks), "block") if graph.blocks else "")
        inside = sum(len(body.blocks) for path, body in bodies(graph) if path)
        self.blocks.setToolTip(f"and {number_words(inside)} in containers" if inside else "")

    def show_analysis(self, analysis: Analysis) -> None:
        """Say what the network costs; nothing before the first analysis, nor of an empty drawing."""
        total = analysis.total
        if not analysis.specs and (not analysis.problems or tell_of_blank(analysis.problems)):
            self.parameters.clear()
            self.multiply_adds.clear()
            return
        self.parameters.setText(count_words(total.parameters, "parameter"))
        at = "" if analysis.time_length is None else f" at T = {analysis.time_length}"
        self.multiply_adds.setText(f"{short_words(total.multiply_adds)} multiply-adds per sample{at}")
        self.multiply_adds.setToolTip(f"{number_words(total.multiply_adds)} multiply-adds for one sample{at}")

    def show_saved(self, words: str) -> None:
        """Say at the right whether all is saved."""
        self.saved.setText(words)

    def show_message(self, text: str) -> None:
        """Say something for as long as it takes to read it."""
        self._say(text)
        self._message_over.start(max(MESSAGE_MS, len(text) * READING_MS))

    def forget_message(self) -> None:
        """Say no longer what was said last, which is not true any more, but what still goes on."""
        self._message_over.stop()
        self._say(self._work)

    def show_work(self, text: str) -> None:
        """Say what goes on until it is over, then ""; a message that comes meanwhile stands in its place a while."""
        self._work = text
        if text or not self._message_over.isActive():
            self.forget_message()

    def _say(self, text: str) -> None:
        self.message.setText(text)
        self.message.setToolTip(text)

    def sizeHint(self) -> QSize:
        return QSize(600, STATUS_HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.color("panel"))
        painter.fillRect(0, 0, self.width(), 1, self._theme.color("line"))
        painter.end()


class MessageLabel(QLabel):
    """Ends what it has no room for with an ellipsis; QLabel would cut through a word."""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        self.style().drawItemText(
            painter,
            self.contentsRect(),
            int(self.alignment()),
            self.palette(),
            self.isEnabled(),
            shown,
            self.foregroundRole(),
        )
        painter.end()


class StatusHolder(QStatusBar):
    """Gives the status bar the whole foot of the window: Qt's own layout would leave a margin around it."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self.setStyleSheet(
            f"QStatusBar {{ border: none; min-height: {STATUS_HEIGHT}px; max-height: {STATUS_HEIGHT}px; }}"
        )
        self.bar = StatusBar(theme, self)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.bar.setGeometry(self.rect())


class ProblemsButton(Button):
    """The count of problems; opens the list."""

    weight = REGULAR
    height_px = STATUS_HEIGHT - 4
    radius = 4

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(CHECKING, theme, "ph.circle-dashed", parent=parent)
        self._colour = "secondary"
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setToolTip("Problems (Ctrl+Shift+M)\nWhat stops a run, and what to mend.")

    def show_problems(self, problems: tuple[Problem, ...] | None, unknown: str = CHECKING) -> None:
        """Count them, by the worst; an empty drawing is a beginning and no fault. None: `unknown` is said."""
        errors = sum(problem.severity == "error" for problem in problems or ())
        warnings = sum(problem.severity == "warning" for problem in problems or ())
        if problems is None:
            self._colour, icon, words = "secondary", "ph.circle-dashed", unknown
        elif tell_of_blank(problems):
            self._colour, icon, words = "secondary", "ph.circle-dashed", "Empty drawing"
        elif errors:
            self._colour, icon, words = "error", "ph.x-circle-fill", count_words(errors, "problem")
        elif warnings:
            self._colour, icon, words = "warning", "ph.warning-fill", count_words(warnings, "warning")
        elif problems:
            self._colour, icon, words = "accent", "ph.info", count_words(len(problems), "hint")
        else:
            self._colour, icon, words = "good", "ph.check-circle", "No problems"
        self.set_icon_name(icon)
        self.set_label(words)
        self.update()

    def sizeHint(self) -> QSize:
        text = QFontMetricsF(self._theme.font(SIZE_SMALL)).horizontalAdvance(self.text())
        return QSize(round(text) + ICON_IN_FIELD + 5 + 8, self.height_px)

    def _paint_ground(self, painter: QPainter) -> None:
        self._paint_under_pointer(painter)

    def _paint_content(self, painter: QPainter, left: float) -> None:
        assert self._icon_name is not None
        middle = self.height() / 2
        pixmap = self._theme.icon_pixmap(self._icon_name, self._colour, ICON_IN_FIELD, self.devicePixelRatioF())
        painter.drawPixmap(QPointF(4, round(middle - ICON_IN_FIELD / 2)), pixmap)
        font = self._theme.font(SIZE_SMALL)
        painter.setFont(font)
        painter.setPen(self._theme.color("secondary"))
        # On the line of the labels beside it, which fill the bar's height below its edge.
        room = QRect(4 + ICON_IN_FIELD + 5, 1 - self.y(), self.width(), STATUS_HEIGHT - 1)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, self.text())
