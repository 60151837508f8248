"""A block from the palette that hangs at the pointer until it is dropped."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from engine.graph.block_type import Ports
from graph_editor.block_content import content_of
from graph_editor.block_icon import block_icon
from graph_editor.block_item import BlockItem
from graph_editor.interactions.gesture import Gesture
from graph_editor.interactions.insertion_mark import InsertionMark
from graph_editor.view import GraphView


class Ghost(Gesture):
    """Half transparent with a dashed edge; over a wire that wire lights up, and the drop puts the block into it."""

    def __init__(self, view: GraphView, at: QPointF, type_id: str, item: BlockItem) -> None:
        super().__init__(view, at)
        self._type_id = type_id
        self._item = item
        self._inside = False
        self._mark = InsertionMark()

    def move(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        super().move(at, modifiers)
        self._inside = self.view.viewport().rect().contains(self.view.pointer)
        content = self._item.content
        wired = self._inside and bool(content.inputs) and bool(content.outputs)
        self._mark.put(self.scene.wire_at(at.x(), at.y(), 12) if wired else None)
        self.view.paint_gesture()

    def release(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        self.move(at, modifiers)
        self._mark.put(None)
        if self._inside:
            self.commands.add(self._type_id, {}, at.x(), at.y())
            self.view.setFocus()

    def cancel(self) -> None:
        self._mark.put(None)
        self.view.viewport().update()

    def area(self) -> QRectF | None:
        width, height = self._item.geometry.width, self._item.geometry.height
        return QRectF(self.at.x() - width / 2, self.at.y() - 24, width, height)

    def paint(self, painter: QPainter) -> None:
        if not self._inside:
            return
        painter.save()
        painter.setOpacity(0.5)
        painter.translate(self.at.x() - self._item.geometry.width / 2, self.at.y() - 24)
        self._item.paint_full(painter)
        painter.restore()


def ghost_of(view: GraphView, type_id: str) -> Ghost:
    """A new block of this type, hanging at the pointer."""
    scene = view.graph_scene
    type = scene.document.types[type_id]
    block = view.commands.new_block(type_id, {}, 0, 0)
    content = content_of(block, type, scene.document.graph.variables, {}, Ports(), False)
    item = BlockItem("", scene.look)
    item.ghost = True
    item.set_content(content, type.family, block_icon(type), block_icon(type, 22), False)
    return Ghost(view, QPointF(), type_id, item)
