"""What of a drawing goes into its source: for each body the steps that the wanted tensors need, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from engine.compile.records import Record
from engine.compile.source_idioms import IDIOMS
from engine.compile.source_parts import BodyPlan, LossUse, Owner, Plan, State, Step, Tensor
from engine.graph.analysis import path_key
from engine.graph.block_type import BlockType, Port
from engine.graph.graph import Graph, Path, PortRef
from engine.graph.problem import Fact, Problem, Refused
from engine.graph.traversal import DELAY


class Planner:
    """Lays out one drawing whose analysis found no error; `records` are the root's."""

    def __init__(self, graph: Graph, records: Mapping[str, Record], types: Mapping[str, BlockType]) -> None:
        self._types = types
        self._graph, self._records = graph, records
        self._bodies: dict[Path, Mapping[str, Record]] = {}
        self._graphs: dict[Path, Graph] = {}
        self._losses: list[LossUse] = []
        self._declared: dict[Owner, BlockType] = {}
        self._inner: dict[Owner, tuple[BodyPlan, ...]] = {}
        self._ties: dict[Owner, Owner] = {}
        self._collect((), graph, records)

    def plan(self) -> Plan:
        """Everything that leads to the predictions; without a loss, to the outputs that nothing reads."""
        wanted = tuple(dict.fromkeys(tensor for tensor in self._compared() if not self._is_field(tensor)))
        if not wanted:
            wanted = self._ends()
        root = self._body(self._graph, self._records, (), frozenset(wanted), {})
        root = msgspec.structs.replace(root, returns=wanted, given=wanted)
        return Plan(
            root=root,
            graphs=self._graphs,
            records=self._bodies,
            losses=tuple(self._losses),
            declared=self._declared,
            bodies=self._inner,
            ties=tuple(sorted(self._ties.items(), key=str)),
        )

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
    def _collect(self, path: Path, graph: Graph, records: Mapping[str, Record]) -> None:
        """Remember every body, and find the losses in execution order."""
        self._graphs[path], self._bodies[path] = graph, records
        for id, record in records.items():
            type = self._types[record.block.type]
            if record.block.bypassed:
                continue
            for index, copy in enumerate(record.copies):
                self._collect((*path, id, index), copy.expanded, copy.records)
            if record.expanded is not None and not record.copies:
                self._collect((*path, id), record.expanded, record.children)
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
            tensor = self._entering(tensor.path, tensor.port.block)
        return tensor

    def _entering(self, path: Path, entry: str) -> Tensor:
        """What comes in at an Entry: from the parent, or from the copy of a Repeat before."""
        *outer, container = path
        if isinstance(container, int):
            *outer, id = outer
            record = self._bodies[tuple(outer)][str(id)]
            exit = self._paired(record).get(entry)
            if container > 0 and exit is not None:
                before = (*path[:-1], container - 1)
                return self._resolved(before, self._bodies[before][exit].sources["input"])
        else:
            record = self._bodies[tuple(outer)][container]
        return self._resolved(tuple(outer), record.sources[entry])

    def _paired(self, record: Record) -> dict[str, str]:
        """By Entry of a Repeat the Exit that feeds it in the next copy."""
        ports = self._types[record.block.type].ports(record.parameters, record.block.body)
        return {entry.id: exit.id for entry, exit in zip(ports.inputs, ports.outputs, strict=False)}

    def _outputs(self, record: Record, type: BlockType) -> tuple[Port, ...]:
        return type.ports(record.parameters, record.block.body).outputs

    def _declare(self, path: Path, record: Record) -> tuple[Owner, BlockType]:
        """Whose module the block calls, its own or that of a block in this or an enclosing body; and its type.

        A block with transposed weights has a module of its own, which holds the owner's weight.
        """
        type, weights = self._types[record.block.type], record.block.weights
        own = Owner(path, record.block.id)
        owner = own
        if weights is not None:
            around = path
            while weights.of not in self._bodies.get(around, ()):
                around = around[:-1]
            owner = Owner(around, weights.of)
            kind = self._bodies[around][weights.of].block.type
            self._declared[owner] = self._types[kind]
            if weights.transposed:
                type = msgspec.structs.replace(type, module=dict(type.transposes)[kind])
                self._ties[own] = owner
                owner = own
        self._declared[owner] = type
        return owner, type

    # --- one body ------------------------------------------------------------------------------------
    def _body(
        self,
        graph: Graph,
        records: Mapping[str, Record],
        path: Path,
        wanted: frozenset[Tensor],
        exits: Mapping[str, Tensor],
        whole: bool = False,
        fed: frozenset[Tensor] = frozenset(),
    ) -> BodyPlan:
        """The steps that the Exits and the wanted tensors inside need, found from the end.

        `exits` tells what the parent calls what leaves; a `whole` body takes all its Entries, and a `fed` one is left
        with what its Delays are fed, too.
        """
        inside = tuple(tensor for tensor in sorted(wanted, key=_key) if _is_within(tensor.path, path))
        returned = tuple(self._resolved(path, records[exit].sources["input"]) for exit in exits)
        live = {*returned, *fed, *(tensor for tensor in inside if tensor.path == path)}
        steps: list[Step] = []
        entries: set[Tensor] = set()
        modules: dict[Owner, None] = {}
        for id, record in reversed(list(records.items())):
            type = self._types[record.block.type]
            if type.role == "input" or record.block.type in ("entry", DELAY):
                entries.update(tensor for tensor in live if tensor.port.block == id)
                continue
            if type.role in ("loss", "boundary") or record.block.bypassed:
                continue
            outputs = tuple(Tensor(path, PortRef(id, port.id)) for port in self._outputs(record, type))
            deeper = any(_is_within(tensor.path, (*path, id)) for tensor in inside)
            if not deeper and not live.intersection(outputs):
                continue
            owner, type = self._declare(path, record)
            read = {output.port.port: output for output in outputs if output in live}
            if type.role == "container":
                added = self._contained(record, type, path, wanted, read, deeper)
                modules.update(
                    (used, None) for step in added if step.inner for used in step.inner.modules if used.path != path
                )
            else:
                if owner.path != path and type.module not in IDIOMS:
                    modules[owner] = None
                order = type.arguments_order(type.ports(record.parameters, record.block.body))
                arguments = {
                    port: self._resolved(path, record.sources[port]) for port in order if port in record.sources
                }
                given = tuple(read.get(output.port.port) for output in outputs)
                added = [Step(record, type, arguments, _optional(type, record), given, owner)]
            for step in added:
                live.update(step.arguments.values())
            steps.extend(added)
        return BodyPlan(
            path=path,
            graph=graph,
            records=records,
            entries=self._in_order(path, graph, records, self._all_entries(path, records) if whole else entries),
            steps=tuple(reversed(steps)),
            returns=(*returned, *inside),
            given=(*exits.values(), *inside),
            modules=tuple(sorted(modules, key=str)),
        )

    def _contained(
        self,
        record: Record,
        type: BlockType,
        path: Path,
        wanted: frozenset[Tensor],
        read: Mapping[str, Tensor],
        deeper: bool,
    ) -> list[Step]:
        """The step that calls a container, or those that call the copies of a Repeat one by one, the last first."""
        here = (*path, record.block.id)
        owner = Owner(path, record.block.id)

        def step(inner: BodyPlan, arguments: Mapping[str, Tensor], copy: int | None = None) -> Step:
            taken = {entry.port.block for entry in inner.entries}
            given = {port: tensor for port, tensor in arguments.items() if port in taken}
            return Step(record, type, given, frozenset(), inner.given, owner, inner, copy=copy)

        arguments = {port: self._resolved(path, source) for port, source in record.sources.items()}
        if type.runs_over_time:
            inner = self._over_time(
                record, here, {port.id: tensor for port, tensor in self._all_outputs(path, record, type)}
            )
            self._inner[owner] = (inner,)
            return [step(inner, arguments)]
        if not record.copies:
            assert record.expanded is not None
            inner = self._body(record.expanded, record.children, here, wanted, read)
            self._inner[owner] = (inner,)
            return [step(inner, arguments)]
        ends = {port.id: tensor for port, tensor in self._all_outputs(path, record, type)}
        pairs = self._paired(record)
        steps: list[Step] = []
        bodies: list[BodyPlan] = []
        last = len(record.copies) - 1
        for index, copy in reversed(list(enumerate(record.copies))):
            exits = ends if index == last else {id: Tensor((*here, index), PortRef("", id)) for id in ends}
            inner = self._body(copy.expanded, copy.records, (*here, index), wanted, exits, whole=True)
            between = {entry: Tensor((*here, index - 1), PortRef("", exit)) for entry, exit in pairs.items()}
            steps.append(step(inner, arguments if index == 0 else {**arguments, **between}, index))
            bodies.insert(0, inner)
        self._inner[owner] = tuple(bodies)
        if deeper:
            return steps
        first = steps[-1]
        return [msgspec.structs.replace(first, outputs=tuple(ends.values()), copies=tuple(bodies), copy=None)]

    def _over_time(self, record: Record, path: Path, exits: Mapping[str, Tensor]) -> BodyPlan:
        """The body of a Recurrent; Delays that nobody reads are left out, and what they alone need."""
        assert record.expanded is not None
        if any(True for body, _ in _delays_below(path, self._bodies) if body != path):
            title, reason = self._types[record.block.type].title, "a container in it holds a Delay"
            told: dict[str, Fact] = {"title": title, "name": record.block.name, "reason": reason}
            raise Refused(Problem(code="source", path=path, facts=told))
        found = [
            State(
                Tensor(path, PortRef(delay.block.id, "output")),
                self._resolved(path, delay.sources["input"]),
                int(str(delay.parameters["k"])),
                delay.outputs["output"],
            )
            for _, delay in _delays_below(path, self._bodies)
        ]
        while True:
            fed = frozenset(state.fed for state in found)
            body = self._body(record.expanded, record.children, path, frozenset(), exits, whole=True, fed=fed)
            read = {tensor for step in body.steps for tensor in step.arguments.values()}
            read |= fed | set(body.returns)
            kept = [state for state in found if state.tensor in read]
            if len(kept) == len(found):
                break
            found = kept
        last = record.parameters["output"] == "last step"
        entries = tuple(entry for entry in body.entries if record.expanded.blocks[entry.port.block].type == "entry")
        return msgspec.structs.replace(body, entries=entries, states=tuple(found), last=last)

    def _all_outputs(self, path: Path, record: Record, type: BlockType) -> list[tuple[Port, Tensor]]:
        return [(port, Tensor(path, PortRef(record.block.id, port.id))) for port in self._outputs(record, type)]

    def _all_entries(self, path: Path, records: Mapping[str, Record]) -> set[Tensor]:
        return {Tensor(path, PortRef(id, "output")) for id, record in records.items() if record.block.type == "entry"}

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


def _delays_below(path: Path, bodies: Mapping[Path, Mapping[str, Record]]) -> Iterator[tuple[Path, Record]]:
    """The Delays in the body at `path` and in those inside it."""
    for body, records in bodies.items():
        if _is_within(body, path):
            yield from ((body, record) for record in records.values() if record.block.type == DELAY)


def _optional(type: BlockType, record: Record) -> frozenset[str]:
    ports = type.ports(record.parameters, record.block.body)
    return frozenset(port.id for port in ports.inputs if port.optional)


def _key(tensor: Tensor) -> str:
    return tensor.key


def _is_within(path: Path, container: Path) -> bool:
    return path[: len(container)] == container
