"""One problem: its severity, the block in semibold, the sentence, and its fixes as links."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.panels.buttons import LinkButton
from engine.graph.problem import Problem, block_words
from graph_editor.theme import ICON, RADIUS_FIELD, SEMIBOLD, SPACE_8, SPACE_12, Theme

SEVERITY_ICONS = {
    "error": ("ph.x-circle-fill", "error"),
    "warning": ("ph.warning-fill", "warning"),
    "advice": ("ph.info-fill", "accent"),
}
TEXT_AT = 40
ROOM_FOR_LINKS = 210


class ProblemRow(QWidget):
    """A click or Enter says `jump(path)`, a link `fix(Fix)`. Without a place to jump to it is plain text."""

    jump = Signal(object)
    fix = Signal(object)

    def __init__(self, problem: Problem, theme: Theme, *, jumps: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.problem = problem
        self._theme = theme
        self._jumps = jumps and bool(problem.path)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        # Fixed would keep it at the height of its favourite width, and cut what needs more lines.
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.setAccessibleName(f"{problem.severity}: {problem.sentence}")
        if self._jumps:
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.label = QLabel(self)
        self.label.setTextFormat(Qt.TextFormat.RichText)
        self.label.setWordWrap(True)
        self.label.setFont(theme.font())
        self.label.setStyleSheet(f"color: {theme.hex('text')}; background: transparent;")
        self.label.setText(rich_sentence(problem))
        self.label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(TEXT_AT, SPACE_8, SPACE_12, SPACE_8)
        layout.setSpacing(4)
        layout.addWidget(self.label)
        self.links: list[LinkButton] = []
        for fix in problem.fixes:
            link = LinkButton(fix.label, theme, SEMIBOLD)
            link.clicked.connect(lambda _checked=False, fix=fix: self.fix.emit(fix))
            self.links.append(link)
        beside = sum(link.sizeHint().width() + SPACE_12 for link in self.links) <= ROOM_FOR_LINKS
        lines = [self.links] if beside else [[link] for link in self.links]
        for line in lines if self.links else ():
            holder = QHBoxLayout()
            holder.setSpacing(SPACE_12)
            for link in line:
                holder.addWidget(link)
            holder.addStretch()
            layout.addLayout(holder)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        inside = self.rect().contains(event.position().toPoint())
        if self._jumps and inside and event.button() == Qt.MouseButton.LeftButton:
            self.jump.emit(self.problem.path)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._jumps and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.jump.emit(self.problem.path)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._jumps and self.underMouse():
            painter.fillRect(self.rect(), self._theme.color("hover"))
        icon, ink = SEVERITY_ICONS[self.problem.severity]
        pixmap = self._theme.icon_pixmap(icon, ink, ICON, self.devicePixelRatioF())
        painter.drawPixmap(QPoint(TEXT_AT - ICON - SPACE_8, SPACE_8), pixmap)
        if self.hasFocus():
            painter.setPen(self._theme.pen("accent", 2))
            painter.drawRoundedRect(self.rect().adjusted(2, 2, -2, -2), RADIUS_FIELD, RADIUS_FIELD)
        painter.end()


def rich_sentence(problem: Problem) -> str:
    """The problem's sentence with the block it speaks of in semibold, as rich text."""
    sentence = problem.sentence
    title = problem.facts.get("title")
    if title is None:
        return escape(sentence)
    block = block_words(str(title), str(problem.facts.get("name", title)))
    before, found, after = sentence.partition(block)
    if not found:
        return escape(sentence)
    return f"{escape(before)}<span style='font-weight: 600'>{escape(block)}</span>{escape(after)}"
