"""How fast a run goes: its steps and samples, its time in steps and its time in all."""

from __future__ import annotations

import time
from collections import deque

clock = time.perf_counter

_LATELY_S = 1.0


class Pace:
    """Begins when it is made. Between `go` and `hold` the run steps; all times are of `clock`, in seconds."""

    def __init__(self) -> None:
        self.steps = self.samples = 0
        self._began_at = self._epoch_began_at = self._going_since = clock()
        self._stepping_s = self._stood_still_s = 0.0
        self._lately: deque[tuple[float, int]] = deque()

    def go(self) -> float:
        """Steps begin; the time it is."""
        self._going_since = clock()
        return self._going_since

    def hold(self) -> None:
        """Steps end, for whatever else is due."""
        self._stepping_s += clock() - self._going_since

    def stood_still(self, seconds: float) -> None:
        """The run was paused for so long."""
        self._stood_still_s += seconds

    def begin_epoch(self) -> float:
        """How long the epoch took that ends here."""
        now = clock()
        seconds, self._epoch_began_at = now - self._epoch_began_at, now
        return seconds

    def spent_s(self) -> float:
        """How long the run has taken, pauses left out."""
        return clock() - self._began_at - self._stood_still_s

    def samples_per_second(self) -> float:
        """Over the whole run, in steps alone; 0 before the first."""
        return self.samples / self._stepping_s if self._stepping_s > 0 else 0.0

    def samples_per_second_lately(self) -> float:
        """Over the last second or a little more, all that happened between steps included; 0 at first."""
        now = clock()
        self._lately.append((now, self.samples))
        while len(self._lately) > 2 and now - self._lately[1][0] >= _LATELY_S:
            self._lately.popleft()
        began, samples = self._lately[0]
        return (self.samples - samples) / (now - began) if now > began else 0.0
