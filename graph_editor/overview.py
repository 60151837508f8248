"""The whole drawing in colours alone, drawn in bulk: what is shown below zoom 0.25, and the minimap's picture."""

from __future__ import annotations

from contextlib import nullcontext

from PySide6.QtCore import QLineF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QPainter, QPen, QPixmap, QTransform

from graph_editor.canvas_look import CanvasLook
from graph_editor.lasting import lasting
from graph_editor.scene import BULK, GraphScene
from graph_editor.theme import SIZE_SMALL

BORDER = 64


class Overview:
    """Rectangles by family and lines of one scene, kept until the scene says that it was redrawn."""

    def __init__(self, scene: GraphScene) -> None:
        self._scene = scene
        self._stale = True
        self._rectangles: dict[str, list[QRectF]] = {}
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
        if self._stale:
            self._stale = False
            with lasting() if len(self._scene.blocks) > BULK else nullcontext():
                self._read_items()

    def _read_items(self) -> None:
        self._rectangles = {}
        self._names = []
        index = self._scene.index
        for id, item in self._scene.blocks.items():
            left, top, right, bottom = index.rectangle(id)
            self._rectangles.setdefault(item.family, []).append(QRectF(left, top, right - left, bottom - top))
            if item.content.container:
                self._names.append((QPointF(left, top), item.content.name))
        self._lines = []
        for wire in self._scene.wires.values():
            self._lines.extend(wire.far_lines)


class OverviewPicture:
    """What the view shows while zoomed far out: twice its size, stretched until it is drawn anew."""

    def __init__(self, overview: Overview, scene: GraphScene) -> None:
        self._overview, self._scene = overview, scene
        self._area = QRectF()
        self._pixmap: QPixmap | None = None

    def forget(self) -> None:
        """Draw it anew before it is shown again."""
        self._pixmap = None

    def shows(self, visible: QRectF) -> bool:
        """Whether there is anything to show of `visible`."""
        return self._pixmap is not None and self._area.intersects(visible)

    def is_enough(self, visible: QRectF) -> bool:
        """Whether it holds all of `visible` that is drawn upon."""
        return self._area.contains(visible.intersected(self._bounds()))

    def draw(self, visible: QRectF, scale: float, ratio: float) -> None:
        """Draw `visible` and half as much again on each side, no more than there is."""
        margin_x, margin_y = visible.width() / 2, visible.height() / 2
        wanted = visible.adjusted(-margin_x, -margin_y, margin_x, margin_y).intersected(self._bounds())
        self._area = wanted if not wanted.isEmpty() else QRectF(visible.topLeft(), QSizeF(1, 1))
        self._pixmap = self._overview.pixmap(self._area, scale, ratio)

    def paint(self, painter: QPainter, transform: QTransform) -> None:
        """Show it; `transform` leads from the scene to px of the viewport."""
        if self._pixmap is not None:
            painter.drawPixmap(transform.mapRect(self._area), self._pixmap, QRectF(self._pixmap.rect()))

    def _bounds(self) -> QRectF:
        return self._scene.bounds().adjusted(-BORDER, -BORDER, BORDER, BORDER)
