"""What waits for a checkpoint is done once, in order, however the waiting ends."""

from __future__ import annotations

from PySide6.QtCore import Qt

from app.checkpoint_wait import PATIENCE_MS, CheckpointWait

HOUR_MS = 3_600_000


def test_what_waits_is_done_in_order_and_once(qtbot) -> None:
    wait, done = CheckpointWait(), []
    for name in ("save", "open"):
        wait.add(lambda name=name: done.append(name))
    assert wait.is_waiting
    assert not done
    wait.settle()
    assert done == ["save", "open"]
    assert not wait.is_waiting
    wait.settle()
    qtbot.wait(50)
    assert done == ["save", "open"]


def test_patience_ends_even_where_more_comes_to_wait(qtbot) -> None:
    wait, done = CheckpointWait(), []
    assert wait._patience.interval() == PATIENCE_MS
    wait._patience.setInterval(HOUR_MS)
    wait._patience.setTimerType(Qt.TimerType.PreciseTimer)
    wait.add(lambda: done.append("first"))
    qtbot.wait(50)
    left = wait._patience.remainingTime()
    assert left < HOUR_MS
    wait.add(lambda: done.append("second"))
    assert 0 <= wait._patience.remainingTime() <= left, "it does not begin again"
    assert not done
    wait._patience.start(20)
    qtbot.waitUntil(lambda: bool(done))
    assert done == ["first", "second"]


def test_what_comes_to_wait_while_others_are_done_waits_for_the_next_checkpoint(qtbot) -> None:
    wait, done = CheckpointWait(), []
    wait.add(lambda: wait.add(lambda: done.append("later")))
    wait.settle()
    assert not done
    assert wait.is_waiting
    wait.settle()
    assert done == ["later"]
