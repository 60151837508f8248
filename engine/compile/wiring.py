"""How the blocks of a body hang together: found anew only where wires have changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from engine.graph.graph import Graph, Path, PortRef, Weights, Wire
from engine.graph.traversal import DELAY, execution_order

MEMORY = 1_000
"""How many wirings are remembered."""


class Wiring(msgspec.Struct, frozen=True, eq=False):
    """The blocks of a body in execution `order`, the `sources` of each by port, and the `readers` that it feeds.

    Blocks that no order can place have no sources. The rest is what all of this follows from.
    """

    order: tuple[str, ...]
    sources: Mapping[str, Mapping[str, PortRef]]
    readers: Mapping[str, Sequence[str]]
    ids: frozenset[str]
    wires: tuple[Wire, ...]
    special: Mapping[str, Weights | None]

    @classmethod
    def of(cls, body: Graph) -> Wiring:
        """The wiring of `body`, in time linear in blocks and wires."""
        order = execution_order(body)
        sources: dict[str, dict[str, PortRef]] = {id: {} for id in order}
        readers: dict[str, list[str]] = {}
        for wire in body.wires:
            if wire.target.block in sources:
                sources[wire.target.block][wire.target.port] = wire.source
                readers.setdefault(wire.source.block, []).append(wire.target.block)
        return cls(order, sources, readers, frozenset(body.blocks), body.wires, _special(body))

    def is_of(self, body: Graph) -> bool:
        """Whether `body` hangs together so, whatever else has changed in it."""
        return self.wires == body.wires and body.blocks.keys() == self.ids and self.special == _special(body)


class RememberedWirings:
    """The wiring of the body that was last seen at each path."""

    def __init__(self) -> None:
        self._known: dict[Path, Wiring] = {}

    def of(self, body: Graph, path: Path) -> Wiring:
        """The wiring of the body at `path`."""
        known = self._known.get(path)
        if known is None or not known.is_of(body):
            if len(self._known) >= MEMORY:
                self._known.clear()
            known = self._known[path] = Wiring.of(body)
        return known


def _special(body: Graph) -> Mapping[str, Weights | None]:
    """The blocks that are placed by more than their wires: behind the owner of their weights, or as Delays."""
    return {id: block.weights for id, block in body.blocks.items() if block.weights is not None or block.type == DELAY}
