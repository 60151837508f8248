"""How long the window's thread works without coming back to its loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PySide6.QtCore import Qt, QTimer


@contextmanager
def longest_work() -> Iterator[Callable[[], float]]:
    """The most that the window's thread computed, in ms, before its event loop came to a timer of 2 ms again.

    Time of the processor, so what other processes take does not count.
    """
    worst, last = [0.0], [time.thread_time()]

    def tick() -> None:
        now = time.thread_time()
        worst[0] = max(worst[0], 1000 * (now - last[0]))
        last[0] = now

    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(tick)
    timer.start(2)
    yield lambda: worst[0]
    timer.stop()
