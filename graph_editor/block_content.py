"""What a block shows, from the drawing and its analysis."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.graph.block_type import BlockType, Port, Ports, lenient_parameters
from engine.graph.graph import Block, Graph, Wire
from engine.graph.tensor_spec import TensorSpec
from engine.graph.traversal import execution_order
from engine.graph.values import Value
from graph_editor.block_geometry import BlockContent, PortContent, strip_height
from graph_editor.block_parts import MINIATURE_BLOCKS, Miniature


def content_of(
    block: Block,
    type: BlockType | None,
    variables: Mapping[str, Value],
    inputs: Mapping[str, TensorSpec],
    used: Ports,
    preview: bool,
) -> BlockContent:
    """The content of `block`; `inputs` are the specs that reach it, `used` the ports that wires touch.

    A block of an unknown type has the ports in use; a loss shows its output only when something uses it.
    """
    if type is None:
        return BlockContent(block.name, f"unknown: {block.type}", _ports(used)[0], _ports(used)[1])
    parameters = lenient_parameters(type, block, variables)
    ports = type.ports(parameters, block.body)
    taken, given = _ports(ports)
    if type.role == "loss" and not used.outputs:
        given = ()
    return BlockContent(
        name=block.name,
        second=type.second_line(parameters, inputs),
        inputs=taken,
        outputs=given,
        strip=strip_height(type.role == "loss", block.body is not None, preview),
        container=block.body is not None,
    )


def used_ports(id: str, wires: Iterable[Wire]) -> Ports:
    """The ports of block `id` that wires touch, sorted, labelled by their ids."""
    taken, given = set(), set()
    for wire in wires:
        if wire.target.block == id:
            taken.add(wire.target.port)
        if wire.source.block == id:
            given.add(wire.source.port)
    return Ports(
        inputs=tuple(Port(id=port, label=port) for port in sorted(taken)),
        outputs=tuple(Port(id=port, label=port) for port in sorted(given)),
    )


def miniature_of(body: Graph, type: BlockType | None, types: Mapping[str, BlockType]) -> Miniature:
    """The first blocks of a container's body, in the order of execution, without its borders."""
    families = []
    for id in execution_order(body):
        inner = types.get(body.blocks[id].type)
        if inner is None or inner.role != "boundary":
            families.append(inner.family if inner is not None else "merge")
    skip = type is not None and "residual" in type.id
    return Miniature(tuple(families[:MINIATURE_BLOCKS]), skip, len(families) > MINIATURE_BLOCKS)


def _ports(ports: Ports) -> tuple[tuple[PortContent, ...], tuple[PortContent, ...]]:
    return (
        tuple(PortContent(port.id, port.label) for port in ports.inputs),
        tuple(PortContent(port.id, port.label) for port in ports.outputs),
    )
