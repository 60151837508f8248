"""Where data enters a drawing."""

from __future__ import annotations

from collections.abc import Mapping

from engine.data.fields import Field, parse_field
from engine.graph.block_type import (
    BlockType,
    Inputs,
    Mismatch,
    Parameter,
    Parameters,
    Port,
    Ports,
    lenient_parameters,
)
from engine.graph.graph import Graph


def promised_fields(parameters: Parameters) -> tuple[Field, ...]:
    """The fields that an Input promises; texts that are no promise are left out."""
    texts = parameters.get("fields", ())
    fields = []
    for text in texts if isinstance(texts, tuple) else ():
        try:
            fields.append(parse_field(str(text)))
        except ValueError:
            continue
    return tuple(fields)


def dataset_names(graph: Graph, types: Mapping[str, BlockType]) -> tuple[str, ...]:
    """The datasets that the drawing's Inputs bring fields of, each once."""
    names: dict[str, None] = {}
    for block in graph.blocks.values():
        type = types.get(block.type)
        if type is not None and type.role == "input":
            parameters = lenient_parameters(type, block, graph.variables)
            if promised_fields(parameters) and parameters.get("dataset"):
                names[str(parameters["dataset"])] = None
    return tuple(names)


def _ports(parameters: Parameters, body: Graph | None) -> Ports:
    return Ports(outputs=tuple(Port(field.name, field.name) for field in promised_fields(parameters)))


def _expect(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    return None


INPUT = BlockType(
    id="input",
    family="input",
    title="Input",
    aliases=("data", "dataset", "source", "image"),
    icon="ph.database",
    purpose="Feeds the rows of a dataset into the network, one port for each field.",
    formula="x",
    parameters=(
        Parameter("dataset", "Dataset", "text", "digits", "The dataset whose rows come in; empty for none."),
        Parameter(
            "fields",
            "Fields",
            "text",
            ("image: 1×8×8 float32", "label: 10 classes"),
            "What the dataset must bring, such as image: 1×8×8 float32 or label: 10 classes.",
        ),
    ),
    summary=("{dataset}",),
    role="input",
    ports=_ports,
    expect=_expect,
)

TYPES = (INPUT,)
