"""The project's life as a file: what is open, whether it is saved, opening, saving, and what survives a kill."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal

from app.checkpoint_wait import CheckpointWait
from app.data_desk import DataDesk
from app.late_checkpoint import LateCheckpoint
from app.measure_desk import MeasureDesk
from app.project_store import Content, Kept, Opened, ProjectStore
from app.put_aside import PutAside, title_of
from app.run_control import RunControl, Weights
from app.run_records import RunRecords
from app.settings import AppSettings
from app.worker_link import WorkerLink
from engine.graph.graph import Graph
from engine.graph.problem import Problem, Refused
from engine.project.project_file import Info, Project
from engine.project.recovery import Beside, Recovered
from engine.training.plan import Settings, ViewSpec
from engine.worker.protocol import Done, ExportWeights
from graph_editor.document import Document

FIRST_EXAMPLE = "digits-convnet"
FIRST_VIEWS = tuple(ViewSpec(id=kind, kind=kind) for kind in ("loss", "filters", "latent"))


class Saving(NamedTuple):
    """What is on its way into a file: the project, the file of the weights, and the last checkpoint's run and step."""

    project: Project
    weights: Path | None
    reached: tuple[str, int] | None


class ProjectDesk(QObject):
    """`opened()` when another project is here, `place_changed()` when its name, file or saved state did.

    `moved()` says at once that the project has another folder, before anything is asked of the worker.
    """

    opened = Signal()
    place_changed = Signal()
    moved = Signal()
    message = Signal(str)
    refused = Signal(object)

    def __init__(
        self,
        document: Document,
        store: ProjectStore,
        remembered: AppSettings,
        link: WorkerLink,
        runs: RunControl,
        records: RunRecords,
        measures: MeasureDesk,
        data: DataDesk,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.document, self.store, self.remembered, self.link = document, store, remembered, link
        self.runs, self.records, self.measures, self.data = runs, records, measures, data
        self.path: Path | None = None
        self.example: str | None = None
        self.saved_at: float | None = None
        self.file_weights: Path | None = None
        self._unsaved_weights = False
        self._reached: tuple[str, int] | None = None
        self._saved_reached: tuple[str, int] | None = None
        self._weights_before: tuple[Path | None, bool] = (None, False)
        self._opened_changed = False
        self._saving: dict[Path, Saving] = {}
        self._exports: dict[int, Path] = {}
        self.checkpoint_wait = CheckpointWait(self)
        self.late_checkpoint = LateCheckpoint(store, self)
        self.late_checkpoint.found.connect(self._take_late)
        self.aside = PutAside(store, self)
        self.aside.message.connect(self.message)
        document.undo_stack.cleanChanged.connect(lambda clean: self.place_changed.emit())
        store.opened.connect(self._open)
        store.saved.connect(self._saved)
        store.failed.connect(self.refused)
        store.keep_with(self._kept)
        link.on(Done, self._take_done)
        link.died.connect(lambda words: self._lose_exports())

    def checkpoint_written(self, run: str, step: int) -> None:
        """Weights as of this step, unsaved unless the file has those of that very step; a save that waited goes on."""
        self._reached = (run, step)
        self._unsaved_weights |= self._reached != self._saved_reached
        self.file_weights = None
        self.checkpoint_wait.settle()

    def run_began(self) -> None:
        """A run from fresh weights has none to be kept yet."""
        self.late_checkpoint.give_up()
        if self.runs.checkpoint is None:
            self.file_weights = None
        self.store.touch()

    def run_ended(self) -> None:
        """A run is over: its weights are not in the file."""
        self._unsaved_weights = self.runs.checkpoint is not None
        self.place_changed.emit()
        files = (self.file_weights,) if self.file_weights is not None else ()
        self.store.prune((*self.runs.wanted_files, *files))
        self.store.touch()

    def weights_forgotten(self) -> None:
        """Weights were drawn afresh."""
        self._weights_before = (self.file_weights, self._unsaved_weights)
        self.file_weights, self._unsaved_weights = None, True
        self.place_changed.emit()
        self.store.touch()

    def weights_back(self) -> None:
        """Those that `weights_forgotten` was told of are there again."""
        self.file_weights, self._unsaved_weights = self._weights_before
        self.place_changed.emit()
        self.store.touch()

    @property
    def title(self) -> str:
        """What the drawing is called: its file's name, else the example's, else Untitled."""
        return title_of(self.path, self.example)

    @property
    def folder(self) -> Path | None:
        """Where the project's file lies; None without one."""
        return self.path.resolve().parent if self.path is not None else None

    @property
    def is_changed(self) -> bool:
        """Whether something is here that the file does not have."""
        return not self.document.undo_stack.isClean() or self._opened_changed or self._unsaved_weights

    def new(self) -> None:
        """An empty canvas."""
        self._open(Opened(project=Project(graph=Graph(), settings=Settings(views=FIRST_VIEWS))))

    def open(self, path: Path) -> None:
        """Open a file; `opened` or `refused` follows."""
        if self.checkpoint_wait.is_waiting:
            # a save that waits may be of this very file
            self.checkpoint_wait.add(lambda: self.store.open(path))
        else:
            self.store.open(path)

    def open_example(self, id: str) -> None:
        """Open an example as an unsaved copy."""
        self.store.open_example(id)

    def save(self, path: Path) -> None:
        """Save, with weights as of the next step of a living worker, waiting 2 s for it at most."""
        if not self._waits_for_checkpoint(lambda: self._write(path)):
            self._write(path)

    def _waits_for_checkpoint(self, then: Callable[[], None]) -> bool:
        """Whether a run goes on: then `then` is done with the weights of its next step."""
        if self.runs.state.phase not in ("training", "paused") or not self.link.alive:
            return False
        self.checkpoint_wait.add(then)
        self.runs.ask_checkpoint()
        return True

    def _write(self, path: Path) -> None:
        content = self._content()
        written = self.store.save(path, content)
        self._saving[written] = Saving(content.project, content.weights, self._reached)

    def _content(self) -> Content:
        trained = self.runs.kept_weights
        weights = trained.checkpoint or self.file_weights
        curves = self.records.curves(until_checkpoint=trained.checkpoint is not None)
        info = Info(edited=weights is not None and self.runs.is_edited(trained))
        project = Project(graph=self.document.graph, settings=self.document.settings, info=info)
        return Content(project, weights, curves, self.folder)

    def _saved(self, path: Path) -> None:
        self._remember(path)
        self.message.emit(f"Saved {path.name}")
        if path not in self._saving:
            return  # another project was opened since
        saved = self._saving[path]
        if self.document.graph is saved.project.graph and self.document.settings is saved.project.settings:
            self.document.undo_stack.setClean()
        else:
            # What was clean is an earlier drawing, which the file has no more.
            self.document.undo_stack.resetClean()
        self._opened_changed = False
        self._unsaved_weights = self._unsaved_weights and saved.weights != self.runs.checkpoint
        self._saved_reached = saved.reached
        before = self.folder
        self.path, self.saved_at = path, time.time()
        if self.folder != before:
            self.moved.emit()
        self.place_changed.emit()
        self.store.touch()

    def _remember(self, path: Path) -> None:
        # What was put aside has a list of its own, and nobody chose its folder: no dialog is to open there.
        if path.parent != self.aside.folder:
            self.remembered.add_recent(path)
            self.remembered.folder = path.parent

    def export_weights(self, path: Path) -> None:
        """Write the session's weights as safetensors."""
        id = self.link.next_id()
        self._exports[id] = path
        if self.link.alive:
            self.link.send(ExportWeights(id=id, path=str(path)))
        else:
            self._lose_exports()

    def _take_done(self, message: Done) -> None:
        path = self._exports.pop(message.id, None)
        if path is None:
            return
        if message.problem is not None:
            self.refused.emit(message.problem)
        else:
            self.message.emit(f"Weights are in {path.name}")

    def _lose_exports(self) -> None:
        lost = tuple(self._exports.values())
        self._exports.clear()
        for path in lost:
            self.refused.emit(Problem(code="export-lost", facts={"file": path.name}))

    def open_first(self, file: Path | None = None) -> Problem | None:
        """What the window starts with: the file, else what was open last, else the first example; a problem on the way.

        Reads at once, before the window is shown, so that its first picture is the right one.
        """
        problem: Problem | None = None
        given: Opened | None = None
        try:
            given = self.store.read_now(file) if file is not None else None
        except Refused as refusal:
            problem = refusal.problem
        try:
            recovered = self.store.recovered()
        except Refused as refusal:
            recovered, problem = None, refusal.problem
        if recovered is not None and (given is None or recovered.beside.changed or recovered.is_later):
            self._open_recovered(recovered)
            if given is None:
                ended = None if recovered.beside.closed else Problem(code="recovered", severity="advice")
                return problem or ended
            # Opening the file below puts what is unsaved aside.
            problem = Problem(code="put-aside", severity="advice")
        try:
            first = given or Opened(project=self.store.example(FIRST_EXAMPLE), example=FIRST_EXAMPLE)
            self._open(first)
        except Refused:
            self.new()
        if recovered is not None:
            self.aside.expect_checkpoint(recovered)
        return problem

    def _open_recovered(self, recovered: Recovered) -> None:
        self._open(_as_opened(recovered))
        self.late_checkpoint.expect(recovered)

    def _take_late(self, before: Path | None, recovered: Recovered) -> None:
        """Have the newer weights in place of those that were recovered, where these are untouched still."""
        state = self.runs.state
        if state.phase not in ("idle", "trained") or self.runs.checkpoint != before:
            return
        opened = _as_opened(recovered)
        self._unsaved_weights, self.file_weights = True, opened.weights
        self.records.open(opened.project.curves, True, opened.later)
        self._take_weights(opened)
        self.runs.set_errors(state.errors)
        self.place_changed.emit()
        self.store.touch()

    def _open(self, opened: Opened) -> None:
        # not within the event of a run that this ends
        later = partial(QTimer.singleShot, 0, self, lambda: self._take_in(opened))
        if self._waits_for_checkpoint(later):
            return
        if self.checkpoint_wait.is_waiting:
            # a save that waits for a run that ended without weights would write the other project
            self.checkpoint_wait.add(later)
        else:
            self._take_in(opened)

    def _take_in(self, opened: Opened) -> None:
        self.late_checkpoint.give_up()
        self.aside.opened(opened.path)
        self._put_aside()
        if self.runs.state.is_running:
            self.runs.stop()
        project: Project = opened.project
        self.example, self.path = (None if opened.path else opened.example), opened.path
        self._saving.clear()
        self.moved.emit()
        self.saved_at = opened.path.stat().st_mtime if opened.path is not None and opened.path.is_file() else None
        self._opened_changed, self._unsaved_weights = opened.changed, False
        self.file_weights = opened.weights
        self.store.taken_in(opened)
        self.records.open(project.curves, opened.weights is not None, opened.later)
        self.measures.start_over()
        self.document.load(project.graph, project.settings)
        if self.link.is_started:
            self.data.describe_all()
        self._take_weights(opened)
        if opened.path is not None:
            self._remember(opened.path)
        self.opened.emit()
        self.place_changed.emit()
        self.store.touch()

    def _take_weights(self, opened: Opened) -> None:
        history = self.records.history
        epochs = history.epochs_done if history is not None else 0
        test: Mapping[str, float] = history.test if history is not None else {}
        graph = None if opened.edited or opened.project.info.edited else opened.project.graph
        weights = Weights(opened.weights, graph, opened.run)
        self.runs.opened(epochs if opened.weights is not None else None, test, weights)
        if self.link.is_started and opened.weights is not None:
            self.measures.open_session(opened.weights)

    def _put_aside(self) -> None:
        """Keep unsaved work that another project is about to replace: as a file among the unsaved drawings."""
        if self.document.undo_stack.isClean() and not self._opened_changed and not self._unsaved_weights:
            return
        if self.document.graph.is_blank:
            return
        self.aside.keep(self.title, self._content())

    def _kept(self) -> Kept:
        trained = self.runs.kept_weights
        checkpoint = trained.checkpoint or self.file_weights
        beside = Beside(
            file=str(self.path) if self.path is not None else None,
            changed=self.is_changed,
            checkpoint=str(checkpoint) if checkpoint is not None else None,
            from_file=self.file_weights is not None,
            example=self.example,
            edited=self.runs.is_edited(trained),
            run=trained.run,
        )
        return Kept(
            graph=self.document.graph,
            settings=self.document.settings,
            curves=self.records.curves(),
            beside=beside,
        )


def _as_opened(recovered: Recovered) -> Opened:
    beside = recovered.beside
    return Opened(
        recovered.project,
        path=Path(beside.file) if beside.file is not None else None,
        weights=recovered.checkpoint,
        changed=beside.changed or recovered.is_later,
        edited=beside.edited,
        later=recovered.is_later,
        run=beside.run,
        example=beside.example,
    )
