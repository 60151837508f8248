"""Containers: blocks that own a drawing, and the borders inside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from engine.blocks.shared import INPUT, OUTPUT, whole
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

WIDE, NARROW = 240, 168
WIDE_TYPES = frozenset(["conv2d", "dense", "max_pool2d"])
"""How far apart blocks of a new body stand: those with a second line need more room."""


def _entry_ports(parameters: Parameters, body: Graph | None) -> Ports:
    return Ports(outputs=(Port(OUTPUT, ""),))


def _exit_ports(parameters: Parameters, body: Graph | None) -> Ports:
    return Ports(inputs=(Port(INPUT, ""),))


def container_ports(parameters: Parameters, body: Graph | None) -> Ports:
    """The Entries and Exits of the body."""
    return boundary_ports(body)


def expect_anything(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    """Containers refuse nothing themselves; the blocks of their bodies do."""
    return None


Layer = tuple[str, str, Mapping[str, Value]]
"""Type, name and parameters of a block to draw."""


def branches_body(new_id: Callable[[], str], *branches: Sequence[Layer]) -> Graph:
    """A body with one Entry and one Exit: branches below each other, joined by a Concat if there are several."""
    middle = 104 * (len(branches) - 1) // 2 // 8 * 8
    blocks = [Block(new_id(), "entry", "Entry", look=Look(0, middle))]
    wires: list[Wire] = []
    ends: list[str] = []
    for row, branch in enumerate(branches):
        x, last = 152, blocks[0].id
        for type, name, parameters in branch:
            block = Block(new_id(), type, name, dict(parameters), look=Look(x, 104 * row))
            blocks.append(block)
            wires.append(Wire(PortRef(last, OUTPUT), PortRef(block.id, INPUT)))
            x, last = x + (WIDE if parameters or type in WIDE_TYPES else NARROW), block.id
        ends.append(last)
    x = max(block.look.x for block in blocks) + WIDE
    if len(ends) > 1:
        join = Block(new_id(), "concat", "Concat", {"inputs": len(ends)}, look=Look(x, middle))
        wires += [Wire(PortRef(end, OUTPUT), PortRef(join.id, "abcdefgh"[at])) for at, end in enumerate(ends)]
        blocks.append(join)
        ends, x = [join.id], x + NARROW
    exit = Block(new_id(), "exit", "Exit", look=Look(x, middle))
    wires.append(Wire(PortRef(ends[0], OUTPUT), PortRef(exit.id, INPUT)))
    return Graph(blocks={block.id: block for block in (*blocks, exit)}, wires=sorted_wires(wires))


def _group_body(new_id: Callable[[], str]) -> Graph:
    return branches_body(new_id, ())


def _residual_body(new_id: Callable[[], str]) -> Graph:
    """Convolution, ReLU, convolution."""
    return branches_body(new_id, (("conv2d", "Convolution", {}), ("relu", "ReLU", {}), ("conv2d", "Convolution 2", {})))


def _repeat_body(new_id: Callable[[], str]) -> Graph:
    return branches_body(new_id, (("conv2d", "Convolution", {}), ("relu", "ReLU", {})))


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
    add, projection = free_id(body, "add"), free_id(body, "projection")
    blocks = {**body.blocks, add: Block(add, "add", "Add")}
    skip = PortRef(entry, OUTPUT)
    wires = [wire for wire in body.wires if wire.target != end]
    if parameters["skip"] == "projection" and entry in inputs and exit in outputs:
        blocks[projection] = _projection(projection, inputs[entry], outputs[exit])
        wires.append(Wire(skip, PortRef(projection, INPUT)))
        skip = PortRef(projection, OUTPUT)
        if parameters["projection_norm"] and outputs[exit].rank == 4:
            norm = free_id(body, "projection_norm")
            blocks[norm] = Block(norm, "batch_norm2d", "Projection norm")
            wires.append(Wire(skip, PortRef(norm, INPUT)))
            skip = PortRef(norm, OUTPUT)
    wires.append(Wire(result, PortRef(add, "a")))
    wires.append(Wire(skip, PortRef(add, "b")))
    wires.append(Wire(PortRef(add, OUTPUT), end))
    return msgspec.structs.replace(body, blocks=blocks, wires=sorted_wires(wires))


def free_id(body: Graph, wanted: str) -> str:
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
    expect=expect_anything,
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
    expect=expect_anything,
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
        Parameter(
            "projection_norm",
            "Projection norm",
            "boolean",
            False,
            "Normalises the projection: a batch norm of what it gives, as in the published networks.",
            advanced=True,
        ),
    ),
    summary=("{skip}",),
    role="container",
    ports=container_ports,
    expect=expect_anything,
    expand=_expand_residual,
    body=_residual_body,
    remedy=("skip", "projection"),
)

COUNT = Parameter("count", "Copies", "integer", 2, "How many times the body runs, one copy behind the other.", 1, 4_096)


def copies(parameters: Parameters) -> int:
    """The parameter `count`."""
    return whole(parameters, "count")


GROUP = BlockType(
    id="group",
    family="container",
    title="Group",
    aliases=("container", "module", "subgraph", "sequential", "folder"),
    icon="ph.folder-simple",
    purpose="Holds a part of the drawing under one name; it computes what its body computes.",
    formula="y = F(x)",
    parameters=(),
    role="container",
    ports=container_ports,
    expect=expect_anything,
    body=_group_body,
)

REPEAT = BlockType(
    id="repeat",
    family="container",
    title="Repeat",
    aliases=("loop", "stack", "copies", "times", "container"),
    icon="ph.repeat",
    purpose="Runs its body several times, each copy with weights of its own, fed by the one before.",
    formula="y = F_{n-1}( … F_1(F_0(x)))",
    parameters=(COUNT,),
    summary=("{count} copies",),
    role="container",
    ports=container_ports,
    expect=expect_anything,
    copies=copies,
    body=_repeat_body,
)

TYPES = (GROUP, RESIDUAL, REPEAT, ENTRY, EXIT)
