"""Files: opens and saves projects, and writes what survives a kill, all on one background thread."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from engine.graph.block_type import BlockType
from engine.graph.graph import Graph
from engine.graph.problem import Fact, Problem, Refused
from engine.project.examples import read_example
from engine.project.own_code import copy_along
from engine.project.project_file import SUFFIX, Project, read_project, write_project
from engine.project.recovery import Beside, Recovered, RecoveryFolder
from engine.training.plan import Settings

RECOVERY_EVERY_MS = 1000
_Found = TypeVar("_Found")


class Opened(msgspec.Struct, frozen=True):
    """A project on its way into the window: where it came from, its weights as a file, whether it is saved.

    `edited`: it means another network than the one the weights belong to. `later`: the weights were trained further
    than its curves tell. `run`: the one that trained them, or may still write some. `example`: the one that a drawing
    without a file is a copy of.
    """

    project: Any
    path: Path | None = None
    weights: Path | None = None
    changed: bool = False
    edited: bool = False
    later: bool = False
    run: str | None = None
    example: str | None = None


class Content(msgspec.Struct, frozen=True):
    """A project on its way into a file, with its weights and curves; its Python files come along from `source`."""

    project: Project
    weights: Path | None = None
    curves: Any = None
    source: Path | None = None

    def write(self, path: Path) -> Problem | None:
        """Write all of it; a problem where Python files could not be copied, or others lay there. Raises Refused."""
        write_project(path, self.project, self.weights, self.curves)
        try:
            left = copy_along(self.project.graph, self.source, path.parent)
        except Refused as refusal:
            return refusal.problem
        facts: dict[str, Fact] = {"file": ", ".join(left), "folder": str(path.parent)}
        return Problem(code="code-left", severity="warning", facts=facts) if left else None


class Kept(msgspec.Struct, frozen=True):
    """All that is written for recovery."""

    graph: Graph
    settings: Settings
    curves: Any
    beside: Beside


class ProjectStore(QObject):
    """`opened(Opened)`, `saved(Path)` and `failed(Problem)` come to the window's thread when the work is done.

    `later(before, Recovered)` where there are newer weights than were recovered before.
    """

    opened = Signal(object)
    saved = Signal(object)
    failed = Signal(object)
    later = Signal(object, object)
    _done = Signal(object)

    def __init__(
        self, types: Mapping[str, BlockType], folder: RecoveryFolder | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._types = types
        self.folder = folder if folder is not None else RecoveryFolder()
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="project-files")
        self._keep: Callable[[], Kept] | None = None
        self._kept_at = 0.0
        self._pending: Future[None] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._write_recovery)
        self._done.connect(self._call)
        self._written: deque[Path] = deque()
        self._on_their_way: list[Path] = []
        self.is_closed = False

    # --- opening ------------------------------------------------------------------------------------
    def open(self, path: Path) -> None:
        """Read a project; answered by `opened` or `failed`."""
        self._submit(lambda: self._read(path))

    def open_example(self, id: str) -> None:
        """Read an example as an unsaved copy; answered by `opened` or `failed`."""
        self._submit(lambda: self._opened(Opened(project=self.example(id), example=id)))

    def example(self, id: str) -> Project:
        """The example, at once. Raises Refused."""
        return read_example(id, self._types)

    def recovered(self) -> Recovered | None:
        """What the last window left behind, at once. Raises Refused where it is damaged."""
        return self.folder.read(self._types)

    def look_again(self, recovered: Recovered) -> None:
        """Look for newer weights than were recovered; answered by `later` where there are some."""

        def work() -> None:
            again = replace(recovered)  # which looks anew
            if again.checkpoint not in (None, recovered.checkpoint):
                self._done.emit(lambda: self.later.emit(recovered, again))

        if not self.is_closed:
            self._submit(work)

    def read_now(self, path: Path) -> Opened:
        """Read a project, at once: for the first start, before anything can wait. Raises Refused."""
        project = read_project(path, self._types)
        weights = project.weights_file(self.folder.checkpoints)
        if weights is not None:
            self._on_their_way.append(weights)
        return Opened(project=project, path=path, weights=weights)

    def taken_in(self, opened: Opened) -> None:
        """The window has a project that was read: from now on it says itself which weights it needs."""

        def work() -> None:
            if opened.weights in self._on_their_way:
                self._on_their_way.remove(opened.weights)

        # behind each clean-up that was asked for before
        self._submit(work)

    def _read(self, path: Path) -> None:
        self._opened(self.read_now(path))

    def _opened(self, opened: Opened) -> None:
        self._done.emit(lambda: self.opened.emit(opened))

    # --- saving -------------------------------------------------------------------------------------
    def save(self, path: Path, content: Content) -> Path:
        """Write a project, to `path` with its suffix, which is given back; answered by `saved` or `failed`."""
        path = path if path.suffix == SUFFIX else path.with_name(path.name + SUFFIX)

        def work() -> None:
            problem = content.write(path)
            self._written.append(path)
            self._done.emit(self._tell_saved)
            if problem is not None:
                self._done.emit(lambda: self.failed.emit(problem))

        self._submit(work)
        return path

    def _tell_saved(self) -> None:
        while self._written:
            self.saved.emit(self._written.popleft())

    def save_aside(self, path: Path, content: Content) -> None:
        """Keep a project that another one replaces; only a failure is told."""
        self._submit(lambda: content.write(path))

    def behind(self, work: Callable[[], _Found], then: Callable[[_Found], object]) -> None:
        """Do something once all that was asked for before is done, and `then`, here again, with what it gave.

        Raises it Refused, `failed` tells so.
        """

        def both() -> None:
            found = work()
            self._done.emit(lambda: then(found))

        if not self.is_closed:
            self._submit(both)

    # --- recovery -----------------------------------------------------------------------------------
    def keep_with(self, keep: Callable[[], Kept]) -> None:
        """Ask `keep` for what to write whenever it is time."""
        self._keep = keep

    def touch(self) -> None:
        """Something changed: it is on disk within a second."""
        if not self._timer.isActive() and not self.is_closed:
            since = (time.monotonic() - self._kept_at) * 1000
            self._timer.start(max(0, round(RECOVERY_EVERY_MS - since)))

    def _write_recovery(self) -> None:
        if self._keep is None or self.is_closed:
            return
        if self._pending is not None and not self._pending.done():
            self._timer.start(RECOVERY_EVERY_MS // 4)
            return
        self._kept_at = time.monotonic()
        kept = self._keep()
        self._pending = self._submit(lambda: self._write(kept))

    def _write(self, kept: Kept) -> None:
        self.folder.write(kept.graph, kept.settings, kept.curves, kept.beside)

    def prune(self, keep: tuple[Path, ...]) -> None:
        """Delete checkpoints that nobody needs any more; projects on their way into the window need theirs."""
        self._submit(lambda: self.folder.prune_checkpoints((*keep, *self._on_their_way)))

    def wait(self, timeout_s: float = 10.0) -> None:
        """Until all that was asked for is done: for tests and the end."""
        self._pool.submit(lambda: None).result(timeout=timeout_s)

    def settle(self) -> None:
        """Until all that was asked for is done, and `saved` told: for the end, when no event comes any more."""
        if not self.is_closed:
            self._pool.submit(lambda: None).result()
            self._tell_saved()

    def close(self, last: bool = True) -> None:
        """Write what is to be kept, end the thread, let go of the folder."""
        if self.is_closed:
            return
        self._timer.stop()
        if last and self._keep is not None:
            kept = self._keep()
            kept = msgspec.structs.replace(kept, beside=msgspec.structs.replace(kept.beside, closed=True))
            self._submit(lambda: self._write(kept))
        self.is_closed = True
        self._pool.shutdown(wait=True)
        self.folder.close()

    @Slot(object)
    def _call(self, call: Callable[[], None]) -> None:
        if not self.is_closed:
            call()

    def _submit(self, work: Callable[[], object]) -> Future[None]:
        def guarded() -> None:
            try:
                work()
            except Refused as refusal:
                problem: Problem = refusal.problem
                self._done.emit(lambda: self.failed.emit(problem))
            except Exception as fault:  # noqa: BLE001 -- told in the window, where the excepthook hears of it
                error = fault
                self._done.emit(lambda: _raise(error))

        return self._pool.submit(guarded)


def _raise(error: Exception) -> None:
    raise error
