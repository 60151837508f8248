"""Help about a block type in a popover: what it does, its formula, its page of help, each parameter in a sentence."""

from __future__ import annotations

from importlib.resources import files

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from app.panels.buttons import IconButton
from app.panels.section import Sentence
from engine.graph.block_type import BlockType, Parameter
from engine.graph.parameter_rules import range_words
from graph_editor.block_search import pytorch_name
from graph_editor.popup_look import paint_popup, paint_type_icon
from graph_editor.theme import (
    ICON,
    ICON_IN_FIELD,
    RADIUS_FIELD,
    SEMIBOLD,
    SHADOW_POPUP,
    SIZE_HEADING,
    SIZE_NORMAL,
    SIZE_SMALL,
    SPACE_4,
    SPACE_8,
    SPACE_12,
    SPACE_16,
    Theme,
)

WIDTH = 320
HEAD = 48
TALLEST = 480


def facts_of(parameter: Parameter) -> str:
    """Default and range of a parameter: `16 · 1 to 65 536`, `4 · 1 to 1000 px`."""
    parts = [parameter.words(parameter.default)] if parameter.default not in ("", ()) else []
    if parameter.kind == "choice":
        parts = [", ".join(parameter.choices)]
    elif parameter.kind in ("integer", "float", "tuple") and (parameter.minimum, parameter.maximum) != (None, None):
        parts.append(f"{range_words(parameter)} {parameter.unit}".rstrip())
    return " · ".join(parts)


def page_of(type_id: str) -> tuple[str, ...]:
    """The paragraphs of a block's page in `resources/help/blocks`, as Markdown; without its title and its formula.

    Empty where the block has no page. The formula is left out because the block type has it, and it is drawn apart.
    """
    file = files("resources") / "help" / "blocks" / f"{type_id}.md"
    if not file.is_file():
        return ()
    parts = [part.strip("\n") for part in file.read_text(encoding="utf-8").split("\n\n")]
    return tuple(part for part in parts if part and not part.startswith(("# ", "    ")))


class BlockHelp(QWidget):
    """A child of the window that `open_beside` shows next to a widget; Esc or a press elsewhere closes it."""

    closed = Signal()

    def __init__(self, type: BlockType, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._type = type
        self._theme = theme
        self.setAccessibleName(f"Help: {type.title}")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, SPACE_4, 0, SPACE_12)
        column.setSpacing(SPACE_8)
        # A page begins with the purpose, in more words.
        first, *rest = page_of(type.id) or (type.purpose,)
        column.addWidget(self._paragraph(first))
        if type.formula:
            column.addWidget(self._formula())
        for text in rest:
            column.addWidget(self._paragraph(text))
        for parameter in type.parameters:
            column.addWidget(self._parameter(parameter))
        column.addStretch()
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.viewport().setAutoFillBackground(False)
        scroll.setWidget(body)
        body.setAutoFillBackground(False)
        close = IconButton("ph.x", "Close", theme, ICON_IN_FIELD, side=24)
        close.clicked.connect(self.close_now)
        head = QHBoxLayout()
        head.setContentsMargins(0, SPACE_8, SPACE_8, 0)
        head.addSpacing(42)
        title = QLabel(type.title)
        title.setFont(theme.font(SIZE_HEADING, SEMIBOLD))
        title.setStyleSheet(f"color: {theme.hex('text')}; background: transparent;")
        name = QLabel(pytorch_name(type))
        name.setFont(theme.font(SIZE_SMALL, mono=True))
        name.setStyleSheet(f"color: {theme.hex('secondary')}; background: transparent;")
        head.addWidget(title)
        head.addSpacing(4)
        head.addWidget(name)
        head.addStretch()
        head.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SHADOW_POPUP, SHADOW_POPUP, SHADOW_POPUP, SHADOW_POPUP + SPACE_4)
        layout.setSpacing(SPACE_4)
        layout.addLayout(head)
        layout.addWidget(scroll)
        width = WIDTH - 12
        wanted = body.heightForWidth(width) if body.hasHeightForWidth() else body.sizeHint().height()
        self.resize(WIDTH + 2 * SHADOW_POPUP, min(wanted, TALLEST) + HEAD + 2 * SHADOW_POPUP)
        self.hide()

    def open_beside(self, widget: QWidget) -> None:
        """Show left of `widget` where there is room, else right of it, inside the window."""
        host = self.parentWidget()
        corner = widget.mapTo(host, QPoint(0, 0)) if host.isAncestorOf(widget) else QPoint(0, 0)
        x = corner.x() - self.width() + SHADOW_POPUP - 4
        if x < -SHADOW_POPUP:
            x = corner.x() + widget.width() + 4 - SHADOW_POPUP
        x = max(min(x, host.width() - self.width() + SHADOW_POPUP), -SHADOW_POPUP)
        y = max(min(corner.y() - SHADOW_POPUP, host.height() - self.height() + SHADOW_POPUP), -SHADOW_POPUP)
        self.move(x, y)
        self.show()
        self.raise_()
        self.setFocus(Qt.FocusReason.PopupFocusReason)
        application = QApplication.instance()
        assert application is not None, "a popup needs an application"
        application.installEventFilter(self)

    def close_now(self) -> None:
        """Close, and let go of itself."""
        if self.isVisible():
            self.hide()
            self.closed.emit()
            self.deleteLater()

    def texts(self) -> list[str]:
        """All that it says, from above."""
        return [label.text() for label in self.findChildren(QLabel)]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        pressed = isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonPress
        if pressed and isinstance(watched, QWidget) and watched is not self and not self.isAncestorOf(watched):
            self.close_now()
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_now()
        else:
            super().keyPressEvent(event)

    def hideEvent(self, event: QEvent) -> None:
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        panel = self.rect().adjusted(SHADOW_POPUP, SHADOW_POPUP, -SHADOW_POPUP, -SHADOW_POPUP)
        paint_popup(painter, self._theme, QRectF(panel))
        corner = QPointF(panel.left() + SPACE_16, panel.top() + SPACE_12)
        paint_type_icon(painter, self._theme, self._type, corner.x(), corner.y(), ICON)
        painter.end()

    def _paragraph(self, text: str) -> QWidget:
        paragraph = Sentence(text, self._theme, "secondary" if text.startswith("Paper") else "text")
        paragraph.setTextFormat(Qt.TextFormat.MarkdownText)
        return paragraph

    def _formula(self) -> QWidget:
        theme = self._theme
        label = QLabel(self._type.formula)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        label.setFont(theme.font(SIZE_NORMAL, mono=True))
        label.setStyleSheet(
            f"color: {theme.hex('text')}; background: {theme.hex('field')}; border-radius: {RADIUS_FIELD}px;"
            f" padding: 6px 8px;"
        )
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(SPACE_16, 0, SPACE_16, 0)
        row.addWidget(label)
        return holder

    def _parameter(self, parameter: Parameter) -> QWidget:
        theme = self._theme
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(1)
        top = QHBoxLayout()
        top.setContentsMargins(SPACE_16, 0, SPACE_16, 0)
        name = QLabel(parameter.label)
        name.setFont(theme.font(SIZE_NORMAL, SEMIBOLD))
        name.setStyleSheet(f"color: {theme.hex('text')}; background: transparent;")
        facts = QLabel(facts_of(parameter))
        facts.setFont(theme.font(SIZE_SMALL, mono=True))
        facts.setStyleSheet(f"color: {theme.hex('secondary')}; background: transparent;")
        facts.setWordWrap(True)
        facts.setAlignment(Qt.AlignmentFlag.AlignRight)
        top.addWidget(name)
        top.addWidget(facts, 1)
        column.addLayout(top)
        column.addWidget(Sentence(parameter.help, theme, "secondary"))
        return holder
