import numpy as np

from engine.training.events import EpochEnded, Losses, Measured, Progress
from engine.worker.inbox import Inbox


def _losses(first: int, *values: float, run: str = "r", stage: int = 0) -> Losses:
    return Losses(run=run, stage=stage, first_step=first, values=np.array(values, np.float32).tobytes())


def _measured(request: str, step: int) -> Measured:
    return Measured(run="r", request=request, step=step, arrays={})


def _progress(step: int) -> Progress:
    return Progress(run="r", stage=0, epoch=1, step=step, samples_per_second=1.0, seconds_left=2.0)


def _epoch(epoch: int) -> EpochEnded:
    return EpochEnded(run="r", stage=0, epoch=epoch, step=0, train={}, validation={})


def test_losses_that_follow_each_other_are_one_message() -> None:
    inbox = Inbox()
    for first in range(0, 10_000, 2):
        inbox.put(_losses(first, first, first + 1))
    (taken,) = inbox.take()
    assert isinstance(taken, Losses)
    assert taken.first_step == 0
    assert np.array_equal(np.frombuffer(taken.values, np.float32), np.arange(10_000, dtype=np.float32))
    assert inbox.take() == ()


def test_losses_of_another_run_stage_or_with_a_gap_stay_apart() -> None:
    inbox = Inbox()
    parts = (
        _losses(0, 1.0),
        _losses(1, 2.0, run="s"),
        _losses(2, 3.0, run="s", stage=1),
        _losses(9, 4.0, run="s", stage=1),
    )
    for part in parts:
        inbox.put(part)
    assert inbox.take() == parts


def test_losses_never_overtake_what_came_between() -> None:
    inbox = Inbox()
    messages = (_losses(0, 1.0), _epoch(1), _losses(1, 2.0))
    for message in messages:
        inbox.put(message)
    assert inbox.take() == messages
    inbox.put(_losses(2, 3.0))
    assert inbox.take() == (_losses(2, 3.0),)


def test_of_measurements_and_progress_only_the_latest_waits() -> None:
    inbox = Inbox()
    for step in range(5_000):
        inbox.put(_measured("a", step))
        inbox.put(_progress(step))
        inbox.put(_losses(step, step))
    inbox.put(_measured("b", 7))
    losses, *rest = inbox.take()
    assert isinstance(losses, Losses)
    assert len(losses.values) == 4 * 5_000
    assert rest == [_measured("a", 4_999), _progress(4_999), _measured("b", 7)]
