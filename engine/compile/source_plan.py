"""What of a drawing goes into its source: for each body the steps that the wanted tensors need, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from engine.compile.records import Record
from engine.graph.analysis import path_key, port_key
from engine.graph.block_type import BlockType, Port
from engine.graph.graph import Graph, Path, PortRef


class Tensor(NamedTuple):
    """A tensor: the body in which it arises, and the port of the block there that gives it."""

    path: Path
    port: PortRef

    @property
    def key(self) -> str:
        """Its key among the ports of the drawing."""
        return port_key((*self.path, self.port.block), self.port.port)


class Owner(NamedTuple):
    """The block whose module is called, by the body it stands in."""

    path: Path
    id: str


class Step(msgspec.Struct, frozen=True, eq=False):
    """One call in a forward function: of a module, or of a container whose body is `inner`.

    `arguments` are the tensors by input port, those of optional ports last; `outputs` tells for every port that the
    module returns which tensor somebody reads, or None.
    """

    record: Record
    type: BlockType
    arguments: Mapping[str, Tensor]
    optional: frozenset[str]
    outputs: tuple[Tensor | None, ...]
    owner: Owner
    inner: BodyPlan | None = None


class BodyPlan(msgspec.Struct, frozen=True, eq=False):
    """One class to be: its `entries` are what it takes, `modules` those of enclosing bodies that it calls.

    `returns` are its tensors, `given` what the parent calls them: the same at the root.
    """

    path: Path
    graph: Graph
    records: Mapping[str, Record]
    entries: tuple[Tensor, ...]
    steps: tuple[Step, ...]
    returns: tuple[Tensor, ...]
    given: tuple[Tensor, ...]
    modules: tuple[Owner, ...]


class LossUse(msgspec.Struct, frozen=True, eq=False):
    """One loss block: what it compares, by port in the order of its module's arguments."""

    key: str
    record: Record
    type: BlockType
    arguments: Mapping[str, Tensor]
    optional: frozenset[str]


class Plan(msgspec.Struct, frozen=True, eq=False):
    """The root's class, the losses, the records of every body; `declared` are the blocks whose modules exist."""

    root: BodyPlan
    records: Mapping[Path, Mapping[str, Record]]
    losses: tuple[LossUse, ...]
    declared: frozenset[Owner]


class Planner:
    """Lays out one drawing whose analysis found no error; `records` are the root's."""

    def __init__(self, graph: Graph, records: Mapping[str, Record], types: Mapping[str, BlockType]) -> None:
        self._types = types
        self._graph, self._records = graph, records
        self._bodies: dict[Path, Mapping[str, Record]] = {}
        self._losses: list[LossUse] = []
        self._declared: set[Owner] = set()
        self._collect((), records)

    def plan(self) -> Plan:
        """Everything that leads to the predictions; without a loss, to the outputs that nothing reads."""
        wanted = tuple(dict.fromkeys(tensor for tensor in self._compared() if not self._is_field(tensor)))
        if not wanted:
            wanted = self._ends()
        root = self._body(self._graph, self._records, (), frozenset(wanted), ())
        root = msgspec.structs.replace(root, returns=wanted, given=wanted)
        return Plan(root=root, records=self._bodies, losses=tuple(self._losses), declared=frozenset(self._declared))

    def _compared(self) -> list[Tensor]:
        """What the losses read: first the predictions, in order, then what they compare them with."""
        predictions: list[Tensor] = []
        others: list[Tensor] = []
        for loss in self._losses:
            predicting = loss.type.prediction.port if loss.type.prediction is not None else None
            for port, tensor in loss.arguments.items():
                (predictions if port == predicting else others).append(tensor)
        return [*predictions, *others]

    def _is_field(self, tensor: Tensor) -> bool:
        return not tensor.path and self._types[self._records[tensor.port.block].block.type].role == "input"

    def _ends(self) -> tuple[Tensor, ...]:
        """The root's tensors that no block reads."""
        read = {self._resolved((), source) for record in self._records.values() for source in record.sources.values()}
        found: list[Tensor] = []
        for id, record in self._records.items():
            type = self._types[record.block.type]
            if type.role in ("layer", "container") and not record.block.bypassed:
                tensors = [Tensor((), PortRef(id, port.id)) for port in self._outputs(record, type)]
                if not read.intersection(tensors):
                    found.extend(tensors)
        if found:
            return tuple(found)
        inputs = ((id, record, self._types[record.block.type]) for id, record in self._records.items())
        return tuple(
            Tensor((), PortRef(id, port.id))
            for id, record, type in inputs
            if type.role == "input"
            for port in self._outputs(record, type)
        )

    # --- looking around ----------------------------------------------------------------------------
    def _collect(self, path: Path, records: Mapping[str, Record]) -> None:
        """Remember the records of every body, and find the losses in execution order."""
        self._bodies[path] = records
        for id, record in records.items():
            type = self._types[record.block.type]
            if record.block.bypassed:
                continue
            if record.children:
                self._collect((*path, id), record.children)
            if type.role == "loss":
                arguments = {
                    port: self._outermost(self._resolved(path, record.sources[port]))
                    for port in type.arguments_order(type.ports(record.parameters, None))
                    if port in record.sources
                }
                here = path_key((*path, id))
                self._losses.append(LossUse(here, record, type, arguments, _optional(type, record)))

    def _resolved(self, path: Path, source: PortRef) -> Tensor:
        """The tensor that a wire carries: bypassed blocks hand on what comes in at their first port."""
        while True:
            record = self._bodies[path][source.block]
            type = self._types[record.block.type]
            ports = type.ports(record.parameters, record.block.body)
            passes = record.block.bypassed and ports.inputs and ports.outputs and type.role not in ("input", "boundary")
            if not passes or ports.inputs[0].id not in record.sources:
                return Tensor(path, source)
            source = record.sources[ports.inputs[0].id]

    def _outermost(self, tensor: Tensor) -> Tensor:
        """The tensor where it first arises: what an Entry gives comes from the parent."""
        while tensor.path and self._bodies[tensor.path][tensor.port.block].block.type == "entry":
            *outer, container = tensor.path
            path = tuple(outer)
            tensor = self._resolved(path, self._bodies[path][str(container)].sources[tensor.port.block])
        return tensor

    def _outputs(self, record: Record, type: BlockType) -> tuple[Port, ...]:
        return type.ports(record.parameters, record.block.body).outputs

    def _owner(self, path: Path, record: Record) -> Owner:
        """Whose module the block calls: its own, or that of a block in this or an enclosing body."""
        if record.block.weights is None:
            return Owner(path, record.block.id)
        of = record.block.weights.of
        while of not in self._bodies[path]:
            path = path[:-1]
        return Owner(path, of)

    # --- one body ------------------------------------------------------------------------------------
    def _body(
        self,
        graph: Graph,
        records: Mapping[str, Record],
        path: Path,
        wanted: frozenset[Tensor],
        exits: tuple[str, ...],
    ) -> BodyPlan:
        """The steps that the Exits and the wanted tensors inside need, found from the end."""
        inside = tuple(tensor for tensor in sorted(wanted, key=_key) if _is_within(tensor.path, path))
        returned = tuple(self._resolved(path, records[exit].sources["input"]) for exit in exits)
        live = {*returned, *(tensor for tensor in inside if tensor.path == path)}
        steps: list[Step] = []
        entries: set[Tensor] = set()
        modules: dict[Owner, None] = {}
        for id, record in reversed(list(records.items())):
            type = self._types[record.block.type]
            if type.role == "input" or record.block.type == "entry":
                entries.update(tensor for tensor in live if tensor.port.block == id)
                continue
            if type.role in ("loss", "boundary") or record.block.bypassed:
                continue
            outputs = tuple(Tensor(path, PortRef(id, port.id)) for port in self._outputs(record, type))
            deeper = any(_is_within(tensor.path, (*path, id)) for tensor in inside)
            if not deeper and not live.intersection(outputs):
                continue
            inner: BodyPlan | None = None
            needed = type.arguments_order(type.ports(record.parameters, record.block.body))
            given: tuple[Tensor | None, ...] = tuple(output if output in live else None for output in outputs)
            if type.role == "container":
                assert record.expanded is not None
                read = tuple(output.port.port for output in outputs if output in live)
                inner = self._body(record.expanded, record.children, (*path, id), wanted, read)
                taken = {entry.port.block for entry in inner.entries}
                needed = tuple(port for port in needed if port in taken)
                given = inner.given
                modules.update(dict.fromkeys(owner for owner in inner.modules if owner.path != path))
            owner = self._owner(path, record)
            self._declared.add(owner)
            if owner.path != path:
                modules[owner] = None
            arguments = {port: self._resolved(path, record.sources[port]) for port in needed if port in record.sources}
            live.update(arguments.values())
            steps.append(Step(record, type, arguments, _optional(type, record), given, owner, inner))
        return BodyPlan(
            path=path,
            graph=graph,
            records=records,
            entries=self._in_order(path, graph, records, entries),
            steps=tuple(reversed(steps)),
            returns=(*returned, *inside),
            given=(*(Tensor(path[:-1], PortRef(str(path[-1]), exit)) for exit in exits), *inside),
            modules=tuple(sorted(modules, key=str)),
        )

    def _in_order(
        self, path: Path, graph: Graph, records: Mapping[str, Record], entries: set[Tensor]
    ) -> tuple[Tensor, ...]:
        """Entries as their container shows them, fields as their Inputs do."""
        if not path:
            order = [
                Tensor(path, PortRef(id, port.id))
                for id, record in records.items()
                for port in self._outputs(record, self._types[record.block.type])
            ]
            return tuple(tensor for tensor in order if tensor in entries)
        places = {
            tensor: (graph.blocks[tensor.port.block].look.y, graph.blocks[tensor.port.block].look.x, tensor.key)
            for tensor in entries
        }
        return tuple(sorted(entries, key=places.__getitem__))


def _optional(type: BlockType, record: Record) -> frozenset[str]:
    ports = type.ports(record.parameters, record.block.body)
    return frozenset(port.id for port in ports.inputs if port.optional)


def _key(tensor: Tensor) -> str:
    return tensor.key


def _is_within(path: Path, container: Path) -> bool:
    return path[: len(container)] == container
