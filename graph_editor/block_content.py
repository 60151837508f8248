"""What a block shows, from the drawing and its analysis."""

from __future__ import annotations

from collections.abc import Mapping

from engine.graph.block_type import BlockType, Ports, lenient_parameters
from engine.graph.graph import Block
from engine.graph.tensor_spec import TensorSpec
from engine.graph.values import Value
from graph_editor.block_geometry import BlockContent, PortContent, strip_height


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


def _ports(ports: Ports) -> tuple[tuple[PortContent, ...], tuple[PortContent, ...]]:
    return (
        tuple(PortContent(port.id, port.label) for port in ports.inputs),
        tuple(PortContent(port.id, port.label) for port in ports.outputs),
    )
