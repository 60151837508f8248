"""The files opened last and when they were written, asked of the disk where nobody waits for its answer."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QObject, Signal, Slot

from app.settings import AppSettings


class RecentFile(NamedTuple):
    """A file and when it was written, in seconds since 1970; None before the disk has answered."""

    path: Path
    written_s: float | None = None


class RecentFiles(QObject):
    """`changed()` when the disk tells other than before. A file on a network may take minutes to answer."""

    changed = Signal()
    _answered = Signal(object)

    def __init__(self, remembered: AppSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._remembered = remembered
        self._written: Mapping[Path, float | None] = {}
        self._is_looking = self._is_asked_again = False
        self._answered.connect(self._take)

    def files(self) -> tuple[RecentFile, ...]:
        """The latest first, without those that are known to be gone; never waits."""
        paths = self._remembered.recent_files
        gone = {path for path, written_s in self._written.items() if written_s is None}
        return tuple(RecentFile(path, self._written.get(path)) for path in paths if path not in gone)

    def look(self) -> None:
        """Ask the disk anew; `changed` follows if it tells other than before.

        What is asked while it has not answered yet is asked after that answer, once.
        """
        paths = self._remembered.recent_files
        self._is_asked_again = self._is_looking
        if paths and not self._is_looking:
            self._is_looking = True
            threading.Thread(target=self._ask, args=(paths,), name="recent-files", daemon=True).start()

    def _ask(self, paths: tuple[Path, ...]) -> None:
        written = {path: _written_s(path) for path in paths}
        # The window may be gone by then.
        with suppress(RuntimeError):
            self._answered.emit(written)

    @Slot(object)
    def _take(self, written: Mapping[Path, float | None]) -> None:
        again = self._is_asked_again
        self._is_looking = self._is_asked_again = False
        if written != self._written:
            self._written = written
            self.changed.emit()
        if again:
            self.look()


def _written_s(path: Path) -> float | None:
    try:
        return path.stat().st_mtime if path.is_file() else None
    except OSError:
        return None
