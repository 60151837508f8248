"""How long the window's thread works without coming back to its loop."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PySide6.QtCore import Qt, QTimer


@contextmanager
def longest_work() -> Iterator[Callable[[], float]]:
    """The most that the window's thread computed, in ms, before its event loop came to a timer of 2 ms again.

    Time of the processor, so what other processes take does not count. Nor does looking for garbage among what was
    there before, which the program lets be from its start on: the tests that ran earlier, and torch with them, leave
    so much that one look takes 0.2 s on an idle machine.
    """
    worst, last = [0.0], [time.thread_time()]

    def tick() -> None:
        now = time.thread_time()
        worst[0] = max(worst[0], 1000 * (now - last[0]))
        last[0] = now

    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(tick)
    gc.freeze()
    timer.start(2)
    try:
        yield lambda: worst[0]
    finally:
        timer.stop()
        gc.unfreeze()
