"""Everything a run has told: losses of steps, metrics of epochs, marks, and how it ended. Plain numbers, no Qt."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.charts.step_axis import StepAxis
from app.charts.step_series import Growing, StepSeries

_LONG_PLAN = 50
"""More epochs than an axis shows at the start of a run."""
ENDED = ("finished", "stopped", "failed", "lost")


class Mark(NamedTuple):
    """A setting that changed while the run went on."""

    step: int
    name: str
    value: float


class RunHistory:
    """Grows by `add(event)`; `version` rises with every change that a view could show.

    Facts to read: `state` ("new", "loading", "running", "paused", "finished", "stopped", "failed", "lost"), `words`
    (what is loading, or why it failed), `device`, `threads`, `steps_per_epoch`, `samples`, `stages` (epochs of each),
    `step`, `stage`, `epoch`, `samples_per_second`, `seconds_left`, `seconds`, `test` (metrics), `checkpoint_step`.
    """

    def __init__(self) -> None:
        self.version = 0
        self.run = ""
        self.state = "new"
        self.words = ""
        self.problem: object | None = None
        self.device = ""
        self.threads = 0
        self.steps_per_epoch = 0
        self.samples = 0
        self.stages: tuple[int, ...] = ()
        self.stage = 0
        self.epoch = 0
        self.step = 0
        self.samples_per_second = 0.0
        self.seconds_left = 0.0
        self.seconds = 0.0
        self.test: dict[str, float] = {}
        self.checkpoint_step: int | None = None
        self.marks: tuple[Mark, ...] = ()
        self._steps_before = self._epochs_before = self._epoch_begun = 0
        self._axis: tuple[int, StepAxis] | None = None
        self.losses = StepSeries()
        self._stages = Growing(np.int64)
        self._epochs = Growing(np.int64)
        self._steps = Growing(np.int64)
        self._metrics: dict[str, Growing] = {}

    # Growing.

    def add(self, event: object) -> None:
        """Take one event of the run; those of kinds that tell nothing to keep are left out."""
        take = getattr(self, f"_add_{type(event).__name__.lower()}", None)
        if take is not None:
            run = getattr(event, "run", "")
            if run:
                self.run = run
            take(event)
            self.version += 1

    def lose(self, words: str) -> None:
        """The run's process is gone; `words` say why."""
        if self.state not in ENDED:
            self.state, self.words = "lost", words
            self.version += 1

    def _add_loading(self, event) -> None:  # noqa: ANN001
        self.state, self.words = "loading", event.what

    def _add_started(self, event) -> None:  # noqa: ANN001
        self._cut(event.first_step)
        self.state, self.words, self.problem, self.test = "running", "", None, {}
        self.device, self.threads = event.device, event.threads
        self.steps_per_epoch, self.samples = event.steps_per_epoch, event.samples
        self.stages, self.stage = tuple(event.stages), event.stage
        self.epoch, self.step = event.first_epoch, event.first_step
        self._epoch_begun = event.first_step - event.first_batch
        if not len(self._epochs):
            self._steps_before = self._epoch_begun
            self._epochs_before = sum(self.stages[: event.stage]) + event.first_epoch
        else:
            self._leave_out(
                sum(self.stages[: event.stage]) + event.first_epoch - self._epochs_before - self.epochs_done
            )

    def _leave_out(self, missing: int) -> None:
        """So many epochs before the one that begins are not told of: a kill of the window took their last second."""
        back = np.arange(missing - 1, -1, -1)
        self._stages.extend(np.full(len(back), self.stage))
        self._epochs.extend(self.epoch - back)
        self._steps.extend(self._epoch_begun - back * self.steps_per_epoch)
        for column in self._metrics.values():
            column.extend(np.full(len(back), np.nan))

    def _add_losses(self, event) -> None:  # noqa: ANN001
        values = np.frombuffer(event.values, dtype=np.float32)
        missing = event.first_step - len(self.losses)
        if missing < 0:
            self.losses.cut(event.first_step)
        elif missing > 0:
            self.losses.extend(np.full(missing, np.nan, dtype=np.float32))
        self.losses.extend(values)
        self.step = max(self.step, len(self.losses))

    def _add_epochended(self, event) -> None:  # noqa: ANN001
        self._stages.extend(np.array([event.stage]))
        self._epochs.extend(np.array([event.epoch]))
        self._steps.extend(np.array([event.step]))
        self.stage, self.epoch, self.step = event.stage, event.epoch, event.step
        self.seconds += event.seconds
        told = {f"train.{name}": value for name, value in event.train.items()}
        told.update((f"validation.{name}", value) for name, value in event.validation.items())
        for name in told:
            if name in self._metrics:
                continue
            self._metrics[name] = Growing(np.float64)
            self._metrics[name].extend(np.full(len(self._epochs) - 1, np.nan))
        for name, column in self._metrics.items():
            column.extend(np.array([told.get(name, np.nan)]))

    def _add_progress(self, event) -> None:  # noqa: ANN001
        self.stage, self.epoch, self.step = event.stage, event.epoch, event.step
        self.samples_per_second, self.seconds_left = event.samples_per_second, event.seconds_left

    def _add_marked(self, event) -> None:  # noqa: ANN001
        self.marks = (*self.marks, Mark(event.step, event.name, event.value))
        if event.name == "epochs" and self.stage < len(self.stages):
            self.stages = (*self.stages[: self.stage], round(event.value), *self.stages[self.stage + 1 :])

    def _add_checkpointed(self, event) -> None:  # noqa: ANN001
        self.checkpoint_step = event.step

    def _add_paused(self, event) -> None:  # noqa: ANN001
        self.state = "paused"
        self.stage, self.epoch, self.step = event.stage, event.epoch, event.step

    def _add_resumed(self, event) -> None:  # noqa: ANN001
        self.state, self.step = "running", event.step

    def _add_stopped(self, event) -> None:  # noqa: ANN001
        self.state = "stopped"
        self.stage, self.epoch, self.step = event.stage, event.epoch, event.step

    def _add_failed(self, event) -> None:  # noqa: ANN001
        self.state, self.problem = "failed", event.problem
        self.words = getattr(event.problem, "sentence", str(event.problem))

    def _add_finished(self, event) -> None:  # noqa: ANN001
        self.state, self.test, self.seconds = "finished", dict(event.test), event.seconds
        self.samples_per_second, self.seconds_left = event.samples_per_second, 0.0
        self.device, self.threads = event.device, event.threads

    # Reading.

    @property
    def is_empty(self) -> bool:
        """Whether there is no step and no epoch to show."""
        return not len(self.losses) and not len(self._epochs)

    @property
    def epochs_done(self) -> int:
        """Epochs that have ended, over all stages."""
        return len(self._epochs)

    @property
    def planned_epochs(self) -> int:
        """Epochs of all stages together."""
        return sum(self.stages)

    def metrics(self) -> tuple[str, ...]:
        """Names of what epochs tell, without `train.` and `validation.`, in the order they came."""
        return tuple(dict.fromkeys(name.partition(".")[2] for name in self._metrics))

    def curve(self, part: str, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """x in epochs that are over and metric `name` of "train" or "validation", where it was told."""
        column = self._metrics.get(f"{part}.{name}")
        if column is None:
            return np.empty(0), np.empty(0)
        y = column.array()
        told = ~np.isnan(y)
        return self._epoch_x()[told], y[told]

    def _epoch_x(self) -> NDArray[np.float64]:
        return self._epochs_before + np.arange(1, len(self._epochs) + 1, dtype=np.float64)

    def stage_starts(self) -> tuple[int, ...]:
        """The steps at which the second and later stages began, as far as an epoch of them has ended."""
        changed = np.flatnonzero(np.diff(self._stages.array()))
        return tuple(self._steps.array()[changed].tolist())

    def first_step_of(self, name: str) -> int:
        """The step from which the train part tells metric `name`: 0, or the end of the last epoch without it."""
        column = self._metrics.get(f"train.{name}")
        told = np.flatnonzero(~np.isnan(column.array())) if column is not None else []
        return int(self._steps.array()[told[0] - 1]) if len(told) and told[0] > 0 else 0

    def x_of(self, step: int) -> float:
        """A step in epochs."""
        return float(self.axis().epochs_at(step))

    def axis(self) -> StepAxis:
        """Where steps are, in epochs: batch size and dataset may change between a run and its continuation."""
        if self._axis is None or self._axis[0] != self.version:
            before = (self._steps_before, self._epochs_before) if self._epochs_before else (0, 0)
            made = StepAxis.of_ends(self._steps.array(), self.steps_per_epoch, *before, begun=self._epoch_begun)
            self._axis = (self.version, made)
        return self._axis[1]

    def x_end(self) -> float:
        """Where the axis ends, in epochs: the plan's end, or the last step beyond it.

        Of a long plan that has hardly begun it shows a part, a fifth of which lies ahead at least: 50 epochs, 100 …
        """
        reached = self.x_of(max(self.step, len(self.losses)))
        part = _LONG_PLAN
        while part < 1.25 * reached:
            part *= 2
        return max(float(min(self.planned_epochs, part)), float(np.ceil(reached - 1e-9)), 1.0)

    # Keeping.

    def until(self, step: int) -> RunHistory:
        """A copy that ends at a checkpoint's step."""
        made = RunHistory.from_arrays(*self.arrays())
        made._cut(step)
        return made

    def copy(self) -> RunHistory:
        """A copy that later events do not change."""
        return copy.deepcopy(self)

    def _cut(self, step: int) -> None:
        self.losses.cut(step)
        kept = int(np.searchsorted(self._steps.array(), step, side="right"))
        for column in (self._stages, self._epochs, self._steps, *self._metrics.values()):
            column.cut(kept)
        if not kept:
            self._metrics.clear()
        self.marks = tuple(mark for mark in self.marks if mark.step <= step)
        self.step = min(self.step, step)
        self.version += 1

    def arrays(self) -> tuple[dict[str, NDArray], dict[str, object]]:
        """Arrays by name, and facts that JSON can hold: together all there is."""
        arrays: dict[str, NDArray] = {
            "losses": self.losses.array().copy(),
            "epochs.stage": self._stages.array().copy(),
            "epochs.epoch": self._epochs.array().copy(),
            "epochs.step": self._steps.array().copy(),
        }
        arrays.update((name, column.array().copy()) for name, column in self._metrics.items())
        facts = {name: getattr(self, name) for name in _FACTS}
        facts["begun"] = [self._steps_before, self._epochs_before, self._epoch_begun]
        facts["stages"] = list(self.stages)
        facts["test"] = dict(self.test)
        facts["marks"] = [list(mark) for mark in self.marks]
        return arrays, facts

    @staticmethod
    def from_arrays(arrays: Mapping[str, NDArray], facts: Mapping[str, object]) -> RunHistory:
        """The history that `arrays()` gave. Raises TypeError or ValueError for what it cannot have given."""
        made = RunHistory()
        for name, kinds in _FACTS.items():
            if name in facts:
                if not isinstance(facts[name], kinds):
                    raise TypeError(f"{name} is {facts[name]!r}")
                setattr(made, name, facts[name])
        made.stages = tuple(facts.get("stages", ()))  # type: ignore[arg-type]
        begun = tuple(facts.get("begun", (0, 0, 0)))  # type: ignore[arg-type]
        if len(begun) != 3 or not all(isinstance(number, int) and number >= 0 for number in begun):
            raise TypeError(f"begun is {begun!r}")
        made._steps_before, made._epochs_before, made._epoch_begun = begun
        made.test = _metrics(facts.get("test", {}))
        made.marks = tuple(Mark(*mark) for mark in facts.get("marks", ()))  # type: ignore[attr-defined]
        for name, array in arrays.items():
            if name == "losses":
                made.losses.extend(array)
            elif name in ("epochs.stage", "epochs.epoch", "epochs.step"):
                {"stage": made._stages, "epoch": made._epochs, "step": made._steps}[name[7:]].extend(array)
            elif name.startswith(("train.", "validation.")):
                made._metrics[name] = Growing(np.float64)
                made._metrics[name].extend(array)
        columns = (made._stages, made._epochs, made._steps, *made._metrics.values())
        if len({len(column) for column in columns}) > 1:
            raise ValueError("columns of epochs differ in length")
        return made


def _metrics(told: object) -> dict[str, float]:
    """Metrics by name; JSON has null for one that is not finite."""
    found = {name: math.nan if value is None else value for name, value in dict(told).items()}  # type: ignore[call-overload]
    if not all(isinstance(value, int | float) for value in found.values()):
        raise TypeError(f"test is {told!r}")
    return found


_FACTS: Mapping[str, tuple[type, ...]] = {
    "run": (str,),
    "state": (str,),
    "words": (str,),
    "device": (str,),
    "threads": (int,),
    "steps_per_epoch": (int,),
    "samples": (int,),
    "stage": (int,),
    "epoch": (int,),
    "step": (int,),
    "samples_per_second": (int, float),
    "seconds": (int, float),
    "checkpoint_step": (int, type(None)),
}
