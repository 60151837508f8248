"""What analysis keeps of each block."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from engine.compile.kept import Kept
from engine.compile.moves import Window
from engine.compile.wiring import Wiring
from engine.graph.analysis import Cost, path_key
from engine.graph.block_type import Inputs
from engine.graph.graph import Block, Graph, Path, PortRef
from engine.graph.problem import Problem
from engine.graph.scope import Scope
from engine.graph.tensor_spec import TensorSpec
from engine.graph.traversal import DELAY
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

    def stands_for(self, seen: Record) -> bool:
        """Whether it is still what the block came to: free of problems, and `seen` has all that it followed from."""
        return (
            not self.problems
            and self.inputs == seen.inputs
            and self.sources == seen.sources
            and self.delayed == seen.delayed
            and (self.block is seen.block or self.block == seen.block)
        )


class Place(msgspec.Struct, frozen=True, eq=False):
    """A body under analysis, where it is and how it hangs together; `entries` is what its Entries bring in."""

    body: Graph
    path: Path
    entries: Mapping[str, TensorSpec]
    scope: Scope
    wiring: Wiring


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


def faulty(records: Mapping[str, Record]) -> list[Record]:
    """Those that have problems, in themselves or inside."""
    return [record for record in records.values() if record.problems]


def count_problems(records: Mapping[str, Record]) -> int:
    """How many problems they have, those inside containers with them."""
    return sum(len(record.problems) for record in faulty(records))


def reaching(sources: Mapping[str, PortRef], records: Mapping[str, Record]) -> dict[str, TensorSpec]:
    """What reaches the ports of a block, as far as it is known."""
    givers = [(port, records.get(source.block), source.port) for port, source in sources.items()]
    return {port: giver.outputs[at] for port, giver, at in givers if giver is not None and at in giver.outputs}


def exits(records: Mapping[str, Record]) -> Mapping[str, TensorSpec]:
    """What reaches the Exits of a body."""
    ends = [(id, record.inputs) for id, record in records.items() if record.block.type == "exit"]
    return {id: inputs["input"] for id, inputs in ends if "input" in inputs}


def to_visit(body: Graph, wiring: Wiring, last: Mapping[str, Record], holds: bool) -> set[str]:
    """The blocks that may have come to something else than in the `last` analysis of the body, readers left out.

    What had a problem is one of them: its words may name what stands around it. So is what is fed by more than the
    wires of the body, a container too where a Recurrent around it `holds` something.
    """
    changed = _unlike(last, body.blocks, wiring.sources)
    for gone in last.keys() - wiring.sources.keys():
        changed.update(wiring.readers.get(gone, ()))
    containers = [id for id, block in body.blocks.items() if block.body is not None]
    changed.update([id for id in containers if holds or (id in last and last[id].delayed)])
    changed.update([id for id, block in body.blocks.items() if block.type in ("entry", DELAY)])
    return changed


def _unlike(
    last: Mapping[str, Record], blocks: Mapping[str, Block], sources: Mapping[str, Mapping[str, PortRef]]
) -> set[str]:
    """The blocks that were changed or wired to other ports, in one pass over all: most are as they were."""
    return {
        id
        for id, wired in sources.items()
        if (before := last.get(id)) is None
        or before.problems
        or (before.sources is not wired and before.sources != wired)
        or (before.block is not (block := blocks[id]) and before.block != block)
    }
