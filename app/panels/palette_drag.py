"""The drag of a block out of the palette: a gesture of our own, so that real mouse events can test it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget


class PaletteDrag(QObject):
    """Begins once the pressed pointer has gone `startDragDistance`; then every event of mouse and keyboard is its own.

    While the button is down the window system sends all there is to this program, so a filter on the application is
    the grab, and the row that was pressed may hide. Points are global. Escape cancels, and so does losing the window.
    """

    started = Signal(str)
    moved = Signal(QPoint)
    dropped = Signal(QPoint)
    cancelled = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._type_id = ""
        self._pressed_at: QPoint | None = None
        self._running = False

    def is_running(self) -> bool:
        """Whether a block is on its way."""
        return self._running

    def press(self, type_id: str, point: QPoint) -> None:
        """The pointer went down on a block."""
        self._type_id = type_id
        self._pressed_at = point

    def move(self, point: QPoint) -> None:
        """The pointer moved while down."""
        if self._running:
            self.moved.emit(point)
        elif (
            self._pressed_at is not None
            and (point - self._pressed_at).manhattanLength() >= QApplication.startDragDistance()
        ):
            self._running = True
            QApplication.setOverrideCursor(Qt.CursorShape.ClosedHandCursor)
            application = QApplication.instance()
            assert application is not None, "a gesture needs an application"
            application.installEventFilter(self)
            self.started.emit(self._type_id)
            self.moved.emit(point)

    def release(self, point: QPoint) -> None:
        """The pointer came up."""
        self._pressed_at = None
        if self._running:
            self._end()
            self.dropped.emit(point)

    def cancel(self) -> None:
        """Give up."""
        self._pressed_at = None
        if self._running:
            self._end()
            self.cancelled.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(watched, QWidget):
            return False
        if isinstance(event, QMouseEvent):
            point = event.globalPosition().toPoint()
            if event.type() == QEvent.Type.MouseMove:
                self.move(point)
            elif event.type() == QEvent.Type.MouseButtonRelease and event.button() == Qt.MouseButton.LeftButton:
                self.release(point)
            elif event.type() == QEvent.Type.MouseButtonPress:
                self.cancel()
            return True
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Escape:
                self.cancel()
            return True
        if event.type() == QEvent.Type.WindowDeactivate:
            self.cancel()
        return False

    def _end(self) -> None:
        self._running = False
        application = QApplication.instance()
        assert application is not None, "a gesture needs an application"
        application.removeEventFilter(self)
        QApplication.restoreOverrideCursor()
