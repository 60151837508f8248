"""Where pasted and duplicated blocks go: to the pointer or below their originals, clear of what stands there."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QRectF
from PySide6.QtGui import QCursor

from engine.graph.block_size import Drawn
from engine.graph.graph import Block
from graph_editor.free_place import BESIDE, free_corner, reveal
from graph_editor.scene import GraphScene
from graph_editor.view import GraphView

AROUND = 1200
"""How far from its place a clear one is looked for, in scene px."""
LARGEST = 4_000_000
"""A larger fragment, in square scene px, is not moved about until it fits, which would hold the window up."""
_ROOM = 300
"""No block reaches further from its corner, in scene px."""

Offset = tuple[int, int]


def paste_here(view: GraphView) -> None:
    """Paste at the pointer while that is over the canvas, else beside the originals, and show it."""
    viewport = view.viewport()
    at = None
    if viewport.rect().contains(viewport.mapFromGlobal(QCursor.pos())):
        place = view.mapToScene(view.pointer)
        at = (place.x(), place.y())
    if view.commands.paste(at):
        _show_picked(view)


def duplicate_here(view: GraphView) -> None:
    """Duplicate the selection below itself, and show it."""
    if view.commands.duplicate():
        _show_picked(view)


def area_of(scene: GraphScene, blocks: Collection[Block]) -> QRectF:
    """What blocks cover, about where they are not drawn in this scene; only those at the far edges are measured."""
    looks = [block.look for block in blocks]
    left, top = min(look.x for look in looks), min(look.y for look in looks)
    right, bottom = max(look.x for look in looks), max(look.y for look in looks)
    outer = [b for b in blocks if b.look.x > right - _ROOM or b.look.y > bottom - _ROOM]
    for block in outer:
        item = scene.blocks.get(block.id)
        if item is not None:
            width, height = item.geometry.width, item.geometry.height
        else:
            width, height = Drawn(block, scene.document.types.get(block.type), {}, None).size
        right, bottom = max(right, block.look.x + width), max(bottom, block.look.y + height)
    return QRectF(left, top, right - left, bottom - top)


def below(area: QRectF) -> Offset:
    """How far down it is to just below an area."""
    return 0, round(area.height()) + BESIDE


def clear_offset(scene: GraphScene, area: QRectF, offset: Offset) -> Offset:
    """The offset next to the wanted one at which an area is clear of blocks; of a large one below everything."""
    wanted = area.translated(*offset)
    if area.width() * area.height() > LARGEST:
        all = scene.bounds()
        return offset if not wanted.intersects(all) else (offset[0], round(all.bottom() - area.top()) + BESIDE)
    around = wanted.adjusted(-AROUND, -AROUND, AROUND, AROUND)
    scene.moves.make_near(around)
    x, y = free_corner(scene.index, wanted, around)
    return x - round(area.left()), y - round(area.top())


def _show_picked(view: GraphView) -> None:
    scene = view.graph_scene
    reveal(view, area_of(scene, [scene.body.blocks[id] for id in scene.picked_blocks]))
