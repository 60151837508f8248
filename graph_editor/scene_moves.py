"""Makes, moves and shows anew many blocks a little at a time: the window goes on between, all is right at the end."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, QRectF, QTimer, Signal
from PySide6.QtWidgets import QGraphicsScene

from engine.graph.difference import GraphChange
from engine.graph.graph import PortRef
from engine.graph.paths import BodyPath
from graph_editor.canvas_look import OVERVIEW
from graph_editor.lasting import lasting
from graph_editor.scene_items import FEW, CanvasItem, SceneItems
from graph_editor.scene_jobs import AT_ONCE, Job, Laying, Making, Moving, Showing
from graph_editor.theme import BLOCK_HEIGHT
from graph_editor.wire_layer import ALL_ROUTED

MANY = 200
"""A drawing of more blocks than these is shown while it is made. Where an edit adds and removes more, and more than
stay, all are made anew."""
DEPTH = 13
"""Of the tree of a scene of very many items: parts of some 500 × 500 px."""
FEW_WIRES = 100
"""So many wires are laid at once: 4 ms."""
SLICE_S = 0.004
DROPPING_S = 0.002
"""Of a slice for items that nobody sees any more."""
EXTENT = 1 << 16
"""How wide and high a scene is at first, in px."""
USUAL = (160, BLOCK_HEIGHT)
"""How large a block that is still to be made is taken to be."""
_NO_MORE = object()


class SceneMoves(QObject):
    """What of one scene is still to be done: jobs, in this order, a slice of time at each turn of the event loop.

    `done` comes after the last, and before it `opened`, where items of another body were made. What the drawing has no
    more is dropped after that: nobody sees it.
    """

    began = Signal()
    done = Signal()
    opened = Signal()

    def __init__(self, scene: QGraphicsScene, items: SceneItems) -> None:
        super().__init__(scene)
        self._scene, self._items = scene, items
        self.is_opening = self._begun = False
        self._bounds = QRectF()
        self._gone: list[CanvasItem] = []
        self._laying = Laying(items)
        self._moving = Moving(items, self._laying)
        self._showing = Showing(items, self._laying)
        self._making = Making(scene, items)
        self._jobs: tuple[Job, ...] = (self._making, self._moving, self._showing, self._laying)
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
        return bool(self._making)

    @property
    def holds_picture(self) -> bool:
        """Whether the picture waits until all stands: a drawing of some hundred blocks comes in one."""
        return self.is_opening and len(self._items.blocks) <= MANY

    def bounds(self) -> QRectF:
        """The rectangle around all blocks, as well as it is known before all are made; empty without any."""
        found = self._items.index.bounds()
        area = QRectF() if found is None else QRectF(found[0], found[1], found[2] - found[0], found[3] - found[1])
        return area.united(self._bounds) if self.is_making else area

    # What is to be done; true where it is so much that it is done little by little, and has begun.

    def makes(self) -> bool:
        """Make the blocks that are left to make."""
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
        self._begin()
        return True

    def make_near(self, area: QRectF) -> None:
        """Make the blocks that may touch an area, where some are still to be made."""
        if self.is_making:
            for id in self._making.left_in(area):
                self._items.blocks.make(id)

    def takes(self, change: GraphChange, path: BodyPath) -> bool:
        """Follow a change of the scene's body, which is at `path`, if it is but many moves."""
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
        self._laying.add({wire.target for wire in own.wires_added})
        self._moving.add_first(list(own.changed))
        self._begin()
        self._work()
        return True

    def shows(self, ids: set[str]) -> bool:
        """Show blocks of which another thing is known."""
        if len(ids) <= FEW:
            return False
        self._showing.add(ids)
        self._begin()
        return True

    def lays(self, targets: set[PortRef] | None) -> bool:
        """Lay these wires, all without any told; until then those that were never laid run straight."""
        layer = self._items.layer
        together = len(layer.items) <= ALL_ROUTED
        if together or targets is None:
            # Where there are so few, any edit lays all of them.
            if len(layer.items) <= FEW_WIRES and not self.is_busy:
                return False
            self._laying.add_all()
        elif not targets or (len(targets) <= FEW_WIRES and not self.is_busy):
            return False
        else:
            layer.lay_plainly(targets & layer.items.made.keys())
            self._laying.add(targets)
        self._begin()
        return True

    def drops(self, items: list[CanvasItem]) -> bool:
        """Let go of items that the drawing has no more; until they are dropped nobody sees them."""
        if len(items) <= 2 * FEW:
            for item in items:
                self._items.drop(item)
            return False
        self._items.hide(items)
        self._scene.update()
        self._gone += items
        self._timer.start()
        return True

    def forget(self) -> None:
        """Everything is made anew."""
        for job in self._jobs:
            job.clear()
        self.is_opening = self._begun = False
        if not self._gone:
            self._timer.stop()

    def finish(self) -> None:
        """Do at once what is left."""
        while self.is_busy or self._gone:
            self._work(seconds=60.0)

    def _begin(self) -> None:
        self._laying.begin_again()
        self._timer.start()
        self._begun = True
        self.began.emit()

    def _work(self, seconds: float = SLICE_S) -> None:
        end = time.perf_counter() + seconds
        making = self.is_making
        with lasting():
            self._do_some(end)
        if making and self._items.detail != OVERVIEW:
            # Else the scene's index takes in all of them at once, when the view paints; the overview asks it for none.
            self._scene.items(self._scene.sceneRect().topLeft())
        if any(self._jobs):
            return
        self._drop_some(min(end, time.perf_counter() + DROPPING_S))
        if not self._gone:
            self._timer.stop()
        if not self._begun:
            return
        opening, self.is_opening, self._begun = self.is_opening, False, False
        if opening:
            self.opened.emit()
        self.done.emit()

    def _do_some(self, end: float) -> None:
        for job in self._jobs:
            if not job:
                continue
            if job is self._laying:
                grow(self._scene, self.bounds())
            pieces = job.pieces()
            while time.perf_counter() < end:
                if next(pieces, _NO_MORE) is _NO_MORE:
                    break
            else:
                return

    def _drop_some(self, end: float) -> None:
        gone = self._gone
        while gone and time.perf_counter() < end:
            for item in gone[-AT_ONCE:]:
                self._items.drop(item)
            del gone[-AT_ONCE:]


def grow(scene: QGraphicsScene, bounds: QRectF) -> None:
    """Let the scene's rectangle hold all blocks, which `bounds` is around, and some room around them."""
    if bounds.isEmpty():
        return
    margin = EXTENT / 8
    wanted = bounds.adjusted(-margin, -margin, margin, margin)
    if not scene.sceneRect().contains(wanted):
        scene.setSceneRect(scene.sceneRect().united(wanted))
