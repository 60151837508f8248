"""Generated forward functions over one module tree: from the Inputs up to the tensors that somebody wants."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import msgspec
import torch
from torch import Tensor, fx, nn

from engine.compile.program import Call, Held, Program, Steps
from engine.graph.paths import identifier

_CallModule = Callable[[fx.Graph, str, tuple[fx.Node, ...], dict[str, Any]], fx.Node]


class Slice(msgspec.Struct, frozen=True, eq=False):
    """A generated function: call `module` with the tensors of the keys `inputs`, in that order; it returns a tuple.

    It shares its modules, and so weights and mode, with the network it was cut from.
    """

    module: fx.GraphModule
    inputs: tuple[str, ...]


class LossTerm(msgspec.Struct, frozen=True, eq=False):
    """One loss block: its tensors by key, and how much it counts; no prediction where it compares nothing."""

    key: str
    prediction: str | None
    weight: float


def cut(root: nn.Module, program: Program, wanted: tuple[str, ...]) -> Slice:
    """The slice that returns the tensors of the keys `wanted`; only what they need is computed."""
    graph, tensors, inputs = _trace(program, wanted, fx.Graph.call_module)
    graph.output(tuple(tensors[key] for key in wanted))
    return Slice(_module(root, graph), inputs)


def cut_training(root: nn.Module, program: Program, terms: tuple[LossTerm, ...]) -> Slice:
    """The slice that returns (Σ weight × loss, losses, predictions); None stands for a prediction that is not there."""
    predictions = tuple(term.prediction for term in terms)
    wanted = (*(term.key for term in terms), *(key for key in predictions if key is not None))
    graph, tensors, inputs = _trace(program, wanted, partial(_call_forward, root))
    total: fx.Node | None = None
    for term in terms:
        part = tensors[term.key]
        if term.weight != 1.0:
            part = graph.call_function(operator.mul, (part, term.weight))
        total = part if total is None else graph.call_function(operator.add, (total, part))
    losses = tuple(tensors[term.key] for term in terms)
    graph.output((total, losses, tuple(tensors[key] if key is not None else None for key in predictions)))
    return Slice(_module(root, graph), inputs)


def cut_steps(root: nn.Module, steps: Steps) -> tuple[Slice, tuple[Held, ...]]:
    """One time step of a Recurrent: returns its Exits, then what the Delays are fed that somebody reads; and those."""
    needed = _needed(steps.calls, (*steps.exits, *(held.source for held in steps.delays)))
    delays = tuple(held for held in steps.delays if held.key in needed)
    fields = (*steps.entries, *(held.key for held in delays))
    wanted = (*steps.exits, *(held.source for held in delays))
    return cut(root, Program(steps.calls, {}, fields, {}), wanted), delays


def _trace(
    program: Program, wanted: Iterable[str], call_module: _CallModule
) -> tuple[fx.Graph, Mapping[str, fx.Node], tuple[str, ...]]:
    needed = _needed(program.calls, wanted)
    graph = fx.Graph()
    tensors: dict[str, fx.Node] = {}
    inputs = tuple(key for key in program.fields if key in needed)
    watched = {
        call.sources[0]
        for call in program.calls
        if "needs_gradient" in call.type.traits and needed.intersection(call.outputs)
    }
    for key, name in _argument_names(inputs).items():
        tensors[key] = graph.placeholder(name)
    for call in program.calls:
        if not needed.intersection(call.outputs):
            continue
        for source in call.sources:
            if source in watched:
                watched.discard(source)
                tensors[source] = graph.call_function(with_gradient, (tensors[source],))
        given = [tensors[source] for source in call.sources]
        positional = len(given) - len(call.keywords)
        named: dict[str, Any] = dict(zip(call.keywords, given[positional:], strict=True))
        node = call_module(graph, call.target, tuple(given[:positional]), named)
        if len(call.outputs) == 1:
            tensors[call.outputs[0]] = node
        else:
            for number, key in enumerate(call.outputs):
                tensors[key] = graph.call_function(operator.getitem, (node, number))
    return graph, tensors, inputs


def _call_forward(
    root: nn.Module, graph: fx.Graph, target: str, given: tuple[fx.Node, ...], named: dict[str, Any]
) -> fx.Node:
    """Calls `forward` itself where no hook waits: nn.Module's way there costs a small step 4 %."""
    module = root.get_submodule(target)
    if module._forward_hooks or module._forward_pre_hooks or module._backward_hooks or module._backward_pre_hooks:
        return graph.call_module(target, given, named)
    return graph.call_method("forward", (graph.get_attr(target), *given), named)


def with_gradient(tensor: Tensor) -> Tensor:
    """The tensor, its gradient asked for where it had none: a loss may want the slope of the network at its inputs."""
    if tensor.requires_grad or not tensor.is_floating_point():
        return tensor
    return tensor.detach().requires_grad_()


def _argument_names(keys: tuple[str, ...]) -> dict[str, str]:
    """A name for each input, from its field; fx writes it into Python source as it is."""
    names: dict[str, str] = {}
    for key in keys:
        base = identifier(key.rpartition("/")[2])
        name, number = base, 2
        while name in names.values():
            name, number = f"{base}_{number}", number + 1
        names[key] = name
    return names


def _needed(calls: tuple[Call, ...], wanted: Iterable[str]) -> set[str]:
    needed = set(wanted)
    for call in reversed(calls):
        if needed.intersection(call.outputs):
            needed.update(call.sources)
    return needed


def _module(root: nn.Module, graph: fx.Graph) -> fx.GraphModule:
    graph.lint()
    module = fx.GraphModule(root, graph)
    assert isinstance(module, torch.nn.Module)
    return module
