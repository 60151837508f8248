"""The head of the inspector: icon on a tint, name to edit in place, what it is in PyTorch, help and a menu."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFont, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLineEdit, QMenu, QWidget

from app.panels.buttons import IconButton, baseline
from engine.graph.block_type import BlockType
from graph_editor.letter_search import find_by_letter
from graph_editor.popup_look import paint_type_icon
from graph_editor.style_sheet import round_menu
from graph_editor.theme import (
    ICON,
    RADIUS_BLOCK,
    RADIUS_FIELD,
    SEMIBOLD,
    SIZE_HEADING,
    SIZE_SMALL,
    SPACE_16,
    Theme,
)

HEIGHT = 56
TINT_SIDE = 28
NAME_AT = 54
_BESIDE_NAME = 14
"""What edge, margins and Qt's own 2 px leave no room for in a line that shows a name."""


class NameLine(QLineEdit):
    """A name that looks like text until it is edited; Enter or leaving takes it, Esc gives it back.

    A name that is too long ends in an ellipsis until it is edited.
    """

    taken = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._shown = ""
        self._entering = False
        self._theme = theme
        self.setFrame(False)
        self.setFont(theme.font(SIZE_HEADING, SEMIBOLD))
        self.setTextMargins(4, 0, 4, 0)
        self.setAccessibleName("Name")
        self.setAttribute(Qt.WidgetAttribute.WA_MacShowFocusRect, False)
        self.editingFinished.connect(self._take)
        self._restyle()

    def show_name(self, name: str) -> None:
        """Show a name that comes from elsewhere; one being typed stays."""
        self._shown = name
        if not self.hasFocus():
            self._rest()

    def forget_typing(self) -> None:
        """Show the name as it is."""
        self._rest()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._entering = not self.hasFocus() or self._entering
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if self._entering and not self.hasSelectedText():
            self.selectAll()
        self._entering = False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if not self.hasFocus():
            self._rest()

    def focusInEvent(self, event: QFocusEvent) -> None:
        if event.reason() == Qt.FocusReason.PopupFocusReason:
            super().focusInEvent(event)
            return
        self.setText(self._shown)
        super().focusInEvent(event)
        self._entering = event.reason() == Qt.FocusReason.MouseFocusReason
        self._restyle()
        self.selectAll()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() == Qt.FocusReason.PopupFocusReason:
            return
        self._rest()
        self._restyle()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.setText(self._shown)
            self.clearFocus()
        else:
            super().keyPressEvent(event)

    def _rest(self) -> None:
        room = self.width() - _BESIDE_NAME
        fitting = QFontMetricsF(self.font()).elidedText(self._shown, Qt.TextElideMode.ElideRight, room)
        self.setText(fitting)
        self.setCursorPosition(0)
        self.setToolTip("Click to rename" if fitting == self._shown else f"{self._shown}\nClick to rename")

    def _take(self) -> None:
        name = " ".join(self.text().split())
        if name and name != self._shown:
            self._shown = name
            self.taken.emit(name)
        if self.hasFocus():
            self.clearFocus()

    def _restyle(self) -> None:
        theme = self._theme
        edge = f"1px solid {theme.hex('accent')}" if self.hasFocus() else "1px solid transparent"
        ground = theme.hex("field") if self.hasFocus() else "transparent"
        self.setStyleSheet(
            f"QLineEdit {{ background: {ground}; border: {edge}; border-radius: {RADIUS_FIELD}px; padding: 0;"
            f" min-height: 20px; max-height: 20px;"
            f" color: {theme.hex('text')}; selection-background-color: {theme.hex('accent')};"
            f" selection-color: {theme.hex('panel')}; }}"
            f"QLineEdit:hover {{ background: {theme.hex('hover')}; }}"
        )


class PanelHeader(QWidget):
    """An icon on a tint, a title, a line below it in secondary."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._title = ""
        self._subtitle = ""
        self._icon = "ph.graduation-cap"
        self._ruled = True
        self.setFixedHeight(HEIGHT)

    def set_ruled(self, ruled: bool) -> None:
        """Whether a line stands below."""
        self._ruled = ruled
        self.update()

    def show_words(self, title: str, subtitle: str, icon: str = "ph.graduation-cap") -> None:
        """Say what the panel is about."""
        self._title, self._subtitle, self._icon = title, subtitle, icon
        self.setAccessibleName(f"{title}. {subtitle}")
        self.update()

    def title(self) -> str:
        """What it says in semibold."""
        return self._title

    def subtitle(self) -> str:
        """What it says below."""
        return self._subtitle

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_icon(painter)
        theme = self._theme
        if self._ruled:
            painter.fillRect(0, self.height() - 1, self.width(), 1, theme.color("line"))
        room = self.width() - NAME_AT - SPACE_16
        if self._title:
            font = theme.font(SIZE_HEADING, SEMIBOLD)
            painter.setFont(font)
            painter.setPen(theme.color("text"))
            text = QFontMetricsF(font).elidedText(self._title, Qt.TextElideMode.ElideRight, room)
            painter.drawText(QPointF(NAME_AT, baseline(font, 20)), text)
        font = self._subtitle_font()
        painter.setFont(font)
        painter.setPen(theme.color("secondary"))
        text = QFontMetricsF(font).elidedText(self._subtitle, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QPointF(NAME_AT, baseline(font, 37)), text)
        painter.end()

    def _subtitle_font(self) -> QFont:
        return self._theme.font(SIZE_SMALL)

    def _tint(self) -> QRectF:
        return QRectF(SPACE_16, (HEIGHT - TINT_SIDE) / 2, TINT_SIDE, TINT_SIDE)

    def _paint_icon(self, painter: QPainter) -> None:
        theme, tint = self._theme, self._tint()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.brush("hover"))
        painter.drawRoundedRect(tint, RADIUS_BLOCK, RADIUS_BLOCK)
        pixmap = theme.icon_pixmap(self._icon, "text", ICON, self.devicePixelRatioF())
        inset = (TINT_SIDE - ICON) / 2
        painter.drawPixmap(tint.topLeft() + QPointF(inset, inset), pixmap)


class BlockHeader(PanelHeader):
    """The head of one block; `renamed(name)`, `help_wanted()`, `reset()` and `removed()` from its buttons."""

    renamed = Signal(str)
    help_wanted = Signal()
    reset = Signal()
    removed = Signal()

    def __init__(self, type: BlockType, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._type = type
        self._subtitle = type.module.rpartition(":")[2] or type.title
        self.name = NameLine(theme, self)
        self.name.taken.connect(self.renamed)
        self.help_button = IconButton("ph.question", f"What {type.title} does", theme, parent=self)
        self.help_button.clicked.connect(self.help_wanted)
        self.menu_button = IconButton("ph.dots-three", "More", theme, parent=self)
        self.menu_button.clicked.connect(self.open_menu)

    def open_menu(self) -> QMenu:
        """Open the `…` menu."""
        menu = find_by_letter(round_menu(QMenu(self)))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setFont(self._theme.font())
        menu.addAction("Rename").triggered.connect(self._begin_rename)
        menu.addAction("Help").triggered.connect(self.help_wanted)
        menu.addAction("Reset all parameters").triggered.connect(self.reset)
        menu.addSeparator()
        menu.addAction("Delete").triggered.connect(self.removed)
        menu.popup(self.menu_button.mapToGlobal(QPoint(0, self.menu_button.height() + 2)))
        return menu

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        right = self.width() - 10
        for button in (self.menu_button, self.help_button):
            right -= button.sizeHint().width()
            button.setGeometry(right, 14, button.sizeHint().width(), button.sizeHint().height())
        # 5 px of edge and margin before the text.
        self.name.setGeometry(NAME_AT - 7, 9, max(right - NAME_AT + 3, 40), 22)

    def _begin_rename(self) -> None:
        self.name.setFocus(Qt.FocusReason.OtherFocusReason)

    def _subtitle_font(self) -> QFont:
        return self._theme.font(SIZE_SMALL, mono=True)

    def _paint_icon(self, painter: QPainter) -> None:
        theme, tint = self._theme, self._tint()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.faded(self._type.family, 0.24 if theme.is_dark else 0.18))
        painter.drawRoundedRect(tint, RADIUS_BLOCK, RADIUS_BLOCK)
        inset = (TINT_SIDE - ICON) / 2
        paint_type_icon(painter, theme, self._type, tint.left() + inset, tint.top() + inset)
