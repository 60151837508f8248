"""Which gesture a press of the left button begins."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt

from graph_editor.canvas_look import OVERVIEW
from graph_editor.interactions.connect import Connect
from graph_editor.interactions.cut import Cut
from graph_editor.interactions.gesture import Gesture
from graph_editor.interactions.hover import PORT_GRAB, WIRE_GRAB
from graph_editor.interactions.move import Move
from graph_editor.interactions.select import ADDING, BoxSelect, pick_block
from graph_editor.scene import PortHit
from graph_editor.view import GraphView

SWEEP = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier


def gesture_at(view: GraphView, at: QPointF, modifiers: Qt.KeyboardModifier) -> Gesture | None:
    """The gesture for a press at `at`; badges and icons are clicked at once and begin none."""
    scene = view.graph_scene
    x, y = at.x(), at.y()
    if modifiers & SWEEP == SWEEP:
        return Cut(view, at)
    block = scene.block_at(x, y)
    if scene.look.detail != OVERVIEW:
        for id in scene.blocks_in(QRectF(x - 16, y - 16, 32, 32)):
            if scene.blocks[id].badge_hit(x, y):
                scene.pick([id])
                view.problem_wanted.emit(id)
                return None
        port = scene.port_at(x, y, PORT_GRAB)
        if port is not None:
            return _from_port(view, at, port)
        if block is not None and block.expand_hit(x, y):
            view.enter_wanted.emit(block.id)
            return None
    if block is not None:
        pick_block(view, block.id, modifiers)
        return Move(view, at, block, modifiers)
    wire = scene.wire_at(x, y, WIRE_GRAB / min(view.zoom, 1)) if scene.look.detail != OVERVIEW else None
    if wire is not None:
        adding = bool(modifiers & ADDING)
        wires = scene.picked_wires ^ {wire.target} if adding else {wire.target}
        scene.pick(scene.picked_blocks if adding else (), wires)
        return None
    return BoxSelect(view, at, modifiers)


def _from_port(view: GraphView, at: QPointF, port: PortHit) -> Connect:
    if port.place.is_input:
        wire = view.graph_scene.wires.get(port.ref)
        if wire is not None:
            return Connect(view, at, port, wire)
    return Connect(view, at, port)
