"""What waits for the next checkpoint of a run: a save, a project to be opened."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

PATIENCE_MS = 2000


class CheckpointWait(QObject):
    """Holds what waits, in order, until `settle` is called: by who hears of the checkpoint, after 2 s by itself."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: list[Callable[[], None]] = []
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE_MS)
        self._patience.timeout.connect(self.settle)

    @property
    def is_waiting(self) -> bool:
        """Whether anything waits."""
        return bool(self._waiting)

    def add(self, then: Callable[[], None]) -> None:
        """Let `then` wait behind what waits already, and no longer than that."""
        self._waiting.append(then)
        if not self._patience.isActive():
            self._patience.start()

    def settle(self) -> None:
        """Do what waits, whether there is a checkpoint or none will come."""
        self._patience.stop()
        waiting, self._waiting = self._waiting, []
        for then in waiting:
            then()
