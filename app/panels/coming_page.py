"""A page of the inspector that is being made out of sight, a few ms at a time, while another one shows."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, QTimer, Signal

from app.panels.block_page import BlockPage
from app.panels.inspector_context import InspectorContext
from app.panels.page_holder import PageHolder
from engine.graph.paths import BodyPath

SLICE_S = 0.002
"""So long a page is made when blocks are selected, and in each turn after that."""


class ComingPage(QObject):
    """The page of the blocks at `place`, until it is complete: `arrived` then comes once.

    Only while a part of it is made does the context speak of these blocks.
    """

    arrived = Signal()

    def __init__(self, context: InspectorContext, place: tuple[BodyPath, tuple[str, ...]], holder: PageHolder) -> None:
        super().__init__(holder)
        self.place = place
        self._context = context
        with context.elsewhere(*place):
            self.page = BlockPage(context, holder, whole=False)
        self.page.hide()
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._work)

    def begin(self) -> None:
        """Make some of it now, the rest turn by turn."""
        self._work()

    def _work(self) -> None:
        end = time.perf_counter() + SLICE_S
        with self._context.elsewhere(*self.place):
            while self.page.make_more():
                if time.perf_counter() >= end:
                    self._timer.start()
                    return
        self._timer.stop()
        self.arrived.emit()

    def finish(self) -> None:
        """Make all that is left."""
        self._timer.stop()
        with self._context.elsewhere(*self.place):
            while self.page.make_more():
                pass
        self.arrived.emit()

    def drop(self) -> None:
        """Nobody wants it any more."""
        self._timer.stop()
        self.page.deleteLater()
        self.deleteLater()
