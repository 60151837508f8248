"""Runs one block's own module on fake tensors: its output specs and its cost are what PyTorch itself says.

N stands as a large prime, and what is a multiple of it prints as 4N. With a time axis the module runs at several
lengths, T′ as long as it then is: what is a multiple of T at each is T, what else differs is T′.
"""

from __future__ import annotations

import importlib
import logging
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple, cast

import msgspec
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from engine.compile.counting import MultiplyAdds
from engine.compile.kept import Kept, kept_by, over_time, remember_kept, remembered_kept
from engine.compile.moves import Window
from engine.compile.windows import window_of
from engine.graph.analysis import Cost
from engine.graph.block_type import BlockType, Inputs, Parameters
from engine.graph.problem import Problem, Refused
from engine.graph.tensor_spec import Dim, TensorSpec, bytes_per_sample
from engine.graph.values import Plain
from engine.modules.own_loading import fingerprint

replace = msgspec.structs.replace
BATCH = 1_000_003
DEFAULT_TIME = 100
_ROUND = 6720
"""A multiple of what six pools by 2 and most strides come to: where T is longer by it, T′ rounds as before."""
_OWN_ROUND = 840
"""The same for code of the learner, whose loops over the steps take a tenth of a millisecond for each."""
_SHORT_TIMES = ((2, 3), (5, 7), (11, 13), (17, 19), (23, 29))

# A fake tensor that cannot be made logs a page for each refusal, which is here a normal answer.
logging.getLogger("torch._subclasses.fake_tensor").setLevel(logging.CRITICAL)
# An even filter that keeps the picture's size costs a padded copy: no news to anyone who chose it.
warnings.filterwarnings("ignore", message="Using padding='same' with even kernel lengths")


class Probe(Plain, frozen=True):
    """What is known of a block after its module has run: output specs by port, cost, or the reason of a refusal.

    `weight` is the shape of its parameter of that name, empty without one. `problem` is a refusal that has words of
    its own: that of the user's Python file.
    """

    outputs: Mapping[str, TensorSpec] = {}
    cost: Cost = Cost()
    refusal: str = ""
    weight: tuple[int, ...] = ()
    kept: Kept = Kept()
    window: Window = Window()
    problem: Problem | None = None


def module_class(name: str) -> type[nn.Module]:
    """The class that `package.module:Class` names."""
    module, _, attribute = name.partition(":")
    found: type[nn.Module] = getattr(importlib.import_module(module), attribute)
    return found


def construct(type: BlockType, parameters: Parameters, inputs: Inputs) -> nn.Module:
    """The block's module, its weights drawn by the global generator (or fake in a fake mode)."""
    return module_class(type.module)(**type.arguments(parameters, inputs))


def probe_times(time: int | None, reach: int = 1, span: int = _ROUND) -> tuple[int, ...]:
    """The T that modules run at: the longest, a shorter one, and `time` if the dataset tells it.

    All of them round alike: T′ that are equal at the two longer ones are equal at `time`. What takes more than 6,000
    steps away, or has strides of more than a hundred, needs a larger `reach`.
    """
    near = span * reach + (time or 0)
    return (near + span * reach, near, *([time] if time is not None else []))


def probe(type: BlockType, parameters: Parameters, inputs: Inputs, time: int | None, reach: int = 1) -> Probe:
    """Run the module of `type` on fake inputs, at the lengths that `probe_times` says.

    Costs are counted at `time` steps. Never raises for a user's mistake.
    """
    all_ports = type.ports(parameters, None)
    ports = [port for port in type.arguments_order(all_ports) if port in inputs]
    outputs = [port.id for port in all_ports.outputs]
    timed = any(spec.has_time for spec in inputs.values())
    optional = {port.id for port in all_ports.inputs if port.optional}
    given = _Given(
        tuple(inputs[port] for port in ports if port not in optional),
        {port: inputs[port] for port in ports if port in optional},
    )
    times = runs_at = probe_times(time, reach)
    if "own_code" in type.traits:
        few = probe_times(time, span=_OWN_ROUND)
        runs_at = few if all(length.at(few[1]) > 1 for length in _time_axes(inputs)) else times
    short = _Short.of(inputs) if timed and "steps_over_time" in type.traits else None
    length = time or DEFAULT_TIME
    symbolic: int | None = None  # the T that is no real one
    try:
        with _construct_fake(type, parameters, inputs) as module:
            if not timed:
                made, total = _counted(module, given, _at(1))
                runs = [made]
            elif short is not None:
                (first, at_first), (second, at_second) = (_counted(module, given, short.at(run)) for run in (0, 1))
                # PyTorch unrolls the steps of some: what two lengths cost tells what any length does.
                runs, total = [first, second], _line(short.steps, (at_first, at_second), short.length(length))
            else:
                counts = []
                for each in runs_at:
                    symbolic = each if each != time else None
                    counts.append(_counted(module, given, _at(each)))
                runs, total = [made for made, _ in counts], counts[-1][1]
                if time is None:
                    total = _total_at(length, module, given, runs_at, [count for _, count in counts])
            if time is not None:
                _refuse_longer(module, inputs, time)
            kept = remembered_kept(type, parameters, inputs)
            is_new = kept is None
            if kept is None and not _keeps_its_own_way(type, module):
                kept = _kept(module, given, ports, outputs, short, length, runs_at)
        if kept is None:
            with _construct_training(type, parameters, inputs) as trained:
                kept = _kept(trained, given, ports, outputs, short, length, runs_at)
        if is_new:
            remember_kept(type, parameters, inputs, kept)
        found = {port: _spec(made, runs_at, times, short) for port, *made in zip(outputs, *runs, strict=True)}
    except Refused as fault:
        return Probe(problem=_with_symbols(fault.problem, symbolic, inputs))
    except Exception as fault:  # noqa: BLE001 -- whatever torch raises is the module's refusal of its input
        return Probe(refusal=_reason(fault, symbolic, inputs))
    shapes = ([tensor.shape for tensor in made] for made in zip(*runs, strict=True))
    empties = (spec for spec, made in zip(found.values(), shapes, strict=True) if any(0 in one for one in made))
    empty = next(empties, None)
    if empty is not None:
        return Probe(refusal=f"nothing would be left of it, {empty}")
    window = window_of(type, module, {port: inputs[port] for port in ports}, tuple(found.values()))
    sizes = {port: bytes_per_sample(spec, length) for port, spec in {**inputs, **found}.items()}
    kept = replace(kept, ports={port: sizes[port] for port in kept.ports})
    cost = Cost(
        parameters=sum(parameter.numel() for parameter in module.parameters()),
        multiply_adds=total // BATCH,
        activation_bytes=sum(bytes_per_sample(spec, length) for spec in found.values()),
    )
    if type.role == "loss":
        found = {port: TensorSpec(shape=(), dtype=spec.dtype) for port, spec in found.items()}
    weight = dict(module.named_parameters()).get("weight")
    shape = tuple(weight.shape) if weight is not None else ()
    return Probe(outputs=found, cost=cost, weight=shape, kept=kept, window=window)


def _time_axes(inputs: Inputs) -> list[Dim]:
    lengths = (length for spec in inputs.values() for length in spec.shape)
    return [length for length in lengths if isinstance(length, Dim) and length.symbol != "N"]


def _refuse_longer(module: nn.Module, inputs: Inputs, time: int) -> None:
    """Raise ValueError where sequences are longer than the module's `longest`, which it cannot tell of fake ones."""
    longest = getattr(module, "longest", None)
    steps = max((length.at(time) for length in _time_axes(inputs)), default=0)
    if isinstance(longest, int) and steps > longest:
        raise ValueError(f"sequences of {steps} steps are longer than the {longest} that it takes")


@contextmanager
def _construct_fake(type: BlockType, parameters: Parameters, inputs: Inputs) -> Iterator[nn.Module]:
    """The block's module without memory, and inside a mode in which its inputs are made without memory.

    The meta device does all that FakeTensorMode does at a tenth of the time, but recurrent modules: there PyTorch
    unrolls the steps one by one, where a fake CPU tensor takes the whole layer as one operation.
    """
    with torch.device("meta"):
        module = construct(type, parameters, inputs)
        if not any(isinstance(part, nn.RNNBase) for part in module.modules()):
            yield module
            return
    with FakeTensorMode():
        yield construct(type, parameters, inputs)


def _keeps_its_own_way(type: BlockType, module: nn.Module) -> bool:
    return type.family == "attention" or any(isinstance(part, nn.RNNBase) for part in module.modules())


@contextmanager
def _construct_training(type: BlockType, parameters: Parameters, inputs: Inputs) -> Iterator[nn.Module]:
    """The module where it keeps what it keeps on a CPU.

    Attention has kernels of its own there. A recurrent layer as one operation hides what it keeps in a workspace that
    is only known when it runs: it counts step by step, as PyTorch unrolls it.
    """
    with FakeTensorMode() if type.family == "attention" else torch.device("meta"):
        yield construct(type, parameters, inputs)


_Length = Callable[[Dim], int]
"""How long a symbolic axis is in one run."""


def _at(time: int) -> _Length:
    return lambda length: length.at(time, BATCH)


class _Given(NamedTuple):
    """What a module is called with: its required inputs in order, its optional ones by keyword."""

    required: tuple[TensorSpec, ...]
    optional: Mapping[str, TensorSpec]

    def fake(self, length: _Length) -> tuple[list[torch.Tensor], dict[str, torch.Tensor]]:
        """The tensors with axes of these lengths, without memory."""
        optional = {port: _fake(spec, length) for port, spec in self.optional.items()}
        return [_fake(spec, length) for spec in self.required], optional


class _Short(NamedTuple):
    """Two runs of a few steps each: every time axis that comes in has two lengths of its own."""

    axes: tuple[Dim, ...]

    @classmethod
    def of(cls, inputs: Inputs) -> _Short:
        """The runs of a module that receives these."""
        return cls(tuple(dict.fromkeys(replace(length, factor=1) for length in _time_axes(inputs))))

    @property
    def steps(self) -> tuple[int, int]:
        """How long the first axis is in the two runs."""
        return _SHORT_TIMES[0]

    def length(self, time: int) -> int:
        """How long the first axis really is where T is `time`."""
        return self.axes[0].at(time)

    def at(self, run: int) -> _Length:
        """The lengths of the first run, 0, or the second, 1."""
        steps = {axis: _SHORT_TIMES[number % len(_SHORT_TIMES)][run] for number, axis in enumerate(self.axes)}
        return lambda length: length.factor * (BATCH if length.symbol == "N" else steps[replace(length, factor=1)])

    def like(self, made: tuple[int, ...]) -> Dim:
        """The axis that came in with these lengths, or a multiple of it."""
        for axis, steps in zip(self.axes, _SHORT_TIMES, strict=False):
            factor = made[0] // steps[0]
            if made == tuple(factor * each for each in steps):
                many = tuple((time, factor * each) for time, each in axis.steps)
                return Dim("T", factor) if axis.symbol == "T" else Dim("T′", steps=many)
        return Dim("T")


def _line(times: tuple[int, ...], values: Sequence[int], time: int) -> int:
    """What `values`, at the first two of `times`, come to at another."""
    (one, two), (first, second) = times[:2], values[:2]
    return max(0, first + (second - first) * (time - one) // (two - one))


def _counted(module: nn.Module, given: _Given, length: _Length) -> tuple[list[torch.Tensor], int]:
    counter = MultiplyAdds()
    with cast(TorchDispatchMode, counter):
        return _run(module, given, length), counter.total


def _total_at(time: int, module: nn.Module, given: _Given, times: tuple[int, ...], counts: list[int]) -> int:
    """The cost of a length that nobody promised: it may be too short to run."""
    try:
        return _counted(module, given, _at(time))[1]
    except Exception:  # noqa: BLE001 -- whatever torch raises, the module takes longer sequences
        return _line(times, counts, time)


def _kept(
    module: nn.Module,
    given: _Given,
    ports: list[str],
    outputs: list[str],
    short: _Short | None,
    length: int,
    times: tuple[int, ...],
) -> Kept:
    """What training keeps of the module at `length` steps; two `short` runs tell it of what unrolls over time."""

    def of(run: _Length) -> Kept:
        required, optional = given.fake(run)
        inputs = dict(zip(ports, (*required, *optional.values()), strict=True))
        return kept_by(module, inputs, tuple(outputs), lambda: module(*required, **optional), BATCH)

    if short is not None:
        with suppress(Exception):
            return over_time(of(short.at(0)), of(short.at(1)), short.steps, short.length(length))
        return Kept()
    with suppress(Exception):
        return of(_at(length))
    # A length that nobody promised may be too short to run.
    far, near, *promised = times
    with suppress(Exception):
        return Kept() if promised else over_time(of(_at(near)), of(_at(far)), (near, far), length)
    return Kept()  # what runs only without gradients


def _run(module: nn.Module, given: _Given, length: _Length) -> list[torch.Tensor]:
    module.eval()
    required, optional = given.fake(length)
    with torch.no_grad():
        result = module(*required, **optional)
    return list(result) if isinstance(result, (tuple, list)) else [result]


def _fake(spec: TensorSpec, length: _Length) -> torch.Tensor:
    shape = [length(axis) if isinstance(axis, Dim) else axis for axis in spec.shape]
    return torch.empty(shape, dtype=getattr(torch, spec.dtype))


def _spec(
    made: Sequence[torch.Tensor], runs_at: tuple[int, ...], times: tuple[int, ...], short: _Short | None
) -> TensorSpec:
    axes = zip(*(tensor.shape for tensor in made), strict=True)
    shape = tuple(_length(lengths, runs_at, times, short) for lengths in axes)
    return TensorSpec(shape=shape, dtype=str(made[0].dtype).removeprefix("torch."))


def _length(made: tuple[int, ...], runs_at: tuple[int, ...], times: tuple[int, ...], short: _Short | None) -> int | Dim:
    first = made[0]
    if len(set(made)) == 1:
        return Dim("N", first // BATCH) if first and first % BATCH == 0 else first
    if short is not None:
        return short.like(made)
    factor = first // runs_at[0]
    if made == tuple(factor * time for time in runs_at):
        return Dim("T", factor)
    changed = Dim("T′", steps=tuple(zip(runs_at, made, strict=True)))
    return Dim("T′", steps=tuple((time, changed.at(time)) for time in times))


def _reason(fault: Exception, time: int | None, inputs: Inputs) -> str:
    """The first line of torch's message, the numbers of the probe written as the symbols they stand for."""
    line = str(fault).strip().splitlines()[0] if str(fault).strip() else type(fault).__name__
    return _written(line, time, inputs).rstrip(".")


def _with_symbols(problem: Problem, time: int | None, inputs: Inputs) -> Problem:
    """The problem with the numbers of the probe in its reason written as the symbols they stand for."""
    reason = problem.facts.get("reason")
    told = {"reason": _written(reason, time, inputs)} if isinstance(reason, str) else {}
    return replace(problem, facts={**problem.facts, **told})


def _written(text: str, time: int | None, inputs: Inputs) -> str:
    changed = {} if time is None else {axis.at(time): str(axis) for axis in _time_axes(inputs) if axis.symbol == "T′"}
    return re.sub(r"\d+", lambda found: changed.get(int(found[0])) or _symbols(int(found[0]), time), text)


def _symbols(number: int, time: int | None) -> str:
    letters = ""
    for length, letter in ((BATCH, "N"), (time, "T")):
        if number and length and number % length == 0:
            number, letters = number // length, letters + letter
    return letters if letters and number == 1 else f"{number}{letters}"


def remembered_key(
    type: BlockType, parameters: Parameters, inputs: Inputs, time: int | None, reach: int = 1
) -> tuple[Any, ...]:
    """What a Probe depends on, hashable: for the user's own file what is in it, and whether it may run."""
    outside = fingerprint(str(parameters["file"])) if "own_code" in type.traits else None
    return (type.id, time, reach, tuple(sorted(parameters.items())), tuple(sorted(inputs.items())), outside)
