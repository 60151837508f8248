"""Runs one block's own module on fake tensors: its output specs and its cost are what PyTorch itself says."""

from __future__ import annotations

import importlib
import logging
import warnings
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple, cast

import msgspec
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from engine.compile.counting import MultiplyAdds
from engine.compile.kept import Kept, kept_by, over_time, remember_kept, remembered_kept
from engine.compile.moves import Window
from engine.compile.refusals import Unfit, refusing
from engine.compile.trials import BATCH, DEFAULT_TIME, Run, Trials, time_axes, trials_of
from engine.compile.windows import window_of
from engine.graph.analysis import Cost
from engine.graph.block_type import BlockType, Inputs, Parameters
from engine.graph.problem import Problem
from engine.graph.tensor_spec import TensorSpec, bytes_per_sample
from engine.graph.values import Plain
from engine.modules.own_loading import fingerprint

replace = msgspec.structs.replace
MOST_OWN_OUTCOMES = 64
"""How much is remembered of what came of the learner's own code."""

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


def probe(type: BlockType, parameters: Parameters, inputs: Inputs, time: int | None, reach: int = 1) -> Probe:
    """Run the module of `type` on fake inputs, at the lengths that `trials_of` says.

    Costs are counted at `time` steps, at 100 without. Never raises for a user's mistake.
    """
    case, trials = _Case.of(type, parameters, inputs), trials_of(type, inputs, time, reach)
    try:
        with refusing(inputs):
            outcome = (_tried_own if "own_code" in type.traits else _tried)(case, trials)
            _refuse_longer(case, time)
            outputs = _outputs(case, trials, outcome)
    except Unfit as unfit:
        return Probe(refusal=unfit.reason, problem=unfit.problem)
    return _told(case, outcome, outputs, time or DEFAULT_TIME)


def remembered_key(
    type: BlockType, parameters: Parameters, inputs: Inputs, time: int | None, reach: int = 1
) -> tuple[Any, ...]:
    """What a Probe depends on, hashable: for the user's own file what is in it, and whether it may run."""
    outside = fingerprint(str(parameters["file"])) if "own_code" in type.traits else None
    return (type.id, time, reach, tuple(sorted(parameters.items())), tuple(sorted(inputs.items())), outside)


class _Case(NamedTuple):
    """A block's type, its resolved parameters and what reaches its ports.

    `arguments` are its inputs in the order in which the module takes them, the `optional` ones by keyword; `outputs`
    the ports of what it makes.
    """

    type: BlockType
    parameters: Parameters
    inputs: Inputs
    arguments: Mapping[str, TensorSpec]
    optional: frozenset[str]
    outputs: tuple[str, ...]

    @classmethod
    def of(cls, type: BlockType, parameters: Parameters, inputs: Inputs) -> _Case:
        """The case of a block without a body."""
        ports = type.ports(parameters, None)
        arguments = {port: inputs[port] for port in type.arguments_order(ports) if port in inputs}
        optional = frozenset(port.id for port in ports.inputs if port.optional)
        return cls(type, parameters, inputs, arguments, optional, tuple(port.id for port in ports.outputs))

    @property
    def block(self) -> tuple[BlockType, Parameters, Inputs]:
        """What the rest follows from."""
        return self.type, self.parameters, self.inputs


class _Made(NamedTuple):
    """One tensor that a run made."""

    shape: tuple[int, ...]
    dtype: str


class _Outcome(NamedTuple):
    """What came of the runs of a module: the tensors of each, and what a batch costs and keeps."""

    module: nn.Module
    made: tuple[tuple[_Made, ...], ...]
    multiply_adds: int
    kept: Kept


_own_outcomes: dict[tuple[Any, ...], _Outcome | Unfit] = {}


def _tried_own(case: _Case, trials: Trials) -> _Outcome:
    """As `_tried`, once for the same lengths: when others are tried further, the learner's code does not run again."""
    runs = (*trials.runs, trials.real or trials.runs[0])
    lengths = tuple((run.symbolic, *(run.shape(spec) for spec in case.inputs.values())) for run in runs)
    kinds = {port: replace(spec, shape=()) for port, spec in case.inputs.items()}
    key = (remembered_key(case.type, case.parameters, kinds, None), lengths)
    known = _own_outcomes.get(key)
    if known is None:
        try:
            known = _tried(case, trials)
        except Unfit as unfit:
            # Without the tensors that hang on the way to where it was raised.
            known = Unfit(unfit.reason, unfit.problem)
        if len(_own_outcomes) >= MOST_OWN_OUTCOMES:
            _own_outcomes.clear()
        _own_outcomes[key] = known
    if isinstance(known, Unfit):
        raise Unfit(known.reason, known.problem)
    return known


def _tried(case: _Case, trials: Trials) -> _Outcome:
    """What comes of the runs. Raises Unfit for what the module refuses."""
    subject = _without_memory(case)
    made: dict[Run, tuple[_Made, ...]] = {}
    counts: dict[Run, int] = {}
    for run in trials.runs:
        with refusing(case.inputs, run.symbolic):
            made[run], counts[run] = subject.counted(run)
    multiply_adds = _multiply_adds(subject, trials, counts)
    kept = remembered_kept(*case.block)
    if kept is None:
        kept = _kept(_as_trained(subject), trials)
        remember_kept(*case.block, kept)
    return _Outcome(subject.module, tuple(made.values()), multiply_adds, kept)


class _Subject:
    """A module without memory, and the mode in which the tensors it takes are made without memory."""

    def __init__(self, case: _Case, mode: torch.device | FakeTensorMode) -> None:
        self.case = case
        self._mode = mode
        with mode:
            self.module = construct(*case.block)

    @property
    def recurs(self) -> bool:
        """Whether PyTorch has it step over time."""
        return any(isinstance(part, nn.RNNBase) for part in self.module.modules())

    def counted(self, run: Run) -> tuple[tuple[_Made, ...], int]:
        """What one run makes, and its multiply-adds."""
        counter = MultiplyAdds()
        self.module.eval()
        with self._mode, cast(TorchDispatchMode, counter), torch.no_grad():
            made = self._call(self._given(run))
        return tuple(_Made(tuple(one.shape), str(one.dtype).removeprefix("torch.")) for one in made), counter.total

    def kept(self, run: Run) -> Kept:
        """What training keeps of one run."""
        with self._mode:
            given = self._given(run)
            return kept_by(self.module, given, self.case.outputs, lambda: self._call(given), BATCH)

    def _given(self, run: Run) -> dict[str, torch.Tensor]:
        return {
            port: torch.empty(run.shape(spec), dtype=getattr(torch, spec.dtype))
            for port, spec in self.case.arguments.items()
        }

    def _call(self, given: Mapping[str, torch.Tensor]) -> tuple[torch.Tensor, ...]:
        required = [tensor for port, tensor in given.items() if port not in self.case.optional]
        made = self.module(*required, **{port: tensor for port, tensor in given.items() if port in self.case.optional})
        return tuple(made) if isinstance(made, (tuple, list)) else (made,)


def _without_memory(case: _Case) -> _Subject:
    """The block's module, to tell what it makes.

    The meta device does all that FakeTensorMode does at a tenth of the time, but recurrent modules: there PyTorch
    unrolls the steps one by one, where a fake CPU tensor takes the whole layer as one operation.
    """
    subject = _Subject(case, torch.device("meta"))
    return _Subject(case, FakeTensorMode()) if subject.recurs else subject


def _as_trained(subject: _Subject) -> _Subject:
    """The module where it keeps what it keeps on a CPU.

    Attention has kernels of its own there. A recurrent layer as one operation hides what it keeps in a workspace that
    is only known when it runs: it counts step by step, as PyTorch unrolls it.
    """
    if subject.case.type.family == "attention":
        return _Subject(subject.case, FakeTensorMode())
    return _Subject(subject.case, torch.device("meta")) if subject.recurs else subject


def _multiply_adds(subject: _Subject, trials: Trials, counts: Mapping[Run, int]) -> int:
    real = trials.real
    if real is not None:
        if real in counts:
            return counts[real]
        # A length that nobody promised may be too short to run.
        with suppress(Exception):
            return subject.counted(real)[1]
    assert trials.line is not None
    first, second = trials.line.runs
    return trials.line.at(counts[first], counts[second])


def _kept(subject: _Subject, trials: Trials) -> Kept:
    """What training keeps of the module; nothing where it runs only without gradients."""
    if trials.real is not None:
        with suppress(Exception):
            return subject.kept(trials.real)
    if trials.line is not None:
        first, second = trials.line.runs
        with suppress(Exception):
            return over_time(subject.kept(first), subject.kept(second), trials.line.steps, trials.line.wanted)
    return Kept()


def _refuse_longer(case: _Case, time: int | None) -> None:
    """Raise Unfit where sequences of `time` steps are longer than the block takes: T may stand for fewer."""
    axes = time_axes(case.inputs) if time is not None else []
    if time is None or not axes or not case.type.longest:
        return
    steps, longest = max(axis.at(time) for axis in axes), case.parameters[case.type.longest]
    assert isinstance(longest, (int, float))
    if steps > longest:
        raise Unfit(f"sequences of {steps} steps are longer than the {int(longest)} that it takes")


def _outputs(case: _Case, trials: Trials, outcome: _Outcome) -> dict[str, TensorSpec]:
    """The specs of what was made. Raises Unfit where that is nothing."""
    outputs: dict[str, TensorSpec] = {}
    for port, *made in zip(case.outputs, *outcome.made, strict=True):
        outputs[port] = trials.spec([one.shape for one in made], made[0].dtype)
        if any(0 in one.shape for one in made):
            raise Unfit(f"nothing would be left of it, {outputs[port]}")
    return outputs


def _told(case: _Case, outcome: _Outcome, outputs: dict[str, TensorSpec], time: int) -> Probe:
    """What is known of a block that makes these `outputs`, its costs those of a sample of `time` steps."""
    module, kept = outcome.module, outcome.kept
    sizes = {port: bytes_per_sample(spec, time) for port, spec in {**case.inputs, **outputs}.items()}
    weight = dict(module.named_parameters()).get("weight")
    is_loss = case.type.role == "loss"
    return Probe(
        outputs={port: replace(spec, shape=()) if is_loss else spec for port, spec in outputs.items()},
        cost=Cost(
            parameters=sum(parameter.numel() for parameter in module.parameters()),
            multiply_adds=outcome.multiply_adds // BATCH,
            activation_bytes=sum(sizes[port] for port in outputs),
        ),
        weight=tuple(weight.shape) if weight is not None else (),
        kept=replace(kept, ports={port: sizes[port] for port in kept.ports}),
        window=window_of(case.type, module, case.arguments, tuple(outputs.values())),
    )
