"""Selecting by click and by a box pulled over the empty canvas."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from graph_editor.interactions.gesture import Gesture
from graph_editor.view import GraphView

ADDING = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier


def pick_block(view: GraphView, id: str, modifiers: Qt.KeyboardModifier) -> None:
    """A press on a block: alone, or with Shift or Ctrl added to or taken from the selection."""
    scene = view.graph_scene
    if modifiers & ADDING:
        scene.pick(scene.picked_blocks ^ {id}, scene.picked_wires)
    elif id not in scene.picked_blocks:
        scene.pick([id])


class BoxSelect(Gesture):
    """Everything that the box touches is selected; a click on nothing selects nothing."""

    def __init__(self, view: GraphView, at: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        super().__init__(view, at)
        adding = bool(modifiers & ADDING)
        self._kept_blocks = self.scene.picked_blocks if adding else frozenset()
        self._kept_wires = self.scene.picked_wires if adding else frozenset()
        self._pen = QPen(self.scene.look.theme.color("accent"), 1)
        self._pen.setCosmetic(True)
        self._fill = self.scene.look.theme.faded("accent", 0.1)

    @property
    def box(self) -> QRectF:
        """The box pulled so far."""
        return QRectF(self.start, self.at).normalized()

    def move(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        super().move(at, modifiers)
        if not self.far_enough():
            return
        box = self.box
        blocks = self.scene.blocks_in(box)
        inside = set(blocks)
        wires = [
            wire.target
            for wire in (self.scene.wires_in(box) if len(blocks) < 500 else ())
            if (wire.wire.source.block in inside and wire.target.block in inside)
            or all(box.contains(*point) for point in wire.route.points)
        ]
        self.scene.pick(self._kept_blocks | inside, self._kept_wires | set(wires))

    def release(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        if not self.far_enough():
            self.scene.pick(self._kept_blocks, self._kept_wires)

    def cancel(self) -> None:
        self.scene.pick(self._kept_blocks, self._kept_wires)

    def area(self) -> QRectF | None:
        return self.box

    def paint(self, painter: QPainter) -> None:
        if self.far_enough():
            painter.setPen(self._pen)
            painter.setBrush(self._fill)
            painter.drawRect(self.box)
