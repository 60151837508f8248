"""One wire on the canvas: a plain item that paints the route it was given."""

from __future__ import annotations

import math
from typing import NamedTuple

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen, QStaticText
from PySide6.QtWidgets import QGraphicsRectItem, QStyleOptionGraphicsItem, QWidget

from engine.graph.graph import PortRef, Wire
from engine.graph.tensor_spec import TensorSpec, bytes_per_sample
from graph_editor.canvas_look import FULL, GONE, CanvasLook
from graph_editor.theme import WIRE_CASING, WIRE_MAX_WIDTH, WIRE_MIN_WIDTH, WIRE_WIDTH, Theme
from graph_editor.wire_geometry import Route, distance_to, straight, text_place

WIRE_Z, LANE_Z, HOVERED_Z, SELECTED_WIRE_Z, ABOVE_BLOCKS_Z = 0.0, 0.5, 2.0, 3.0, 12.0
TEXT_ABOVE = 6.0
CARD_PADDING = 4.0
CARD_ABOVE = 24.0 + TEXT_ABOVE
"""A block that the wire runs straight into rises 24 px above it."""
_USUAL_SIZE = 4096
_NOWHERE = straight((0.0, 0.0), (0.0, 0.0))


def wire_width(spec: TensorSpec | None) -> float:
    """How thick a wire is: 2 px up to 4,096 numbers a sample, then thicker by the logarithm, to 4 px; 1.5 below 8."""
    if spec is None or spec.is_label:
        return WIRE_WIDTH
    size = math.prod(length for length in spec.shape if isinstance(length, int))
    if size < 8:
        return WIRE_MIN_WIDTH
    if size <= _USUAL_SIZE:
        return WIRE_WIDTH
    return min(WIRE_WIDTH + math.log2(size / _USUAL_SIZE) / 3, WIRE_MAX_WIDTH)


def told(spec: TensorSpec) -> str:
    """What the wire says under the pointer: `N×16×8×8 · float32 · 4 kB/sample`."""
    return f"{spec} · {spec.dtype} · {byte_words(bytes_per_sample(spec))}/sample"


def byte_words(count: int) -> str:
    """A number of bytes as people read it: `4 kB`, `1.5 MB`."""
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1024 if unit == "B" else 1000
    return f"{size:.3g} GB"


class Pens(NamedTuple):
    """What a wire is painted with, in one theme and selected or not."""

    theme: Theme
    selected: bool
    line: QPen
    plain: QPen
    casing: QPen
    text: QPen


class WireItem(QGraphicsRectItem):
    """A wire; it stands at the scene's origin and its route is in scene px. Its `rect` is what it may paint on."""

    def __init__(self, wire: Wire, look: CanvasLook, spec: TensorSpec | None = None) -> None:
        super().__init__()
        self.setPen(look.nothing)
        self.wire = wire
        self._look = look
        self.spec = spec
        self.hovered = self.insertion = self._raised = False
        self._kept: Pens | None = None
        self.off = False
        self.route: Route = _NOWHERE
        self._crossings: tuple[float, ...] = ()
        self._far_lines: tuple[QLineF, ...] | None = None
        self._text: QStaticText | None = None
        self._text_at = QPointF()
        self._card = QRectF()

    @property
    def target(self) -> PortRef:
        """The input that this wire feeds: its identity."""
        return self.wire.target

    def leave(self, look: CanvasLook) -> None:
        """Belong to the drawing no more; of `look` is what is not seen."""
        self._look = look

    @property
    def selected(self) -> bool:
        """Whether it is among what is selected."""
        return self.wire.target in self._look.picked_wires

    def set_raised(self, raised: bool) -> None:
        """Lie above wires that are not selected."""
        if raised != self._raised:
            self._raised = raised
            self._take_height()

    def set_route(self, route: Route, crossings: tuple[float, ...] = ()) -> None:
        """Run another way; `crossings` are the x of wires that run through where the shape may stand: it makes way."""
        if crossings == self._crossings and route == self.route:
            return
        self.route, self._crossings = route, crossings
        self._far_lines = None
        self._prepare()

    @property
    def is_laid(self) -> bool:
        """Whether it was given a route."""
        return self.route is not _NOWHERE

    def text_band(self, route: Route) -> tuple[float, float]:
        """The upper and the lower y of its shape, where it tells one on that route."""
        foot = route.label[1] - TEXT_ABOVE
        return foot - self._look.mono_metrics.ascent(), foot

    @property
    def far_lines(self) -> tuple[QLineF, ...]:
        """The route as few lines, for the overview; made when first asked for."""
        if self._far_lines is None:
            points = self.route.points
            if len(points) > 8:
                points = (points[0], points[len(points) // 2], points[-1])
            self._far_lines = tuple(QLineF(*first, *last) for first, last in zip(points, points[1:], strict=False))
        return self._far_lines

    def set_spec(self, spec: TensorSpec | None) -> bool:
        """Carry another tensor; True where that changes how it is laid."""
        if spec == self.spec:
            return False
        was_label = self.is_label
        self.spec = spec
        self._prepare()
        return was_label != self.is_label

    @property
    def tells_shape(self) -> bool:
        """Whether the shape stands beside it."""
        return self._text is not None

    @property
    def is_label(self) -> bool:
        """Whether it carries labels or token ids."""
        return self.spec is not None and self.spec.is_label

    def set_state(self, *, hovered: bool | None = None, insertion: bool | None = None) -> None:
        """Change how the wire is shown; None leaves as it is."""
        if hovered is not None:
            self.hovered = hovered
        if insertion is not None:
            self.insertion = insertion
        self._prepare()

    def distance(self, x: float, y: float) -> float:
        """How far a place in the scene is from the wire."""
        return distance_to(self.route.points, x, y)

    def shape(self) -> QPainterPath:
        return self.route.path

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if self._look.detail == GONE:
            return
        look, pens = self._look, self._pens()
        painter.setBrush(look.no_brush)
        if look.detail != FULL:
            painter.setPen(pens.plain)
            painter.drawPath(self.route.path)
            return
        if self.route.casing is not None:
            painter.setPen(pens.casing)
            painter.drawPath(self.route.casing)
        painter.setPen(pens.line)
        painter.drawPath(self.route.path)
        if self._text is not None:
            if self._card:
                painter.setBrush(look.block)
                painter.setPen(look.edge)
                painter.drawRoundedRect(self._card, CARD_PADDING, CARD_PADDING)
            painter.setPen(pens.text)
            painter.setFont(look.mono_font)
            painter.drawStaticText(self._text_at, self._text)

    def _pens(self) -> Pens:
        """The pens of what it is now; taken anew where the theme or the selection changed since it was painted."""
        look, picked = self._look, self._look.picked_wires
        selected = bool(picked) and self.wire.target in picked
        kept = self._kept
        if kept is not None and kept.theme is look.theme and kept.selected is selected:
            return kept
        strong = selected or self.insertion
        token = "accent" if strong else "text" if self.hovered else "labels" if self.is_label else "wire"
        width = wire_width(self.spec) + (1.0 if strong or self.hovered else 0.0)
        self._kept = Pens(
            look.theme,
            selected,
            line=look.wire_pen(token, width, dashed=self.is_label),
            plain=look.wire_pen(token, width),
            casing=look.wire_pen("canvas", width + 2 * WIRE_CASING),
            text=look.text if self.hovered else look.accent if selected else look.secondary,
        )
        return self._kept

    def _take_height(self) -> None:
        self.setZValue(
            ABOVE_BLOCKS_Z
            if self._card
            else SELECTED_WIRE_Z
            if self._raised or self.insertion
            else HOVERED_Z
            if self.hovered
            else WIRE_Z
            if self.route.casing is None
            else LANE_Z
        )

    def _prepare(self) -> None:
        self._kept = None
        self._prepare_text()
        self._take_height()
        margin = WIRE_MAX_WIDTH + 2 * WIRE_CASING
        bounds = self.route.path.boundingRect().adjusted(-margin, -margin, margin, margin)
        if self._text is not None:
            size = self._text.size()
            bounds = bounds.united(QRectF(self._text_at, size)).united(self._card.adjusted(-1, -1, 1, 1))
        self.setRect(bounds)
        self.update()

    def _prepare_text(self) -> None:
        look = self._look
        self._text, self._card = None, QRectF()
        if self.spec is None or (self.is_label and not self.hovered):
            return
        words = told(self.spec) if self.hovered else self.spec.per_sample
        width = look.mono_metrics.horizontalAdvance(words)
        fits = width <= self.route.room
        if not fits and not self.hovered:
            return
        x, y = text_place(self.route, width, self._crossings), self.route.label[1]
        self._text = QStaticText(words)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.prepare(font=look.mono_font)
        rise = look.mono_metrics.ascent()
        if fits:
            self._text_at = QPointF(round(x - width / 2), y - TEXT_ABOVE - rise)
            return
        # Between two blocks that stand close there is no room for it: it rises above both, on a ground of its own
        height, sides = look.mono_metrics.height(), 2 * CARD_PADDING
        self._text_at = QPointF(round(x - width / 2), round(y - CARD_ABOVE - CARD_PADDING - height))
        self._card = QRectF(self._text_at, self._text.size()).adjusted(-sides, -CARD_PADDING, sides, CARD_PADDING)
