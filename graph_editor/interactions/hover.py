"""What the pointer is over while no button is down."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF

from graph_editor.block_item import BlockItem
from graph_editor.canvas_look import OVERVIEW
from graph_editor.wire_item import WireItem

if TYPE_CHECKING:
    from graph_editor.view import GraphView

PORT_GRAB, WIRE_GRAB = 11.0, 7.0
"""How near the pointer must come, in px of the scene."""


class Hover:
    """Marks the block or wire of one view that the pointer is over; over a port the pointer is a cross."""

    def __init__(self, view: GraphView) -> None:
        self._view = view
        self._item: weakref.ref[BlockItem | WireItem] | None = None

    def move(self, place: QPointF) -> None:
        """The pointer is there, in px of the scene."""
        view, scene, x, y = self._view, self._view.graph_scene, place.x(), place.y()
        if scene.look.detail == OVERVIEW:
            self._mark(None)
            return
        block, port = scene.block_at(x, y), scene.port_at(x, y, PORT_GRAB)
        view.show_cursor(over_port=port is not None)
        alone = block is None and port is None
        self._mark(scene.wire_at(x, y, WIRE_GRAB / min(view.zoom, 1)) if alone else block)

    def leave(self) -> None:
        """The pointer is elsewhere, or has something else to do."""
        self._mark(None)

    def _mark(self, item: BlockItem | WireItem | None) -> None:
        before = self._item() if self._item is not None else None
        if item is before:
            return
        if before is not None and before.scene() is not None:
            before.set_state(hovered=False)
        if item is not None:
            item.set_state(hovered=True)
        self._item = weakref.ref(item) if item is not None else None
