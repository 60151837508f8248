"""The wires of one body: which touch which block, and how they are laid."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping

from engine.graph.graph import PortRef
from graph_editor.block_index import BlockIndex
from graph_editor.block_item import BlockItem
from graph_editor.wire_geometry import uprights
from graph_editor.wire_item import WireItem
from graph_editor.wire_router import Ends, Router

ALL_ROUTED = 300
"""Up to so many wires all are laid anew after a change, so that the same drawing always looks the same."""


class WireLayer:
    """Wire items by the input they feed."""

    def __init__(self, index: BlockIndex, blocks: Mapping[str, BlockItem]) -> None:
        self.items: dict[PortRef, WireItem] = {}
        self._blocks = blocks
        self._touching: dict[str, set[PortRef]] = {}
        self._router = Router(index)

    def clear(self) -> None:
        """Forget all wires and lanes."""
        self.items.clear()
        self._touching.clear()
        self._router.clear()

    def put(self, item: WireItem) -> None:
        """Keep a wire."""
        self.items[item.target] = item
        for end in (item.wire.source.block, item.target.block):
            self._touching.setdefault(end, set()).add(item.target)

    def take(self, target: PortRef) -> WireItem | None:
        """Forget the wire into `target`."""
        item = self.items.pop(target, None)
        if item is not None:
            for end in (item.wire.source.block, target.block):
                self._touching.get(end, set()).discard(target)
            self._router.forget(target)
        return item

    def targets(self, id: str) -> frozenset[PortRef]:
        """What the wires at a block feed."""
        return frozenset(self._touching.get(id, ()))

    def of(self, id: str) -> list[WireItem]:
        """The wires at a block."""
        return [self.items[target] for target in sorted(self._touching.get(id, ()))]

    def lay(self, targets: Iterable[PortRef]) -> None:
        """Lay wires: values first, so that labels make way."""
        if len(self.items) <= ALL_ROUTED:
            self._router.clear()
            targets = self.items
        for target in sorted(targets, key=lambda target: (self.items[target].is_label, target)):
            self.lay_one(target)
        if targets is self.items:
            self._part_shapes_from_wires()

    def _part_shapes_from_wires(self) -> None:
        """A shape stands where no wire runs through it."""
        stretches = sorted(
            (*stretch, target) for target, item in self.items.items() for stretch in uprights(item.route)
        )
        for target, item in self.items.items():
            if item.route.room <= 0:
                continue
            upper, lower = item.text_band
            middle, half = item.route.label[0], item.route.room / 2
            first = bisect_left(stretches, middle - half, key=_x)
            last = bisect_right(stretches, middle + half, key=_x)
            item.set_crossings(
                tuple(
                    x
                    for x, top, bottom, other in stretches[first:last]
                    if other != target and top < lower and bottom > upper
                )
            )

    def follow(self, moved: Mapping[str, tuple[float, float]]) -> None:
        """Lay the wires of blocks that are being moved; of very many, those among them are only shifted."""
        again: set[PortRef] = set()
        for id in moved:
            again |= self._touching.get(id, set())
        many = len(again) > ALL_ROUTED
        for target in again:
            wire = self.items[target]
            source = wire.wire.source
            if many and source.block in moved and target.block in moved:
                start = self._blocks[source.block].port_point(source.port, False)
                wire.setPos(start[0] - wire.route.points[0][0], start[1] - wire.route.points[0][1])
            else:
                self.lay_one(target)

    def lay_one(self, target: PortRef) -> None:
        """Lay one wire."""
        item = self.items[target]
        source_ref = item.wire.source
        source, taker = self._blocks.get(source_ref.block), self._blocks.get(target.block)
        if source is None or taker is None:
            return
        ends = Ends(
            start=source.port_point(source_ref.port, False),
            end=taker.port_point(target.port, True),
            source_block=source_ref.block,
            target_block=target.block,
            signal=source_ref,
            label=item.is_label,
            bends=item.wire.bends,
        )
        item.setPos(0, 0)
        item.set_route(self._router.route(target, ends))


def _x(stretch: tuple[float, float, float, PortRef]) -> float:
    return stretch[0]
