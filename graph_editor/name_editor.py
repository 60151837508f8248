"""One line that floats over a block while its name is edited."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from graph_editor.theme import RADIUS_FIELD, SEMIBOLD, SIZE_HEADING, Theme


class NameEditor(QLineEdit):
    """`renamed(id, name)` on Enter or when the focus goes elsewhere; Esc leaves the name as it was."""

    renamed = Signal(str, str)
    finished = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._id = ""
        self.setAccessibleName("Name of the block")
        self.setFrame(False)
        self.set_theme(theme)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._theme = theme
        self.setStyleSheet(
            f"QLineEdit {{ background: {theme.hex('block')}; color: {theme.hex('text')}; padding: 0 4px;"
            f" border: 2px solid {theme.hex('accent')}; border-radius: {RADIUS_FIELD}px; }}"
        )

    def open(self, id: str, name: str, place: QRect, zoom: float) -> None:
        """Edit the name of block `id` at a place of the parent."""
        self._id = id
        self.setFont(self._theme.font(max(SIZE_HEADING * min(zoom, 2.0), 9), SEMIBOLD))
        self.setText(name)
        self.setGeometry(place)
        self.selectAll()
        self.show()
        self.raise_()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take()
            self.finished.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self._id = ""
            self.hide()
            self.finished.emit()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self._take()

    def _take(self) -> None:
        id, self._id = self._id, ""
        self.hide()
        if id:
            self.renamed.emit(id, self.text())
