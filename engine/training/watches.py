"""What views have asked a run to measure, and when each answer is due."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from engine.graph.problem import Problem, Refused
from engine.measurements.results import Ask
from engine.training.commands import Watch
from engine.training.events import Array, Measured
from engine.training.session import Session

_SHARE = 0.015
"""Measurements together take at most this share of a run's time, however often views ask."""


@dataclass
class _Watched:
    ask: Ask
    every_s: float
    due: float


class Watches:
    """The requests of views, and when each is due. Times are those of `time.perf_counter`."""

    def __init__(self) -> None:
        self._watched: dict[str, _Watched] = {}

    def add(self, watch: Watch) -> None:
        """Measure now, and again."""
        self._watched[watch.ask.id] = _Watched(watch.ask, watch.every_ms / 1000, 0.0)

    def remove(self, request: str) -> None:
        """No longer."""
        self._watched.pop(request, None)

    @property
    def due(self) -> float:
        """When the next is due; infinite where nothing is watched."""
        return min((watched.due for watched in self._watched.values()), default=float("inf"))

    def all_due(self) -> None:
        """Measure everything at the next opportunity."""
        for watched in self._watched.values():
            watched.due = 0.0

    def measure(self, session: Session, clock: Callable[[], float]) -> Iterator[Measured]:
        """Answers to what is due; a request that cannot be answered gets its problem."""
        from engine.measurements.measure import measure

        for watched in list(self._watched.values()):
            begin = clock()
            if begin < watched.due:
                continue
            run, step, ask = session.request.run, session.position.step, watched.ask
            try:
                arrays = {name: Array.of(array) for name, array in measure(session, ask).items()}
                answer = Measured(run, ask.id, step, arrays)
            except Refused as fault:
                answer = Measured(run, ask.id, step, {}, fault.problem)
            except Exception as fault:  # noqa: BLE001 -- a view that cannot be drawn must not end a run
                lines = str(fault).splitlines() or [type(fault).__name__]
                problem = Problem(code="measure-failed", facts={"reason": lines[0].rstrip(".")})
                answer = Measured(run, ask.id, step, {}, problem)
            end = clock()
            watched.due = end + max(watched.every_s, (end - begin) * len(self._watched) / _SHARE)
            yield answer
