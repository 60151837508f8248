"""Containers that add more than a sum: gates that let a signal pass, layers that see all layers before."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from engine.blocks.containers import (
    COUNT,
    Layer,
    branches_body,
    container_ports,
    copies,
    expect_anything,
    free_id,
)
from engine.blocks.shared import INPUT, OUTPUT
from engine.graph.block_type import BlockType, Inputs, Parameter, Parameters, boundary_ports, source_of
from engine.graph.graph import Block, Graph, Initialiser, Learning, PortRef, Wire, sorted_wires
from engine.graph.tensor_spec import TensorSpec
from engine.graph.values import Value


def _highway_body(new_id: Callable[[], str]) -> Graph:
    return branches_body(new_id, (("dense", "Dense", {"out_features": 64}), ("relu", "ReLU", {})))


def _expand_highway(parameters: Parameters, body: Graph, inputs: Inputs, outputs: Inputs) -> Graph:
    """The body H with a gate T before its first Exit: y = x + T(x) · (H(x) − x), which is H·T + x·(1 − T).

    Srivastava, Greff, Schmidhuber, Training very deep networks, 2015: the gate starts nearly shut.
    """
    ports = boundary_ports(body)
    if not ports.inputs or not ports.outputs:
        return body
    entry, exit = ports.inputs[0].id, ports.outputs[0].id
    end, skip = PortRef(exit, INPUT), PortRef(entry, OUTPUT)
    result = source_of(body, end)
    if result is None or exit not in outputs:
        return body
    names = ("gate", "sigmoid", "difference", "gated", "add")
    gate, sigmoid, difference, gated, add = (free_id(body, name) for name in names)
    blocks = {
        **body.blocks,
        gate: _gate(gate, outputs[exit], parameters["carry_bias"]),
        sigmoid: Block(sigmoid, "sigmoid", "Gate sigmoid"),
        difference: Block(difference, "subtract", "Difference"),
        gated: Block(gated, "multiply", "Gated"),
        add: Block(add, "add", "Add"),
    }
    wires = [
        *(wire for wire in body.wires if wire.target != end),
        Wire(skip, PortRef(gate, INPUT)),
        Wire(PortRef(gate, OUTPUT), PortRef(sigmoid, INPUT)),
        Wire(result, PortRef(difference, "a")),
        Wire(skip, PortRef(difference, "b")),
        Wire(PortRef(sigmoid, OUTPUT), PortRef(gated, "a")),
        Wire(PortRef(difference, OUTPUT), PortRef(gated, "b")),
        Wire(PortRef(gated, OUTPUT), PortRef(add, "a")),
        Wire(skip, PortRef(add, "b")),
        Wire(PortRef(add, OUTPUT), end),
    ]
    return msgspec.structs.replace(body, blocks=blocks, wires=sorted_wires(wires))


def _gate(id: str, spec: TensorSpec, bias: Value) -> Block:
    learning = Learning(initialisers={"bias": Initialiser("constant", {"value": bias})})
    wanted = spec.shape[1 if spec.rank == 4 else -1]
    count = wanted if isinstance(wanted, int) else 1
    if spec.rank == 4:
        return Block(id, "conv2d", "Gate", {"out_channels": count}, learning=learning)
    return Block(id, "dense", "Gate", {"out_features": count}, learning=learning)


def _dense_block_body(new_id: Callable[[], str]) -> Graph:
    layers: tuple[Layer, ...] = (
        ("batch_norm2d", "Batch norm", {}),
        ("relu", "ReLU", {}),
        ("conv2d", "Convolution", {"out_channels": 12}),
    )
    return branches_body(new_id, layers)


def _expand_dense_block(parameters: Parameters, body: Graph, inputs: Inputs, outputs: Inputs) -> Graph:
    """One layer with a Concat of what entered and what it made of it before its first Exit.

    Copy behind copy, each layer so sees all before. Huang et al., Densely connected convolutional networks, 2017.
    """
    ports = boundary_ports(body)
    if not ports.inputs or not ports.outputs:
        return body
    end = PortRef(ports.outputs[0].id, INPUT)
    result = source_of(body, end)
    if result is None:
        return body
    join = free_id(body, "concat")
    wires = [
        *(wire for wire in body.wires if wire.target != end),
        Wire(PortRef(ports.inputs[0].id, OUTPUT), PortRef(join, "a")),
        Wire(result, PortRef(join, "b")),
        Wire(PortRef(join, OUTPUT), end),
    ]
    blocks = {**body.blocks, join: Block(join, "concat", "Concat")}
    return msgspec.structs.replace(body, blocks=blocks, wires=sorted_wires(wires))


HIGHWAY = BlockType(
    id="highway",
    family="container",
    title="Highway",
    aliases=("gated residual", "carry gate", "transform gate", "container"),
    icon="ph.git-merge",
    purpose="A learned gate decides for each number how much of the body’s result passes and how much of the input.",
    formula="y = H(x) · T(x) + x · (1 − T(x)),  T(x) = σ(W x + b)",
    parameters=(
        Parameter(
            "carry_bias",
            "Gate bias",
            "float",
            -3.0,
            "Where the gate’s bias starts: the lower, the more of the input is carried past the body at first.",
            -20.0,
            20.0,
        ),
    ),
    role="container",
    ports=container_ports,
    expect=expect_anything,
    expand=_expand_highway,
    body=_highway_body,
)

DENSE_BLOCK = BlockType(
    id="dense_block",
    family="container",
    title="Dense block",
    aliases=("densenet", "densely connected", "growth rate", "container"),
    icon="ph.stack-simple",
    purpose="Runs its body as several layers, each of which sees the input and the results of all layers before.",
    formula="x_k = [x_0, F_0(x_0), …, F_{k-1}(x_{k-1})]",
    parameters=(
        msgspec.structs.replace(COUNT, label="Layers", default=4, help="How many layers, each a copy of the body."),
    ),
    summary=("{count} layers",),
    role="container",
    ports=container_ports,
    expect=expect_anything,
    expand=_expand_dense_block,
    copies=copies,
    body=_dense_block_body,
)

TYPES = (HIGHWAY, DENSE_BLOCK)
