"""Walking over the drawing with the arrow keys: along wires, and between blocks at one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from graph_editor.scene import GraphScene
from graph_editor.theme import SNAP

if TYPE_CHECKING:
    from graph_editor.view import GraphView

_STEPS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


def walk(view: GraphView, key: int, modifiers: Qt.KeyboardModifier) -> None:
    """Select the next block; with Ctrl move the selected ones by one grid step instead."""
    scene = view.graph_scene
    across, down = _STEPS[Qt.Key(key)]
    if modifiers & Qt.KeyboardModifier.ControlModifier:
        body = scene.body
        places = {
            id: (body.blocks[id].look.x + across * SNAP, body.blocks[id].look.y + down * SNAP)
            for id in sorted(scene.picked_blocks)
        }
        if places:
            view.commands.move(places)
        return
    start = scene.focused if scene.focused in scene.picked_blocks else min(scene.picked_blocks, default=None)
    found = next_block(scene, start, across, down)
    if found is None:
        return
    scene.pick([found])
    scene.focus_block(found)
    item = scene.blocks[found]
    if not view.visible_area().contains(item.sceneBoundingRect()):
        view.ensureVisible(item.sceneBoundingRect(), 48, 48)


def next_block(scene: GraphScene, start: str | None, across: int, down: int) -> str | None:
    """The block reached from `start`: along a wire left or right, else the nearest that way; the first without one."""
    blocks = scene.body.blocks
    if start is None:
        return min(blocks, key=lambda id: (blocks[id].look.x, blocks[id].look.y, id), default=None)
    if across:
        ends = []
        for wire in scene.wires_of(start):
            source, target = wire.wire.source.block, wire.target.block
            if (across > 0 and source == start) or (across < 0 and target == start):
                ends.append(target if across > 0 else source)
        if ends:
            return min(ends, key=lambda id: (abs(blocks[id].look.y - blocks[start].look.y), id))
    here = blocks[start].look
    best, least = None, math.inf
    for id, block in blocks.items():
        there = block.look
        ahead = (there.x - here.x) * across + (there.y - here.y) * down
        aside = abs((there.x - here.x) * down) + abs((there.y - here.y) * across)
        if id != start and ahead > 0 and ahead + 2 * aside < least:
            best, least = id, ahead + 2 * aside
    return best
