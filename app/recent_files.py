"""The files opened last, when they were written, and the folder used last: the disk is asked where nobody waits."""

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
    _folder_told = Signal(object, bool)

    def __init__(self, remembered: AppSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._remembered = remembered
        self._written: Mapping[Path, float | None] = {}
        self._from_before = remembered.folder
        self._is_there: dict[Path, bool] = {}
        self._is_looking = self._is_asked_again = False
        self._answered.connect(self._take)
        self._folder_told.connect(self._take_folder)

    def files(self) -> tuple[RecentFile, ...]:
        """The latest first, without those that are known to be gone; never waits."""
        paths = self._remembered.recent_files
        gone = {path for path, written_s in self._written.items() if written_s is None}
        return tuple(RecentFile(path, self._written.get(path)) for path in paths if path not in gone)

    def folder(self) -> Path:
        """Where file dialogs open: the folder used last, or the user's where that is gone; never waits.

        One from before this start is not taken until the disk has told of it: the dialog would wait for it.
        """
        folder = self._remembered.folder
        return folder if self._is_there.get(folder, folder != self._from_before) else Path.home()

    def look(self) -> None:
        """Ask the disk anew; `changed` follows if it tells other of the files than before.

        What is asked while it has not answered yet is asked after that answer, once.
        """
        paths, folder = self._remembered.recent_files, self._remembered.folder
        self._is_asked_again = self._is_looking
        if (paths or folder != Path.home()) and not self._is_looking:
            self._is_looking = True
            threading.Thread(target=self._ask, args=(paths, folder), name="recent-files", daemon=True).start()

    def _ask(self, paths: tuple[Path, ...], folder: Path) -> None:
        # The window may be gone by then.
        with suppress(RuntimeError):
            self._folder_told.emit(folder, _is_folder(folder))
            self._answered.emit({path: _written_s(path) for path in paths})

    @Slot(object, bool)
    def _take_folder(self, folder: Path, is_there: bool) -> None:
        self._is_there = {folder: is_there}

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


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False
