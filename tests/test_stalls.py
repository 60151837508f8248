"""Work of the window counts as a stall; what earlier tests left behind does not."""

from __future__ import annotations

import gc
import time

from PySide6.QtCore import QTimer

from tests.stalls import longest_work


def looking() -> float:
    """How long a look for garbage among everything takes, in ms of the processor."""
    start = time.thread_time()
    gc.collect()
    return 1000 * (time.thread_time() - start)


def test_looking_for_garbage_among_what_was_there_before_is_no_stall(qtbot) -> None:
    left = [[number] for number in range(600_000)]
    whole = looking()
    with longest_work() as work:
        qtbot.wait(50)
        QTimer.singleShot(0, gc.collect)
        qtbot.wait(50)
        assert work() < whole / 2
    assert len(left) == 600_000
    assert gc.get_freeze_count() == 0, "it is looked over again"


def test_work_counts_and_waiting_does_not(qtbot) -> None:
    def compute() -> None:
        end = time.thread_time() + 0.06
        while time.thread_time() < end:
            pass

    with longest_work() as work:
        qtbot.wait(30)
        QTimer.singleShot(0, lambda: time.sleep(0.2))
        qtbot.wait(300)
        assert work() < 50
        QTimer.singleShot(0, compute)
        qtbot.wait(200)
        assert 60 <= work() < 200
