"""The whole drawing in colours alone, drawn in bulk: what is shown below zoom 0.25, and the minimap's picture."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPixmap

from graph_editor.block_index import Rectangle
from graph_editor.canvas_look import CanvasLook
from graph_editor.scene import GraphScene
from graph_editor.scene_moves import USUAL
from graph_editor.theme import SIZE_SMALL


class Overview:
    """Rectangles by family and lines of one scene, kept until the scene says that it was redrawn."""

    def __init__(self, scene: GraphScene) -> None:
        self._scene = scene
        self._stale = True
        self._rectangles: dict[str, list[QRectF]] = {}
        self._placed: dict[str, tuple[Rectangle, QRectF]] = {}
        self._lines: list[QLineF] = []
        self._names: list[tuple[QPointF, str]] = []
        scene.redrawn.connect(self.forget)

    def forget(self) -> None:
        """Read the scene again before the next picture."""
        self._stale = True

    def pixmap(self, area: QRectF, scale: float, ratio: float, names: bool = True) -> QPixmap:
        """`area` of the scene as a picture with transparent ground, `scale` px for each scene px."""
        self._read()
        look = self._scene.look
        pixmap = QPixmap(max(1, round(area.width() * scale * ratio)), max(1, round(area.height() * scale * ratio)))
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.scale(scale * ratio, scale * ratio)
        painter.translate(-area.topLeft())
        pen = QPen(look.theme.color("wire"), 1)
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.drawLines(self._lines)
        painter.setPen(look.nothing)
        for family, rectangles in self._rectangles.items():
            painter.setBrush(look.family_brush(family))
            painter.drawRects(rectangles)
        if names and self._names:
            self._draw_names(painter, area, scale * ratio, ratio, look)
        painter.end()
        pixmap.setDevicePixelRatio(ratio)
        return pixmap

    def _draw_names(self, painter: QPainter, area: QRectF, scale: float, ratio: float, look: CanvasLook) -> None:
        painter.resetTransform()
        font = look.theme.font(SIZE_SMALL)
        font.setPixelSize(round(font.pixelSize() * ratio))
        painter.setFont(font)
        painter.setPen(look.secondary)
        for place, name in self._names:
            if area.contains(place):
                painter.drawText((place - area.topLeft()) * scale + QPointF(0, -3 * ratio), name)

    def _read(self) -> None:
        if not self._stale:
            return
        self._stale = False
        self._rectangles = {}
        self._names = []
        index = self._scene.index
        # Making and dropping 5,000 of Qt's rectangles takes 6 ms; after most edits nearly all stay.
        placed, self._placed = self._placed, {}
        for id, item in self._scene.blocks.made.items():
            rectangle = index.rectangle(id)
            one = placed.get(id)
            if one is None or one[0] != rectangle:
                left, top, right, bottom = rectangle
                one = (rectangle, QRectF(left, top, right - left, bottom - top))
            self._placed[id] = one
            self._rectangles.setdefault(item.family, []).append(one[1])
            if item.content.container:
                self._names.append((one[1].topLeft(), item.content.name))
        self._lines = []
        self._read_left()
        for wire in self._scene.wires.made.values():
            self._lines.extend(wire.far_lines)

    def _read_left(self) -> None:
        """Blocks whose items are still to be made, as large as blocks usually are."""
        blocks, types = self._scene.body.blocks, self._scene.document.types
        width, height = USUAL
        for id in self._scene.blocks.left:
            block = blocks[id]
            type = types.get(block.type)
            family = type.family if type is not None else "merge"
            self._rectangles.setdefault(family, []).append(QRectF(block.look.x, block.look.y, width, height))
