"""Makes, moves and shows anew many blocks a little at a time: the window goes on between, all is right at the end."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator

from PySide6.QtCore import QObject, QRectF, QTimer, Signal
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene, QGraphicsView

from engine.graph.difference import GraphChange
from engine.graph.graph import PortRef
from engine.graph.paths import BodyPath
from graph_editor.canvas_look import OVERVIEW
from graph_editor.lasting import lasting
from graph_editor.scene_items import FEW, SceneItems
from graph_editor.theme import BLOCK_HEIGHT, BLOCK_MAX_WIDTH
from graph_editor.wire_layer import ALL_ROUTED

MANY = 200
"""Where an edit adds and removes more blocks than these, all are made anew."""
DEPTH = 13
"""Of the tree of a scene of very many items: parts of some 500 × 500 px."""
FEW_WIRES = 100
"""So many wires are laid at once: 4 ms."""
SLICE_S = 0.004
AT_ONCE = 8
"""So many blocks are shown anew, or items dropped, between two looks at the clock: 1 ms at most."""
EXTENT = 1 << 16
"""How wide and high a scene is at first, in px."""
WIDEST, TALLEST = BLOCK_MAX_WIDTH, 1024
"""How far a block that is still to be made may reach from its corner, in px: one with fifty ports is as high."""
USUAL = (160, BLOCK_HEIGHT)
"""How large one is taken to be until then."""


class SceneMoves(QObject):
    """What of one scene is still to be made, moved or shown as it is known by now: blocks first, then their wires.

    Each slice reads the drawing as it is then, so that edits in between need no care. `done` comes after the last, and
    before it `opened`, where items of another body were made.
    """

    began = Signal()
    done = Signal()
    opened = Signal()

    def __init__(self, scene: QGraphicsScene, items: SceneItems) -> None:
        super().__init__(scene)
        self._scene, self._items = scene, items
        self.is_opening = self._makes = self._begun = False
        self._seen: list[QRectF] = []
        self._bounds = QRectF()
        # Popped from the end; the first of the drawing come first.
        self._near: list[str] = []
        self._gone: list[QGraphicsItem] = []
        self._blocks: list[str] = []
        self._known: list[str] = []
        self._targets: set[PortRef] = set()
        self._wires: list[PortRef] = []
        # Laid last: they make way.
        self._labels: deque[PortRef] = deque()
        self._laying: Iterator[None] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._work)

    @property
    def is_busy(self) -> bool:
        """Whether something of the drawing is left to do."""
        return self._begun

    @property
    def is_making(self) -> bool:
        """Whether blocks are left to make."""
        return bool(self._items.blocks.left)

    @property
    def holds_picture(self) -> bool:
        """Whether the picture waits until all stands: a drawing of some hundred blocks comes in one."""
        return self.is_opening and len(self._items.blocks) <= MANY

    def makes(self) -> bool:
        """Whether so many blocks are to be made that it is done little by little; then that has begun."""
        blocks = self._items.blocks
        if len(blocks.left) <= FEW:
            blocks.make_all()
            return False
        looks = [block.look for block in self._items.body.blocks.values()]
        across, down = [look.x for look in looks], [look.y for look in looks]
        corner, last = (min(across), min(down)), (max(across) + USUAL[0], max(down) + USUAL[1])
        self._bounds = QRectF(*corner, last[0] - corner[0], last[1] - corner[1])
        # The scene's index would begin anew each time that there are twice as many.
        self._scene.setBspTreeDepth(DEPTH if len(looks) > MANY else 0)
        self._makes = True
        self._begin()
        return True

    def bounds(self) -> QRectF:
        """The rectangle around all blocks, as well as it is known before all are made; empty without any."""
        found = self._items.index.bounds()
        area = QRectF() if found is None else QRectF(found[0], found[1], found[2] - found[0], found[3] - found[1])
        return area.united(self._bounds) if self.is_making else area

    def drops(self, items: list[QGraphicsItem]) -> bool:
        """Whether these, of a body that is shown no more, are so many that they go little by little; else they went."""
        if len(items) <= 2 * FEW:
            for item in items:
                self._items.drop(item)
            return False
        self._gone += items
        self._timer.start()
        return True

    def make_near(self, area: QRectF) -> None:
        """Make the blocks that may touch an area, where some are still to be made."""
        if self.is_making:
            for id in self._left_in(area):
                self._items.blocks.make(id)

    def _left_in(self, area: QRectF) -> list[str]:
        left, top, right, bottom = area.left() - WIDEST, area.top() - TALLEST, area.right(), area.bottom()
        blocks = self._items.body.blocks
        return [
            id
            for id in self._items.blocks.left
            if left <= (look := blocks[id].look).x <= right and top <= look.y <= bottom
        ]

    def takes(self, change: GraphChange, path: BodyPath) -> bool:
        """Whether the change of the scene's body, which is at `path`, is but many moves; then they are on their way."""
        own = change.bodies[path]
        # A container whose body changed is painted anew.
        deepest = all(len(other) <= len(path) for other in change.bodies)
        if change.meaning or not deepest or len(own.changed) <= FEW:
            return False
        wires = self._items.layer.items
        for wire in own.wires_added:
            if wire.target in wires.left:
                wires.left[wire.target] = wire
            else:
                wires.made[wire.target].wire = wire
            self._targets.add(wire.target)
        self._blocks = list(dict.fromkeys((*reversed(list(own.changed)), *self._blocks)))
        self._begin()
        self._work()
        return True

    def shows(self, ids: set[str]) -> bool:
        """Whether another thing is known of so many blocks that it is shown little by little; then that has begun."""
        if len(ids) <= FEW:
            return False
        left = ids.union(self._known)
        self._known = [id for id in reversed(self._items.blocks.made) if id in left]
        self._begin()
        return True

    def lays(self, targets: set[PortRef]) -> bool:
        """Whether these are so many wires that they are laid little by little; then that has begun.

        Until then those that were never laid run straight.
        """
        layer = self._items.layer
        if len(layer.items) <= ALL_ROUTED:
            # Any edit lays all of them.
            if len(layer.items) <= FEW_WIRES and not self.is_busy:
                return False
            targets = set(layer.items)
        elif len(targets) <= FEW_WIRES and not self.is_making and self._laying is None:
            return False
        else:
            layer.lay_plainly(targets & layer.items.made.keys())
        self._targets |= targets
        self._begin()
        return True

    def _begin(self) -> None:
        self._targets.update(self._wires, self._labels)
        if self._laying is not None:
            self._targets.update(self._items.layer.items)
        self._wires, self._labels, self._laying = [], deque(), None
        self._timer.start()
        self._begun = True
        self.began.emit()

    def forget(self) -> None:
        """Everything is made anew."""
        self._blocks, self._known, self._near, self._seen = [], [], [], []
        self._wires, self._labels = [], deque()
        self._targets, self._laying = set(), None
        self.is_opening = self._makes = self._begun = False
        if not self._gone:
            self._timer.stop()

    def finish(self) -> None:
        """Do at once what is left."""
        while self.is_busy or self._gone:
            self._work(seconds=60.0)

    def _work(self, seconds: float = SLICE_S) -> None:
        end = time.perf_counter() + seconds
        self._move_some(end)
        wires = self._targets or self._wires or self._labels or self._laying is not None
        if self._makes or self._blocks or self._known or wires:
            return
        # What nobody sees any more goes last
        self._drop_items(end)
        if not self._gone:
            self._timer.stop()
        if not self._begun:
            return
        opening, self.is_opening, self._begun = self.is_opening, False, False
        if opening:
            self.opened.emit()
        self.done.emit()

    def _move_some(self, end: float) -> None:
        if self._makes:
            with lasting():
                self._make_blocks(end)
        self._move_blocks(end)
        self._show_blocks(end)
        if self._makes or self._blocks or self._known:
            return
        layer = self._items.layer
        if self._laying is None and (self._targets or self._wires) and len(layer.items) <= ALL_ROUTED:
            # So few are laid together, each beside all others.
            self._targets, self._wires, self._labels = set(), [], deque()
            self._laying = layer.laying()
        if self._laying is not None:
            for _ in self._laying:
                if time.perf_counter() >= end:
                    return
            self._laying = None
        if self._targets:
            grow(self._scene, self.bounds())
            # Those of the drawing are sorted; to sort 6,000 takes 20 ms.
            self._wires = [wire.target for wire in reversed(self._items.body.wires) if wire.target in self._targets]
            self._targets, self._labels = set(), deque()
        if self._wires or self._labels:
            with lasting():
                self._lay_wires(end)

    def _lay_wires(self, end: float) -> None:
        layer, wires, labels = self._items.layer, self._wires, self._labels
        while (wires or labels) and time.perf_counter() < end:
            values = bool(wires)
            target = wires.pop() if values else labels.popleft()
            if target not in layer.items:
                continue
            if values and layer.items[target].is_label:
                labels.append(target)
                continue
            layer.lay_one(target)
            # Made now, a few at a time, rather than all for the next picture of the whole.
            _ = layer.items[target].far_lines

    def _make_blocks(self, end: float) -> None:
        blocks = self._items.blocks
        if (seen := [_seen_by(view) for view in self._scene.views()]) != self._seen:
            self._seen = seen
            self._near = [id for area in seen for id in self._left_in(area)][::-1]
        while blocks.left and time.perf_counter() < end:
            if not self._near:
                self._near = list(blocks.left)[::-1]
            blocks.make(self._near.pop())
        if self._items.detail != OVERVIEW:
            # Else the scene's index takes in all of them at once, when the view paints; the overview asks it for none.
            self._scene.items(self._scene.sceneRect().topLeft())
        if not blocks.left:
            self._makes = False
            self._targets.update(self._items.layer.items)

    def _drop_items(self, end: float) -> None:
        gone = self._gone
        while gone and time.perf_counter() < end:
            for item in gone[-AT_ONCE:]:
                self._items.drop(item)
            del gone[-AT_ONCE:]

    def _move_blocks(self, end: float) -> None:
        items, blocks, ids = self._items, self._items.body.blocks, self._blocks
        while ids and time.perf_counter() < end:
            id = ids.pop()
            item, block = items.blocks.made.get(id), blocks.get(id)
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


def _seen_by(view: QGraphicsView) -> QRectF:
    return view.mapToScene(view.viewport().rect()).boundingRect()


def grow(scene: QGraphicsScene, bounds: QRectF) -> None:
    """Let the scene's rectangle hold all blocks, which `bounds` is around, and some room around them."""
    if bounds.isEmpty():
        return
    margin = EXTENT / 8
    wanted = bounds.adjusted(-margin, -margin, margin, margin)
    if not scene.sceneRect().contains(wanted):
        scene.setSceneRect(scene.sceneRect().united(wanted))
