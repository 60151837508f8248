"""A drawing laid flat: the calls of its modules in order, with containers and borders resolved away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from engine.compile.analyse import Analyser
from engine.compile.records import Record
from engine.graph.analysis import path_key, port_key
from engine.graph.block_type import BlockType, Inputs, Parameters, Ports
from engine.graph.graph import Block, Graph, Path, PortRef
from engine.graph.paths import identifiers
from engine.graph.problem import Refused
from engine.graph.tensor_spec import TensorSpec
from engine.graph.traversal import DELAY

replace = msgspec.structs.replace


class Held(msgspec.Struct, frozen=True, eq=False):
    """One Delay: the key of what it gives, that of what it is fed, how many steps it holds that, and its shape."""

    key: str
    source: str
    steps: int
    spec: TensorSpec


class Steps(msgspec.Struct, frozen=True, eq=False):
    """The body of a Recurrent, laid flat: what one time step does.

    `entries` are the keys of what comes in, by port; `exits` those of what goes out. `last`: only the last step's.
    """

    calls: tuple[Call, ...]
    entries: tuple[str, ...]
    exits: tuple[str, ...]
    delays: tuple[Held, ...]
    last: bool


class Call(msgspec.Struct, frozen=True, eq=False):
    """One use of one module. `target` is its dotted name, that of the owner where weights are shared.

    `sources` are the keys of the tensors that come in, in the order of the module's arguments; the last of them go by
    the `keywords`. `tied` is the dotted name of the module whose weight it holds transposed, beside a bias of its own.
    `steps` is what the module of a Recurrent does over time, with modules below its own.
    """

    key: str
    block: Block
    type: BlockType
    parameters: Parameters
    inputs: Inputs
    outputs: tuple[str, ...]
    sources: tuple[str, ...]
    keywords: tuple[str, ...]
    target: str
    owner: bool
    tied: str = ""
    steps: Steps | None = None


class Program(msgspec.Struct, frozen=True, eq=False):
    """All calls in execution order; `aliases` tells for every port of the drawing which tensor stands at it.

    `fields` are the keys "input block/field" of what the Inputs bring; `specs` belongs to every key. Inside a Repeat a
    path without the index of a copy means the first: `aliases` knows such ports, `first_copies` such blocks.
    """

    calls: tuple[Call, ...]
    aliases: Mapping[str, str]
    fields: tuple[str, ...]
    specs: Mapping[str, TensorSpec]
    first_copies: Mapping[str, str] = {}

    @property
    def all_calls(self) -> tuple[Call, ...]:
        """The calls, each that steps over time followed by those inside it."""
        return tuple(_with_steps(self.calls))


def _with_steps(calls: Iterable[Call]) -> Iterator[Call]:
    for call in calls:
        yield call
        if call.steps is not None:
            yield from _with_steps(call.steps.calls)


def lay_flat(graph: Graph, types: Mapping[str, BlockType], analyser: Analyser | None = None) -> Program:
    """The program of `graph`. Raises Refused with the first error of its analysis."""
    analyser = analyser or Analyser(types)
    analysis = analyser.analyse(graph)
    for problem in analysis.problems:
        if problem.severity == "error":
            raise Refused(problem)
    builder = _Builder(types)
    builder.body(graph, (), "", analyser.records(graph), {})
    return Program(tuple(builder.calls), builder.aliases, tuple(builder.fields), analysis.specs, builder.first_copies)


class _Builder:
    def __init__(self, types: Mapping[str, BlockType]) -> None:
        self._types = types
        self.calls: list[Call] = []
        self.aliases: dict[str, str] = {}
        self.fields: list[str] = []
        self.first_copies: dict[str, str] = {}
        self.delays: list[Held] = []
        self._kinds: dict[str, str] = {}

    def body(
        self, graph: Graph, path: Path, prefix: str, records: Mapping[str, Record], targets: Mapping[str, str]
    ) -> None:
        """Add the calls of one body; `targets` are the dotted names of the owners in enclosing bodies, by id."""
        names = identifiers(graph)
        targets = {**targets, **{id: f"{prefix}{name}" for id, name in names.items()}}
        self._kinds.update((targets[id], block.type) for id, block in graph.blocks.items())
        sources = {(wire.target.block, wire.target.port): wire.source for wire in graph.wires}
        for id, record in records.items():
            here = (*path, id)
            block, type = record.block, self._types[record.block.type]
            ports = type.ports(record.parameters, block.body)
            incoming: dict[str, str] = {}
            if block.type == DELAY:
                self._produce(port_key(here, "output"))
                continue
            for port in type.arguments_order(ports):
                source = sources.get((id, port))
                if source is not None:
                    incoming[port] = self.aliases[port_key((*path, source.block), source.port)]
                    self.aliases[port_key(here, port)] = incoming[port]
            if type.role == "input":
                for output in ports.outputs:
                    self._produce(port_key(here, output.id))
                    self.fields.append(port_key(here, output.id))
            elif block.type == "entry":
                self.aliases[port_key(here, "output")] = self.aliases[port_key(path, id)]
            elif block.type == "exit":
                self.aliases[port_key(path, id)] = incoming["input"]
            elif block.bypassed and ports.inputs and ports.outputs:
                self.aliases[port_key(here, ports.outputs[0].id)] = incoming[ports.inputs[0].id]
            elif record.copies:
                self._copies(record, ports, here, targets)
            elif type.runs_over_time:
                self._over_time(record, type, ports, here, incoming, targets)
            elif type.role == "container":
                assert record.expanded is not None
                self.body(record.expanded, here, f"{targets[id]}.", record.children, targets)
            elif type.module:
                self._call(record, type, here, incoming, tuple(port.id for port in ports.outputs), targets)
        for id, record in records.items():
            if record.block.type == DELAY:
                self._hold(record, (*path, id), sources[id, "input"], path)

    def _hold(self, record: Record, here: Path, source: PortRef, path: Path) -> None:
        """Add a Delay, once what feeds it is known."""
        fed = self.aliases[port_key((*path, source.block), source.port)]
        self.aliases[port_key(here, "input")] = fed
        steps = record.parameters["k"]
        assert isinstance(steps, int)
        self.delays.append(Held(port_key(here, "output"), fed, steps, record.outputs["output"]))

    def _over_time(
        self,
        record: Record,
        type: BlockType,
        ports: Ports,
        here: Path,
        incoming: Mapping[str, str],
        targets: Mapping[str, str],
    ) -> None:
        """Add the one call of a Recurrent: its body is a program of its own, whose tensors nobody outside sees."""
        assert record.expanded is not None
        inner = _Builder(self._types)
        inner._kinds = self._kinds
        entries = {port.id: port_key((*here, port.id), "output") for port in ports.inputs}
        inner.aliases.update((port_key(here, id), key) for id, key in entries.items())
        inner.body(record.expanded, here, f"{targets[record.block.id]}.", record.children, targets)
        outputs = tuple(port_key(here, port.id) for port in ports.outputs)
        steps = Steps(
            calls=tuple(inner.calls),
            entries=tuple(entries.values()),
            exits=tuple(inner.aliases[key] for key in outputs),
            delays=tuple(inner.delays),
            last=record.parameters["output"] == "last step",
        )
        for key in outputs:
            self._produce(key)
        self.first_copies.update(inner.first_copies)
        self.calls.append(
            Call(
                key=path_key(here),
                block=record.block,
                type=type,
                parameters=record.parameters,
                inputs=record.inputs,
                outputs=outputs,
                sources=tuple(incoming[id] for id in entries),
                keywords=(),
                target=targets[record.block.id],
                owner=False,
                steps=steps,
            )
        )

    def _copies(self, record: Record, ports: Ports, here: Path, targets: Mapping[str, str]) -> None:
        """Add the calls of all copies of a Repeat, each fed by the one before."""
        entering = {entry.id: self.aliases[port_key(here, entry.id)] for entry in ports.inputs}
        target = targets[record.block.id]
        for index, copy in enumerate(record.copies):
            path = (*here, index)
            for entry, key in entering.items():
                self.aliases[port_key(path, entry)] = key
            self.body(copy.expanded, path, f"{target}.{index}.", copy.records, targets)
            for taken, given in zip(ports.inputs, ports.outputs, strict=False):
                entering[taken.id] = self.aliases[port_key(path, given.id)]
        for exit in ports.outputs:
            self.aliases[port_key(here, exit.id)] = self.aliases[port_key((*here, len(record.copies) - 1), exit.id)]
        # From the innermost Repeat outwards, what is known of a first copy is known without its index as well.
        first, shown = f"{path_key((*here, 0))}/", f"{path_key(here)}/"
        self.aliases.update(
            {
                shown + port[len(first) :]: key
                for port, key in list(self.aliases.items())
                if port.startswith(first) and "/" in port[len(first) :]
            }
        )
        keys = [call.key for call in _with_steps(self.calls) if call.key.startswith(first)]
        inside = {
            "/".join(key.split("/")[: depth + 1]) for key in keys for depth in range(len(here) + 1, key.count("/") + 1)
        }
        inside.update(key for key in self.first_copies if key.startswith(first))
        for key in inside:
            self.first_copies[shown + key[len(first) :]] = self.first_copies.get(key, key)

    def _call(
        self,
        record: Record,
        type: BlockType,
        here: Path,
        incoming: Mapping[str, str],
        outputs: tuple[str, ...],
        targets: Mapping[str, str],
    ) -> None:
        weights = record.block.weights
        owner = weights.of if weights is not None else record.block.id
        assert owner in targets, "analysis knows whose weights there are"
        tied = ""
        if weights is not None and weights.transposed:
            tied, owner = targets[owner], record.block.id
            type = replace(type, module=dict(type.transposes)[self._kinds[tied]])
        produced = tuple(port_key(here, port) for port in outputs)
        for key in produced:
            self._produce(key)
        optional = {port.id for port in type.ports(record.parameters, None).inputs if port.optional}
        self.calls.append(
            Call(
                key=path_key(here),
                block=record.block,
                type=type,
                parameters=record.parameters,
                inputs=record.inputs,
                outputs=produced,
                sources=tuple(incoming.values()),
                keywords=tuple(port for port in incoming if port in optional),
                target=targets[owner],
                owner=weights is None or weights.transposed,
                tied=tied,
            )
        )

    def _produce(self, key: str) -> None:
        self.aliases[key] = key
