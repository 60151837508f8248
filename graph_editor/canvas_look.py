"""The pens, brushes and fonts of the canvas, made once from a Theme; items share them and paint with nothing else."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPen

from engine.graph.graph import PortRef
from graph_editor.block_geometry import BlockContent, BlockGeometry, measure
from graph_editor.theme import (
    BADGE,
    DETAIL_FULL_ZOOM,
    DETAIL_NAME_ZOOM,
    DETAIL_NAME_ZOOM_OF_MANY,
    MANY_BLOCKS,
    PORT_RING,
    REGULAR,
    SEMIBOLD,
    SIZE_HEADING,
    SIZE_NORMAL,
    SIZE_SMALL,
    WIRE_DASH,
    WIRE_REFUSED_DASH,
    Theme,
    icon_path,
)

FULL, NAMES, OVERVIEW = 0, 1, 2
"""The three levels of detail, chosen by the view once a frame."""
GONE = 3
"""Items of a body that is shown no more paint nothing until they are dropped."""
MOST_GEOMETRIES = 10_000


def detail_at(zoom: float, blocks: int) -> int:
    """The level of detail at a zoom of a body of so many blocks.

    Of a large one too many stand in sight below 0.36 to paint each in 16 ms, and their names are 8 px high.
    """
    if zoom >= DETAIL_FULL_ZOOM:
        return FULL
    return NAMES if zoom >= (DETAIL_NAME_ZOOM if blocks <= MANY_BLOCKS else DETAIL_NAME_ZOOM_OF_MANY) else OVERVIEW


class CanvasLook:
    """What all items of one scene share: a theme's paints, the level of detail of the frame, and what is selected.

    The scene measures in its own px: text there grows by zoom, not by the system's text scale.
    """

    def __init__(self, theme: Theme) -> None:
        self.detail = FULL
        self.picked_blocks: frozenset[str] = frozenset()
        self.picked_wires: frozenset[PortRef] = frozenset()
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take another theme's paints; texts are as large in each."""
        self.theme = theme
        self.nothing = QPen(Qt.PenStyle.NoPen)
        self.no_brush = QBrush(Qt.BrushStyle.NoBrush)
        self.block = theme.brush("block")
        self.canvas = theme.brush("canvas")
        self.edge = theme.pen("edge")
        self.edge_hover = theme.pen("secondary")
        self.edge_selected = theme.pen("accent", 2.0)
        self.edge_error = theme.pen("error", 1.5)
        self.edge_off = theme.pen("line")
        self.edge_ghost = theme.dashed_pen("edge", 1.0, (4.0, 3.0))
        self.text = theme.pen("text")
        self.secondary = theme.pen("secondary")
        self.disabled = theme.pen("disabled")
        self.accent = theme.pen("accent")
        self.wire = theme.brush("wire")
        self.labels = theme.brush("labels")
        self.off = theme.brush("disabled")
        self.error = theme.brush("error")
        self.accent_fill = theme.brush("accent")
        self.halo = QBrush(theme.faded("accent", 0.3))
        self.shadow = theme.shadow_color()
        self.warning = theme.brush("warning")
        self.on_badge = theme.brush("block")
        self.badge_ring = QPen(theme.color("canvas"), 3.0)
        self.warning_icon = icon_path("ph.warning-fill", BADGE)
        self.expand_icon = icon_path("ph.arrows-out-simple", 12)
        self.curve = _round_pen(theme.class_color(0), 1.5)
        self.thin_wire = _round_pen(theme.color("wire"), 1.5)
        self.text_line = _round_pen(theme.color("text"), 1.25)
        self.off_curve = _round_pen(theme.color("disabled"), 2.0)
        scale = theme.text_scale
        self.name_font = theme.font(SIZE_HEADING / scale, SEMIBOLD)
        self.second_font = theme.font(SIZE_NORMAL / scale, REGULAR)
        self.mono_font = theme.font(SIZE_SMALL / scale, REGULAR, mono=True)
        self.value_font = theme.font(SIZE_NORMAL / scale, REGULAR, mono=True)
        self.name_metrics = QFontMetricsF(self.name_font)
        self.second_metrics = QFontMetricsF(self.second_font)
        self.mono_metrics = QFontMetricsF(self.mono_font)
        self._geometries: dict[BlockContent, BlockGeometry] = {}
        self._name_fonts: dict[int, tuple[QFont, QFontMetricsF]] = {}
        self._family_brushes: dict[str, QBrush] = {}
        self._family_pens: dict[tuple[str, float], QPen] = {}
        self._miniature_brushes: dict[str, QBrush] = {}
        self._hollow = {token: QPen(theme.pen(token, PORT_RING)) for token in ("wire", "labels", "disabled")}
        self._wire_pens: dict[tuple[str, float, bool, bool], QPen] = {}

    def geometry(self, content: BlockContent) -> BlockGeometry:
        """The geometry of a block with `content`."""
        geometry = self._geometries.get(content)
        if geometry is None:
            if len(self._geometries) > MOST_GEOMETRIES:
                self._geometries.clear()
            geometry = self._geometries[content] = measure(content, self.name_metrics, self.second_metrics)
        return geometry

    def name_font_at(self, size: int) -> tuple[QFont, QFontMetricsF]:
        """The font of block names at the middle level of detail, in scene px."""
        found = self._name_fonts.get(size)
        if found is None:
            font = self.theme.font(size / self.theme.text_scale, SEMIBOLD)
            found = self._name_fonts[size] = (font, QFontMetricsF(font))
        return found

    def family(self, family: str) -> str:
        """A family the theme knows: an unknown one looks like a shape block."""
        return family if family in self.theme.families else "merge"

    def family_brush(self, family: str) -> QBrush:
        """The brush of a family's strip and icon."""
        brush = self._family_brushes.get(family)
        if brush is None:
            brush = self._family_brushes[family] = self.theme.brush(self.family(family))
        return brush

    def family_pen(self, family: str, width: float) -> QPen:
        """The pen of an activation's curve."""
        pen = self._family_pens.get((family, width))
        if pen is None:
            pen = self._family_pens[family, width] = _round_pen(self.family_color(family), width)
        return pen

    def miniature_brush(self, family: str) -> QBrush:
        """The brush of a block in a container's miniature."""
        brush = self._miniature_brushes.get(family)
        if brush is None:
            # Not translucent: the wire behind the blocks would show through.
            brush = self._miniature_brushes[family] = QBrush(self.theme.mixed(self.family(family), "block", 0.15))
        return brush

    def hollow(self, token: str) -> QPen:
        """The 2-px pen of an empty port."""
        return self._hollow[token]

    def family_color(self, family: str) -> QColor:
        """The colour of a family's strip and icon."""
        return self.theme.family_color(self.family(family))

    def wire_pen(self, token: str, width: float, dashed: bool = False, dotted: bool = False) -> QPen:
        """The pen of a wire: solid, dashed for labels, dotted where refused."""
        key = (token, width, dashed, dotted)
        pen = self._wire_pens.get(key)
        if pen is None:
            if dotted:
                pen = self.theme.dashed_pen(token, width, WIRE_REFUSED_DASH)
            elif dashed:
                pen = self.theme.dashed_pen(token, width, WIRE_DASH)
            else:
                pen = self.theme.pen(token, width)
            pen = QPen(pen)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap if dotted else Qt.PenCapStyle.FlatCap)
            self._wire_pens[key] = pen
        return pen


def _round_pen(color: QColor, width: float) -> QPen:
    return QPen(color, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
