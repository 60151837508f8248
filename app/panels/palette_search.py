"""The palette's search field: a magnifier, a line of text, and the key that focuses it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QWidget

from app.panels.fields_base import paint_frame
from graph_editor.theme import ICON, ROW_HEIGHT, SIZE_SMALL, Theme

KEY_SIDE = 16


class PaletteSearch(QWidget):
    """`typed` with each change, `entered` for Enter, `stepped` for Up and Down, `escaped` for Esc in an empty line."""

    typed = Signal(str)
    entered = Signal()
    stepped = Signal(int)
    escaped = Signal()

    def __init__(self, theme: Theme, key: str = "/", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._key = key
        self.setFixedHeight(ROW_HEIGHT)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._line = QLineEdit(self)
        self._line.setFrame(False)
        self._line.setProperty("bare", True)
        self._line.setPlaceholderText("Search blocks")
        self._line.setAccessibleName("Search blocks")
        self._line.setAttribute(Qt.WidgetAttribute.WA_MacShowFocusRect, False)
        self._line.textChanged.connect(self.typed)
        self._line.textChanged.connect(self.update)
        self._line.installEventFilter(self)
        self.setFocusProxy(self._line)
        self.set_theme(theme)

    def line(self) -> QLineEdit:
        """The line that is typed into."""
        return self._line

    def text(self) -> str:
        """What is typed."""
        return self._line.text()

    def clear(self) -> None:
        """Search for nothing."""
        self._line.clear()

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._theme = theme
        self._line.setFont(theme.font())
        self._line.setStyleSheet(
            f"QLineEdit {{ background: transparent; border: none; padding: 0; color: {theme.hex('text')};"
            f" placeholder-text-color: {theme.hex('secondary')}; selection-background-color: {theme.hex('accent')};"
            f" selection-color: {theme.hex('panel')}; }}"
        )
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(192, ROW_HEIGHT)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.update()
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.entered.emit()
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.stepped.emit(1 if key == Qt.Key.Key_Down else -1)
        elif key == Qt.Key.Key_Escape:
            if self.text():
                self.clear()
            else:
                self.escaped.emit()
        else:
            return False
        return True

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.text() and event.position().x() > self.width() - 26:
            self.clear()
        self._line.setFocus(Qt.FocusReason.MouseFocusReason)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._line.setGeometry(26, 3, max(self.width() - 26 - 28, 8), self.height() - 6)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, focused = self._theme, self._line.hasFocus()
        paint_frame(painter, theme, QRectF(self.rect()), hover=self.underMouse(), focus=focused)
        ratio = self.devicePixelRatioF()
        middle = self.height() / 2
        loupe = theme.icon_pixmap("ph.magnifying-glass", "secondary", ICON - 2, ratio)
        painter.drawPixmap(QPointF(7, middle - (ICON - 2) / 2), loupe)
        place = QRectF(self.width() - 6 - KEY_SIDE, middle - KEY_SIDE / 2, KEY_SIDE, KEY_SIDE)
        if self.text():
            cross = theme.icon_pixmap("ph.x", "secondary", ICON - 4, ratio)
            painter.drawPixmap(place.topLeft() + QPointF(2, 2), cross)
        elif self._key and not focused:
            painter.setPen(theme.pen("line"))
            painter.setBrush(theme.brush("hover"))
            painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
            painter.setFont(theme.font(SIZE_SMALL, mono=True))
            painter.setPen(theme.color("secondary"))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, self._key)
        painter.end()
