"""What a run tells: frozen messages, each with the id of its run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Union

from engine.graph.problem import Problem
from engine.graph.values import Plain

if TYPE_CHECKING:
    import numpy


class Array(Plain, frozen=True):
    """A numpy array across a pipe: C order, `dtype` as numpy spells it."""

    dtype: str
    shape: tuple[int, ...]
    data: bytes

    @staticmethod
    def of(array: numpy.ndarray) -> Array:
        """The message of `array`."""
        import numpy as np

        contiguous = np.ascontiguousarray(array)
        return Array(dtype=str(contiguous.dtype), shape=tuple(array.shape), data=contiguous.tobytes())

    def numpy(self) -> numpy.ndarray:
        """The array again, read-only."""
        import numpy as np

        return np.frombuffer(self.data, dtype=self.dtype).reshape(self.shape)


class Message(Plain, frozen=True, tag=True):
    """Base of all events; `run` is the id its TrainingRequest carried."""

    run: str


class Loading(Message, frozen=True):
    """The run has begun and does `what` first: `Loading data onto the CPU`."""

    what: str


class Started(Message, frozen=True):
    """Steps begin. `stages` tells how many epochs each has, `steps_per_epoch` and `samples` one epoch of training.

    A continued run counts on: `first_epoch` epochs of the current stage and `first_step` steps were done before, the
    last `first_batch` of them in the epoch that goes on.
    """

    device: str
    threads: int
    steps_per_epoch: int
    samples: int
    stages: tuple[int, ...]
    first_step: int = 0
    first_epoch: int = 0
    stage: int = 0
    first_batch: int = 0

    @property
    def planned_steps(self) -> int:
        """All steps, those before included, once every stage is done."""
        left = sum(self.stages[self.stage :]) - self.first_epoch
        return self.first_step - self.first_batch + left * self.steps_per_epoch


class Losses(Message, frozen=True):
    """The loss of each step since the last message: float32, from step `first_step` (0-based over the whole run) on."""

    stage: int
    first_step: int
    values: bytes


class EpochEnded(Message, frozen=True):
    """An epoch is over: `epoch` counts from 1 within the stage; `step` steps are done in all.

    Metrics: `loss`, `accuracy`, with several losses `loss.NAME`; contrastive divergence: `reconstruction_error`.
    """

    stage: int
    epoch: int
    step: int
    train: Mapping[str, float]
    validation: Mapping[str, float]
    seconds: float = 0.0


class Progress(Message, frozen=True):
    """Where the run is, about ten times a second; `samples_per_second` over the last second."""

    stage: int
    epoch: int
    step: int
    samples_per_second: float
    seconds_left: float


class Measured(Message, frozen=True):
    """The answer to a view's request `request`, measured before step `step`; see `engine.measurements.results`."""

    request: str
    step: int
    arrays: Mapping[str, Array]
    problem: Problem | None = None


class Marked(Message, frozen=True):
    """A change made while running took effect at `step`; "layer": there the training of that layer, from 1, began."""

    step: int
    name: str
    value: float


class Checkpointed(Message, frozen=True):
    """The file `path` holds weights, optimiser and random state as of `step`, in `epoch` (from 1) of `stage`."""

    step: int
    path: str
    stage: int = 0
    epoch: int = 1


class Paused(Message, frozen=True):
    """The run waits before step `step`."""

    stage: int
    epoch: int
    step: int


class Resumed(Message, frozen=True):
    """The run goes on."""

    step: int


class Stopped(Message, frozen=True):
    """The run was stopped before step `step`, in `epoch` (from 1) of `stage`."""

    stage: int
    epoch: int
    step: int
    checkpoint: str | None = None


class Failed(Message, frozen=True):
    """The run ended with a problem; `checkpoint` is the last one written."""

    problem: Problem
    checkpoint: str | None = None


class Finished(Message, frozen=True):
    """All stages are done. `test` holds the metrics on the test part."""

    test: Mapping[str, float]
    seconds: float
    samples_per_second: float
    device: str
    threads: int
    checkpoint: str | None = None


Event = Union[  # noqa: UP007 -- msgspec decodes this very union
    Loading,
    Started,
    Losses,
    EpochEnded,
    Progress,
    Measured,
    Marked,
    Checkpointed,
    Paused,
    Resumed,
    Stopped,
    Failed,
    Finished,
]
