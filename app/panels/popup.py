"""A frame that lies over the window with a panel in it: the problem list, the plan's fields, a floating inspector."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from app.panels.entry_field import Entry
from graph_editor.popup_look import paint_popup
from graph_editor.theme import SHADOW_POPUP, Theme

POPUP_INSET = 4
"""How far from its edge the panel in it begins."""


class Popup(QWidget):
    """A child of the window. Opened by `open_at` it closes with Escape or a press elsewhere; else it stays."""

    def __init__(self, content: QWidget | None, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._content: QWidget | None = None
        self._keyboard_back_to: QWidget | None = None
        self._column = QVBoxLayout(self)
        inset = SHADOW_POPUP + POPUP_INSET
        self._column.setContentsMargins(inset, inset, inset, inset)
        self.hide()
        if content is not None:
            self.set_content(content)

    def content(self) -> QWidget | None:
        """What is in it."""
        return self._content

    def set_content(self, content: QWidget | None) -> None:
        """Put something else into it; what was there keeps no parent."""
        if self._content is not None and self._content is not content:
            self._column.removeWidget(self._content)
            self._content.setParent(None)
        self._content = content
        if content is not None:
            self._column.addWidget(content)
            content.show()

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._theme = theme
        self.update()

    def lie_at(self, place: QRect) -> None:
        """Cover this part of the parent; the shadow falls around it."""
        self.setGeometry(place.adjusted(-SHADOW_POPUP, -SHADOW_POPUP, SHADOW_POPUP, SHADOW_POPUP))

    def open_at(self, place: QRect) -> None:
        """Open over this part of the parent, until Escape or a press elsewhere."""
        app = QApplication.instance()
        assert app is not None, "a popup needs an application"
        self._keyboard_back_to = QApplication.focusWidget()
        self.lie_at(place)
        self.show()
        self.raise_()
        app.installEventFilter(self)

    def close_now(self) -> None:
        """Take it away and give the keyboard back."""
        app = QApplication.instance()
        if app is not None:
            app.removeEventFilter(self)
        self.hide()
        back, self._keyboard_back_to = self._keyboard_back_to, None
        if back is not None and back.isVisible():
            back.setFocus(Qt.FocusReason.PopupFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not self.isVisible():
            return False
        if event.type() == QEvent.Type.MouseButtonPress and isinstance(event, QMouseEvent):
            inside = self.rect().contains(self.mapFromGlobal(event.globalPosition().toPoint()))
            if not inside and isinstance(watched, QWidget) and watched.window() is self.window():
                self.close_now()
        elif event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape:
                focused = QApplication.focusWidget()
                if isinstance(focused, Entry) and self.isAncestorOf(focused):
                    # Else what is half typed would be taken as the field loses the keyboard.
                    focused.cancelled.emit()
                self.close_now()
                event.accept()
                return True
        elif event.type() == QEvent.Type.WindowDeactivate and watched is self.window():
            self.close_now()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        panel = self.rect().adjusted(SHADOW_POPUP, SHADOW_POPUP, -SHADOW_POPUP, -SHADOW_POPUP)
        paint_popup(painter, self._theme, QRectF(panel))
        painter.end()
