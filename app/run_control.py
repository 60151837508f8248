"""Runs: what is sent to the worker when a person presses Run, Pause, Step …, and where the run stands."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from PySide6.QtCore import QObject, Signal

from app import run_state
from app.run_state import RunBarView, RunState
from app.steering import Steering
from app.worker_link import WorkerLink
from engine.graph.difference import difference
from engine.graph.graph import Graph
from engine.training.commands import Checkpoint as WriteCheckpoint
from engine.training.commands import Pause, Resume, SingleStep, Stop
from engine.training.events import (
    Checkpointed,
    EpochEnded,
    Event,
    Failed,
    Finished,
    Loading,
    Losses,
    Marked,
    Paused,
    Progress,
    Resumed,
    Started,
    Stopped,
)
from engine.training.plan import Plan, TrainingRequest
from engine.worker.protocol import Run
from graph_editor.document import Document

_EVENTS = (Loading, Started, Losses, EpochEnded, Progress, Marked, Checkpointed, Paused, Resumed, Stopped)
_ENDS = (Failed, Finished)


class History(Protocol):
    """What takes the events of runs for the views to draw."""

    def add(self, event: Event) -> None: ...


class Discarded(NamedTuple):
    """What Reset threw away: where the run stood, the file of its weights, the drawing that they belong to."""

    state: RunState
    checkpoint: Path
    graph: Graph | None


class RunControl(QObject):
    """The run's state, and the only sender of runs and their commands.

    `state_changed(RunState)` comes after each event that changes it, `event(Event)` with each event of this run,
    `began()` when a run was asked for, `ended()` when it is over.
    """

    state_changed = Signal(object)
    event = Signal(object)
    began = Signal()
    ended = Signal()

    def __init__(self, document: Document, link: WorkerLink, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._link = link
        self.state = RunState()
        self.checkpoint_folder: Path | None = None
        self.checkpoint: Path | None = None
        self.trained_graph: Graph | None = None
        self.resume_from: Path | None = None
        self.discarded: Discarded | None = None
        self._then: str = ""
        self._dead: str | None = None
        self._former: tuple[Path | None, Graph | None] = (None, None)
        self._steering = Steering(document.settings.plan)
        for kind in (*_EVENTS, *_ENDS):
            link.on(kind, self._take)
        link.died.connect(self._worker_died)
        document.changed.connect(self._drawing_changed)
        document.settings_changed.connect(self._settings_changed)

    # --- what a person does ---------------------------------------------------------------------
    def press(self, slot: str) -> None:
        """The first button, by what it says."""
        {"run": self.run, "pause": self.pause, "resume": self.resume, "continue": self.continue_run}.get(
            slot, lambda: None
        )()

    def toggle(self) -> None:
        """What the first button would do now, by key."""
        self.press(self.view().slot)

    def run(self) -> None:
        """Train what is drawn, from fresh weights. A run that goes on is stopped first, where this one can begin."""
        if self.state.is_running:
            if not self.state.errors:
                self._stop_then("run")
            return
        self._start(fresh=True)

    def continue_run(self) -> None:
        """Go on from the weights of the session: the plan's epochs once more, or the rest after a resumable end."""
        if self.resume_from is not None:
            self._start(fresh=True, weights=self.resume_from, resume=True)
        else:
            self._start(fresh=False)

    def continue_fitting(self) -> None:
        """Train what is drawn, starting from those trained weights that still fit."""
        self._start(fresh=True, weights=self.checkpoint)

    def pause(self) -> None:
        """Wait at the next step."""
        self._link.send(Pause())

    def resume(self) -> None:
        """Go on."""
        self._link.send(Resume())

    def step(self) -> None:
        """One step, then wait; without a run, start one."""
        if self.state.phase == "paused":
            self._link.send(SingleStep())
        elif not self.state.is_running and self.view().step:
            if self.view().slot == "continue":
                self.continue_run()
            else:
                self.run()
            self._link.send(SingleStep())

    def stop(self) -> None:
        """End at the next step; the weights are kept."""
        self._link.send(Stop())

    def ask_checkpoint(self) -> None:
        """Have a checkpoint written at the next step."""
        self._link.send(WriteCheckpoint())

    # --- what others tell ------------------------------------------------------------------------
    def forget(self) -> None:
        """Weights are fresh again; what was trained can be brought back until the next run begins."""
        if self.state.has_weights and self.checkpoint is not None:
            self.discarded = Discarded(self.state, self.checkpoint, self.trained_graph)
        self.checkpoint = self.resume_from = self.trained_graph = None
        self._former = (None, None)
        self._set(run_state.reset(self.state, self.discarded is not None))

    def bring_back(self) -> bool:
        """Have the weights that Reset threw away; whether they are there. Their next run goes on from where it was."""
        if self.discarded is None or self.state.is_running or not self.discarded.checkpoint.is_file():
            return False
        (state, self.checkpoint, self.trained_graph), self.discarded = self.discarded, None
        graph = self.trained_graph
        differs = graph is not None and difference(graph, self._document.graph).meaning
        self._set(run_state.edited(run_state.counted(state, self.state.errors), differs))
        return True

    def opened(self, epochs: int | None, test: Any, checkpoint: Path | None, edited: bool = False) -> None:
        """A project was opened, with weights unless `epochs` is None; `edited`: of another network."""
        self.checkpoint = checkpoint
        self.resume_from = self.discarded = None
        self._then, self._former = "", (None, None)
        self.trained_graph = self._document.graph if epochs is not None else None
        state = run_state.opened(self.state, epochs, test)
        if epochs is not None and edited:
            # Which network they belong to is not known any more: none that is drawn.
            self.trained_graph = Graph()
            state = run_state.edited(state, True)
        self._set(state)

    def set_errors(self, errors: int) -> None:
        """So many problems stop a run."""
        self._set(run_state.counted(self.state, errors))

    def revive(self) -> None:
        """The worker was started again."""
        self.resume_from = self.checkpoint if self.checkpoint and self.checkpoint.is_file() else None
        self._dead = None
        self._set(run_state.revived(self.state, self.resume_from is not None))

    def view(self, estimate_s: float | None = None, samples: int = 0) -> RunBarView:
        """What the run bar shows now."""
        epochs = sum(stage.epochs for stage in self._plan.stages)
        return run_state.view(self.state, epochs, estimate_s, samples, self._document.graph.is_blank)

    @property
    def stage(self) -> int:
        """The stage that the run bar edits: the running one."""
        return min(self.state.stage, len(self._plan.stages) - 1) if self.state.is_running else 0

    @property
    def _plan(self) -> Plan:
        plan: Plan = self._document.settings.plan
        return plan

    # --- within ------------------------------------------------------------------------------------
    def _start(self, fresh: bool, weights: Path | None = None, resume: bool = False) -> None:
        if self.state.errors or not self._plan.stages:
            return
        run = secrets.token_hex(6)
        settings = self._document.settings
        request = TrainingRequest(
            run=run,
            graph=self._document.graph,
            plan=settings.plan,
            datasets=settings.datasets,
            weights=str(weights) if weights is not None else None,
            resume=resume,
            checkpoint_folder=str(self.checkpoint_folder) if self.checkpoint_folder is not None else None,
        )
        if fresh and weights is None:
            # the weights of another run are not this one's; they are back if it never starts
            self._former, self.checkpoint = (self.checkpoint, self.trained_graph), None
        self.trained_graph = request.graph
        self._steering = Steering(request.plan)
        self.resume_from = self.discarded = None
        self._set(run_state.requested(self.state, run))
        self.began.emit()
        self._link.send(Run(request=request, fresh=fresh))

    def _stop_then(self, what: str) -> None:
        self._then = what
        self.stop()

    def reset(self) -> bool:
        """Stop what runs; whether nothing does, so that weights can be drawn afresh at once."""
        if self.state.is_running:
            self._stop_then("reset")
            return False
        self.forget()
        return True

    def _take(self, event: Event) -> None:
        if event.run != self.state.run:
            return
        if isinstance(event, Checkpointed):
            self.checkpoint = Path(event.path)
        elif isinstance(event, (Stopped, Failed, Finished)) and event.checkpoint:
            self.checkpoint = Path(event.checkpoint)
        elif isinstance(event, Failed):
            self.take_back()
        elif isinstance(event, Started):
            self._former = (None, None)
            self._steering.started(event.stages)
        was_running = self.state.is_running
        self.event.emit(event)
        self._set(run_state.took(self.state, event))
        self._steer()
        if was_running and not self.state.is_running:
            then, self._then = self._then, ""
            self.ended.emit()
            if then == "run":
                self._start(fresh=True)
            elif then == "reset":
                self.forget()

    def take_back(self) -> None:
        """Where a new run never started and will not any more: the weights from before it are there still."""
        if self.checkpoint is None and self._former[0] is not None:
            (self.checkpoint, self.trained_graph), self._former = self._former, (None, None)
            assert self.trained_graph is not None, "weights are of a graph"
            differs = difference(self.trained_graph, self._document.graph).meaning
            self._set(run_state.edited(self.state, differs))

    def _worker_died(self, words: str) -> None:
        problem = self._link.client.problem
        sentence = problem.headline if problem is not None else words
        was_running = self.state.is_running
        self.take_back()
        self._then, self._dead = "", sentence
        self._set(self.state)
        if was_running:
            self.ended.emit()

    def _drawing_changed(self, change: Any) -> None:
        if change.meaning and self.trained_graph is not None:
            differs = difference(self.trained_graph, self._document.graph).meaning
            self._set(run_state.edited(self.state, differs))
        elif change.meaning:
            self._set(run_state.edited(self.state, self.state.phase == "failed"))

    def _steer(self) -> None:
        """The running stage follows the plan of the document, whoever edits it: run bar, inspector, undo."""
        if self.state.phase in ("training", "paused") and self.state.stage < len(self._plan.stages):
            for change in self._steering.changes(self._plan, self.state.stage):
                self._link.send(change)

    def _settings_changed(self) -> None:
        self._steer()
        self._set(run_state.replanned(self.state))
        self.state_changed.emit(self.state)

    def _set(self, state: RunState) -> None:
        if self._dead is not None:
            # whatever is opened or reset now: nothing runs before the worker is started again
            state = run_state.died(state, self._dead)
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)
