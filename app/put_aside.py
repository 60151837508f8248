"""Unsaved work that another project replaces: kept as files among the recent ones."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.curves import trained_further
from app.late_checkpoint import LateCheckpoint
from app.project_store import Content, ProjectStore
from app.settings import AppSettings
from engine.project.project_file import Info, Project
from engine.project.recovery import Recovered

_PUT_ASIDE = re.compile(r" \d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d$")
"""When a drawing was put aside, at the end of its name."""
_LONGEST_NAME = 180
"""In bytes: a name of at most 255 has room for the time, and for what is written to first."""


def title_of(path: Path | None, example: str | None) -> str:
    """What a drawing is called: its file's name, else that of the example that it began as, else Untitled."""
    return path.stem if path is not None else example or "Untitled"


class PutAside(QObject):
    """`message(str)` says where the work is when some was put aside."""

    message = Signal(str)

    def __init__(self, store: ProjectStore, remembered: AppSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store, self._remembered = store, remembered
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
        name = _PUT_ASIDE.sub("", title)
        while len(os.fsencode(name)) > _LONGEST_NAME:
            name = name[:-1]
        self._newest = self.folder / f"{name} {time.strftime('%Y-%m-%d %H.%M.%S')}.loom"
        self._store.save_aside(self._newest, content)
        self._remembered.add_recent(self._newest)
        self.message.emit("Your unsaved drawing is kept under File, Open recent")

    def expect_checkpoint(self, recovered: Recovered) -> None:
        """What a kill left made way for a file at the start: its copy gets the checkpoint still being written.

        Where nothing was unsaved then there is no copy, and is one as soon as that checkpoint is there.
        """
        self._of_recovered = self._newest
        self._late.expect(recovered)

    def opened(self, path: Path | None) -> None:
        """The window has this file now; a copy that it has is the window's to write."""
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
