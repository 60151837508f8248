"""The scene: one body of the document as items. It only listens; edits go through the document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from PySide6.QtCore import QObject, QRectF, Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QGraphicsScene

from engine.graph.analysis import Analysis
from engine.graph.difference import BodyChange, GraphChange
from engine.graph.graph import Graph, PortRef
from engine.graph.paths import BodyPath, body_at, scope_at
from engine.graph.problem import Problem, Refused
from engine.graph.scope import Scope
from graph_editor.annotations import Annotations
from graph_editor.block_geometry import PortPlace
from graph_editor.block_item import BlockItem
from graph_editor.canvas_look import CanvasLook
from graph_editor.document import Document
from graph_editor.scene_items import SceneItems
from graph_editor.scene_moves import EXTENT, MANY, SceneMoves, grow
from graph_editor.theme import Theme
from graph_editor.wire_item import WireItem
from graph_editor.wire_layer import ALL_ROUTED


class PortHit(NamedTuple):
    """A port under the pointer."""

    item: BlockItem
    place: PortPlace

    @property
    def ref(self) -> PortRef:
        """The port's name in the drawing."""
        return PortRef(block=self.item.id, port=self.place.id)


class GraphScene(QGraphicsScene):
    """The body at `path` of a document's drawing.

    `picked` comes when the selection changed, `entered` when another body is shown, `redrawn` when anything moved.
    """

    picked = Signal()
    entered = Signal()
    redrawn = Signal()

    def __init__(self, document: Document, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.path: BodyPath = ()
        self.known = Annotations(document)
        self._items = SceneItems(self, document, self.known, CanvasLook(theme))
        self.blocks = self._items.blocks
        self.index = self._items.index
        self.layer = self._items.layer
        self.wires = self.layer.items
        self.moves = SceneMoves(self, self._items)
        self.moves.done.connect(self.redrawn)
        self.picked_blocks: frozenset[str] = frozenset()
        self.picked_wires: frozenset[PortRef] = frozenset()
        self.focused: str | None = None
        self.setSceneRect(-EXTENT / 2, -EXTENT / 2, EXTENT, EXTENT)
        document.changed.connect(self._changed)
        self._rebuild()

    # What is shown.

    @property
    def look(self) -> CanvasLook:
        """What all items share: paints, level of detail and selection."""
        return self._items.look

    @property
    def analysis(self) -> Analysis:
        """What was last said about the drawing."""
        return self.known.analysis

    @property
    def body(self) -> Graph:
        """The drawing of this body."""
        return body_at(self.document.graph, self.path)

    @property
    def scope(self) -> Scope:
        """What edits of this body may ask."""
        return scope_at(self.document.graph, self.path, self.document.scope)

    def show_body(self, path: BodyPath) -> None:
        """Show another body; a path that is gone leads to the nearest that is left."""
        path = self._nearest(path)
        if path == self.path and self.blocks.keys() == self.body.blocks.keys():
            return
        self.path = path
        self._rebuild()
        self.entered.emit()

    def set_theme(self, theme: Theme) -> None:
        """Take another theme's paints; items ask for them when they are painted."""
        self.look.set_theme(theme)
        self.redrawn.emit()
        self.update()

    def set_analysis(self, analysis: Analysis) -> None:
        """Show shapes and problems as now known; of very many blocks little by little."""
        other = self.known.take(analysis)
        if other and not self.moves.shows(other):
            self._lay(self._items.show_known(other))

    def set_previews(self, previews: Mapping[str, QImage]) -> None:
        """Show pictures on blocks, by instance path."""
        before, self.known.previews = self.known.previews, previews
        # Of another drawing that was just opened, the settings are told before its blocks: the body may be gone.
        if self._nearest(self.path) == self.path:
            again = self._items.show_previews(before)
            if again is not None:
                self._lay(again)

    def set_loss_values(self, values: Mapping[str, tuple[str, tuple[float, ...]]]) -> None:
        """Show the value and the curve of losses, by instance path."""
        self.known.losses = values
        self._items.show_losses()

    def key(self, id: str) -> str:
        """The key of a block of this body in an Analysis."""
        return self.known.key(id)

    def problems_of(self, id: str) -> tuple[Problem, ...]:
        """The problems at a block of this body or inside it."""
        return self.known.problems(id)

    # The selection.

    def pick(self, blocks: Iterable[str] = (), wires: Iterable[PortRef] = ()) -> None:
        """Select these and nothing else; the keyboard's ring leaves a block that is not among them."""
        new_blocks, new_wires = self.blocks.among(blocks), self.wires.among(wires)
        if new_blocks == self.picked_blocks and new_wires == self.picked_wires:
            return
        self.picked_blocks, self.picked_wires = new_blocks, new_wires
        if self.focused not in new_blocks:
            self.focus_block(None)
        self._items.show_picked(new_blocks, new_wires)
        self.picked.emit()

    @property
    def picked_ids(self) -> tuple[str, ...]:
        """The ids of the selected blocks, sorted."""
        return _in_order(self.picked_blocks)

    def focus_block(self, id: str | None) -> None:
        """Draw the keyboard's ring around a block, or around none."""
        if self.focused is not None and self.focused in self.blocks:
            self.blocks[self.focused].set_state(focused=False)
        self.focused = id if id is not None and id in self.blocks else None
        if self.focused is not None:
            self.blocks[self.focused].set_state(focused=True)

    # What is where.

    def block_at(self, x: float, y: float) -> BlockItem | None:
        """The uppermost block at a place."""
        found = [self.blocks[id] for id in self.blocks_in(QRectF(x, y, 0, 0))]
        return max(found, key=lambda item: (item.zValue(), item.id), default=None)

    def port_at(self, x: float, y: float, reach: float) -> PortHit | None:
        """The nearest port within `reach`."""
        best: PortHit | None = None
        least = reach
        for id in self.blocks_in(QRectF(x - reach, y - reach, 2 * reach, 2 * reach)):
            item = self.blocks[id]
            place = item.nearest_port(x, y, least)
            if place is not None:
                least = ((item.x() + place.x - x) ** 2 + (item.y() + place.y - y) ** 2) ** 0.5
                best = PortHit(item, place)
        return best

    def wire_at(self, x: float, y: float, reach: float) -> WireItem | None:
        """The nearest wire within `reach`."""
        area = QRectF(x - reach, y - reach, 2 * reach, 2 * reach)
        near = [item for item in self.wires_in(area) if item.distance(x, y) <= reach]
        return min(near, key=lambda item: item.distance(x, y), default=None)

    def blocks_in(self, area: QRectF) -> list[str]:
        """The ids of the blocks that touch an area, sorted; what is not there yet is made."""
        self.moves.make_near(area)
        return self.index.within(area.left(), area.top(), area.right(), area.bottom())

    def wires_in(self, area: QRectF) -> list[WireItem]:
        """The wires whose rectangle touches an area."""
        found = self.items(area, Qt.ItemSelectionMode.IntersectsItemBoundingRect)
        wires = self.wires.made
        return [item for item in found if isinstance(item, WireItem) and wires.get(item.target) is item]

    def wires_of(self, id: str) -> list[WireItem]:
        """The wires at a block."""
        self.blocks.make(id)
        return self.layer.of(id)

    def bounds(self) -> QRectF:
        """The rectangle around all blocks and lanes; empty without any."""
        area = self.moves.bounds()
        if len(self.wires) <= ALL_ROUTED:
            for wire in self.wires.made.values():
                area = area.united(wire.route.path.boundingRect())
        return area

    # While a gesture runs.

    def drag(self, places: Mapping[str, tuple[float, float]]) -> None:
        """Show blocks elsewhere without an edit; `settle` ends it."""
        known = {id: place for id, place in places.items() if id in self.blocks}
        for id, (x, y) in known.items():
            item = self.blocks[id]
            item.setPos(x, y)
            self.index.put(id, item.rectangle())
        self.layer.follow(known)

    def settle(self) -> None:
        """Put every block where the document has it."""
        again: set[PortRef] = set()
        for id, block in self.body.blocks.items():
            item = self.blocks.made.get(id)
            if item is None:
                continue
            if item.lifted:
                item.set_state(lifted=False)
                again |= self.layer.targets(id)
            if (item.x(), item.y()) != (block.look.x, block.look.y):
                item.setPos(block.look.x, block.look.y)
                self.index.put(id, item.rectangle())
                again |= self.layer.targets(id)
        self._lay(again)

    def show_hand(self, states: Mapping[tuple[str, str, bool], str]) -> None:
        """Mark ports "accepts" or "impossible" while a wire is in the hand, by block, port and whether an input."""
        self._items.show_hand(states)

    # Listening.

    def _changed(self, change: GraphChange) -> None:
        path = self._nearest(self.path)
        if path != self.path:
            self.path = path
            self._rebuild()
            self.entered.emit()
            return
        own = change.bodies.get(self.path)
        root = change.bodies.get(())
        if own is None and (root is None or root.variables is None):
            return
        if own is not None and self.moves.takes(change, self.path):
            return
        if own is not None and self._is_another(own):
            self._rebuild()
            return
        again: set[PortRef] = set()
        if own is not None:
            again |= self._items.follow(own)
            self.moves.drops(self._items.taken())
            if self.blocks.left:
                self.moves.makes()
        if root is not None and root.variables is not None:
            again |= self._items.refresh(self.blocks.made)
        self._lay(again)
        self.moves.is_opening |= self.moves.is_making
        self._drop_picked()

    def _rebuild(self) -> None:
        self.moves.forget()
        self.known.read(self.path, self.analysis)
        self._items.start_over()
        self.moves.drops(self._items.taken())
        self.moves.makes()
        self._lay(None)
        self.moves.is_opening = self.moves.is_busy
        self._drop_picked()

    def _is_another(self, own: BodyChange) -> bool:
        """Whether little of the body stays as it was."""
        others = len(own.added) + len(own.removed)
        return others > max(MANY, len(self.body.blocks) - len(own.added))

    def _lay(self, targets: set[PortRef] | None) -> None:
        """Lay these wires, or all."""
        if not self.moves.lays(targets):
            self.layer.lay(self.wires if targets is None else targets)
        grow(self, self.moves.bounds())
        self.redrawn.emit()

    def _nearest(self, path: BodyPath) -> BodyPath:
        while path:
            try:
                body_at(self.document.graph, path)
            except Refused:
                path = path[:-1]
            else:
                break
        return path

    def _drop_picked(self) -> None:
        self.pick(self.picked_blocks, self.picked_wires)
        if self.focused is not None and self.focused not in self.blocks:
            self.focused = None


@lru_cache(maxsize=1)
def _in_order(ids: frozenset[str]) -> tuple[str, ...]:
    """Sorted once for all who ask: 5,000 take a millisecond."""
    return tuple(sorted(ids))
