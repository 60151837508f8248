"""Runs one block's own module on fake tensors: its output specs and its cost are what PyTorch itself says.

N stands as a large prime, and what is a multiple of it prints as 4N. With a time axis the module runs at two lengths:
what equals the probe is T, what differs in another way is T′.
"""

from __future__ import annotations

import importlib
import logging
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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

BATCH = 1_000_003
_TIMES = ((1_009, 1_013), (997, 991))
_SHORT_TIMES = ((2, 3), (5, 7))
DEFAULT_TIME = 100

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


def probe(type: BlockType, parameters: Parameters, inputs: Inputs, time: int | None) -> Probe:
    """Run the module of `type` on fake inputs; costs are counted at `time` steps. Never raises for a user's mistake."""
    all_ports = type.ports(parameters, None)
    ports = [port for port in type.arguments_order(all_ports) if port in inputs]
    outputs = [port.id for port in all_ports.outputs]
    timed = any(spec.has_time for spec in inputs.values())
    steps_over_time = "steps_over_time" in type.traits
    lengths = _SHORT_TIMES if steps_over_time else _TIMES
    shorter = lengths[0] if timed and steps_over_time else None
    optional = {port.id for port in all_ports.inputs if port.optional}
    given = _Given(
        tuple(inputs[port] for port in ports if port not in optional),
        {port: inputs[port] for port in ports if port in optional},
    )
    length = time or DEFAULT_TIME
    try:
        with _construct_fake(type, parameters, inputs) as module:
            if timed:
                first, at_first = _counted(module, given, lengths[0][0], lengths[1][0])
                second, at_second = _counted(module, given, lengths[0][1], lengths[1][1])
                if steps_over_time:
                    # PyTorch unrolls the steps of some: what two lengths cost tells what any length does.
                    shortest, longer = lengths[0 if _has_symbol(inputs, "T") else 1]
                    total = at_first + (at_second - at_first) * (length - shortest) // (longer - shortest)
                else:
                    _, total = _counted(module, given, length, length)
            else:
                first, total = _counted(module, given, 1, 1)
                second = first
            kept = remembered_kept(type, parameters, inputs)
            is_new = kept is None
            if kept is None and not _keeps_its_own_way(type, module):
                kept = _kept(module, given, ports, outputs, shorter, length)
        if kept is None:
            with _construct_training(type, parameters, inputs) as trained:
                kept = _kept(trained, given, ports, outputs, shorter, length)
        if is_new:
            remember_kept(type, parameters, inputs, kept)
        found = {port: _spec(a, b, lengths, steps_over_time) for port, a, b in zip(outputs, first, second, strict=True)}
    except Refused as fault:
        return Probe(problem=_with_symbols(fault.problem))
    except Exception as fault:  # noqa: BLE001 -- whatever torch raises is the module's refusal of its input
        return Probe(refusal=_reason(fault))
    empty = next((spec for spec in found.values() if 0 in spec.shape), None)
    if empty is not None:
        return Probe(refusal=f"nothing would be left of it, {empty}")
    window = window_of(type, module, {port: inputs[port] for port in ports}, tuple(found.values()))
    sizes = {port: bytes_per_sample(spec, length) for port, spec in {**inputs, **found}.items()}
    kept = msgspec.structs.replace(kept, ports={port: sizes[port] for port in kept.ports})
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


class _Given(NamedTuple):
    """What a module is called with: its required inputs in order, its optional ones by keyword."""

    required: tuple[TensorSpec, ...]
    optional: Mapping[str, TensorSpec]

    def fake(self, time: int, changed_time: int) -> tuple[list[torch.Tensor], dict[str, torch.Tensor]]:
        """The tensors at these numbers of steps, without memory."""
        optional = {port: _fake(spec, time, changed_time) for port, spec in self.optional.items()}
        return [_fake(spec, time, changed_time) for spec in self.required], optional


def _has_symbol(inputs: Inputs, symbol: str) -> bool:
    return any(isinstance(length, Dim) and length.symbol == symbol for spec in inputs.values() for length in spec.shape)


def _counted(module: nn.Module, given: _Given, time: int, changed_time: int) -> tuple[list[torch.Tensor], int]:
    counter = MultiplyAdds()
    with cast(TorchDispatchMode, counter):
        return _run(module, given, time, changed_time), counter.total


def _kept(
    module: nn.Module,
    given: _Given,
    ports: list[str],
    outputs: list[str],
    shorter: tuple[int, int] | None,
    length: int,
) -> Kept:
    """What training keeps of the module at `length` steps; it is run at two `shorter` lengths, if those are given."""

    def at(time: int) -> Kept:
        required, optional = given.fake(time, time)
        inputs = dict(zip(ports, (*required, *optional.values()), strict=True))
        return kept_by(module, inputs, tuple(outputs), lambda: module(*required, **optional), BATCH)

    try:
        if shorter is None:
            return at(length)
        return over_time(at(shorter[0]), at(shorter[1]), shorter, length)
    except Exception:  # noqa: BLE001 -- what runs only without gradients keeps nothing
        return Kept()


def _run(module: nn.Module, given: _Given, time: int, changed_time: int) -> list[torch.Tensor]:
    module.eval()
    required, optional = given.fake(time, changed_time)
    with torch.no_grad():
        result = module(*required, **optional)
    return list(result) if isinstance(result, (tuple, list)) else [result]


def _fake(spec: TensorSpec, time: int, changed_time: int) -> torch.Tensor:
    lengths = {"N": BATCH, "T": time, "T′": changed_time}
    shape = [length.factor * lengths[length.symbol] if isinstance(length, Dim) else length for length in spec.shape]
    return torch.empty(shape, dtype=getattr(torch, spec.dtype))


def _spec(
    first: torch.Tensor, second: torch.Tensor, lengths: tuple[tuple[int, int], tuple[int, int]], short: bool
) -> TensorSpec:
    shape = tuple(_length(a, b, lengths, short) for a, b in zip(first.shape, second.shape, strict=True))
    return TensorSpec(shape=shape, dtype=str(first.dtype).removeprefix("torch."))


def _length(a: int, b: int, lengths: tuple[tuple[int, int], tuple[int, int]], short: bool) -> int | Dim:
    if a == b:
        return Dim("N", a // BATCH) if a and a % BATCH == 0 else a
    (t1, t2), (c1, c2) = lengths
    for symbol, one, two in (("T", t1, t2), ("T′", c1, c2)):
        if a % one == 0 and b % two == 0 and a // one == b // two:
            return Dim("T" if symbol == "T" else "T′", a // one)
    return Dim("T" if short else "T′")


def _reason(fault: Exception) -> str:
    """The first line of torch's message, the numbers of the probe written as the symbols they stand for."""
    line = str(fault).strip().splitlines()[0] if str(fault).strip() else type(fault).__name__
    return _written(line).rstrip(".")


def _with_symbols(problem: Problem) -> Problem:
    """The problem with the numbers of the probe in its reason written as the symbols they stand for."""
    reason = problem.facts.get("reason")
    told = {"reason": _written(reason)} if isinstance(reason, str) else {}
    return msgspec.structs.replace(problem, facts={**problem.facts, **told})


def _written(text: str) -> str:
    return re.sub(r"\d+", lambda found: _symbols(int(found[0])), text)


def _symbols(number: int) -> str:
    letters = ""
    for prime, letter in ((BATCH, "N"), (_TIMES[0][0], "T")):
        if number and number % prime == 0:
            number, letters = number // prime, letters + letter
    return letters if letters and number == 1 else f"{number}{letters}"


def remembered_key(type: BlockType, parameters: Parameters, inputs: Inputs, time: int | None) -> tuple[Any, ...]:
    """What a Probe depends on, hashable: for the user's own file what is in it, and whether it may run."""
    outside = fingerprint(str(parameters["file"])) if "own_code" in type.traits else None
    return (type.id, time, tuple(sorted(parameters.items())), tuple(sorted(inputs.items())), outside)
