"""Moves or shows anew very many blocks a little at a time: the window goes on between, all is right at the end."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, QRectF, QTimer, Signal
from PySide6.QtWidgets import QGraphicsScene

from engine.graph.difference import BodyChange, GraphChange
from engine.graph.graph import PortRef
from graph_editor.block_index import BlockIndex
from graph_editor.lasting import lasting
from graph_editor.scene_items import SceneItems
from graph_editor.wire_layer import ALL_ROUTED

MANY = 200
"""More blocks than these are made anew, moved or shown anew in other ways than a few."""
SLICE_S = 0.004
AT_ONCE = 8
"""So many blocks are shown anew between two looks at the clock: 2 ms."""
EXTENT = 1 << 16
"""How wide and high a scene is at first, in px."""


class SceneMoves(QObject):
    """What of one scene is still to be moved, or shown as it is known by now: blocks first, then the wires at them.

    Each slice reads the drawing as it is then, so that edits in between need no care. `done` comes after the last.
    """

    done = Signal()

    def __init__(self, scene: QGraphicsScene, items: SceneItems) -> None:
        super().__init__(scene)
        self._scene, self._items = scene, items
        # Popped from the end; the first of the drawing come first.
        self._blocks: list[str] = []
        self._known: list[str] = []
        self._targets: set[PortRef] = set()
        self._wires: list[PortRef] = []
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._work)

    @property
    def is_busy(self) -> bool:
        """Whether something is left to do."""
        return self._timer.isActive()

    def takes(self, change: GraphChange, own: BodyChange) -> bool:
        """Whether the change of the scene's body is but many moves; then they are on their way."""
        if change.meaning or len(change.bodies) > 1 or len(own.changed) <= MANY:
            return False
        for wire in own.wires_added:
            self._items.layer.items[wire.target].wire = wire
            self._targets.add(wire.target)
        self._blocks = list(dict.fromkeys((*reversed(list(own.changed)), *self._blocks)))
        self._begin()
        self._work()
        return True

    def shows(self, ids: set[str]) -> bool:
        """Whether another thing is known of so many blocks that it is shown little by little; then that has begun."""
        if len(ids) <= MANY or len(self._items.layer.items) <= ALL_ROUTED:
            return False
        left = ids.union(self._known)
        self._known = [id for id in reversed(self._items.blocks) if id in left]
        self._begin()
        return True

    def lays(self, targets: set[PortRef]) -> bool:
        """Whether these are so many wires that they are laid little by little; then that has begun.

        Until then those that were never laid run straight.
        """
        if len(targets) <= ALL_ROUTED:
            return False
        self._items.layer.lay_plainly(targets)
        self._targets |= targets
        self._begin()
        return True

    def _begin(self) -> None:
        self._targets.update(self._wires)
        self._wires = []
        self._timer.start()

    def forget(self) -> None:
        """Everything is made anew."""
        self._timer.stop()
        self._blocks, self._known, self._wires = [], [], []
        self._targets = set()

    def finish(self) -> None:
        """Do at once what is left."""
        while self.is_busy:
            self._work(seconds=60.0)

    def _work(self, seconds: float = SLICE_S) -> None:
        end = time.perf_counter() + seconds
        self._move_some(end)
        if not self._blocks and not self._known and not self._wires:
            self._timer.stop()
            self.done.emit()

    def _move_some(self, end: float) -> None:
        self._move_blocks(end)
        self._show_blocks(end)
        if self._blocks or self._known:
            return
        layer = self._items.layer
        if (self._targets or self._wires) and len(layer.items) <= ALL_ROUTED:
            # Most were deleted meanwhile: so few are laid together, each beside all others.
            self._targets, self._wires = set(), []
            layer.lay(())
        if self._targets:
            grow(self._scene, self._items.index)
            self._wires = self._items.layer.in_order(self._targets)[::-1]
            self._targets = set()
        if self._wires:
            with lasting():
                self._lay_wires(end)

    def _lay_wires(self, end: float) -> None:
        layer, wires = self._items.layer, self._wires
        while wires and time.perf_counter() < end:
            target = wires.pop()
            if target in layer.items:
                layer.lay_one(target)
                # Made now, a few at a time, rather than all for the next picture of the whole.
                _ = layer.items[target].far_lines

    def _move_blocks(self, end: float) -> None:
        items, blocks, ids = self._items, self._items.body.blocks, self._blocks
        while ids and time.perf_counter() < end:
            id = ids.pop()
            item, block = items.blocks.get(id), blocks.get(id)
            if item is None or block is None:
                continue
            if not item.lifted:
                item.setPos(block.look.x, block.look.y)
            items.index.put(id, item.rectangle())
            self._targets |= items.layer.targets(id)

    def _show_blocks(self, end: float) -> None:
        while self._known and time.perf_counter() < end:
            some = self._known[-AT_ONCE:]
            del self._known[-AT_ONCE:]
            self._targets |= self._items.show_known(some)


def grow(scene: QGraphicsScene, index: BlockIndex) -> None:
    """Let the scene's rectangle hold all blocks and some room around them."""
    found = index.bounds()
    if found is None:
        return
    left, top, right, bottom = found
    margin = EXTENT / 8
    wanted = QRectF(left, top, right - left, bottom - top).adjusted(-margin, -margin, margin, margin)
    if not scene.sceneRect().contains(wanted):
        scene.setSceneRect(scene.sceneRect().united(wanted))
