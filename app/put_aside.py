"""Unsaved work that another project replaces: kept as files, listed as long as they are there."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

from PySide6.QtCore import QFile, QObject, Signal

from app.curves import trained_further
from app.late_checkpoint import LateCheckpoint
from app.project_store import Content, ProjectStore
from app.recent_files import RecentFile
from app.wording import KEPT_AT, kept_words
from engine.graph.problem import refused
from engine.project.project_file import SUFFIX, Info, Project
from engine.project.recovery import Recovered

_MOST_BYTES = 180
"""Of a name: 255 are the most that systems take, with the time and what it is called until it is written."""


def title_of(path: Path | None, example: str | None) -> str:
    """What a drawing is called: its file's name, else that of the example that it began as, else Untitled."""
    return path.stem if path is not None else example or "Untitled"


class PutAside(QObject):
    """`message(str)` says where the work is when some was put aside, `changed()` that `drawings` are others."""

    message = Signal(str)
    changed = Signal()

    def __init__(self, store: ProjectStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self.drawings: tuple[RecentFile, ...] = ()
        self._asked = 0
        self._newest: Path | None = None
        self._of_recovered: Path | None = None
        self._late = LateCheckpoint(store, self)
        self._late.found.connect(self._take_late)

    @property
    def folder(self) -> Path:
        """Where it is kept."""
        return self._store.folder.path.parent / "unsaved"

    def keep(self, title: str, content: Content) -> None:
        """Write it to a file of its own, named after the drawing and the time."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._newest = self._free_path(title)
        self._store.save_aside(self._newest, content)
        self._show((RecentFile(self._newest), *self.drawings))
        self.look()
        self.message.emit("Your unsaved drawing is kept under File, Open recent")

    def _free_path(self, title: str) -> Path:
        name, _ = kept_words(title)
        while len(os.fsencode(name)) > _MOST_BYTES:
            name = name[:-1]
        known, at = {drawing.path for drawing in self.drawings}, time.time()
        while (path := self.folder / f"{name} {time.strftime(KEPT_AT, time.localtime(at))}{SUFFIX}") in known:
            at += 1  # two within one second
        return path

    def look(self) -> None:
        """Ask the disk anew, behind all that is being written; `changed` follows if it tells other than before."""
        self._asked += 1
        self._store.behind(partial(_drawings_in, self.folder), partial(self._take, self._asked))

    def _take(self, asked: int, found: tuple[RecentFile, ...]) -> None:
        # An answer from before the latest question may lack what was kept since.
        if asked == self._asked:
            self._show(found)

    def _show(self, drawings: tuple[RecentFile, ...]) -> None:
        if drawings != self.drawings:
            self.drawings = drawings
            self.changed.emit()

    def throw_away(self, path: Path) -> None:
        """Move it to the system's trash; where there is none it stays, and the store tells so."""
        self.opened(path)
        name, _ = kept_words(path.stem)
        self._store.behind(partial(_to_trash, path), lambda _: self.message.emit(f"{name} is in the trash"))
        self.look()

    def expect_checkpoint(self, recovered: Recovered) -> None:
        """What a kill left made way for a file at the start: its copy gets the checkpoint still being written.

        Where nothing was unsaved then there is no copy, and is one as soon as that checkpoint is there.
        """
        self._of_recovered = self._newest
        self._late.expect(recovered)

    def opened(self, path: Path | None) -> None:
        """The window has this file now, or throws it away: nothing else writes it."""
        if path is not None and path == self._of_recovered:
            self._late.give_up()

    def _take_late(self, before: Path | None, recovered: Recovered) -> None:
        project, beside = recovered.project, recovered.beside
        file = Path(beside.file) if beside.file is not None else None
        content = Content(
            Project(graph=project.graph, settings=project.settings, info=Info(edited=beside.edited)),
            recovered.checkpoint,
            trained_further(project.curves),
            file.resolve().parent if file is not None else None,
        )
        if self._of_recovered is not None:
            self._store.save_aside(self._of_recovered, content)
        else:
            self.keep(title_of(file, beside.example), content)
            self._of_recovered = self._newest


def _drawings_in(folder: Path) -> tuple[RecentFile, ...]:
    """The latest first."""
    found = []
    for path in folder.glob(f"*{SUFFIX}"):
        with suppress(OSError):  # gone meanwhile, by another window
            found.append(RecentFile(path, path.stat().st_mtime))
    return tuple(sorted(found, key=lambda drawing: (drawing.written_s, drawing.path), reverse=True))


def _to_trash(path: Path) -> None:
    if path.exists() and not QFile.moveToTrash(str(path)):
        raise refused("no-trash", file=path.name, folder=str(path.parent))
