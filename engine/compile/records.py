"""What analysis keeps of each block."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from engine.compile.kept import Kept
from engine.compile.moves import Window
from engine.graph.analysis import Cost, path_key
from engine.graph.block_type import Inputs
from engine.graph.graph import Block, Graph, Path, PortRef
from engine.graph.problem import Problem
from engine.graph.tensor_spec import TensorSpec
from engine.graph.values import Value


class Record(msgspec.Struct, frozen=True, eq=False):
    """What one block came to: remembered as long as the block and what reaches it are the same.

    `expanded` and `children` are those of a container's body, of a Repeat's first copy; a Repeat has all its `copies`.
    `delayed` is what Delays inside it were taken to hold.
    """

    block: Block
    inputs: Inputs
    sources: Mapping[str, PortRef] = {}
    specs: Mapping[str, TensorSpec] = {}
    outputs: Mapping[str, TensorSpec] = {}
    costs: Mapping[str, Cost] = {}
    problems: tuple[Problem, ...] = ()
    parameters: Mapping[str, Value] = {}
    expanded: Graph | None = None
    children: Mapping[str, Record] = {}
    copies: tuple[Inside, ...] = ()
    weight: tuple[int, ...] = ()
    kept: Kept = Kept()
    window: Window = Window()
    delayed: Mapping[str, TensorSpec] = {}


class Inside(msgspec.Struct, frozen=True, eq=False):
    """What a body came to, once or as one of several copies: its records, the drawing they are of, its faults."""

    records: Mapping[str, Record]
    expanded: Graph
    exits: Mapping[str, TensorSpec]
    problems: tuple[Problem, ...] = ()


def holding(record: Record, path: Path, inside: Inside) -> tuple[Record, Cost]:
    """The record with what is known inside `path` added, and what that costs."""
    specs, costs = dict(record.specs), dict(record.costs)
    for child in inside.records.values():
        specs.update(child.specs)
        costs.update(child.costs)
    keys = (path_key((*path, id)) for id in inside.records)
    return msgspec.structs.replace(record, specs=specs, costs=costs), total_cost(
        costs[key] for key in keys if key in costs
    )


def total_cost(costs: Iterable[Cost]) -> Cost:
    """What all of them cost together."""
    parameters = multiply_adds = activation_bytes = 0
    for cost in costs:
        parameters += cost.parameters
        multiply_adds += cost.multiply_adds
        activation_bytes += cost.activation_bytes
    return Cost(parameters, multiply_adds, activation_bytes)


def count_problems(records: Mapping[str, Record]) -> int:
    """How many problems they have, those inside containers with them."""
    return sum(len(record.problems) for record in records.values())


def is_as_before(
    before: Record, block: Block, incoming: Sequence[tuple[str, PortRef]], records: Mapping[str, Record]
) -> bool:
    """Whether a block without a body and what reaches it are as in the last analysis: most are, after an edit."""
    if before.problems or len(before.sources) != len(incoming) or not (before.block is block or before.block == block):
        return False
    for port, source in incoming:
        giver = records.get(source.block)
        given = giver.outputs.get(source.port) if giver is not None else None
        # What waits may be told anew that its source's port is no more.
        if given is None or before.sources.get(port) != source or before.inputs.get(port) is not given:
            return False
    return True
