"""At which lengths a module is tried, and what the lengths of its outputs then tell.

N stands as a large prime, and what is a multiple of it prints as 4N. With a time axis a module runs at several lengths,
T′ as long as it then is: what is a multiple of T at each is T, what else differs is T′.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from engine.graph.block_type import BlockType, Inputs
from engine.graph.tensor_spec import Dim, TensorSpec

replace = msgspec.structs.replace
BATCH = 1_000_003
DEFAULT_TIME = 100
_ROUND = 6720
"""A multiple of what six pools by 2 and most strides come to: where T is longer by it, T′ rounds as before."""
_OWN_ROUND = 840
"""The same for code of the learner, whose loops over the steps take a tenth of a millisecond for each."""
_MOST_OWN_STEPS = 2 * _ROUND
"""The longest sequence on which such code is tried."""
_SHORT_TIMES = ((2, 3), (5, 7), (11, 13), (17, 19), (23, 29))

Lengths = tuple[int, ...]
"""How long one axis is in each of several runs."""


class Run(NamedTuple):
    """How long each symbolic axis is in one run; `symbolic` is the T in it that is no real one."""

    length: Callable[[Dim], int]
    symbolic: int | None = None

    def shape(self, spec: TensorSpec) -> tuple[int, ...]:
        """That of a tensor in this run."""
        return tuple(self.length(axis) if isinstance(axis, Dim) else axis for axis in spec.shape)


class Line(NamedTuple):
    """Two runs of so many `steps` each, from which follows what holds for the number `wanted`."""

    runs: tuple[Run, Run]
    steps: tuple[int, int]
    wanted: int

    def at(self, first: int, second: int) -> int:
        """What two numbers, one of each run, come to."""
        one, two = self.steps
        return max(0, first + (second - first) * (self.wanted - one) // (two - one))


class Trials(msgspec.Struct, frozen=True, eq=False):
    """The `runs` of one module, and the Dim of an axis whose lengths differ between them.

    Costs are told of the run `real`. Without one, or where that is too short to run, they lie on the `line`.
    """

    runs: tuple[Run, ...]
    changing: Callable[[Lengths], Dim]
    real: Run | None = None
    line: Line | None = None

    def spec(self, shapes: Sequence[tuple[int, ...]], dtype: str) -> TensorSpec:
        """That of a tensor which had one of these shapes in each run."""
        return TensorSpec(shape=tuple(map(self._axis, zip(*shapes, strict=True))), dtype=dtype)

    def _axis(self, made: Lengths) -> int | Dim:
        length = made[0]
        if len(set(made)) > 1:
            return self.changing(made)
        return Dim("N", length // BATCH) if length and length % BATCH == 0 else length


def probe_times(time: int | None, reach: int = 1) -> tuple[int, ...]:
    """The T that modules run at: the longest, a shorter one, and `time` if the dataset tells it.

    All of them round alike: T′ that are equal at the two longer ones are equal at `time`. What takes more than 6,000
    steps away, or has strides of more than a hundred, needs a larger `reach`.
    """
    near = _ROUND * reach + (time or 0)
    return (near + _ROUND * reach, near, *([time] if time is not None else []))


def trials_of(type: BlockType, inputs: Inputs, time: int | None, reach: int) -> Trials:
    """How modules of `type` are tried on these inputs, where sequences have `time` steps."""
    axes = time_axes(inputs)
    if not axes:
        return _still()
    if "steps_over_time" in type.traits:
        return _short(axes, time or DEFAULT_TIME)
    times = probe_times(time, reach)
    return _long(times, _own_times(axes, time, times) if "own_code" in type.traits else times, time)


def time_axes(inputs: Inputs) -> list[Dim]:
    """All T and T′ of the inputs."""
    lengths = (length for spec in inputs.values() for length in spec.shape)
    return [length for length in lengths if isinstance(length, Dim) and length.symbol != "N"]


def _at(time: int, symbolic: int | None = None) -> Run:
    return Run(lambda axis: axis.at(time, BATCH), symbolic)


def _still() -> Trials:
    """One run of what has no time: nothing changes."""
    run = _at(1)
    return Trials((run,), lambda made: Dim("T"), real=run)


def _long(times: tuple[int, ...], runs_at: tuple[int, ...], time: int | None) -> Trials:
    """Runs where T is each of `runs_at`; T′ are told at `times`."""

    def changing(made: Lengths) -> Dim:
        factor = made[0] // runs_at[0]
        if made == tuple(factor * each for each in runs_at):
            return Dim("T", factor)
        changed = Dim("T′", steps=tuple(zip(runs_at, made, strict=True)))
        return Dim("T′", steps=tuple((each, changed.at(each)) for each in times))

    runs = tuple(_at(each, each if each != time else None) for each in runs_at)
    if time is not None:
        return Trials(runs, changing, real=runs[-1])
    (far, near), (most, least) = runs, runs_at
    return Trials(runs, changing, real=_at(DEFAULT_TIME), line=Line((near, far), (least, most), DEFAULT_TIME))


def _own_times(axes: Sequence[Dim], time: int | None, times: tuple[int, ...]) -> tuple[int, ...]:
    """The T that code of the learner runs at: no longer than leaves two steps of each axis.

    It sees only how long its inputs are: so it is the same code at the same lengths, however far others are tried.
    """
    promised = times[2:]
    for near in range(_OWN_ROUND + (time or 0), times[0], _OWN_ROUND):
        far = near + _OWN_ROUND
        if all(axis.at(near) > 1 for axis in axes):
            return (far, near, *promised)
        if max(axis.at(far) for axis in axes) > _MOST_OWN_STEPS:
            break
    # What comes in is too short, or too long, to tell more of it.
    return probe_times(time)


def _short(axes: Sequence[Dim], time: int) -> Trials:
    """Two runs of a few steps each: every time axis that comes in has two lengths of its own.

    PyTorch unrolls the steps of some modules: what two lengths cost tells what any length does.
    """
    kinds = tuple(dict.fromkeys(replace(axis, factor=1) for axis in axes))
    lengths = {axis: _SHORT_TIMES[number % len(_SHORT_TIMES)] for number, axis in enumerate(kinds)}

    def run(number: int) -> Run:
        return Run(
            lambda axis: axis.factor * (BATCH if axis.symbol == "N" else lengths[replace(axis, factor=1)][number])
        )

    def changing(made: Lengths) -> Dim:
        """The axis that came in with these lengths, or a multiple of it."""
        for axis, steps in lengths.items():
            factor = made[0] // steps[0]
            if made == tuple(factor * each for each in steps):
                many = tuple((each, factor * length) for each, length in axis.steps)
                return Dim("T", factor) if axis.symbol == "T" else Dim("T′", steps=many)
        return Dim("T")

    runs = (run(0), run(1))
    return Trials(runs, changing, line=Line(runs, _SHORT_TIMES[0], kinds[0].at(time)))
