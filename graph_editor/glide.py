"""Moves what a view shows to another place and zoom: in 120 ms, or at once where motion is not wanted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF

from graph_editor import motion

if TYPE_CHECKING:
    from graph_editor.view import GraphView


class Glide(motion.Motion):
    """One view's motion. Whatever else moves the view stops it first."""

    def __init__(self, view: GraphView) -> None:
        super().__init__(view)
        self._view = view
        self._from = self._to = (1.0, QPointF())
        self._moving = False
        self.valueChanged.connect(self._step)

    @property
    def zoom(self) -> float:
        """The zoom that the view is going to, or has."""
        return self._to[0] if self.is_running else self._view.zoom

    def go(self, zoom: float, middle: QPointF, *, soft: bool = True) -> None:
        """Show the place `middle` of the scene in the middle at `zoom`; not `soft`: at once."""
        self.stop()
        if not soft or not self._view.isVisible() or not motion.is_wanted():
            self._place(zoom, middle)
            return
        self._from = (self._view.zoom, self._view.middle())
        self._to = (zoom, middle)
        self.start()

    def interrupt(self) -> None:
        """Stay where the view is by now; a step of the glide itself does not count."""
        if not self._moving:
            self.stop()

    def _step(self, share: float) -> None:
        (zoom, middle), (last_zoom, last) = self._from, self._to
        if share >= 1:
            self._place(last_zoom, last)
            return
        now = math.exp((1 - share) * math.log(zoom) + share * math.log(last_zoom))
        # What is seen moves evenly: the way is measured in px of the screen, not of the scene.
        way = share if abs(last_zoom - zoom) < 1e-9 else (1 / now - 1 / zoom) / (1 / last_zoom - 1 / zoom)
        self._place(now, middle + (last - middle) * way)

    def _place(self, zoom: float, middle: QPointF) -> None:
        self._moving = True
        view = self._view
        view.zoom_to(zoom)
        step = view.mapFromScene(middle) - view.viewport().rect().center()
        view.pan_by(-step.x(), -step.y())
        self._moving = False


def middle_of(area: QRectF, room: tuple[float, float], focus: QPointF) -> QPointF:
    """What of the scene to show in the middle, so that a view of `room` px of the scene has `focus` near its middle.

    All of `area` where it fits; else no more empty space beyond its edges than must be.
    """

    def along(low: float, high: float, wide: float, wanted: float) -> float:
        if high - low <= wide:
            return (low + high) / 2
        return min(max(wanted, low + wide / 2), high - wide / 2)

    x = along(area.left(), area.right(), room[0], focus.x())
    return QPointF(x, along(area.top(), area.bottom(), room[1], focus.y()))
