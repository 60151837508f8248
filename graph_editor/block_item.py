"""One block on the canvas: a plain item that paints itself from what its setters have prepared."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QGlyphRun, QImage, QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsRectItem, QStyleOptionGraphicsItem, QWidget

from graph_editor.block_geometry import BlockContent, BlockGeometry, PortPlace, body_path, strip_path
from graph_editor.block_icon import CURVE_WIDTH, BlockIcon
from graph_editor.block_parts import LossCurve, Miniature, paint_lift, paint_marks, paint_shadow
from graph_editor.block_ports import Dot, PortState, PortStates, dots_of, paint_dots
from graph_editor.block_texts import Text, large_name, texts_of
from graph_editor.canvas_look import FULL, GONE, CanvasLook
from graph_editor.theme import (
    BLOCK_ICON_AT,
    CONTAINER_STACK_GAP,
    FOCUS_GAP,
    FOCUS_WIDTH,
    LIFT_DRAGGED,
    RADIUS_BLOCK,
    WIRE_WIDTH,
)
from graph_editor.wire_geometry import along

MARGIN = 14.0
ICON_CENTRE = 24.0
_EXPAND_SIZE = 12
OVER = -8.0
BLOCK_Z, SELECTED_Z, LIFTED_Z = 10.0, 11.0, 20.0


class BlockItem(QGraphicsRectItem):
    """A block. Its position is the block's `look`; while lifted it is drawn 4 px higher.

    Its `rect` is what it may paint on: of 550 items Qt asks for that 1,500 times a frame, 1 µs each were it in Python.
    """

    def __init__(self, id: str, look: CanvasLook) -> None:
        super().__init__()
        self.setPen(look.nothing)
        self.id = id
        self._look = look
        self.family = "merge"
        self._icon: BlockIcon | None = None
        self._medium_icon: QPainterPath | None = None
        self.content = BlockContent("", "")
        self.geometry = BlockGeometry(88, 48, "", "", 0.0, (), QRectF())
        self.hovered = self.focused = self.lifted = self.ghost = self.bypassed = self._raised = False
        self.severity = ""
        self.twin: int | None = None
        self._port_states: PortStates = {}
        self._preview: QImage | None = None
        self._loss: LossCurve | None = None
        self._miniature: Miniature | None = None
        self._bypass: QPainterPath | None = None
        # Made when first painted: of five thousand blocks a window shows thirty.
        self._dots: tuple[Dot, ...] | None = None
        self._dots_theme = look.theme
        self._texts: tuple[Text, ...] | None = None
        self._large_name: tuple[QPointF, tuple[QGlyphRun, ...]] | None = None
        self.setZValue(BLOCK_Z)

    # What the scene sets.

    def leave(self, look: CanvasLook) -> None:
        """Belong to the drawing no more; of `look` is what is not seen."""
        self._look = look

    @property
    def selected(self) -> bool:
        """Whether it is among what is selected."""
        return self.id in self._look.picked_blocks

    def set_raised(self, raised: bool) -> None:
        """Lie above blocks that are not selected."""
        if raised != self._raised:
            self._raised = raised
            self._take_height()

    def set_content(
        self, content: BlockContent, family: str, icon: BlockIcon, medium_icon: BlockIcon, bypassed: bool
    ) -> bool:
        """Show `content`; True where the size or a port's place changed."""
        same = content == self.content and family == self.family and bypassed == self.bypassed and self._icon == icon
        if same:
            return False
        before = self.geometry
        self.content, self.family, self._icon, self.bypassed = content, family, icon, bypassed
        self._medium_icon = medium_icon.path if not medium_icon.stroked else None
        if self._icon.stroked:
            self._medium_icon = icon.path
        self._prepare()
        after = self.geometry
        return before.ports != after.ports or before.width != after.width or before.height != after.height

    def set_port_states(self, states: PortStates) -> None:
        """Draw the ports as told, by id and whether it is an input; the others as empty."""
        if states != self._port_states:
            self._port_states = states
            self._dots = None
            self.update()

    def port_state(self, port: str, is_input: bool) -> PortState:
        """How a port is drawn now."""
        return self._port_states.get((port, is_input), PortState())

    def set_severity(self, severity: str) -> None:
        """Show the badge of an "error" or "warning"; "" for none."""
        if severity != self.severity:
            self.severity = severity
            self.update()

    def set_preview(self, image: QImage | None) -> None:
        """Show a picture in the strip."""
        if image is not self._preview:
            self._preview = image
            self.update()

    def set_loss(self, loss: LossCurve | None) -> None:
        """Show a loss's value and curve in the strip."""
        self._loss = loss
        self.update()

    def set_miniature(self, miniature: Miniature | None) -> None:
        """Show a container's body in the strip."""
        self._miniature = miniature
        self.update()

    def set_state(
        self,
        *,
        hovered: bool | None = None,
        focused: bool | None = None,
        lifted: bool | None = None,
    ) -> None:
        """Change how the block is shown; None leaves as it is."""
        before = (self.hovered, self.focused, self.lifted)
        if hovered is not None:
            self.hovered = hovered
        if focused is not None:
            self.focused = focused
        if lifted is not None and lifted != self.lifted:
            self.lifted = lifted
            self.setRect(self._bounding())
        if before == (self.hovered, self.focused, self.lifted):
            return
        self._take_height()
        self.update()

    # Where things are, in scene px.

    def rectangle(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of the body."""
        x, y = self.x(), self.y()
        return x, y, x + self.geometry.width, y + self.geometry.height

    def port_point(self, port: str, is_input: bool) -> tuple[float, float]:
        """Where a wire ends; a port that is gone stands at the first place of its side."""
        place = self.geometry.port(port, is_input)
        lift = LIFT_DRAGGED if self.lifted else 0
        if place is None:
            return self.x() + (0 if is_input else self.geometry.width), self.y() + ICON_CENTRE - lift
        return self.x() + place.x, self.y() + place.y - lift

    def nearest_port(self, x: float, y: float, reach: float) -> PortPlace | None:
        """The port within `reach` of a place in the scene, the nearest first."""
        best, least = None, reach * reach
        for place in self.geometry.ports:
            square = (self.x() + place.x - x) ** 2 + (self.y() + place.y - y) ** 2
            if square <= least:
                best, least = place, square
        return best

    def badge_hit(self, x: float, y: float) -> bool:
        """Whether a place in the scene is on the badge."""
        if not self.severity:
            return False
        return abs(x - self.x() - self.geometry.width + 4) <= 10 and abs(y - self.y()) <= 10

    def expand_hit(self, x: float, y: float) -> bool:
        """Whether a place in the scene is on a container's icon that enters it."""
        if not self.content.container:
            return False
        centre = self.geometry.width - 10 - _EXPAND_SIZE / 2
        return abs(x - self.x() - centre) <= 12 and abs(y - self.y() - ICON_CENTRE) <= 12

    def shape(self) -> QPainterPath:
        return body_path(self.geometry.width, self.geometry.height)

    # Painting: only what is prepared.

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if self._look.detail == FULL:
            self.paint_full(painter)
        elif self._look.detail != GONE:
            self._paint_names(painter)

    def paint_full(self, painter: QPainter) -> None:
        """Draw everything, whatever the level of detail."""
        look, geometry = self._look, self.geometry
        width, height = geometry.width, geometry.height
        if self.lifted:
            painter.translate(0, -LIFT_DRAGGED)
            paint_lift(painter, width, height, look)
        elif not self.ghost:
            paint_shadow(painter, width, height, look)
        if self.content.container and not self.ghost:
            self._paint_stack(painter)
        painter.setPen(look.nothing)
        painter.setBrush(look.block)
        painter.drawPath(body_path(width, height))
        self._paint_edge(painter, width, height)
        self._paint_icon(painter)
        painter.setFont(look.name_font)
        painter.setPen(look.disabled if self.bypassed else look.text)
        if self._texts is None:
            self._texts = texts_of(geometry, look)
        for number, (place, text, secondary) in enumerate(self._texts):
            if number == 1:
                painter.setFont(look.second_font)
            if secondary and not self.bypassed:
                painter.setPen(look.secondary)
            painter.drawStaticText(place, text)
        self._paint_strip(painter)
        if self._bypass is not None:
            painter.setBrush(look.no_brush)
            painter.setPen(look.wire_pen("wire", WIRE_WIDTH))
            painter.drawPath(self._bypass)
        if self._dots is None or self._dots_theme is not look.theme:
            self._dots = dots_of(geometry.ports, self._port_states, look, ghost=self.ghost, bypassed=self.bypassed)
            self._dots_theme = look.theme
        paint_dots(painter, self._dots, look)
        paint_marks(painter, (width, height), self.severity, self.twin, look)

    def _paint_names(self, painter: QPainter) -> None:
        look, geometry = self._look, self.geometry
        painter.setPen(
            look.edge_selected if self.selected else look.edge_error if self.severity == "error" else look.edge
        )
        painter.setBrush(look.block)
        painter.drawRect(0, 0, geometry.width, geometry.height)
        painter.fillRect(0, 0, 8, geometry.height, look.off if self.bypassed else look.family_brush(self.family))
        if self._medium_icon is not None and self._icon is not None:
            middle = geometry.height / 2
            painter.translate(13, middle - 11)
            if self._icon.stroked:
                painter.scale(1.375, 1.375)
            self._draw_icon(painter, self._medium_icon, self._icon.stroked)
            if self._icon.stroked:
                painter.scale(1 / 1.375, 1 / 1.375)
            painter.translate(-13, 11 - middle)
        if self._large_name is None:
            self._large_name = large_name(self.content.name, geometry, look)
        place, runs = self._large_name
        painter.setPen(look.disabled if self.bypassed else look.text)
        for run in runs:
            painter.drawGlyphRun(place, run)
        paint_marks(painter, (geometry.width, geometry.height), self.severity, self.twin, look)

    def _paint_edge(self, painter: QPainter, width: int, height: int) -> None:
        look = self._look
        strip_over = not (self.selected or self.ghost or self.severity == "error")
        if not strip_over:
            self._paint_family(painter, height)
        painter.setBrush(look.no_brush)
        if self.selected:
            painter.setPen(look.edge_selected)
            painter.drawRoundedRect(QRectF(1, 1, width - 2, height - 2), RADIUS_BLOCK - 1, RADIUS_BLOCK - 1)
        else:
            if self.ghost:
                painter.setPen(look.edge_ghost)
            elif self.severity == "error":
                painter.setPen(look.edge_error)
            elif self.bypassed:
                painter.setPen(look.edge_off)
            else:
                painter.setPen(look.edge_hover if self.hovered else look.edge)
            painter.drawRoundedRect(QRectF(0.5, 0.5, width - 1, height - 1), RADIUS_BLOCK - 0.5, RADIUS_BLOCK - 0.5)
        if strip_over:
            self._paint_family(painter, height)
        if self.focused:
            out = FOCUS_GAP + FOCUS_WIDTH / 2
            painter.setBrush(look.no_brush)
            painter.setPen(look.edge_selected)
            painter.drawRoundedRect(
                QRectF(-out, -out, width + 2 * out, height + 2 * out), RADIUS_BLOCK + out, RADIUS_BLOCK + out
            )

    def _paint_family(self, painter: QPainter, height: int) -> None:
        look = self._look
        painter.setPen(look.nothing)
        painter.setBrush(look.off if self.bypassed else look.family_brush(self.family))
        painter.drawPath(strip_path(height))

    def _paint_stack(self, painter: QPainter) -> None:
        look, geometry = self._look, self.geometry
        painter.setPen(look.edge_off if self.bypassed else look.edge)
        painter.setBrush(look.block)
        for step in (2 * CONTAINER_STACK_GAP, CONTAINER_STACK_GAP):
            rectangle = QRectF(step + 0.5, step + 0.5, geometry.width - 1, geometry.height - 1)
            painter.drawRoundedRect(rectangle, RADIUS_BLOCK, RADIUS_BLOCK)

    def _paint_icon(self, painter: QPainter) -> None:
        if self._icon is None:
            return
        painter.translate(BLOCK_ICON_AT, ICON_CENTRE - 8)
        self._draw_icon(painter, self._icon.path, self._icon.stroked)
        painter.translate(-BLOCK_ICON_AT, 8 - ICON_CENTRE)
        if self.content.container:
            x, y = self.geometry.width - 10 - _EXPAND_SIZE, ICON_CENTRE - _EXPAND_SIZE / 2
            painter.translate(x, y)
            painter.fillPath(self._look.expand_icon, self._look.secondary.brush())
            painter.translate(-x, -y)

    def _draw_icon(self, painter: QPainter, path: QPainterPath, stroked: bool) -> None:
        look = self._look
        if stroked:
            painter.setBrush(look.no_brush)
            painter.setPen(look.off_curve if self.bypassed else look.family_pen(self.family, CURVE_WIDTH))
            painter.drawPath(path)
        else:
            painter.fillPath(path, look.off if self.bypassed else look.family_brush(self.family))

    def _paint_strip(self, painter: QPainter) -> None:
        area = self.geometry.preview
        if area.isEmpty():
            return
        if self._miniature is not None:
            self._miniature.paint(painter, area, self._look)
        elif self._loss is not None:
            self._loss.paint(painter, area, self._look)
        elif self._preview is not None and not self._preview.isNull():
            image = self._preview
            scale = min(area.width() / image.width(), area.height() / image.height())
            width, height = image.width() * scale, image.height() * scale
            target = QRectF(area.center().x() - width / 2, area.center().y() - height / 2, width, height)
            painter.setOpacity(0.4 if self.bypassed else 1.0)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < 1)
            painter.drawImage(target, image)
            painter.setOpacity(1.0)

    # Preparing.

    def _take_height(self) -> None:
        self.setZValue(LIFTED_Z if self.lifted else SELECTED_Z if self._raised else BLOCK_Z)

    def _prepare(self) -> None:
        self.geometry = self._look.geometry(self.content)
        self.setRect(self._bounding())
        self._texts = self._large_name = self._dots = None
        self._bypass = self._way_over()
        self.update()

    def _way_over(self) -> QPainterPath | None:
        """The wire that runs over a bypassed block, from its first input to its first output."""
        start = next((place for place in self.geometry.ports if place.is_input), None)
        end = next((place for place in self.geometry.ports if not place.is_input), None)
        if not self.bypassed or start is None or end is None:
            return None
        left, right = start.x + 10, end.x - 10
        corners = [(start.x, start.y), (left, start.y), (left, OVER), (right, OVER), (right, end.y), (end.x, end.y)]
        return along(corners).path

    def _bounding(self) -> QRectF:
        width, height = self.geometry.width, self.geometry.height
        if self.lifted:
            return QRectF(-MARGIN - 4, -MARGIN - 8, width + 2 * MARGIN + 8, height + 2 * MARGIN + 14)
        return QRectF(-MARGIN, -MARGIN, width + 2 * MARGIN, height + 2 * MARGIN)
