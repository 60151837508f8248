"""The parts of a drawing that nothing which is trained depends on, and how to be rid of them. No torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import msgspec

from engine.graph.analysis import Analysis, path_key
from engine.graph.block_type import BlockType
from engine.graph.graph import PortRef
from engine.graph.problem import Fix
from engine.training.flat_graph import FlatGraph, IdPath


class Part(msgspec.Struct, frozen=True):
    """Blocks of one body that hang together, with all inside them, each after those that it reads.

    `sources` are the ports of other parts that they read; `fixes` wire the part to what lacks an input, or remove it.
    While an input of its body is open, the drawing is being rewired: of several blocks no removal is offered then.
    """

    paths: tuple[IdPath, ...]
    has_weights: bool
    sources: frozenset[tuple[IdPath, str]]
    fixes: tuple[Fix, ...]


class Unused:
    """`reached` is what `ends` depend on, by wires and shared weights; `parts` is the rest."""

    def __init__(
        self, flat: FlatGraph, types: Mapping[str, BlockType], analysis: Analysis, ends: Iterable[IdPath]
    ) -> None:
        self._flat, self._types, self._analysis = flat, types, analysis
        self.reached = flat.upstream(ends)
        self.parts = tuple(self._parts())
        self._fixes = {path: part.fixes for part in self.parts for path in part.paths}

    def fixes(self, path: IdPath) -> tuple[Fix, ...]:
        """The repairs for a block that nothing depends on."""
        return self._fixes.get(path, ())

    @cached_property
    def _open(self) -> Sequence[tuple[IdPath, str]]:
        """Inputs that lack a wire: of losses that of the prediction, of layers that something depends on each."""
        flat, found = self._flat, list[tuple[IdPath, str]]()
        for path in self.reached:
            block = flat.blocks[path]
            type = self._types.get(block.type)
            if type is None or block.body is not None or type.role not in ("loss", "layer"):
                continue
            if type.prediction is not None:
                ports = [type.prediction.port]
            else:
                ports = [port.id for port in type.ports_of(block, flat.variables).inputs if not port.optional]
            found.extend((path, port) for port in ports if flat.source_of(path, port) is None)
        return found

    def _parts(self) -> Iterable[Part]:
        order = {path: number for number, path in enumerate(self._flat.ordered)}
        inside = self._units(order)
        unit_of = {path: unit for unit, paths in inside.items() for path in paths}
        links = [(given, unit_of.get(given[0]), unit_of.get(target)) for given, target in self._flat.links()]
        near: dict[IdPath, list[IdPath]] = {unit: [] for unit in inside}
        for _, one, two in links:
            if one is not None and two is not None and one[:-1] == two[:-1]:
                near[one].append(two)
                near[two].append(one)
        group = _groups(near)
        members: dict[int, list[IdPath]] = {}
        for unit in inside:
            members.setdefault(group[unit], []).append(unit)
        read: dict[int, set[tuple[IdPath, str]]] = {}
        for given, one, two in links:
            if two is not None and (one is None or group[one] != group[two]):
                read.setdefault(group[two], set()).add(given)
        for number, units in members.items():
            paths = sorted((path for unit in units for path in inside[unit]), key=order.__getitem__)
            sources = frozenset(read.get(number, ()))
            yield Part(tuple(paths), any(map(self._has_weights, paths)), sources, self._repairs(units, paths))

    def _units(self, order: Iterable[IdPath]) -> dict[IdPath, list[IdPath]]:
        """The outermost blocks that are of no use as a whole, each with the blocks inside it and itself, in `order`."""
        alive: set[IdPath] = set()
        for path, block in self._flat.blocks.items():
            type = self._types.get(block.type)
            if type is None or type.role == "loss" or (path in self.reached and type.role != "container"):
                alive.update(path[: depth + 1] for depth in range(len(path)))
        inside: dict[IdPath, list[IdPath]] = {}
        for path in order:
            unit = next((path[: depth + 1] for depth in range(len(path)) if path[: depth + 1] not in alive), None)
            if unit is not None and self._types[self._flat.blocks[path].type].role != "boundary":
                inside.setdefault(unit, []).append(path)
        return inside

    def _has_weights(self, path: IdPath) -> bool:
        cost = self._analysis.costs.get(path_key(path))
        return cost is not None and cost.parameters > 0

    def _repairs(self, units: list[IdPath], paths: list[IdPath]) -> tuple[Fix, ...]:
        body, last = units[0][:-1], paths[-1]
        ids = tuple(unit[-1] for unit in units)
        name = self._flat.blocks[units[0]].name if len(units) == 1 else f"{len(units)} blocks"
        remove = Fix(edit="remove_blocks", arguments=(ids,), body=body, facts={"name": name})
        ports = self._types[self._flat.blocks[last].type].ports_of(self._flat.blocks[last], self._flat.variables)
        lacking = [(path, port) for path, port in self._open if path[:-1] == last[:-1] == body]
        removals = () if lacking and len(paths) > 1 else (remove,)
        if len(lacking) != 1 or len(ports.outputs) != 1:
            return removals
        taker, port = lacking[0]
        if taker in self._flat.upstream([last]):
            return removals
        wire = Fix(
            edit="connect",
            arguments=(PortRef(last[-1], ports.outputs[0].id), PortRef(taker[-1], port)),
            body=body,
            facts={"source": self._flat.blocks[last].name, "target": self._flat.blocks[taker].name},
        )
        return (wire, *removals)


def _groups(near: Mapping[IdPath, Sequence[IdPath]]) -> dict[IdPath, int]:
    """A number for each, the same for those that neighbours join."""
    group: dict[IdPath, int] = {}
    for start in near:
        if start in group:
            continue
        group[start] = number = len(group)
        stack = [start]
        while stack:
            for other in near[stack.pop()]:
                if other not in group:
                    group[other] = number
                    stack.append(other)
    return group
