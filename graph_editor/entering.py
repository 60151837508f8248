"""What of a body stands in the middle when it is entered: the block that was left, else where it begins."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF

from graph_editor.scene import GraphScene
from graph_editor.theme import DETAIL_FULL_ZOOM

READABLE = DETAIL_FULL_ZOOM
"""A body is entered at this zoom or a larger one: all of a block's texts are drawn from there on."""


def focus_of(scene: GraphScene, left: str | None) -> QPointF:
    """The middle of the block `left`; without it of the first Entry, in a body without one of the leftmost block."""
    ids = [left] if left in scene.blocks else sorted(scene.blocks, key=lambda id: _place(scene, id))
    return scene.blocks[ids[0]].sceneBoundingRect().center() if ids and ids[0] is not None else QPointF()


def _place(scene: GraphScene, id: str) -> tuple[bool, float, float, str]:
    item = scene.blocks[id]
    return scene.body.blocks[id].type != "entry", item.x(), item.y(), id


def middle_of(area: QRectF, room: tuple[float, float], focus: QPointF) -> QPointF:
    """What of the scene to show in the middle, so that a view of `room` px of the scene has `focus` near its middle.

    All of `area` where it fits; else no more empty space beyond its edges than must be.
    """

    def along(low: float, high: float, wide: float, wanted: float) -> float:
        if high - low <= wide:
            return (low + high) / 2
        return min(max(wanted, low + wide / 2), high - wide / 2)

    x = along(area.left(), area.right(), room[0], focus.x())
    return QPointF(x, along(area.top(), area.bottom(), room[1], focus.y()))
