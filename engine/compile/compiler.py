"""Compiles a drawing: modules nest as containers do, the forward functions are flat."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from engine.compile.analyse import Analyser
from engine.compile.build import build_module
from engine.compile.network import Network
from engine.compile.program import lay_flat
from engine.graph.block_type import BlockType
from engine.graph.graph import Graph
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
    for call in program.calls:
        if call.owner:
            _put(root, call.target, build_module(call, seed))
    for call in program.calls:
        if call.tied:
            tie(root.get_submodule(call.target), root.get_submodule(call.tied))
    return Network(graph, program, root.to(device), seed)


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
