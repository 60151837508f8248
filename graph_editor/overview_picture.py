"""The overview as a view paints it: stretched while zoom and pan go on, drawn anew once they rest."""

from __future__ import annotations

from PySide6.QtCore import QObject, QRectF, QTimer
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QGraphicsView

from graph_editor.canvas_look import OVERVIEW, detail_at
from graph_editor.overview import Overview
from graph_editor.overview_drawing import OverviewDrawing
from graph_editor.scene import GraphScene

BORDER = 64
REST_MS = 80
EDGE = 2.0
"""How wide the edge of a selected block is, in px of the screen."""


class OverviewPicture(QObject):
    """What `view` shows of `scene` while zoomed far out: a picture twice its size."""

    def __init__(self, overview: Overview, scene: GraphScene, view: QGraphicsView) -> None:
        super().__init__(view)
        self._scene, self._view = scene, view
        self._drawing = OverviewDrawing(overview, self)
        self._drawing.drawn.connect(self._drawn)
        self._stale = True
        self._area = QRectF()
        self._pixmap: QPixmap | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._draw_and_show)

    def show_at(self, zoom: float) -> None:
        """Choose the level of detail at a zoom: with it the picture comes or goes."""
        self._scene.look.detail = self._detail_at(zoom)
        if self._scene.look.detail == OVERVIEW:
            self.redraw_at_rest()
        else:
            self.leave()

    def follow(self, zoom: float) -> None:
        """The body may be of another size now, which another level of detail suits."""
        if self._scene.look.detail != self._detail_at(zoom):
            self.show_at(zoom)
            self._view.viewport().update()

    def redraw_at_rest(self) -> None:
        """Draw it anew when nothing more came for 80 ms; till then what is there is stretched."""
        self._rest.start()

    def leave(self) -> None:
        """It is shown no more."""
        self._rest.stop()
        self._drawing.stop()

    def forget(self) -> None:
        """Draw it anew before it is shown again; of the same drawing the one before is shown until it is there."""
        self._stale = True
        if self._scene.moves.is_making:
            self._pixmap = None
        if self._scene.look.detail == OVERVIEW:
            self._view.viewport().update()

    def drop(self) -> None:
        """Another body is shown."""
        self._pixmap = None
        self.forget()

    def paint(self, painter: QPainter) -> None:
        """Show it, where anything of the drawing is in sight."""
        seen = self._visible().intersected(self._bounds())
        if seen.isEmpty():
            return
        if (self._stale or not self._area.intersects(seen)) and not self._drawing.is_busy:
            self._draw_and_show()
        if not self._area.contains(seen):
            self.redraw_at_rest()
        if self._pixmap is not None:
            painter.save()
            painter.setWorldMatrixEnabled(False)
            place = self._view.viewportTransform().mapRect(self._area)
            painter.drawPixmap(place, self._pixmap, QRectF(self._pixmap.rect()))
            painter.restore()

    def paint_picked(self, painter: QPainter, area: QRectF) -> None:
        """Draw the selected blocks in `area` of the scene over it, with an edge that stays 2 px."""
        scene, look = self._scene, self._scene.look
        half = EDGE / 2 / painter.worldTransform().m11()
        edges: list[QRectF] = []
        insides: dict[str, list[QRectF]] = {}
        west, north, east, south = area.left(), area.top(), area.right(), area.bottom()
        made, index = scene.blocks.made, scene.index
        for id in scene.picked_blocks & made.keys():
            left, top, right, bottom = index.rectangle(id)
            if left > east or right < west or top > south or bottom < north:
                continue
            width, height = right - left, bottom - top
            edges.append(QRectF(left - half, top - half, width + 2 * half, height + 2 * half))
            if height > 2 * half:
                inside = QRectF(left + half, top + half, width - 2 * half, height - 2 * half)
                insides.setdefault(made[id].family, []).append(inside)
        # Areas in bulk, on whole px as the picture: 5,000 edges drawn as smooth lines take 60 ms.
        smooth = painter.testRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(look.nothing)
        painter.setBrush(look.accent_fill)
        painter.drawRects(edges)
        for family, rectangles in insides.items():
            painter.setBrush(look.family_brush(family))
            painter.drawRects(rectangles)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, smooth)

    def _draw_and_show(self) -> None:
        """Draw what is visible and half as much again on each side, no more than there is."""
        visible = self._visible()
        margin_x, margin_y = visible.width() / 2, visible.height() / 2
        area = visible.adjusted(-margin_x, -margin_y, margin_x, margin_y).intersected(self._bounds())
        if not area.isEmpty():
            self._drawing.ask(area, self._view.transform().m11(), self._view.viewport().devicePixelRatioF())

    def _drawn(self, pixmap: QPixmap, area: QRectF) -> None:
        self._pixmap, self._area, self._stale = pixmap, area, False
        self._view.viewport().update()

    def _detail_at(self, zoom: float) -> int:
        return detail_at(zoom, len(self._scene.blocks))

    def _visible(self) -> QRectF:
        return self._view.mapToScene(self._view.viewport().rect()).boundingRect()

    def _bounds(self) -> QRectF:
        return self._scene.bounds().adjusted(-BORDER, -BORDER, BORDER, BORDER)
