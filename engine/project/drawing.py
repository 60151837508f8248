"""Draws graphs in a few lines of Python, by the same edits as the canvas: for examples and tests."""

from __future__ import annotations

from collections.abc import Mapping

from engine.graph.block_type import BlockType
from engine.graph.edits import add_block, connect
from engine.graph.graph import Block, Graph, Look, PortRef
from engine.graph.scope import Scope
from engine.graph.values import Value


class Drawing:
    """A graph being drawn. Ids are what the caller says, so that a file made twice is the same file.

    `inside`: it is the body of a container, where Entries and Exits may stand.
    """

    def __init__(self, types: Mapping[str, BlockType], inside: bool = False) -> None:
        self._scope = Scope(types=types, ancestors=(Graph(),) if inside else ())
        self.graph = Graph()

    def add(
        self,
        id: str,
        type: str,
        at: tuple[int, int] = (0, 0),
        name: str = "",
        body: Graph | None = None,
        **parameters: Value,
    ) -> str:
        """Add a block of `type` at x, y; a container gets its type's usual body, ids `ID-1`, `ID-2` … Returns `id`."""
        kind = self._scope.types[type]
        if body is None and kind.body is not None:
            numbers = iter(range(1, 100))
            body = kind.body(lambda: f"{id}-{next(numbers)}")
        block = Block(id, type, name or kind.title, parameters, body=body, look=Look(*at))
        self.graph = add_block(self.graph, self._scope, block)
        return id

    def wire(self, source: str, target: str) -> None:
        """Wire "block.port" to "block.port"; without a port, the first one of that side."""
        self.graph = connect(self.graph, self._scope, self._end(source, 1), self._end(target, 0))

    def chain(self, *ends: str) -> None:
        """Wire each end to the next; "block.port" names the port a wire leaves from or, at the last end, arrives at."""
        for source, target in zip(ends, ends[1:], strict=False):
            self.wire(source, target if target == ends[-1] else target.partition(".")[0])

    def _end(self, text: str, side: int) -> PortRef:
        id, _, port = text.partition(".")
        block = self.graph.blocks[id]
        ports = self._scope.types[block.type].ports_of(block, self._scope.variables)
        return PortRef(id, port or (ports.inputs, ports.outputs)[side][0].id)
