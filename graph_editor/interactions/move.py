"""Moving the selected blocks, on the 8-px grid; on a wire a lone block goes into it, with Alt copies move."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from engine.graph.difference import GraphChange
from graph_editor.block_geometry import snapped
from graph_editor.block_item import BlockItem
from graph_editor.interactions.gesture import Gesture
from graph_editor.interactions.insertion_mark import InsertionMark
from graph_editor.view import GraphView

LIFTED_AT_MOST = 200
ON_WIRE = 16


class Move(Gesture):
    """The grabbed block lands on the grid; the others keep their places beside it."""

    def __init__(self, view: GraphView, at: QPointF, grabbed: BlockItem, modifiers: Qt.KeyboardModifier) -> None:
        super().__init__(view, at)
        self._grabbed = grabbed
        self._copies = bool(modifiers & Qt.KeyboardModifier.AltModifier)
        self._single = not modifiers & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier)
        # Not where the items are: they may be on their way there.
        looks = {id: self.scene.body.blocks[id].look for id in self.scene.picked_blocks}
        self._from = {id: (float(look.x), float(look.y)) for id, look in looks.items()}
        self._offset = (0.0, 0.0)
        self._moving = False
        self._mark = InsertionMark()

    def move(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        super().move(at, modifiers)
        if not self._moving:
            if not self.far_enough() or self._grabbed.id not in self._from:
                return
            self._moving = True
            self._copies = self._copies or bool(modifiers & Qt.KeyboardModifier.AltModifier)
            if not self._copies and len(self._from) <= LIFTED_AT_MOST:
                for id in self._from:
                    self.scene.blocks[id].set_state(lifted=True)
        x, y = self._from[self._grabbed.id]
        delta = at - self.start
        self._offset = (snapped(x + delta.x()) - x, snapped(y + delta.y()) - y)
        if self._copies:
            return
        self.scene.drag({id: (px + self._offset[0], py + self._offset[1]) for id, (px, py) in self._from.items()})
        self._look_for_wire()

    def release(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        wire = self._mark.wire
        self._mark.put(None)
        if not self._moving:
            if self._single and len(self.scene.picked_blocks) > 1 and self._grabbed.id in self.scene.picked_blocks:
                self.scene.pick([self._grabbed.id])
            return
        if self._offset == (0.0, 0.0):
            self.scene.settle()
            return
        step = (round(self._offset[0]), round(self._offset[1]))
        if self._copies:
            self.commands.duplicate(step)
            return
        places = {id: (round(x) + step[0], round(y) + step[1]) for id, (x, y) in self._from.items()}
        if wire is not None:
            self.commands.put_on_wire(places, self._grabbed.id, wire.target)
        else:
            self.commands.move(places)
        self.scene.settle()

    def cancel(self) -> None:
        self._mark.put(None)
        self.scene.settle()
        self.view.viewport().update()

    def outlives(self, change: GraphChange) -> bool:
        return all(id in self.scene.blocks for id in self._from)

    def area(self) -> QRectF | None:
        if not (self._copies and self._moving):
            return None
        area = QRectF()
        for id in self._from:
            area = area.united(self.scene.blocks[id].sceneBoundingRect())
        return area.translated(*self._offset)

    def paint(self, painter: QPainter) -> None:
        if not (self._copies and self._moving):
            return
        painter.setOpacity(0.6)
        for id, (x, y) in self._from.items():
            painter.save()
            painter.translate(x + self._offset[0], y + self._offset[1])
            self.scene.blocks[id].paint_full(painter)
            painter.restore()
        painter.setOpacity(1)

    def _look_for_wire(self) -> None:
        item = self._grabbed
        if len(self._from) != 1 or self.scene.wires_of(item.id):
            return
        ports = item.content
        if not ports.inputs or not ports.outputs:
            return
        left, top, right, _ = item.rectangle()
        self._mark.put(self.scene.wire_at((left + right) / 2, top + 24, ON_WIRE))
