"""What a run can be told while it goes."""

from __future__ import annotations

from typing import Protocol, Union

from engine.graph.values import Plain
from engine.measurements.results import Ask


class Change(Plain, frozen=True, tag="change"):
    """Steer: `learning_rate` or `epochs` of the running stage becomes `value`; marked where it took effect.

    `stage` is the stage that is meant: another one that runs by then ignores the change. None means whichever runs.
    """

    name: str
    value: float
    stage: int | None = None


class Pause(Plain, frozen=True, tag="pause"):
    """Wait at the next step boundary; a checkpoint is written."""


class Resume(Plain, frozen=True, tag="resume"):
    """Go on."""


class SingleStep(Plain, frozen=True, tag="single-step"):
    """Do one step, then wait again."""


class Stop(Plain, frozen=True, tag="stop"):
    """End at the next step boundary; a checkpoint is written."""


class Checkpoint(Plain, frozen=True, tag="checkpoint"):
    """Write a checkpoint at the next step boundary."""


class Watch(Plain, frozen=True, tag="watch"):
    """Measure `ask` now and again at most every `every_ms` milliseconds, until unwatched."""

    ask: Ask
    every_ms: int = 100


class Unwatch(Plain, frozen=True, tag="unwatch"):
    """Stop measuring the request `request`."""

    request: str


Command = Union[Change, Pause, Resume, SingleStep, Stop, Checkpoint, Watch, Unwatch]  # noqa: UP007


class Control(Protocol):
    """Where a loop hears of commands: asked once a step."""

    def take(self) -> tuple[Command, ...]:
        """What came since; never blocks."""
        ...

    def wait(self) -> tuple[Command, ...]:
        """What comes next; blocks while paused."""
        ...
