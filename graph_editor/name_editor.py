"""One line that floats over a block while its name is edited."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from graph_editor.block_item import BlockItem
from graph_editor.theme import RADIUS_FIELD, SEMIBOLD, SIZE_HEADING, Theme
from graph_editor.view import GraphView


class NameEditor(QLineEdit):
    """`renamed(id, name)` on Enter or when the view moves or the focus goes elsewhere; Esc leaves the name as it was.

    It follows its block when the scene is drawn anew: what becomes known of the drawing ends no typing.
    """

    renamed = Signal(str, str)
    finished = Signal()

    def __init__(self, theme: Theme, view: GraphView, parent: QWidget) -> None:
        super().__init__(parent)
        self._view = view
        self._id = ""
        self.setAccessibleName("Name of the block")
        self.setFrame(False)
        self.set_theme(theme)
        self.hide()
        view.moved.connect(self.hide)
        view.graph_scene.redrawn.connect(self._follow)

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._theme = theme
        self.setStyleSheet(
            f"QLineEdit {{ background: {theme.hex('block')}; color: {theme.hex('text')}; padding: 0 4px;"
            f" border: 2px solid {theme.hex('accent')}; border-radius: {RADIUS_FIELD}px; }}"
        )

    def open(self, item: BlockItem) -> None:
        """Edit the name of a block where it stands."""
        self._id = item.id
        self.setFont(self._theme.font(max(SIZE_HEADING * min(self._view.zoom, 2.0), 9), SEMIBOLD))
        self.setText(item.content.name)
        self.setGeometry(self._place(item))
        self.selectAll()
        self.show()
        self.raise_()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take()
            self.finished.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self._leave()
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

    def _leave(self) -> None:
        self._id = ""
        self.hide()

    def _follow(self) -> None:
        if self.isVisible():
            item = self._view.graph_scene.blocks.get(self._id)
            if item is not None:
                self.setGeometry(self._place(item))
            else:
                self._leave()

    def _place(self, item: BlockItem) -> QRect:
        left, top, right, _ = item.rectangle()
        zoom = self._view.zoom
        corner = self._view.mapFromScene(left + 32, top + (4 if item.geometry.second else 12))
        width = max(round((right - left - 38) * zoom), 120)
        return QRect(corner, QSize(width, max(round(24 * min(zoom, 2.0)), 22)))
