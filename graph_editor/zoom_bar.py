"""The zoom in per cent between − and +, and a button that fits the drawing."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from graph_editor.overlay import BUTTON, IconButton, Panel
from graph_editor.theme import SIZE_NORMAL, Theme

FIGURE = 44
STEP = 1.25


class ZoomBar(Panel):
    """`zoomed(factor)` by the buttons, `reset` by a click on the figure, `fit`."""

    zoomed = Signal(float)
    reset = Signal()
    fit = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._zoom = 1.0
        self.smaller = IconButton("ph.minus", "Zoom out", theme, self)
        self.larger = IconButton("ph.plus", "Zoom in", theme, self)
        self.fitting = IconButton("ph.corners-out", "Fit the drawing (F)", theme, self)
        self.smaller.clicked.connect(lambda: self.zoomed.emit(1 / STEP))
        self.larger.clicked.connect(lambda: self.zoomed.emit(STEP))
        self.fitting.clicked.connect(self.fit)
        self.setAccessibleName("Zoom")
        self.smaller.setGeometry(2, 0, BUTTON, BUTTON)
        self.larger.setGeometry(2 + BUTTON + FIGURE, 0, BUTTON, BUTTON)
        self.fitting.setGeometry(2 + 2 * BUTTON + FIGURE + 1, 0, BUTTON, BUTTON)
        self.resize(self.sizeHint())

    def sizeHint(self) -> QSize:
        return QSize(5 + 3 * BUTTON + FIGURE, BUTTON)

    @property
    def text(self) -> str:
        """The figure shown."""
        return f"{round(self._zoom * 100)} %"

    def set_zoom(self, zoom: float) -> None:
        """Show another zoom."""
        if zoom != self._zoom:
            self._zoom = zoom
            self.setAccessibleDescription(self.text)
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.reset.emit()
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setFont(self.theme.font(SIZE_NORMAL, mono=True))
        painter.setPen(self.theme.pen("text"))
        painter.drawText(QRectF(2 + BUTTON, 0, FIGURE, self.height()), Qt.AlignmentFlag.AlignCenter, self.text)
        painter.fillRect(QRectF(2 + 2 * BUTTON + FIGURE, 6, 1, self.height() - 12), self.theme.color("line"))
        painter.end()
