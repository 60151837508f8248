"""The kinds of work on very many blocks that are done in pieces: blocks made, moved and shown anew, wires laid."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QGraphicsScene, QGraphicsView

from engine.graph.graph import PortRef
from graph_editor.scene_items import SceneItems
from graph_editor.theme import BLOCK_MAX_WIDTH
from graph_editor.wire_layer import ALL_ROUTED

AT_ONCE = 8
"""So many blocks are shown anew, or items dropped, as one piece: 1 ms at most."""
WIDEST, TALLEST = BLOCK_MAX_WIDTH, 1024
"""How far a block that is still to be made may reach from its corner, in px: one with fifty ports is as high."""


class Job(Protocol):
    """One kind of work on one scene; it is true while something is left.

    Each piece reads the drawing as it is then, so that edits in between need no care.
    """

    def __bool__(self) -> bool: ...

    def pieces(self) -> Iterator[None]:
        """Do what is left, a piece at a time; asked again, it goes on where it was."""

    def clear(self) -> None:
        """Nothing is left: all is made anew."""


class Laying:
    """Wires to lay: values first, labels make way. Where they are few, each is laid beside all others."""

    def __init__(self, items: SceneItems) -> None:
        self._items = items
        self._all = False
        self._targets: set[PortRef] = set()
        self._steps: Iterator[None] | None = None

    def __bool__(self) -> bool:
        return self._all or bool(self._targets)

    def add(self, targets: set[PortRef] | frozenset[PortRef]) -> None:
        """Lay these too, by the inputs that they feed."""
        self._targets |= targets

    def add_all(self) -> None:
        """Lay every wire there is by then."""
        self._all = True

    def begin_again(self) -> None:
        """Lay what is left in the order that the drawing has now."""
        self._steps = None

    def clear(self) -> None:
        self._all, self._targets, self._steps = False, set(), None

    def pieces(self) -> Iterator[None]:
        if self._steps is None:
            self._steps = self._beside_all() if len(self._items.layer.items) <= ALL_ROUTED else self._one_by_one()
        # Not `yield from`, which would end the steps with the slice.
        for _ in self._steps:  # noqa: UP028
            yield
        self.clear()

    def _beside_all(self) -> Iterator[None]:
        self._all = True
        return self._items.layer.laying()

    def _one_by_one(self) -> Iterator[None]:
        layer = self._items.layer
        if self._all:
            self._all, self._targets = False, set(layer.items)
            yield
        # Those of the drawing are sorted; to sort 6,000 takes 20 ms.
        order = [wire.target for wire in self._items.body.wires if wire.target in self._targets]
        yield
        labels = []
        for target in order:
            if target in layer.items and layer.items[target].is_label:
                labels.append(target)
            else:
                self._lay(target)
                yield
        for target in labels:
            self._lay(target)
            yield

    def _lay(self, target: PortRef) -> None:
        self._targets.discard(target)
        layer = self._items.layer
        if target in layer.items:
            layer.lay_one(target)
            # Made now, a few at a time, rather than all for the next picture of the whole.
            _ = layer.items[target].far_lines


class Making:
    """Blocks that are still to be made, and with each the wires at it: first what some view shows."""

    def __init__(self, scene: QGraphicsScene, items: SceneItems) -> None:
        self._scene, self._items = scene, items
        self._seen: list[QRectF] = []
        # Popped from the end; the first of the drawing come first.
        self._next: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._items.blocks.left)

    def clear(self) -> None:
        self._seen, self._next = [], []

    def pieces(self) -> Iterator[None]:
        blocks = self._items.blocks
        if (seen := [_seen_by(view) for view in self._scene.views()]) != self._seen:
            self._seen = seen
            self._next = [id for area in seen for id in self.left_in(area)][::-1]
        while blocks.left:
            if not self._next:
                self._next = list(blocks.left)[::-1]
            blocks.make(self._next.pop())
            yield

    def left_in(self, area: QRectF) -> list[str]:
        """Those that may touch an area."""
        left, top, right, bottom = area.left() - WIDEST, area.top() - TALLEST, area.right(), area.bottom()
        blocks = self._items.body.blocks
        return [
            id
            for id in self._items.blocks.left
            if left <= (look := blocks[id].look).x <= right and top <= look.y <= bottom
        ]


class Moving:
    """Blocks to put where the drawing has them; their wires are laid then."""

    def __init__(self, items: SceneItems, laying: Laying) -> None:
        self._items, self._laying = items, laying
        self._ids: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._ids)

    def add_first(self, ids: list[str]) -> None:
        """Move these before those that are left."""
        self._ids = list(dict.fromkeys((*self._ids, *reversed(ids))))

    def clear(self) -> None:
        self._ids = []

    def pieces(self) -> Iterator[None]:
        items = self._items
        while self._ids:
            id = self._ids.pop()
            item, block = items.blocks.made.get(id), items.body.blocks.get(id)
            if item is not None and block is not None:
                if not item.lifted:
                    item.setPos(block.look.x, block.look.y)
                items.index.put(id, item.rectangle())
                self._laying.add(items.layer.targets(id))
                yield


class Showing:
    """Blocks of which something else became known; wires that are laid another way for it are laid then."""

    def __init__(self, items: SceneItems, laying: Laying) -> None:
        self._items, self._laying = items, laying
        self._ids: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._ids)

    def add(self, ids: set[str]) -> None:
        """Show these too, in the order of the drawing."""
        wanted = ids.union(self._ids)
        self._ids = [id for id in reversed(self._items.blocks.made) if id in wanted]

    def clear(self) -> None:
        self._ids = []

    def pieces(self) -> Iterator[None]:
        while self._ids:
            some = self._ids[-AT_ONCE:]
            del self._ids[-AT_ONCE:]
            self._laying.add(self._items.show_known(some))
            yield


def _seen_by(view: QGraphicsView) -> QRectF:
    return view.mapToScene(view.viewport().rect()).boundingRect()
