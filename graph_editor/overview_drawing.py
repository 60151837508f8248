"""A picture of the whole that is drawn out of sight, a few ms at a time, while the one before is shown."""

from __future__ import annotations

import time
from collections.abc import Iterator

from PySide6.QtCore import QObject, QRectF, QTimer, Signal
from PySide6.QtGui import QPixmap

from graph_editor.overview import Overview

SLICE_S = 0.002
FEW = 600
"""Of so many blocks and wires a picture is drawn at once: 3 ms."""


class OverviewDrawing(QObject):
    """One picture at a time: `drawn(QPixmap, its area)` comes with the last that was asked for."""

    drawn = Signal(object, object)

    def __init__(self, overview: Overview, parent: QObject) -> None:
        super().__init__(parent)
        self._overview = overview
        self._steps: Iterator[QPixmap | None] | None = None
        self._wanted: tuple[QRectF, float, float, bool] = (QRectF(), 1.0, 1.0, True)
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._work)
        overview.forgotten.connect(self._begin_again)

    @property
    def is_busy(self) -> bool:
        """Whether one is being drawn."""
        return self._steps is not None

    def ask(self, area: QRectF, scale: float, ratio: float, names: bool = True) -> None:
        """Draw `area` of the scene, `scale` px for each scene px; of a small drawing it is there on return."""
        wanted = area, scale, ratio, names
        if self._overview.size <= FEW:
            self.stop()
            self.drawn.emit(self._overview.pixmap(*wanted), area)
        elif self._steps is None or wanted != self._wanted:
            self._wanted = wanted
            self._steps = self._overview.steps(*wanted)
            self._timer.start()

    def stop(self) -> None:
        """It is wanted no more."""
        self._steps = None
        self._timer.stop()

    def _begin_again(self) -> None:
        if self._steps is not None:
            self._steps = self._overview.steps(*self._wanted)

    def _work(self) -> None:
        end = time.perf_counter() + SLICE_S
        while self._steps is not None and time.perf_counter() < end:
            pixmap = next(self._steps)
            if pixmap is not None:
                self.stop()
                self.drawn.emit(pixmap, self._wanted[0])
