"""Runs: what is sent to the worker when a person presses Run, Pause, Step …, and where the run stands."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any, Literal, NamedTuple

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


class Weights(NamedTuple):
    """Trained weights: their file, the drawing that they belong to, and the run that trained them.

    `mid_run`: that was not over when they were written, so that its epochs can be resumed.
    """

    checkpoint: Path | None = None
    graph: Graph | None = None
    run: str | None = None
    mid_run: bool = False


class Discarded(NamedTuple):
    """What Reset threw away: where the run stood, and its weights."""

    state: RunState
    weights: Weights

    @property
    def checkpoint(self) -> Path | None:
        """The file of the weights."""
        return self.weights.checkpoint


class RunControl(QObject):
    """The run's state, and the only sender of runs and their commands.

    `state_changed(RunState)` comes after each event that changes it, `event(Event)` with each event of this run,
    `began()` when a run was asked for, `ended()` when it is over, `weights_fresh()` once a reset is made.
    """

    state_changed = Signal(object)
    event = Signal(object)
    began = Signal()
    ended = Signal()
    weights_fresh = Signal()

    def __init__(self, document: Document, link: WorkerLink, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._link = link
        self.state = RunState()
        self.checkpoint_folder: Path | None = None
        self.resume_from: Path | None = None
        self.discarded: Discarded | None = None
        self._weights = self._former = Weights()
        self._then: Literal["", "run", "reset"] = ""
        self._dead: str | None = None
        self._chosen_stage = 0
        self._steering = Steering(document.settings.plan)
        for kind in (*_EVENTS, *_ENDS):
            link.on(kind, self._take)
        document.changed.connect(self._drawing_changed)
        document.settings_changed.connect(self._settings_changed)

    @property
    def checkpoint(self) -> Path | None:
        """The last file of the weights that the session holds; None while they are fresh."""
        return self._weights.checkpoint

    @property
    def kept_weights(self) -> Weights:
        """What a file or a kill keeps at this moment: until a new run has started, the weights from before it."""
        return self._former if self.state.phase == "starting" and self._former.checkpoint else self._weights

    @property
    def wanted_files(self) -> tuple[Path, ...]:
        """The files of weights that may still be asked for, those that can be brought back among them."""
        discarded = self.discarded.weights if self.discarded is not None else Weights()
        files = (weights.checkpoint for weights in (self._weights, self._former, discarded))
        return tuple(file for file in files if file is not None)

    def is_edited(self, weights: Weights) -> bool:
        """Whether another network is drawn than the one that these belong to."""
        return weights.graph is not None and difference(weights.graph, self._document.graph).meaning

    # --- what a person does ---------------------------------------------------------------------
    def press(self, slot: str) -> None:
        """The first button, by what it says."""
        {"run": self.run, "pause": self.pause, "resume": self.resume, "continue": self.continue_run}.get(
            slot, lambda: None
        )()

    def toggle(self) -> None:
        """What the first button would do now, by key: nothing where it cannot be pressed."""
        view = self.view()
        if view.enabled:
            self.press(view.slot)

    def run(self) -> None:
        """Train what is drawn, from fresh weights. A run that goes on is stopped first, where this one can begin."""
        if self.state.is_running:
            if not self.state.errors:
                self._stop_then("run")
            return
        self._start(fresh=True)

    def continue_run(self) -> None:
        """Go on from the weights of the session: the rest of a run that ended early, else the plan once more."""
        if self.resume_from is not None:
            self._start(fresh=True, weights=self.resume_from, resume=self._weights.mid_run)
        else:
            # read from their file where the worker could not open its session
            self._start(fresh=False, weights=self.checkpoint)

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

    def reset(self) -> None:
        """Fresh weights from the seed; a run that goes on is stopped first.

        What was trained can be brought back until the next run begins.
        """
        if self.state.is_running:
            self._stop_then("reset")
        else:
            self._forget()

    def bring_back(self) -> bool:
        """Have the weights that Reset threw away; whether they are there. Their next run goes on from where it was."""
        if self.discarded is None or self.state.is_running:
            return False
        state, weights = self.discarded
        if weights.checkpoint is None or not weights.checkpoint.is_file():
            return False
        self._weights, self.discarded = weights, None
        self.resume_from = weights.checkpoint if weights.mid_run else None
        self._set(run_state.edited(run_state.counted(state, self.state.errors), self.is_edited(weights)))
        return True

    # --- what others tell ------------------------------------------------------------------------
    def opened(self, epochs: int | None, test: Any, weights: Weights) -> None:
        """A project was opened, with weights of so many `epochs`, unless that is None."""
        self.resume_from = self.discarded = None
        self._chosen_stage = 0
        self._then, self._former = "", Weights()
        # Where it is not known any more which drawing they belong to, it is none that is drawn.
        self._weights = weights._replace(graph=None if epochs is None else weights.graph or Graph())
        self._set(run_state.edited(run_state.opened(self.state, epochs, test), self.is_edited(self._weights)))

    def set_errors(self, errors: int) -> None:
        """So many problems stop a run."""
        self._set(run_state.counted(self.state, errors))

    def revive(self) -> None:
        """The worker was started again: it holds no weights, so that the next run takes them from their file."""
        self.resume_from = self.checkpoint if self.checkpoint and self.checkpoint.is_file() else None
        self._dead = None
        self._set(run_state.revived(self.state, self.resume_from is not None))

    def view(self, estimate_s: float | None = None, samples: int = 0) -> RunBarView:
        """What the run bar shows now."""
        epochs = sum(stage.epochs for stage in self._plan.stages)
        return run_state.view(self.state, epochs, estimate_s, samples, self._document.graph.is_blank)

    @property
    def stage(self) -> int:
        """The stage that the run bar edits: the running one, else the one chosen."""
        return min(self.state.stage if self.state.is_running else self._chosen_stage, len(self._plan.stages) - 1)

    def choose_stage(self, index: int) -> None:
        """Have the run bar edit another stage, once none is running."""
        self._chosen_stage = index
        self.state_changed.emit(self.state)

    @property
    def _plan(self) -> Plan:
        plan: Plan = self._document.settings.plan
        return plan

    # --- within ------------------------------------------------------------------------------------
    def _start(self, fresh: bool, weights: Path | None = None, resume: bool = False) -> None:
        if self._dead is not None or self.state.errors or not self._plan.stages:
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
        # They are back if the run never starts.
        self._former = self._weights
        if fresh and weights is None:
            self._weights = Weights()
        self._weights = self._weights._replace(graph=request.graph, mid_run=resume)
        self._steering = Steering(request.plan)
        self.resume_from = self.discarded = None
        self._set(run_state.requested(self.state, run))
        self.began.emit()
        self._link.send(Run(request=request, fresh=fresh))

    def _stop_then(self, what: Literal["run", "reset"]) -> None:
        self._then = what
        self.stop()

    def _forget(self) -> None:
        state = run_state.revived(self.state, resumable=True) if self._dead is not None else self.state
        if state.has_weights and self.checkpoint is not None:
            self.discarded = Discarded(state, self._weights)
        self.resume_from = None
        self._weights = self._former = Weights()
        self._set(run_state.reset(self.state, self.discarded is not None))
        self.weights_fresh.emit()

    def _take(self, event: Event) -> None:
        if event.run != self.state.run:
            return
        if isinstance(event, Checkpointed):
            self._weights = self._weights._replace(checkpoint=Path(event.path), mid_run=True)
        elif isinstance(event, (Stopped, Failed, Finished)) and event.checkpoint:
            self._weights = self._weights._replace(checkpoint=Path(event.checkpoint), mid_run=isinstance(event, Failed))
        elif isinstance(event, Failed):
            self.take_back()
        elif isinstance(event, Started):
            self._former, self._weights = Weights(), self._weights._replace(run=event.run)
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
                self._forget()

    def take_back(self) -> None:
        """Where a new run never started and will not any more: the weights from before it are there still."""
        if self._former.checkpoint is not None:
            self._weights, self._former = self._former, Weights()
            self.resume_from = self.checkpoint if self._weights.mid_run else None
            self._set(run_state.edited(self.state, self.is_edited(self._weights)))

    def worker_died(self, words: str) -> None:
        """Nothing runs before the worker is started again; a reset that waited for its stop is made."""
        problem = self._link.client.problem
        was_running, then = self.state.is_running, self._then
        self.take_back()
        self._then, self._dead = "", problem.headline if problem is not None else words
        self._set(self.state)
        if was_running:
            self.ended.emit()
        if then == "reset":
            self._forget()

    def _drawing_changed(self, change: Any) -> None:
        if change.meaning and self._weights.graph is not None:
            self._set(run_state.edited(self.state, self.is_edited(self._weights)))
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
