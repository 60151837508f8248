"""The items of the body that a scene shows: they follow the drawing and what is known about it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from copy import copy

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QGraphicsScene

from engine.graph.difference import BodyChange
from engine.graph.graph import Block, Graph, PortRef, Wire
from engine.graph.paths import body_at, scope_at
from engine.graph.values import Value
from graph_editor.annotations import Annotations
from graph_editor.block_content import content_of, miniature_of, used_ports
from graph_editor.block_icon import block_icon
from graph_editor.block_index import BlockIndex
from graph_editor.block_item import BlockItem
from graph_editor.block_ports import PortState
from graph_editor.canvas_look import GONE, CanvasLook
from graph_editor.coming_items import ComingItems, Item, Key
from graph_editor.document import Document
from graph_editor.theme import DETAIL_NAME_SIZE
from graph_editor.twins import mark_twins
from graph_editor.wire_item import WireItem
from graph_editor.wire_layer import WireLayer

CanvasItem = BlockItem | WireItem

FEW = 48
"""So many blocks are made, moved or shown anew at once, with their wires: some 5 ms."""

MOST_RAISED = 200
"""So many selected blocks, and wires, at most lie above the others: each that does is told, 5 µs."""


def _raised(picked: frozenset[Key]) -> frozenset[Key]:
    return picked if len(picked) <= MOST_RAISED else frozenset()


def _raise(items: Mapping[Key, CanvasItem], before: frozenset[Key], picked: frozenset[Key]) -> None:
    """Have those that are selected lie above the others, where they are not too many, and no longer those before."""
    above = _raised(picked)
    for key in items.keys() & (_raised(before) ^ above):
        items[key].set_raised(key in above)


def _of(items: Mapping[Key, Item], keys: frozenset[Key]) -> list[Item]:
    """Those of `keys` that are there."""
    return [items[key] for key in items.keys() & keys]


class SceneItems:
    """Blocks and wires of the body that `known` speaks of.

    What may move a port returns the inputs whose wires are to be laid anew. An item that is still to be made takes part
    in nothing: it is made from what the drawing and what is known are by then.
    """

    def __init__(self, scene: QGraphicsScene, document: Document, known: Annotations, look: CanvasLook) -> None:
        self._scene, self._document, self._known, self.look = scene, document, known, look
        self.blocks: ComingItems[str, None, BlockItem] = ComingItems(self._make_block)
        self.index = BlockIndex()
        self.layer = WireLayer(self.index, self.blocks, self._make_wire)
        self._left_at: defaultdict[str, list[PortRef]] = defaultdict(list)
        self._twins: dict[str, int] = {}
        self._hand: Mapping[tuple[str, str, bool], str] = {}
        self._gone: list[CanvasItem] = []

    def start_over(self) -> None:
        """Let go of all items; those of the body are to be made."""
        self._gone += self.blocks.made.values()
        self._gone += self.layer.items.made.values()
        self.blocks.clear()
        self.layer.clear()
        self.index.clear()
        self._hand = {}
        body = self.body
        self.blocks.left.update(dict.fromkeys(body.blocks))
        self._left_at = defaultdict(list)
        self._note_left(body.wires)
        self._twins = mark_twins(body, {}, {})

    def taken(self) -> list[CanvasItem]:
        """The items that the drawing has no more since this was last asked; they are to be dropped."""
        gone, self._gone = self._gone, []
        return gone

    def hide(self, items: Iterable[CanvasItem]) -> None:
        """Have items that the drawing has no more paint nothing until they are dropped."""
        gone = copy(self.look)
        if self.blocks.made:
            for item in items:
                item.leave(gone)
        else:
            # All that were there go: those to come get the other look. To tell 11,000 takes 4 ms.
            gone, self.look = self.look, gone
        gone.detail = GONE

    def _make_block(self, id: str) -> None:
        """Make a block and the wires at it."""
        block = self.body.blocks[id]
        del self.blocks.left[id]
        left = self.layer.items.left
        for target in self._left_at.pop(id, ()):
            if target in left:
                # All run straight at first. One that runs nowhere would have the scene's origin painted again.
                self._add_wire(left.pop(target), shown=False)
        self._add_block(block)
        # A wire that came with its other block may tell what was known then.
        self.show_known((id,))
        for wire in self.layer.lay_plainly(self.layer.targets(id)):
            if wire.scene() is None:
                self._scene.addItem(wire)

    def _note_left(self, wires: Iterable[Wire]) -> None:
        """These are to be made as soon as a block at them is."""
        left, at = self.layer.items.left, self._left_at
        for wire in wires:
            target = wire.target
            left[target] = wire
            at[wire.source.block].append(target)
            at[target.block].append(target)

    def _make_wire(self, target: PortRef) -> None:
        """Make a wire and the blocks that it joins."""
        source = self.layer.items.left[target].source.block
        for id in (source, target.block):
            self.blocks.make(id)

    def follow(self, change: BodyChange) -> set[PortRef]:
        """Make, drop and refresh what the change of the body touches."""
        touched = {*change.changed, *change.added}
        for target in change.wires_removed:
            touched |= self._remove_wire(target)
        for id in change.removed:
            self._remove_block(id)
        left = self.blocks.left
        if len(change.added) > FEW:
            left.update(dict.fromkeys(change.added))
        else:
            for block in change.added.values():
                self._add_block(block)
        for wire in change.wires_added:
            touched |= self._remove_wire(wire.target) | {wire.source.block, wire.target.block}
            if wire.source.block in left and wire.target.block in left:
                self._note_left((wire,))
            else:
                self._add_wire(wire)
        moved = self.refresh(touched)
        self._twins = mark_twins(self.body, self.blocks.made, self._twins)
        return moved | {wire.target for wire in change.wires_added}

    def refresh(self, ids: Iterable[str]) -> set[PortRef]:
        """Show blocks as the drawing and what is known have them."""
        graph, path, blocks = self._document.graph, self._known.path, self.body.blocks
        variables = scope_at(graph, path, self._document.scope).variables
        moved: set[PortRef] = set()
        for id in ids:
            item = self.blocks.made.get(id)
            if item is not None and self._refresh(item, blocks[id], variables):
                moved |= self.layer.targets(id)
        return moved

    def show_known(self, ids: Iterable[str]) -> set[PortRef]:
        """Show the shapes and problems that are known by now of some blocks, and what their wires carry."""
        stale = self.blocks.made.keys() & ids
        moved: set[PortRef] = set()
        for id in tuple(stale):
            for wire in self.layer.of(id):
                spec = self._known.spec(wire.wire.source)
                if spec != wire.spec:
                    stale.add(wire.target.block)
                    if wire.set_spec(spec):
                        moved.add(wire.target)
        return moved | self.refresh(stale)

    def show_previews(self, before: Mapping[str, QImage]) -> set[PortRef] | None:
        """Show the pictures that are known by now in place of those `before`; None where all blocks stay as large."""
        start, now, blocks = self._known.key(""), self._known.previews, self.body.blocks
        resized: set[str] = set()
        for key in before.keys() | now.keys():
            id = key.removeprefix(start)
            if key.startswith(start) and id in self.blocks.made and id in blocks:
                old, new = before.get(key), now.get(key)
                if (old is None) != (new is None):
                    resized.add(id)
                else:
                    self.blocks.made[id].set_preview(new)
        return self.refresh(resized) if resized else None

    def show_losses(self) -> None:
        """Show the values and curves of losses that are known by now."""
        blocks = self.body.blocks
        for id, item in self.blocks.made.items():
            if self._is_loss(blocks[id]):
                item.set_loss(self._known.loss(id))

    def show_hand(self, states: Mapping[tuple[str, str, bool], str]) -> None:
        """Mark ports "accepts" or "impossible", by block, port and whether an input; the others are marked no more."""
        marked = {id for id, _, _ in (*self._hand, *states)}
        self._hand = dict(states)
        for id in self.blocks.made.keys() & marked:
            self._refresh_ports(self.blocks.made[id])

    def show_picked(self, blocks: frozenset[str], wires: frozenset[PortRef]) -> None:
        """Have these look selected, also those that are still to be made or made anew, and no others."""
        look = self.look
        before = look.picked_blocks, look.picked_wires
        look.picked_blocks, look.picked_wires = blocks, wires
        other = before[0] ^ blocks, before[1] ^ wires
        many = len(other[0]) + len(other[1]) > MOST_RAISED
        _raise(self.blocks.made, before[0], blocks)
        _raise(self.layer.items.made, before[1], wires)
        if many:
            # Items ask when they are painted: to tell 11,000 that they are takes 70 ms.
            self._scene.update()
            return
        for item in (*_of(self.blocks.made, other[0]), *_of(self.layer.items.made, other[1])):
            item.update()

    @property
    def detail(self) -> int:
        """The level of detail that is shown."""
        return self.look.detail

    @property
    def body(self) -> Graph:
        """The drawing of the body."""
        return body_at(self._document.graph, self._known.path)

    def _add_block(self, block: Block) -> None:
        item = BlockItem(block.id, self.look)
        item.setPos(block.look.x, block.look.y)
        item.twin = self._twins.get(block.id)
        if block.id in _raised(self.look.picked_blocks):
            item.set_raised(True)
        self.blocks.made[block.id] = item
        self._scene.addItem(item)

    def _remove_block(self, id: str) -> None:
        self.index.remove(id)
        item = self.blocks.made.pop(id, None)
        if item is not None:
            self._gone.append(item)
        self.blocks.left.pop(id, None)
        self._left_at.pop(id, None)

    def _add_wire(self, wire: Wire, shown: bool = True) -> None:
        item = WireItem(wire, self.look, self._known.spec(wire.source))
        if wire.target in _raised(self.look.picked_wires):
            item.set_raised(True)
        self.layer.put(item)
        if shown:
            self._scene.addItem(item)

    def drop(self, item: CanvasItem) -> None:
        """Take an item out of the scene."""
        if item.scene() is not None:
            self._scene.removeItem(item)

    def _remove_wire(self, target: PortRef) -> set[str]:
        """The blocks that the wire into `target` touched; none where there was no wire."""
        self.layer.items.left.pop(target, None)
        item = self.layer.take(target)
        if item is None:
            return set()
        self._gone.append(item)
        return {item.wire.source.block, target.block}

    def _refresh(self, item: BlockItem, block: Block, variables: Mapping[str, Value]) -> bool:
        """Whether a port moved."""
        id, types = block.id, self._document.types
        type = types.get(block.type)
        touching = self.layer.of(id)
        inputs = {wire.target.port: wire.spec for wire in touching if wire.target.block == id and wire.spec is not None}
        used = used_ports(id, [wire.wire for wire in touching])
        preview = self._known.preview(id)
        content = content_of(block, type, variables, inputs, used, preview is not None)
        family = type.family if type is not None else "merge"
        moved = item.set_content(content, family, block_icon(type), block_icon(type, DETAIL_NAME_SIZE), block.bypassed)
        item.set_preview(preview)
        # The item may have stood for a container of another drawing.
        item.set_miniature(None if block.body is None else miniature_of(block.body, type, types))
        item.set_loss(self._known.loss(id) if self._is_loss(block) else None)
        # A block that is being dragged stays in the hand whatever else becomes known of it.
        if not item.lifted and (item.x(), item.y()) != (block.look.x, block.look.y):
            item.setPos(block.look.x, block.look.y)
            moved = True
        item.set_severity(self._known.severity(id))
        self._refresh_ports(item)
        self.index.put(id, item.rectangle())
        return moved

    def _refresh_ports(self, item: BlockItem) -> None:
        id = item.id
        faulty = self._known.faulty_ports(id)
        wired = {
            (end.port, end is wire.target): wire.spec
            for wire in self.layer.of(id)
            for end in (wire.wire.source, wire.target)
            if end.block == id
        }
        states = {}
        for place in item.geometry.ports:
            end = (place.id, place.is_input)
            spec = wired.get(end) if place.is_input else self._known.spec(PortRef(block=id, port=place.id))
            states[end] = PortState(
                wired=end in wired,
                label=spec is not None and spec.is_label,
                faulty=place.is_input and place.id in faulty,
                hand=self._hand.get((id, *end), ""),
            )
        item.set_port_states(states)

    def _is_loss(self, block: Block) -> bool:
        type = self._document.types.get(block.type)
        return type is not None and type.role == "loss"
