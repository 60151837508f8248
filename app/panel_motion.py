"""A panel slides in from its side and out again: 120 ms over a layout that is settled at once."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from graph_editor import motion

_OUTWARDS = {
    Qt.DockWidgetArea.LeftDockWidgetArea: QPoint(-1, 0),
    Qt.DockWidgetArea.RightDockWidgetArea: QPoint(1, 0),
    Qt.DockWidgetArea.TopDockWidgetArea: QPoint(0, -1),
    Qt.DockWidgetArea.BottomDockWidgetArea: QPoint(0, 1),
}
_MARGIN = 4  # px from the edges: every panel begins its contents farther in


class Slide(QWidget):
    """A picture of the panel on its way: in over its own ground, out over what is there now. It goes away by itself."""

    def __init__(self, window: QMainWindow, place: QRect, panel: QPixmap, ground: QColor | None, way: QPoint) -> None:
        super().__init__(window)
        self._panel, self._ground, self._way = panel, ground, way
        self._out = self._out_first = 1.0 if ground is not None else 0.0
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setGeometry(place)
        self.animation = motion.Motion(self)
        self.animation.valueChanged.connect(self._step)
        self.animation.finished.connect(self.end)
        self.show()
        self.raise_()
        self.animation.start()

    def end(self) -> None:
        """Let the panel itself be seen, or what is there without it."""
        self.animation.stop()
        self.hide()
        self.deleteLater()

    def _step(self, share: float) -> None:
        self._out = abs(self._out_first - share)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._ground is not None:
            painter.fillRect(self.rect(), self._ground)
        across, down = self._way.x() * self.width(), self._way.y() * self.height()
        painter.drawPixmap(round(across * self._out), round(down * self._out), self._panel)
        painter.end()


def set_shown(window: QMainWindow, dock: QDockWidget, shown: bool) -> Slide | None:
    """Show or hide a panel; the motion, or None where it is there at once."""
    for slide in window.findChildren(Slide):
        slide.end()
    still = dock.isHidden() != shown or dock.isFloating() or not window.isVisible() or not motion.is_wanted()
    if still:
        dock.setVisible(shown)
        return None
    way = _OUTWARDS[window.dockWidgetArea(dock)]
    layout = window.layout()
    assert layout is not None, "a main window lays its docks out"
    if not shown:
        panel, place = dock.grab(), dock.geometry()
        dock.hide()
        layout.activate()
        return Slide(window, place, panel, None, way)
    dock.show()
    layout.activate()
    panel = dock.grab()
    return Slide(window, dock.geometry(), panel, _own_ground(panel), way)


def _own_ground(panel: QPixmap) -> QColor:
    """The colour of a panel behind all that is in it.

    What was there before would be seen twice: the rest of the window has moved aside already.
    """
    corner = QPointF(_MARGIN, panel.deviceIndependentSize().height() - _MARGIN) * panel.devicePixelRatio()
    return panel.toImage().pixelColor(corner.toPoint())
