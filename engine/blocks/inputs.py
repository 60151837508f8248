"""Where data enters a drawing."""

from __future__ import annotations

from engine.data.fields import Field, parse_field
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters, Port, Ports
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
