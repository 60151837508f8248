"""The open project and all that serves it: document, worker, analysis, runs, measurements and files, tied together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject, Signal

from app import plan_facts
from app.analysis_desk import AnalysisDesk
from app.data_desk import DataDesk
from app.layout_desk import LayoutDesk
from app.measure_desk import MeasureDesk, preview_paths
from app.own_code_desk import OwnCodeDesk
from app.project_desk import ProjectDesk
from app.project_store import ProjectStore
from app.run_control import RunControl
from app.run_records import RunRecords
from app.settings import AppSettings
from app.source_desk import SourceDesk
from app.wording import LOADS, MENDS, WAITS
from app.worker_link import WorkerLink
from engine.blocks.catalogue import BLOCK_TYPES, FAMILIES
from engine.data.catalogue import DATASETS
from engine.graph import edits as graph_edits
from engine.graph.analysis import Analysis
from engine.graph.graph import Graph
from engine.graph.paths import BodyPath
from engine.graph.problem import Fix, Problem, Refused
from engine.training import plan as plan_edits
from engine.training.events import Checkpointed, Event, Finished, Started
from engine.training.plan import Settings, ViewSpec
from engine.worker.client import WorkerClient
from engine.worker.protocol import Ready
from graph_editor.document import Document

if TYPE_CHECKING:
    from app.views.history import RunHistory

ExportKind = Literal["python", "onnx", "weights"]


class Workspace(QObject):
    """Everything of a window but its widgets.

    `opened()` when another project is here, `place_changed()` when its name, file or saved state did,
    `history_changed()` after each pull that added to the run's curves, `message(str)` for the status bar,
    `refused(Problem)` for what could not be done.
    """

    opened = Signal()
    place_changed = Signal()
    history_changed = Signal()
    message = Signal(str)
    refused = Signal(object)

    def __init__(
        self,
        store: ProjectStore | None = None,
        settings: AppSettings | None = None,
        client: WorkerClient | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.types = BLOCK_TYPES
        self.families = FAMILIES
        self.datasets = DATASETS
        self.store = store if store is not None else ProjectStore(BLOCK_TYPES, parent=self)
        self.remembered = settings if settings is not None else AppSettings(self.store.folder.path / "settings.ini")
        self.document = Document(Graph(), BLOCK_TYPES, Settings(), parent=self)
        self.link = WorkerLink(client, parent=self)
        self.analysis = AnalysisDesk(self.document, self.link, parent=self)
        self.runs = RunControl(self.document, self.link, parent=self)
        self.measures = MeasureDesk(self.document, self.link, parent=self)
        self.data = DataDesk(self.document, self.link, parent=self)
        self.layouts = LayoutDesk(self.document, self.link, parent=self)
        self.records = RunRecords(self)
        self.sources = SourceDesk(self.document, self.link, lambda: self.title, parent=self)
        self.runs.checkpoint_folder = self.store.folder.checkpoints
        state = self.store.folder.path.parent
        self.own_code = OwnCodeDesk(self.document, self.link, state, lambda: self.files.folder, parent=self)

        self.files = ProjectDesk(
            self.document,
            self.store,
            self.remembered,
            self.link,
            self.runs,
            self.records,
            self.measures,
            self.data,
            parent=self,
        )
        self.example_seconds: Mapping[str, float] = {}
        self._shown_body: BodyPath = ()
        self._connect()

    def _connect(self) -> None:
        for desk in (self.sources, self.layouts):
            desk.message.connect(self.message)
            desk.refused.connect(self.refused)
        self.place_changed.connect(self.sources.ask_soon)
        self.opened.connect(self.sources.ask_soon)
        document, link = self.document, self.link
        document.changed.connect(lambda change: self.store.touch())
        document.settings_changed.connect(self.store.touch)
        self.analysis.analysis_changed.connect(self._analysed)
        self.analysis.problems_changed.connect(lambda problems: self.runs.set_errors(self.analysis.errors))
        self.runs.event.connect(self._take_event)
        self.runs.began.connect(self._run_began)
        self.runs.ended.connect(self._run_ended)
        self.runs.weights_fresh.connect(self._weights_are_fresh)
        self.files.opened.connect(self.analysis.start_over)
        self.files.moved.connect(self.own_code.moved)
        self.own_code.changed.connect(self._code_changed)
        self.own_code.refused.connect(self.refused)
        for ours, theirs in (
            (self.opened, self.files.opened),
            (self.place_changed, self.files.place_changed),
            (self.message, self.files.message),
            (self.refused, self.files.refused),
        ):
            theirs.connect(ours)
        link.pulled.connect(self.records.tell)
        self.records.changed.connect(self.history_changed)
        self.records.changed.connect(self.store.touch)
        self.data.arrived.connect(self._data_arrived)
        link.died.connect(self._worker_died)
        link.on(Ready, lambda message: self.place_changed.emit())

    @property
    def history(self) -> RunHistory | None:
        """The curves of the run that is shown."""
        return self.records.history

    @property
    def previous(self) -> RunHistory | None:
        """The curves of the run before it."""
        return self.records.previous

    # --- the worker -----------------------------------------------------------------------------------
    def start_worker(self) -> None:
        """Start the worker and tell it what is here; call it once the window is on screen."""
        if not self.link.is_started and not self.store.is_closed:
            self.link.start()
            self.own_code.tell()
            self.measures.watch_all_again()
            if self.files.file_weights is not None:
                self.measures.open_session(self.files.file_weights)
            self.analysis.ask_again()

    def start_again(self) -> None:
        """Another worker after a death; the run can go on from its last checkpoint."""
        self.link.restart()
        self.own_code.tell()
        self.runs.revive()
        self.measures.watch_all_again()
        self.analysis.ask_again()
        if self.runs.resume_from is not None:
            self.measures.open_session(self.runs.resume_from)

    def _worker_died(self, words: str) -> None:
        self.measures.close_session()
        self.records.lose(words)
        self.runs.worker_died(words)
        problem = self.link.client.problem
        if problem is not None:
            self.message.emit(problem.advice)
        self.files.checkpoint_wait.settle()
        self.store.touch()

    def _analysed(self, analysis: Analysis) -> None:
        self.watch_previews()
        state = self.runs.state
        # Weights that came with a faulty drawing were not taken; they are as soon as it is mended
        waits = (state.phase == "trained" or self.runs.resume_from is not None) and not self.measures.has_session
        free = waits or not (state.is_running or state.has_weights)
        if free and self.analysis.is_current and not self.analysis.errors and not self.measures.is_open_on_drawing:
            self.measures.open_session(self.runs.checkpoint)

    def _data_arrived(self) -> None:
        self.measures.reconsider()
        self.analysis.ask_again()

    def _code_changed(self) -> None:
        if not self.runs.state.is_running and not self.runs.state.has_weights:
            self.measures.close_session()
        self.measures.reconsider()
        self.analysis.ask_again()

    def show_body(self, path: BodyPath) -> None:
        """The canvas shows this body: its blocks are the ones whose pictures are wanted."""
        self._shown_body = path
        self.watch_previews()

    def watch_previews(self) -> None:
        """Have the pictures measured that the canvas shows."""
        paths = preview_paths(self.document.graph, self._shown_body, self.types, self.analysis.analysis)
        self.measures.watch_previews(paths)

    # --- runs -------------------------------------------------------------------------------------------
    def _run_began(self) -> None:
        # a person may be quicker than the window's own start of the worker
        self.start_worker()
        self.remembered.mark_run()
        self.files.run_began()
        self.measures.close_session()

    def _take_event(self, event: Event) -> None:
        self.records.add(event)
        if isinstance(event, Finished):
            self.remembered.remember_speed(self._speed_key, event.samples_per_second)
        if isinstance(event, Checkpointed):
            self.files.checkpoint_written(event.run, event.step)
        if isinstance(event, Started):
            self.measures.run_started()

    def _run_ended(self) -> None:
        self.files.run_ended()
        if not self.runs.state.has_weights:
            self.analysis.ask_again()

    def reset(self) -> None:
        """Fresh weights from the seed; a run that goes on is stopped first."""
        self.runs.reset()

    def _weights_are_fresh(self) -> None:
        self.records.put_behind()
        if not self.analysis.errors:
            self.measures.open_session()
        else:
            # one opens as soon as the drawing is mended, be it the one that was trained
            self.measures.close_session()
        self.files.weights_forgotten()

    def bring_back(self) -> None:
        """What Reset threw away, weights and curves: until the next run begins."""
        if self.runs.bring_back():
            self.records.bring_back()
            self.measures.open_session(self.runs.checkpoint)
            self.files.weights_back()
            return
        self.message.emit("What was trained is not there any more")

    @property
    def awaited(self) -> str:
        """What comes before views show trained weights: an epoch, the worker that holds them, or a mend."""
        state = self.runs.state
        if state.has_weights and state.errors:
            return MENDS
        return LOADS if state.has_weights and not self.measures.is_refused else WAITS

    @property
    def training_samples(self) -> int:
        """How many samples an epoch has; 0 where it is not known."""
        return plan_facts.training_samples(self.document.settings)

    def estimate_s(self) -> float | None:
        """How long the plan takes: from the last run of a drawing of this cost here, for an untouched example from the
        run that the gallery tells of; None where none was measured."""
        speed = self.remembered.speed(self._speed_key)
        if speed is None and self.document.undo_stack.isClean():
            return self.example_seconds.get(self.example or "")
        return plan_facts.estimate_s(self.document.settings, speed)

    @property
    def _speed_key(self) -> str:
        return plan_facts.speed_key(self.analysis.analysis, self.document.settings.plan)

    # --- repairs and settings --------------------------------------------------------------------------
    def apply_fix(self, fix: Fix) -> bool:
        """Make the repair that a problem offers; whether it was made."""
        try:
            function = getattr(plan_edits, fix.edit, None)
            if function is not None:
                self.document.edit_settings(fix.label, function, *fix.arguments)
            else:
                self.document.apply_fix(fix, vars(graph_edits))
        except Refused as refusal:
            self.refused.emit(refusal.problem)
            return False
        return True

    def follow_link(self, action: str) -> None:
        """What the link in the run bar offers."""
        if action == "run_new":
            self.runs.run()
        elif action == "continue_fitting":
            self.runs.continue_fitting()
        elif action == "start_again":
            self.start_again()
        elif action == "bring_back":
            self.bring_back()
        elif action == "apply_fix":
            problem = self.runs.state.problem
            if problem is None or not problem.fixes or not self.apply_fix(problem.fixes[0]):
                return
            # where the repair leaves trained weights to another network, a person chooses how to go on
            if not self.runs.state.edited:
                self.runs.toggle()

    def set_epochs(self, value: int) -> None:
        """Epochs of the stage that the run bar shows; a running stage takes them over."""
        self.document.edit_settings("Set epochs", plan_edits.set_epochs, value, self.runs.stage)

    def set_learning_rate(self, value: float) -> None:
        """The learning rate of the stage that the run bar shows; a running stage takes it over."""
        self.document.edit_settings("Set learning rate", plan_edits.set_learning_rate, value, self.runs.stage)

    def set_batch_size(self, value: int) -> None:
        """The batch size of the next run."""
        self.document.edit_settings("Set batch size", plan_edits.set_batch_size, value)

    def set_device(self, value: str) -> None:
        """The device of the next run."""
        self.document.edit_settings("Set device", plan_edits.set_device, value)

    def set_views(self, views: tuple[ViewSpec, ...]) -> None:
        """The live views of the project."""
        self.document.edit_settings("Change the live views", plan_edits.set_views, views)

    # --- files -----------------------------------------------------------------------------------------------
    @property
    def path(self) -> Path | None:
        """The file that is open; None for a drawing without one."""
        return self.files.path

    @property
    def example(self) -> str | None:
        """The example that the drawing is a copy of."""
        return self.files.example

    @property
    def saved_at(self) -> float | None:
        """When the file was written, in seconds since 1970."""
        return self.files.saved_at

    @property
    def title(self) -> str:
        """What the drawing is called: its file's name, else the example's, else Untitled."""
        return self.files.title

    @property
    def is_changed(self) -> bool:
        """Whether something is here that the file does not have."""
        return self.files.is_changed

    def new(self) -> None:
        """An empty canvas."""
        self.files.new()

    def open(self, path: Path) -> None:
        """Open a file; `opened` or `refused` follows."""
        self.files.open(path)

    def open_example(self, id: str) -> None:
        """Open an example as an unsaved copy."""
        self.files.open_example(id)

    def open_first(self, file: Path | None = None) -> Problem | None:
        """What the window starts with; a problem on the way."""
        return self.files.open_first(file)

    def save(self, path: Path) -> None:
        """Save, with weights as of the next step of a living worker, waiting 2 s for it at most."""
        self.files.save(path)

    def why_no_export(self, kind: ExportKind) -> Problem | None:
        """What is already known to stop an export of what is drawn, or of the weights that the worker holds."""
        if self.link.client.problem is not None:
            return self.link.client.problem
        if kind == "weights":
            held = self.measures.has_session or self.runs.state.has_weights or self.runs.state.is_running
            return None if held else Problem(code="no-weights", facts={"file": self.title})
        errors = (problem for problem in self.analysis.analysis.problems if problem.severity == "error")
        return next(errors, None) if self.analysis.is_current else None

    def export_weights(self, path: Path) -> None:
        """Write the session's weights as safetensors, while a run goes on those of its next step."""
        self.files.export_weights(path)

    def close(self) -> None:
        """End the worker within 2 s, its weights kept; write down all that is unsaved; let go of everything."""
        self.link.close()
        self.runs.take_back()
        self.files.checkpoint_wait.settle()
        self.store.settle()
        self.remembered.flush()
        self.store.close()
        # A stack that is destroyed tells once more that it is empty.
        self.document.undo_stack.blockSignals(True)
