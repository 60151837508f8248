"""Drawings whose branches change the length of a sequence."""

from __future__ import annotations

import warnings

import torch

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.compile.compiler import compile_graph
from engine.compile.probing import construct
from engine.graph.analysis import Analysis
from engine.graph.graph import Graph
from engine.graph.problem import Problem
from engine.project.drawing import Drawing

CONV = {"out_channels": 4, "kernel_size": (3,)}

BRANCHES: dict[str, tuple[tuple[str, dict[str, object]], ...]] = {
    "as it is": (("conv1d", CONV),),
    "valid": (("conv1d", {**CONV, "padding": "none"}),),
    "valid twice": (("conv1d", {**CONV, "kernel_size": (2,), "padding": "none"}),) * 2,
    "padded again": (
        ("conv1d", {**CONV, "padding": "none"}),
        ("conv1d", {**CONV, "padding": "custom", "padding_size": (2,)}),
    ),
    "pooled": (("conv1d", CONV), ("max_pool1d", {"kernel_size": (2,), "stride": (2,)})),
    "averaged": (("conv1d", CONV), ("avg_pool1d", {"kernel_size": (2,), "stride": (2,)})),
    "strided": (("conv1d", {**CONV, "stride": (2,)}),),
    "pooled and enlarged": (
        ("conv1d", CONV),
        ("max_pool1d", {"kernel_size": (2,), "stride": (2,)}),
        ("conv_transpose1d", {**CONV, "stride": (2,)}),
    ),
    "pooled by 7": (("conv1d", CONV), ("max_pool1d", {"kernel_size": (7,), "stride": (7,)})),
    "cut to 20": (("conv1d", CONV), ("slice", {"dim": 2, "stop": 20})),
}


def branches(drawing: Drawing, first: str, second: str, steps_first: bool = False) -> tuple[str, str]:
    ends = []
    for side, branch in zip("ab", (first, second), strict=True):
        ids = []
        for number, (type, parameters) in enumerate(BRANCHES[branch]):
            ids.append(drawing.add(f"{side}{number}", type, **parameters))  # type: ignore[arg-type]
        if steps_first:
            ids.append(drawing.add(f"{side}_turned", "permute", dims=(2, 1)))
        drawing.chain("in", *ids)
        ends.append(ids[-1])
    return ends[0], ends[1]


def problems_at(analysis: Analysis, block: str = "join") -> list[Problem]:
    return [problem for problem in analysis.problems if problem.path == (block,)]


def really_runs(graph: Graph, steps: int, time: int | None) -> bool:
    """Whether the block "join" takes what the branches really make of sequences of so many steps."""
    record = Analyser(BLOCK_TYPES).records(graph, time)["join"]
    blocks = {id: block for id, block in graph.blocks.items() if id != "join"}
    wires = tuple(wire for wire in graph.wires if wire.target.block != "join")
    network = compile_graph(Graph(blocks=blocks, wires=wires), BLOCK_TYPES, seed=0)
    type = BLOCK_TYPES[record.block.type]
    module = construct(type, record.parameters, record.inputs)
    ports = type.arguments_order(type.ports(record.parameters, None))
    sources = [f"{record.sources[port].block}/{record.sources[port].port}" for port in ports]
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        given = [network.slice((source,)).module(torch.rand(5, 3, steps))[0] for source in sources]
        try:
            module.eval()(*given)
        except (RuntimeError, ValueError):
            return False
    return True


SETS = {"first": ("sine", "sequence: T×1 float32"), "second": ("adding", "sequence: T×2 float32")}


def two_datasets(stop: int | None) -> Graph:
    """The 32 steps of one set beside the 30 of another, cut or not."""
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("join", "concat", dim=2)
    for id, port in zip(SETS, "ab", strict=True):
        name, field = SETS[id]
        drawing.add(id, "input", dataset=name, fields=(field,))
        drawing.add(f"{id}_cut", "slice", dim=1, stop=stop)
        drawing.chain(id, f"{id}_cut", f"join.{port}")
    return drawing.graph
