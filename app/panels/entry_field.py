"""EntryField: a field whose value is typed; Entry: the line of text inside it."""

from __future__ import annotations

from abc import abstractmethod
from functools import lru_cache

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QMouseEvent, QPainter, QPalette
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from app.abstract_widget import AbstractWidget
from app.panels.fields_base import TEXT_INSET, Field, Validate, same
from graph_editor.theme import Theme

LINE_MARGINS = 5
"""What a QLineEdit keeps free beside its text, and the cursor."""


class Entry(QLineEdit):
    """A bare line of text inside a field. A click begins to edit, a drag before that is the field's to scrub."""

    scrub_began = Signal()
    scrubbed = Signal(int, bool)  # px since the press; whether Shift is down
    scrub_ended = Signal()
    stepped = Signal(int)  # steps, -10, -1, 1 or 10
    step_ended = Signal()
    confirmed = Signal()
    cancelled = Signal()
    focus_changed = Signal(bool)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFrame(False)
        self.setProperty("bare", True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setTextMargins(0, 0, 0, 0)
        self.setAttribute(Qt.WidgetAttribute.WA_MacShowFocusRect, False)
        self.scrubs = False
        self.steps = False
        self._pressed_at: QPoint | None = None
        self._scrubbing = False

    def show_text(self, text: str) -> None:
        """Show a text from outside: its beginning, with nothing to undo."""
        if text != self.text():
            self.setText(text)
            self.setCursorPosition(0)
            if self.hasFocus():
                self.selectAll()

    def forget_typing(self) -> None:
        """Leave nothing to undo, and no drag that goes on."""
        self._pressed_at, self._scrubbing = None, False
        if self.isUndoAvailable() or self.isRedoAvailable():
            self.setText("")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.hasFocus() or event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        self._pressed_at = event.globalPosition().toPoint()
        self._scrubbing = False

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        # Also where nothing of it is wanted: it lets Qt know the third click of three, which takes everything
        super().mouseDoubleClickEvent(event)
        if self.scrubs and event.button() == Qt.MouseButton.LeftButton:
            # Words end at a point: Qt would take half of a number.
            self.selectAll()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed_at is None:
            super().mouseMoveEvent(event)
            return
        distance = event.globalPosition().toPoint().x() - self._pressed_at.x()
        if self.scrubs and not self._scrubbing and abs(distance) >= QApplication.startDragDistance() // 2:
            self._scrubbing = True
            self.scrub_began.emit()
        if self._scrubbing:
            self.scrubbed.emit(distance, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._pressed_at is None:
            super().mouseReleaseEvent(event)
            return
        self._pressed_at = None
        if self._scrubbing:
            self._scrubbing = False
            self.scrub_ended.emit()
        else:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self.selectAll()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.confirmed.emit()
        elif key == Qt.Key.Key_Escape:
            self.cancelled.emit()
        elif self.steps and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            large = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self.stepped.emit((1 if key == Qt.Key.Key_Up else -1) * (10 if large else 1))
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if self.steps and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and not event.isAutoRepeat():
            self.step_ended.emit()
        super().keyReleaseEvent(event)

    def event(self, event: QEvent) -> bool:
        # With nothing typed, Ctrl+Z belongs to the document.
        if event.type() == QEvent.Type.ShortcutOverride:
            undo = event.matches(QKeySequence.StandardKey.Undo) and not self.isUndoAvailable()
            redo = event.matches(QKeySequence.StandardKey.Redo) and not self.isRedoAvailable()
            if undo or redo:
                event.ignore()
                return False
        return super().event(event)

    def focusInEvent(self, event: QEvent) -> None:
        super().focusInEvent(event)
        self.focus_changed.emit(True)

    def focusOutEvent(self, event: QEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() not in (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason):
            self.setCursorPosition(0)
        self.focus_changed.emit(False)


class EntryField(Field, metaclass=AbstractWidget):
    """A field whose value is typed into a line of text."""

    mono = True

    def __init__(self, theme: Theme, validate: Validate | None = None, parent: QWidget | None = None) -> None:
        super().__init__(theme, validate, parent)
        self._entry = Entry(self)
        self._ink_shown = ""
        self.setFocusProxy(self._entry)
        self._entry.confirmed.connect(self._confirm)
        self._entry.cancelled.connect(self._cancel)
        self._entry.focus_changed.connect(self._focus_changed)
        self._entry.textEdited.connect(self._text_edited)
        self._typed = False
        self._restyle()

    def forget(self) -> None:
        super().forget()
        self._typed = False
        self._entry.forget_typing()

    def whole_width(self) -> int:
        """The width that shows all of the text, in px."""
        text = self._entry.fontMetrics().horizontalAdvance(self._entry.text())
        return text + LINE_MARGINS + TEXT_INSET - 2 + self._right_inset()

    def set_placeholder(self, text: str) -> None:
        """What the field shows while it is empty."""
        self._entry.setPlaceholderText(text)

    def setAccessibleName(self, name: str) -> None:
        super().setAccessibleName(name)
        self._entry.setAccessibleName(name)

    def resizeEvent(self, event: QEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def paintEvent(self, event: QEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_frame(painter)
        if not self.isEnabled() and self.width() >= 72:
            self._paint_icon(painter, "ph.lock-simple", self.width() - 16, "disabled")
        painter.end()

    def _right_inset(self) -> int:
        return 26 if not self.isEnabled() and self.width() >= 72 else TEXT_INSET

    def _lay_out(self) -> None:
        self._entry.setGeometry(
            TEXT_INSET - 2, 3, max(self.width() - TEXT_INSET + 2 - self._right_inset(), 8), self.height() - 6
        )

    def _restyle(self) -> None:
        self._entry.setFont(self._theme.font(mono=self.mono))
        token = self._ink()
        key = f"{self._theme.name} {token}"
        if key != self._ink_shown:
            self._ink_shown = key
            self._entry.setPalette(_entry_palette(self._theme, token))
        self._lay_out()
        self.update()

    def _has_keyboard(self) -> bool:
        return self._entry.hasFocus()

    @abstractmethod
    def _text_of(self, value: object) -> str:
        """How a value is written."""

    @abstractmethod
    def _read(self, text: str) -> object:
        """The value that a text stands for; ValueError carries what is wrong with it."""

    def _show_value(self) -> None:
        self._typed = False
        self._entry.show_text(self._text_of(self._value))
        self._lay_out()
        self.update()

    def _text_edited(self, text: str) -> None:
        self._typed = True
        self._lay_out()

    def _focus_changed(self, focused: bool) -> None:
        if not focused:
            self._take_text()
            if self._gesture:
                self._commit(self._value)
        self._restyle()

    def _confirm(self) -> None:
        self._take_text()
        self._entry.selectAll()

    def _cancel(self) -> None:
        self._restore()
        self.set_error(None)
        self._show_value()
        self._entry.selectAll()

    def _busy(self, value: object) -> bool:
        return super()._busy(value) or (self._typed and self._has_keyboard() and same(value, self._committed))

    def _take_text(self) -> None:
        if not self._typed:
            return
        try:
            value = self._read(self._entry.text().strip())
        except ValueError as fault:
            self.set_error(str(fault))
            return
        complaint = self._complaint(value)
        if complaint:
            self.set_error(complaint)
            return
        self.set_error(None)
        self._value = value
        self._show_value()
        self._commit(value)


@lru_cache(maxsize=32)
def _entry_palette(theme: Theme, ink: str) -> QPalette:
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.Base, Qt.GlobalColor.transparent)
    palette.setColor(QPalette.ColorRole.Text, theme.color(ink))
    palette.setColor(QPalette.ColorRole.PlaceholderText, theme.color("secondary"))
    palette.setColor(QPalette.ColorRole.Highlight, theme.color("accent"))
    palette.setColor(QPalette.ColorRole.HighlightedText, theme.color("panel"))
    return palette
