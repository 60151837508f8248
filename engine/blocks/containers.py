"""Containers: blocks that own a drawing, and the borders inside them."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from engine.blocks.shared import INPUT, OUTPUT
from engine.graph.block_type import (
    BlockType,
    Inputs,
    Mismatch,
    Parameter,
    Parameters,
    Port,
    Ports,
    boundary_ports,
    source_of,
)
from engine.graph.graph import Block, Graph, Look, PortRef, Wire, sorted_wires
from engine.graph.tensor_spec import TensorSpec
from engine.graph.values import Value


def _entry_ports(parameters: Parameters, body: Graph | None) -> Ports:
    return Ports(outputs=(Port(OUTPUT, ""),))


def _exit_ports(parameters: Parameters, body: Graph | None) -> Ports:
    return Ports(inputs=(Port(INPUT, ""),))


def _container_ports(parameters: Parameters, body: Graph | None) -> Ports:
    return boundary_ports(body)


def _expect_anything(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    return None


def _residual_body(new_id: Callable[[], str]) -> Graph:
    """Convolution, ReLU, convolution, at the places where a person would put them."""
    entry, first, relu, second, exit = (new_id() for _ in range(5))
    blocks = (
        Block(entry, "entry", "Entry", look=Look(0, 0)),
        Block(first, "conv2d", "Convolution", look=Look(152, 0)),
        Block(relu, "relu", "ReLU", look=Look(376, 0)),
        Block(second, "conv2d", "Convolution 2", look=Look(536, 0)),
        Block(exit, "exit", "Exit", look=Look(760, 0)),
    )
    ids = [block.id for block in blocks]
    wires = [Wire(PortRef(a, OUTPUT), PortRef(b, INPUT)) for a, b in zip(ids, ids[1:], strict=False)]
    return Graph(blocks={block.id: block for block in blocks}, wires=sorted_wires(wires))


def _expand_residual(parameters: Parameters, body: Graph, inputs: Inputs, outputs: Inputs) -> Graph:
    """The body with an Add before its first Exit, whose other input is the first Entry, through W_s if wanted.

    He et al., Deep residual learning for image recognition, 2015: y = F(x) + x or y = F(x) + W_s x.
    """
    ports = boundary_ports(body)
    if not ports.inputs or not ports.outputs:
        return body
    entry, exit = ports.inputs[0].id, ports.outputs[0].id
    end = PortRef(exit, INPUT)
    result = source_of(body, end)
    if result is None:
        return body
    add, projection = _free_id(body, "add"), _free_id(body, "projection")
    blocks = {**body.blocks, add: Block(add, "add", "Add")}
    skip = PortRef(entry, OUTPUT)
    wires = [wire for wire in body.wires if wire.target != end]
    if parameters["skip"] == "projection" and entry in inputs and exit in outputs:
        blocks[projection] = _projection(projection, inputs[entry], outputs[exit])
        wires.append(Wire(skip, PortRef(projection, INPUT)))
        skip = PortRef(projection, OUTPUT)
    wires.append(Wire(result, PortRef(add, "a")))
    wires.append(Wire(skip, PortRef(add, "b")))
    wires.append(Wire(PortRef(add, OUTPUT), end))
    return msgspec.structs.replace(body, blocks=blocks, wires=sorted_wires(wires))


def _free_id(body: Graph, wanted: str) -> str:
    """`wanted`, or `wanted-2` … where a block of the body has that id: the same for the same body."""
    id, number = wanted, 2
    while id in body.blocks:
        id, number = f"{wanted}-{number}", number + 1
    return id


def _projection(id: str, given: TensorSpec, wanted: TensorSpec) -> Block:
    """A 1×1 convolution, or a Dense for flat rows, from the shape that enters to the one that leaves."""
    if given.rank != 4 or wanted.rank != 4:
        return Block(id, "dense", "Projection", {"out_features": _number(wanted.shape[-1]), "bias": False})
    stride = tuple(
        max(1, round(_number(before) / _number(after)))
        for before, after in zip(given.shape[2:], wanted.shape[2:], strict=True)
    )
    parameters: dict[str, Value] = {
        "out_channels": _number(wanted.shape[1]),
        "kernel_size": (1, 1),
        "stride": stride,
        "padding": "none",
        "bias": False,
    }
    return Block(id, "conv2d", "Projection", parameters)


def _number(length: object) -> int:
    return length if isinstance(length, int) else 1


ENTRY = BlockType(
    id="entry",
    family="container",
    title="Entry",
    aliases=("port", "container input"),
    icon="ph.sign-in",
    purpose="Where a tensor comes into a container; each Entry is an input port of it.",
    formula="x",
    parameters=(),
    role="boundary",
    ports=_entry_ports,
    expect=_expect_anything,
)

EXIT = BlockType(
    id="exit",
    family="container",
    title="Exit",
    aliases=("port", "container output"),
    icon="ph.sign-out",
    purpose="Where a tensor leaves a container; each Exit is an output port of it.",
    formula="x",
    parameters=(),
    role="boundary",
    ports=_exit_ports,
    expect=_expect_anything,
)

RESIDUAL = BlockType(
    id="residual",
    family="container",
    title="Residual",
    aliases=("skip connection", "resnet", "shortcut", "container"),
    icon="ph.stack",
    purpose="Adds its input to what its body makes of it, so that the body learns only the difference.",
    formula="y = F(x) + x,  or F(x) + W x",
    parameters=(
        Parameter(
            "skip",
            "Skip",
            "choice",
            "identity",
            "Add the input as it is, or through a learned projection where the shapes differ.",
            choices=("identity", "projection"),
        ),
    ),
    summary=("{skip}",),
    role="container",
    ports=_container_ports,
    expect=_expect_anything,
    expand=_expand_residual,
    body=_residual_body,
    remedy=("skip", "projection"),
)

TYPES = (RESIDUAL, ENTRY, EXIT)
