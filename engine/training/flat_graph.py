"""All blocks of a drawing at every depth as one graph, containers dissolved. No torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from engine.graph.block_type import BlockType
from engine.graph.graph import Block, Graph
from engine.graph.paths import bodies
from engine.graph.traversal import DELAY
from engine.graph.values import Value

IdPath = tuple[str, ...]
"""Ids from the root inwards; the copies of a Repeat share one."""


class FlatGraph:
    """`blocks` by id path, containers included; wires to a container lead to its Entry, from one to its Exit."""

    def __init__(self, graph: Graph, types: Mapping[str, BlockType]) -> None:
        self.graph = graph
        self.variables: Mapping[str, Value] = graph.variables
        self.blocks: dict[IdPath, Block] = {}
        self._types = types
        self._sources: dict[tuple[IdPath, str], tuple[IdPath, str]] = {}
        self._owners: dict[IdPath, IdPath] = {}
        for path, body in bodies(graph):
            for block in sorted(body.blocks.values(), key=lambda block: block.id):
                self.blocks[(*path, block.id)] = block
            for wire in body.wires:
                source, target = body.blocks.get(wire.source.block), body.blocks.get(wire.target.block)
                if source is None or target is None:
                    continue
                if _is_lost(source, wire.source.port) or _is_lost(target, wire.target.port):
                    continue
                given = (*path, source.id), wire.source.port
                taken = (*path, target.id), wire.target.port
                if source.body is not None:
                    given = (*given[0], given[1]), "input"
                if target.body is not None:
                    taken = (*taken[0], taken[1]), "input"
                self._sources[taken] = given

        for path, block in self.blocks.items():
            if block.weights is not None:
                around = ((*path[:depth], block.weights.of) for depth in reversed(range(len(path))))
                owner = next((known for known in around if known in self.blocks), None)
                if owner is not None:
                    self._owners[path] = owner

    def of_role(self, role: str) -> list[IdPath]:
        """Paths of the blocks whose type plays `role`."""
        return [path for path, block in self.blocks.items() if self._role(block) == role]

    def source_of(self, path: IdPath, port: str) -> tuple[IdPath, str] | None:
        """The port of a layer or input that feeds an input port, seen through borders; None where nothing does."""
        seen = 0
        found = self._sources.get((path, port))
        while found is not None and found[0] in self.blocks and self._is_border(self.blocks[found[0]]):
            found = self._sources.get((found[0], "input"))
            seen += 1
            if seen > len(self.blocks):
                return None
        return found if found is not None and found[0] in self.blocks else None

    def links(self) -> Iterable[tuple[tuple[IdPath, str], IdPath]]:
        """The ports that are read, seen through borders, each with the layer, container or loss that reads it."""
        for path, port in self._sources:
            source = self.source_of(path, port) if not self._is_border(self.blocks[path]) else None
            if source is not None:
                yield source, path

    def read_ports(self) -> frozenset[tuple[IdPath, str]]:
        """The ports that wires begin at; a container's stand as the input of its Exit."""
        return frozenset(self._sources.values())

    def upstream(self, starts: Iterable[IdPath]) -> frozenset[IdPath]:
        """The starts and all that they depend on, by wires and by shared weights."""
        stack = list(starts)
        reached = set(stack)
        while stack:
            for source in self._before.get(stack.pop(), ()):
                if source not in reached:
                    reached.add(source)
                    stack.append(source)
        return frozenset(reached)

    @cached_property
    def ordered(self) -> Sequence[IdPath]:
        """All paths, each block after those whose outputs reach it through any border; blocks on loops are left out."""
        inputs: dict[IdPath, list[IdPath]] = {path: [] for path in self.blocks}
        for (target, _), (source, _) in self._sources.items():
            if target in inputs and source in inputs and self.blocks[target].type != DELAY:
                inputs[target].append(source)
        waiting = {path: len(sources) for path, sources in inputs.items()}
        after: dict[IdPath, list[IdPath]] = {}
        for path, sources in inputs.items():
            for source in sources:
                after.setdefault(source, []).append(path)
        order = [path for path, count in waiting.items() if count == 0]
        for path in order:
            for following in after.get(path, ()):
                waiting[following] -= 1
                if waiting[following] == 0:
                    order.append(following)
        return order

    @cached_property
    def _before(self) -> Mapping[IdPath, Sequence[IdPath]]:
        """What each block depends on directly, by wires and by shared weights."""
        before: dict[IdPath, list[IdPath]] = {}
        for (target, _), (source, _) in self._sources.items():
            before.setdefault(target, []).append(source)
        for path, owner in self._owners.items():
            before.setdefault(path, []).append(owner)
        return before

    def _is_border(self, block: Block) -> bool:
        """Whether it is an Entry or an Exit: a Delay passes on what came in before, so nobody sees through it."""
        return self._role(block) == "boundary" and block.type != DELAY

    def _role(self, block: Block) -> str | None:
        type = self._types.get(block.type)
        return type.role if type is not None else None


def _is_lost(block: Block, port: str) -> bool:
    """Whether a container's port has no Entry or Exit any more: analysis tells of it."""
    return block.body is not None and port not in block.body.blocks
