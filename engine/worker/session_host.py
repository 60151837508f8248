"""The session that the worker holds, the run that trains it, and what views want measured of both."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from engine.compile.analyse import Analyser
from engine.compile.lent_weights import with_lent
from engine.graph.block_type import BlockType
from engine.graph.difference import difference
from engine.graph.problem import Problem, Refused
from engine.measurements.measure import measure
from engine.measurements.results import Ask
from engine.modules.own import is_outdated
from engine.training.commands import Checkpoint, Stop, Unwatch, Watch
from engine.training.denormals import flush_denormals
from engine.training.events import Array, Failed, Measured, Started
from engine.training.loop import train
from engine.training.plan import TrainingRequest
from engine.training.session import Session, open_session
from engine.worker.downloads import unexpected
from engine.worker.exporting import export_drawing, write_weights
from engine.worker.loop_control import LoopControl
from engine.worker.outbox import Outbox
from engine.worker.prediction import predict
from engine.worker.protocol import (
    Done,
    Export,
    Exported,
    ExportWeights,
    OpenSession,
    Predict,
    Predicted,
    Run,
    SessionOpened,
)

NO_RUN = "session"
"""The run id of measurements of a session that was not trained yet."""


class Training(threading.Thread):
    """One run on a thread of its own: of the session that `before` gives, else of a new one.

    `session` is there once it was opened, `has_started` says whether it was trained. `ended` is called last, on this
    thread.
    """

    def __init__(
        self,
        request: TrainingRequest,
        control: LoopControl,
        before: Callable[[], Session | None],
        outbox: Outbox,
        ended: Callable[[Training], None],
    ) -> None:
        super().__init__(name="training", daemon=True)
        self.request = request
        self.control = control
        self.session: Session | None = None
        self.has_started = False
        self._before, self._outbox, self._ended = before, outbox, ended

    def run(self) -> None:
        """Train, and tell what happens."""
        run = self.request.run
        # before the first work: the threads that help with it do as this one did when they began
        flush_denormals(True)
        try:
            self.session = self._before()
            for event in train(self.request, self.control, self.session, self._opened):
                self.has_started = self.has_started or isinstance(event, Started)
                self._outbox.send(event)
        except Refused as refused:
            self._outbox.send(Failed(run=run, problem=refused.problem))
        except Exception as fault:  # noqa: BLE001 -- whatever happens in a run, the worker goes on
            self._outbox.send(Failed(run=run, problem=unexpected(fault)))
        finally:
            self._ended(self)

    def _opened(self, session: Session) -> None:
        self.session = session


class SessionHost:
    """Holds one session and at most one run. All methods belong to the worker's main thread."""

    def __init__(
        self,
        types: Mapping[str, BlockType],
        analyser: Analyser,
        outbox: Outbox,
        ended: Callable[[Training], None],
    ) -> None:
        self._types, self._analyser, self._outbox, self._tell_ended = types, analyser, outbox, ended
        self._session: Session | None = None
        self._training: Training | None = None
        self._watches: dict[str, Watch] = {}

    @property
    def training(self) -> Training | None:
        """The run that goes on."""
        return self._training

    def open(self, message: OpenSession) -> None:
        """Hold another drawing; a run that still goes is stopped before."""
        self.stop()
        request = TrainingRequest(
            run=NO_RUN,
            graph=message.graph,
            plan=message.plan,
            datasets=message.datasets,
            weights=message.weights,
        )
        self._session = None
        try:
            self._session = open_session(request, self._types, self._analyser)
        except Refused as refused:
            answer = SessionOpened(id=message.id, problems=(refused.problem,))
        except Exception as fault:  # noqa: BLE001 -- whatever a request meets, the worker goes on
            answer = SessionOpened(id=message.id, problems=(unexpected(fault),))
        else:
            answer = SessionOpened(id=message.id, trained=bool(self._session.loaded))
        self._outbox.send(answer)
        self._measure_all()

    def run(self, message: Run, control: LoopControl) -> None:
        """Train on a thread of its own; a run that still goes is stopped before."""
        self.stop()
        request, before = message.request, self._session
        for watch in self._watches.values():
            control.send(watch)

        def session() -> Session | None:
            return None if message.fresh or before is None else _continued(before, request, self._types)

        self._training = Training(request, control, session, self._outbox, self._tell_ended)
        self._training.start()

    def stop(self) -> None:
        """End the run at its next step and wait for it."""
        training = self._training
        if training is not None:
            training.control.send(Stop())
            training.join()
            self.run_ended(training)

    def run_ended(self, training: Training) -> None:
        """Take over the session of a run whose thread has ended; one that never started leaves what was trained."""
        if training is not self._training:
            return
        training.join()
        self._training = None
        if training.session is not None and (training.has_started or self._session is None):
            self._session = training.session
        training.control.do_jobs()
        self._measure_all()

    def watch(self, message: Watch) -> None:
        """Measure now, and again whenever the session changes or, while a run goes on, as it says."""
        self._watches[message.ask.id] = message
        if self._training is not None:
            self._training.control.send(message)
        else:
            self._measure(message.ask)

    def unwatch(self, message: Unwatch) -> None:
        """Measure it no more."""
        self._watches.pop(message.request, None)
        if self._training is not None:
            self._training.control.send(message)

    def predict(self, message: Predict) -> None:
        """Answered by Predicted, between two steps where a run goes on."""

        def job() -> None:
            session = self._held()
            if session is None:
                answer = Predicted(id=message.id, problem=_no_weights())
            else:
                try:
                    inputs = {key: array.numpy() for key, array in message.inputs.items()}
                    outputs = predict(session.network, session.data, inputs)
                    answer = Predicted(id=message.id, outputs={name: Array.of(out) for name, out in outputs.items()})
                except Refused as refused:
                    answer = Predicted(id=message.id, problem=refused.problem)
                except Exception as fault:  # noqa: BLE001 -- whatever a request meets, the worker goes on
                    answer = Predicted(id=message.id, problem=unexpected(fault))
            self._outbox.send(answer)

        self._between_steps(job)

    def export(self, message: Export) -> None:
        """Write the drawing of the message with those weights of the session that fit; answered by Exported."""

        def job() -> None:
            try:
                words = export_drawing(message, self._held(), self._types)
                answer = Exported(id=message.id, words=words)
            except Refused as refused:
                answer = Exported(id=message.id, problem=refused.problem)
            except Exception as fault:  # noqa: BLE001 -- whatever a request meets, the worker goes on
                answer = Exported(id=message.id, problem=unexpected(fault))
            self._outbox.send(answer)

        if self._training is not None and message.kind == "onnx":
            # it takes seconds, and a window that closes meanwhile does not wait for the next step
            self._training.control.send(Checkpoint())
        self._between_steps(job)

    def export_weights(self, message: ExportWeights) -> None:
        """Write the weights under readable names as safetensors; answered by Done."""

        def job() -> None:
            problem: Problem | None = None
            try:
                session = self._held()
                if session is None:
                    raise Refused(_no_weights())
                write_weights(session.network.readable_state(), Path(message.path))
            except Refused as refused:
                problem = refused.problem
            except Exception as fault:  # noqa: BLE001 -- whatever a request meets, the worker goes on
                problem = unexpected(fault)
            self._outbox.send(Done(id=message.id, problem=problem))

        self._between_steps(job)

    def _between_steps(self, job: Callable[[], None]) -> None:
        if self._training is not None:
            self._training.control.call(job)
        else:
            job()

    def _held(self) -> Session | None:
        training = self._training
        return training.session if training is not None and training.session is not None else self._session

    def _measure_all(self) -> None:
        for watch in tuple(self._watches.values()):
            self._measure(watch.ask)

    def _measure(self, ask: Ask) -> None:
        session = self._session
        if session is None:
            return
        run, step = session.request.run, session.position.step
        try:
            arrays = {name: Array.of(array) for name, array in measure(session, ask).items()}
            self._outbox.send(Measured(run=run, request=ask.id, step=step, arrays=arrays))
        except Refused as refused:
            self._outbox.send(Measured(run=run, request=ask.id, step=step, arrays={}, problem=refused.problem))
        except Exception as fault:  # noqa: BLE001 -- whatever a request meets, the worker goes on
            problem = unexpected(fault)
            self._outbox.send(Measured(run=run, request=ask.id, step=step, arrays={}, problem=problem))


def _continued(before: Session, request: TrainingRequest, types: Mapping[str, BlockType]) -> Session:
    """The session to go on with under a new request.

    A drawing that was changed in more than its looks is compiled anew and takes over the weights that fit, those that a
    block shared before it got its own among them; where all do, the run goes on where it was.
    """
    same = before.request
    drawing = difference(same.graph, request.graph)
    current = not drawing.meaning and not is_outdated(before.network.root)
    if current and (same.datasets, same.plan.device) == (request.datasets, request.plan.device):
        return before
    session = open_session(msgspec.structs.replace(request, weights=None), types)
    _, missing = session.network.load_state(with_lent(before.network.state(), before.network.lent))
    if not missing:
        session.initial_state = before.initial_state
        session.snapshot, session.position, session.epochs = before.snapshot, before.position, before.epochs
    return session


def _no_weights() -> Problem:
    return Problem(code="no-weights", facts={"file": "The worker"})
