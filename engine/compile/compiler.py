"""Compiles a drawing: modules nest as containers do, the forward functions are flat."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from engine.compile.analyse import Analyser
from engine.compile.build import build_module
from engine.compile.network import Network
from engine.compile.program import Steps, lay_flat
from engine.compile.slices import cut_steps
from engine.graph.block_type import BlockType
from engine.graph.graph import Graph
from engine.graph.tensor_spec import Dim
from engine.modules.stepping import State, Stepper, bind
from engine.modules.tied import tie


def compile_graph(
    graph: Graph,
    types: Mapping[str, BlockType],
    *,
    seed: int = 0,
    device: torch.device | str = "cpu",
    analyser: Analyser | None = None,
) -> Network:
    """The network of `graph` with weights drawn from `seed`. Raises Refused with the first error of the drawing."""
    program = lay_flat(graph, types, analyser)
    root = nn.Module()
    for call in program.all_calls:
        if call.steps is not None:
            _put(root, call.target, Stepper())
        elif call.owner:
            _put(root, call.target, build_module(call, seed))
    for call in program.all_calls:
        if call.tied:
            tie(root.get_submodule(call.target), root.get_submodule(call.tied))
        elif call.steps is not None:
            _bind(root, call.target, call.steps)
    return Network(graph, program, root.to(device), seed)


def _bind(root: nn.Module, target: str, steps: Steps) -> None:
    """Tell the Stepper at `target` what one time step does."""
    stepper = root.get_submodule(target)
    assert isinstance(stepper, Stepper)
    step, delays = cut_steps(root, steps)
    places = {key: place for place, key in enumerate((*steps.entries, *(held.key for held in delays)))}
    states = tuple(
        State(
            held.steps,
            tuple(-length.factor if isinstance(length, Dim) else length for length in held.spec.shape),
            getattr(torch, held.spec.dtype),
        )
        for held in delays
    )
    bind(stepper, step.module, tuple(places[key] for key in step.inputs), states, steps.last)


def _put(root: nn.Module, target: str, module: nn.Module) -> None:
    """Hang `module` into the tree under its dotted name."""
    *containers, name = target.split(".")
    for container in containers:
        if container not in root._modules:
            root.add_module(container, nn.Module())
        inner = root._modules[container]
        assert inner is not None
        root = inner
    root.add_module(name, module)
