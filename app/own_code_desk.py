"""The project's own Python files in the window: watched, allowed by the user alone, told to the worker, never run."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import BinaryIO

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal

from app.open_outside import open_outside
from app.worker_link import WorkerLink
from engine.graph.difference import GraphChange
from engine.graph.problem import Refused
from engine.project.atomic_file import write_atomically
from engine.project.own_code import AllowedCode, OwnFile, named_files, own_file
from engine.worker.protocol import AllowCode
from graph_editor.document import Document

SETTLE_MS = 150
"""How long a file that is being written is left in peace."""


class OwnCodeDesk(QObject):
    """`changed()` when a file is another or may run now; `refused(Problem)` where something could not be written.

    `state` is the folder in which allowances are kept, `folder` gives that of the project, None without a file.
    """

    changed = Signal()
    refused = Signal(object)

    def __init__(
        self,
        document: Document,
        link: WorkerLink,
        state: Path,
        folder: Callable[[], Path | None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document, self._link, self._folder = document, link, folder
        self._allowed = AllowedCode(state)
        self._names: tuple[str, ...] = ()
        # Kept, so that showing them reads no file.
        self._seen: Mapping[str, OwnFile] = {}
        self._hashes: frozenset[str] = frozenset()
        self._watcher = QFileSystemWatcher(self)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self._settled)
        self._watcher.fileChanged.connect(lambda path: self._settle.start())
        self._watcher.directoryChanged.connect(lambda path: self._settle.start())
        document.changed.connect(self._drawing_changed)

    # --- what is there ------------------------------------------------------------------------------
    @property
    def has_folder(self) -> bool:
        """Whether the project lies in a folder, beside which files can lie."""
        return self._folder() is not None

    def file(self, name: str) -> OwnFile:
        """What the project's folder holds under `name`, as it was when it last changed."""
        return self._seen.get(name) or OwnFile(name)

    def is_allowed(self, file: OwnFile) -> bool:
        """Whether the user allowed what has this hash."""
        return file.hash in self._hashes

    # --- what the user does --------------------------------------------------------------------------
    def allow(self, file: OwnFile) -> None:
        """Let what has the hash of `file` run, now and in every project; what was shown is what is allowed."""
        self._do(lambda: self._allowed.allow(file))

    def show(self, file: OwnFile) -> None:
        """Open the folder of a file in the system's own program."""
        problem = open_outside(Path(file.path).parent)
        if problem is not None:
            self.refused.emit(problem)

    def write_template(self, name: str) -> None:
        """Write a file to start from, unless one is there; it has to be allowed like any other."""
        folder = self._folder()
        assert folder is not None, "a template needs a place"
        text = (resources.files("resources") / "help" / "own_block_template.txt").read_bytes()
        if not (folder / name).exists():
            self._do(lambda: write_atomically(folder / name, lambda stream: _write(stream, text)))

    def _do(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Refused as refusal:
            self.refused.emit(refusal.problem)
        else:
            self._look()
            self.tell()
            self.changed.emit()

    # --- the worker ------------------------------------------------------------------------------------
    def tell(self) -> None:
        """Tell the worker where the files are and which may run; before anything that needs them."""
        folder = self._folder()
        hashes = tuple(sorted(self._allowed.hashes))
        self._link.send(AllowCode(folder=os.fsencode(folder) if folder is not None else None, hashes=hashes))

    def moved(self) -> None:
        """The project has another folder."""
        self._look()
        self.tell()
        if self._names:
            self.changed.emit()

    # --- watching --------------------------------------------------------------------------------------
    def _drawing_changed(self, change: GraphChange) -> None:
        if change.meaning:
            names = named_files(self._document.graph)
            if names != self._names:
                self._names = names
                self._look()

    def _settled(self) -> None:
        before = self._seen
        self._look()
        if self._seen != before:
            self.changed.emit()

    def _look(self) -> None:
        """Remember what the files hold and which may run, and hear of their next change.

        A file that was replaced is another to watch.
        """
        folder = self._folder()
        self._seen = {name: own_file(folder, name) for name in self._names}
        self._hashes = self._allowed.hashes
        wanted = {str(folder)} if self._names and folder is not None else set()
        wanted |= {file.path for file in self._seen.values() if file.hash}
        watched = {*self._watcher.files(), *self._watcher.directories()}
        if watched - wanted:
            self._watcher.removePaths(sorted(watched - wanted))
        if wanted - watched:
            self._watcher.addPaths(sorted(wanted - watched))


def _write(stream: BinaryIO, data: bytes) -> None:
    stream.write(data)
