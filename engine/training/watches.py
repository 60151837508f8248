"""What views have asked a run to measure, and when each answer is due."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import sqrt

from engine.graph.problem import Problem, Refused
from engine.measurements.results import Ask
from engine.training.commands import Watch
from engine.training.events import Array, Measured
from engine.training.session import Session

_SHARE, _LARGEST_SHARE = 0.02, 0.04
"""What measurements may take of a run's time, however often views ask: the larger share where the dearest of them
would otherwise come less often than every `_LONGEST_S`."""
_LONGEST_S = 2.0


@dataclass
class _Watched:
    ask: Ask
    every_s: float
    due: float = 0.0
    cost_s: float = 0.0


class Watches:
    """The requests of views, and when each is due. Times are those of `time.perf_counter`."""

    def __init__(self) -> None:
        self._watched: dict[str, _Watched] = {}

    def add(self, watch: Watch) -> None:
        """Measure now, and again."""
        self._watched[watch.ask.id] = _Watched(watch.ask, watch.every_ms / 1000)

    def remove(self, request: str) -> None:
        """No longer."""
        self._watched.pop(request, None)

    @property
    def due(self) -> float:
        """When the next is due; infinite where nothing is watched."""
        return min((watched.due for watched in self._watched.values()), default=float("inf"))

    def cost_s(self, now: float) -> float:
        """How long all that is due now took the last time; what was never measured counts nothing."""
        return sum(watched.cost_s for watched in self._watched.values() if watched.due <= now)

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
            # The first answer makes what the others need, and says little of what they cost
            is_first, watched.cost_s = watched.cost_s == 0, end - begin
            watched.due = end + max(watched.every_s, 0 if is_first else self._pause_s(watched))
            yield answer

    def _pause_s(self, watched: _Watched) -> float:
        """How long to wait until the next time, so that all together take no more than their share.

        Pauses that go with the square roots of the costs have the smallest sum: a dear measurement does not wait for
        many cheap ones.
        """
        roots = [sqrt(each.cost_s) for each in self._watched.values()]
        share = min(max(_SHARE, max(roots) * sum(roots) / _LONGEST_S), _LARGEST_SHARE)
        return sqrt(watched.cost_s) * sum(roots) / share
