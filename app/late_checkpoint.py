"""The last checkpoint of a worker that outlived its window: it may be written only after the next window is here."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from app.project_store import ProjectStore
from engine.project.recovery import Recovered

LOOK_EVERY_MS = 250
LOOKS = 12
"""A worker whose window is gone ends within two seconds."""


class LateCheckpoint(QObject):
    """`found(before, Recovered)` when a checkpoint was written after the one that was recovered, `before`, or None."""

    found = Signal(object, object)

    def __init__(self, store: ProjectStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._recovered: Recovered | None = None
        self._looks_left = 0
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_EVERY_MS)
        self._timer.timeout.connect(self._look)
        store.later.connect(self._take)

    def expect(self, recovered: Recovered) -> None:
        """Look for it for some seconds, unless that window was closed, its worker with it."""
        if not recovered.beside.closed and recovered.beside.run is not None:
            self._recovered, self._looks_left = recovered, LOOKS
            self._timer.start()

    def give_up(self) -> None:
        """Another project is here, a run begins, or time is over: it would come too late."""
        self._recovered = None
        self._timer.stop()

    def _look(self) -> None:
        if self._looks_left == 0 or self._recovered is None:
            self.give_up()
            return
        self._looks_left -= 1
        self._store.look_again(self._recovered)

    def _take(self, recovered: Recovered, again: Recovered) -> None:
        if recovered is self._recovered:
            self._recovered = again
            self.found.emit(recovered.checkpoint, again)
