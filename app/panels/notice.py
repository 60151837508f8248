"""A sentence over the canvas: what was refused or went wrong, with a way to close it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from app.panels.buttons import IconButton
from app.panels.label_look import style_label
from engine.graph.problem import Problem
from graph_editor.theme import ICON, RADIUS_BLOCK, SIZE_NORMAL, SPACE_8, SPACE_12, SPACE_16, Theme

MOST_WIDTH = 640
SHOWN_MS = 12_000
BELOW_BREADCRUMB = 48


class Notice(QWidget):
    """Stands at the top of its parent, in the middle; goes by itself after 12 s."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._ink = "error"
        self._problem: Problem | None = None
        self._label = QLabel(self)
        self._label.setWordWrap(True)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._cross = IconButton("ph.x", "Close", theme, side=24, parent=self)
        self._cross.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE_12 + ICON + SPACE_8, SPACE_8, SPACE_8, SPACE_8)
        row.setSpacing(SPACE_12)
        row.addWidget(self._label, 1)
        row.addWidget(self._cross, 0, Qt.AlignmentFlag.AlignTop)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Maximum)
        self._over = QTimer(self)
        self._over.setSingleShot(True)
        self._over.timeout.connect(self.hide)
        self.set_theme(theme)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._theme = theme
        style_label(self._label, theme.font(SIZE_NORMAL), "text", theme)
        self._cross.set_theme(theme)
        self.update()

    def show_problem(self, problem: Problem) -> None:
        """Say what a problem says."""
        self._ink = {"error": "error", "warning": "warning"}.get(problem.severity, "accent")
        self.show_text(problem.sentence)
        self._problem = problem

    def take_back(self, problem: Problem | None) -> None:
        """Say it no longer, if that is what it says: it is not so any more."""
        if problem is not None and problem == self._problem:
            self.hide()

    def show_text(self, text: str) -> None:
        """Say something."""
        self._problem = None
        self._label.setText(text)
        self.setAccessibleName(text)
        self.place()
        self.show()
        self.raise_()
        self._over.start(SHOWN_MS)

    def text(self) -> str:
        """What it says."""
        return self._label.text()

    def place(self) -> None:
        """Stand at the top of the parent, in the middle."""
        parent = self.parentWidget()
        if parent is None:
            return
        margins = self.layout().contentsMargins()
        around = margins.left() + margins.right() + SPACE_12 + self._cross.width()
        wanted = QFontMetricsF(self._label.font()).horizontalAdvance(self._label.text()) + 4
        room = min(MOST_WIDTH, parent.width() - 2 * SPACE_16) - around
        self._label.setFixedWidth(round(min(wanted, max(room, 80))))
        self.adjustSize()
        self.move((parent.width() - self.width()) // 2, BELOW_BREADCRUMB)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._theme.pen(self._ink))
        painter.setBrush(self._theme.brush("panel"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS_BLOCK, RADIUS_BLOCK)
        name = "ph.x-circle-fill" if self._ink == "error" else "ph.warning-fill"
        pixmap = self._theme.icon_pixmap(name, self._ink, ICON, self.devicePixelRatioF())
        painter.drawPixmap(QPointF(SPACE_12, SPACE_12), pixmap)
        painter.end()
