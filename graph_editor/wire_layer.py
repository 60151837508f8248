"""The wires of one body: which touch which block, and how they are laid."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import attrgetter

from engine.graph.graph import PortRef, Wire
from graph_editor.block_index import BlockIndex
from graph_editor.block_item import BlockItem
from graph_editor.coming_items import ComingItems
from graph_editor.wire_geometry import Route, unrouted, uprights
from graph_editor.wire_item import WireItem
from graph_editor.wire_router import Ends, Router

ALL_ROUTED = 300
"""Up to so many wires all are laid anew after a change, so that the same drawing always looks the same."""


class WireLayer:
    """Wire items by the input they feed; `make` makes one that is asked for and not there yet."""

    def __init__(
        self, index: BlockIndex, blocks: ComingItems[str, None, BlockItem], make: Callable[[PortRef], None]
    ) -> None:
        self.items: ComingItems[PortRef, Wire, WireItem] = ComingItems(make)
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
        self.items.made[item.target] = item
        for end in (item.wire.source.block, item.target.block):
            self._touching.setdefault(end, set()).add(item.target)

    def take(self, target: PortRef) -> WireItem | None:
        """Forget the wire into `target`."""
        item = self.items.made.pop(target, None)
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
        if len(self.items) > ALL_ROUTED:
            for target in self.in_order(targets):
                self.lay_one(target)
            return
        for _ in self.laying():
            pass

    def laying(self) -> Iterator[None]:
        """Lay all wires, each beside all others, in steps of one; after an edit in between it is begun anew."""
        self._router.clear()
        routes: dict[PortRef, Route] = {}
        for target in self.in_order(self.items):
            route = self._routed(target)
            if route is not None:
                routes[target] = route
            yield
        crossings = self._crossings(routes)
        for target, route in routes.items():
            self._put(target, route, crossings.get(target, ()))
            yield

    def lay_plainly(self, targets: Iterable[PortRef]) -> list[WireItem]:
        """Let wires that were never laid run straight from port to port until they are, if both blocks are there; the
        wires that do now."""
        there, laid = self._blocks.made, []
        for target in targets:
            item = self.items[target]
            if item.is_laid or item.wire.source.block not in there or target.block not in there:
                continue
            ends = self._ends(target)
            if ends is not None:
                item.set_route(unrouted(ends.start, ends.end))
                laid.append(item)
        return laid

    def in_order(self, targets: Iterable[PortRef]) -> list[PortRef]:
        """In which order wires that are still here are laid: labels last, they make way."""
        items = self.items
        values: list[PortRef] = []
        labels: list[PortRef] = []
        for target in targets:
            if target in items:
                (labels if items[target].is_label else values).append(target)
        # Compared as structs, 6,000 of them take 20 ms.
        return sorted(values, key=_names) + sorted(labels, key=_names)

    def _crossings(self, routes: Mapping[PortRef, Route]) -> dict[PortRef, tuple[float, ...]]:
        """By wire: where others run through the place of its shape, which stands where none does."""
        stretches = sorted((*stretch, target) for target, route in routes.items() for stretch in uprights(route))
        found = {}
        for target, route in routes.items():
            if route.room <= 0:
                continue
            upper, lower = self.items[target].text_band(route)
            middle, half = route.label[0], route.room / 2
            first = bisect_left(stretches, middle - half, key=_x)
            last = bisect_right(stretches, middle + half, key=_x)
            found[target] = tuple(
                x
                for x, top, bottom, other in stretches[first:last]
                if other != target and top < lower and bottom > upper
            )
        return found

    def follow(self, moved: Mapping[str, tuple[float, float]]) -> None:
        """Lay the wires of blocks that are being moved; of very many, those among them are only shifted."""
        again: set[PortRef] = set()
        for id in moved:
            again |= self._touching.get(id, set())
        if len(self.items) <= ALL_ROUTED:
            routes = {target: item.route for target, item in self.items.items() if item.is_laid}
            for target in self.in_order(again):
                route = self._routed(target)
                if route is not None:
                    routes[target] = route
            self._put_all(routes)
            return
        many = len(again) > ALL_ROUTED
        for target in again:
            wire = self.items[target]
            source = wire.wire.source
            if many and source.block in moved and target.block in moved:
                start = self._blocks[source.block].port_point(source.port, False)
                wire.setPos(start[0] - wire.route.points[0][0], start[1] - wire.route.points[0][1])
            else:
                self.lay_one(target)

    def _put_all(self, routes: Mapping[PortRef, Route]) -> None:
        """Let all wires run so, and their shapes stand where no wire does; each is prepared once."""
        crossings = self._crossings(routes)
        for target, route in routes.items():
            self._put(target, route, crossings.get(target, ()))

    def lay_one(self, target: PortRef) -> None:
        """Lay one wire."""
        route = self._routed(target)
        if route is not None:
            self._put(target, route)

    def _put(self, target: PortRef, route: Route, crossings: tuple[float, ...] = ()) -> None:
        item = self.items[target]
        item.setPos(0, 0)
        item.set_route(route, crossings)

    def _routed(self, target: PortRef) -> Route | None:
        """Where the wire runs that is now laid; None where a block at it is not here."""
        ends = self._ends(target)
        return None if ends is None else self._router.route(target, ends)

    def _ends(self, target: PortRef) -> Ends | None:
        item = self.items[target]
        source_ref = item.wire.source
        source, taker = self._blocks.get(source_ref.block), self._blocks.get(target.block)
        if source is None or taker is None:
            return None
        return Ends(
            start=source.port_point(source_ref.port, False),
            end=taker.port_point(target.port, True),
            source_block=source_ref.block,
            target_block=target.block,
            signal=source_ref,
            label=item.is_label,
            bends=item.wire.bends,
        )


_names = attrgetter("block", "port")


def _x(stretch: tuple[float, float, float, PortRef]) -> float:
    return stretch[0]
