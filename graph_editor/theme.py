"""Theme: every colour, size and font of the program, made from resources/themes/*.json."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontDatabase,
    QGuiApplication,
    QIcon,
    QPainter,
    QPainterPath,
    QPainterPathStroker,
    QPen,
    QPixmap,
    QRawFont,
    QTransform,
)

from graph_editor import colour_maps

if TYPE_CHECKING:
    from graph_editor.colour_maps import Table

ThemeName = Literal["light", "dark"]

# Grid and spacing, in px.
SNAP = 8
SPACE_4, SPACE_8, SPACE_12, SPACE_16, SPACE_24, SPACE_32 = 4, 8, 12, 16, 24, 32

# Type, in px before the system's text scale.
SIZE_SMALL, SIZE_NORMAL, SIZE_HEADING, SIZE_TITLE, SIZE_PAGE = 11, 12, 13, 16, 22
REGULAR, MEDIUM, SEMIBOLD = 400, 500, 600

# Corners and rows.
RADIUS_FIELD, RADIUS_BLOCK, RADIUS_POPUP = 4, 6, 8
ROW_HEIGHT, HEADING_HEIGHT = 28, 32
ICON, ICON_IN_FIELD = 16, 14
FIELD_AT, FIELD_WIDTH = 124, 132
FOCUS_WIDTH, FOCUS_GAP = 2, 3
SWITCH_WIDTH, SWITCH_HEIGHT = 28, 16

# The window.
MENU_HEIGHT, RUN_BAR_HEIGHT, STATUS_HEIGHT = 28, 44, 24
PALETTE_WIDTH, PALETTE_RAIL_WIDTH = 216, 48
INSPECTOR_WIDTH, INSPECTOR_WIDTH_NARROW = 288, 264
VIEWS_HEIGHT, VIEWS_HEIGHT_LOW, TILE_GAP = 288, 224, 8
SEARCH_WIDTH, SEARCH_ROW_HEIGHT = 320, 32
MINIMAP_WIDTH, MINIMAP_HEIGHT = 160, 104
CANVAS_INSET, FIT_MARGIN = 12, 48

# Blocks, in scene px.
BLOCK_MIN_WIDTH, BLOCK_MAX_WIDTH, BLOCK_HEIGHT = 88, 208, 48
BLOCK_STRIP, BLOCK_ICON_AT, BLOCK_NAME_AT = 4, 13, 38
BLOCK_PREVIEW_MIN = 48
BADGE = 16
PORT_DIAMETER, PORT_RING, PORT_REACH = 8, 2, 24
PORT_ACCEPTS_DIAMETER, PORT_HALO_DIAMETER = 10, 18
PORT_FIRST, PORT_HEADER, PORT_ROW, PORT_UNNAMED_GAP = 24, 36, 24, 16
LIFT_DRAGGED, SHADOW_DRAGGED, SHADOW_BLOCK, SHADOW_POPUP = 4, 8, 2, 12
CONTAINER_STACK_GAP = 3
DETAIL_FULL_ZOOM, DETAIL_NAME_ZOOM, DETAIL_NAME_SIZE = 0.6, 0.25, 22
DETAIL_NAME_ZOOM_OF_MANY, MANY_BLOCKS = 0.36, 1500

# Wires, in scene px.
WIRE_WIDTH, WIRE_MIN_WIDTH, WIRE_MAX_WIDTH = 2.0, 1.5, 4.0
WIRE_CORNER, WIRE_CASING = 12, 2
WIRE_DASH, WIRE_REFUSED_DASH = (6.0, 4.0), (3.0, 4.0)
GAP_MIN, GAP_MAX = 64, 88

HOVER_DARKER, PRESSED_DARKER = 0.10, 0.22
TOOLTIP_DELAY_MS = 500

FAMILY_ICONS: Mapping[str, str] = {
    "input": "ph.database",
    "loss": "ph.target",
    "dense": "ph.share-network",
    "convolution": "ph.grid-four",
    "pooling": "ph.arrows-in-simple",
    "normalisation": "ph.faders",
    "activation": "ph.trend-up",
    "regularisation": "ph.drop-half",
    "recurrent": "ph.arrows-clockwise",
    "attention": "ph.eye",
    "merge": "ph.git-merge",
    "container": "ph.stack",
    "energy": "ph.atom",
}

# Phosphor 1.3 has no icon of a window with one panel; these name the filled part, in a square of 16.
OWN_ICONS: Mapping[str, tuple[float, float, float, float]] = {
    "own.panel-left": (2, 3, 5, 10),
    "own.panel-bottom": (2, 8.5, 12, 4.5),
    "own.panel-right": (9, 3, 5, 10),
}

FONT_FILES = (
    "Inter-Regular.otf",
    "Inter-Medium.otf",
    "Inter-SemiBold.otf",
    "JetBrainsMono-Regular.ttf",
    "JetBrainsMono-Medium.ttf",
    "JetBrainsMono-SemiBold.ttf",
)


class Theme(msgspec.Struct, frozen=True, eq=False, forbid_unknown_fields=True):
    """One look, as plain values; Qt objects made from it are shared, so copy one before changing it.

    Names of colours are tokens ("accent", "edge" …) or families ("convolution" …); an unknown name raises KeyError.
    """

    name: ThemeName
    family_tint_share: float = msgspec.field(name="family_tint")
    family_header_share: float = msgspec.field(name="family_header_tint")
    shadow_opacity: float
    tokens: dict[str, str]
    families: dict[str, str]
    classes: tuple[str, ...]
    text_scale: float = 1.0

    @property
    def is_dark(self) -> bool:
        return self.name == "dark"

    def hex(self, name: str) -> str:
        """`#RRGGBB` of a token or family."""
        found = self.tokens.get(name)
        return found if found is not None else self.families[name]

    def color(self, name: str) -> QColor:
        """The colour of a token or family."""
        return _color(self.hex(name))

    def family_color(self, family: str) -> QColor:
        """The colour of a family's strip and icon."""
        return _color(self.families[family])

    def family_tint(self, family: str, *, header: bool = False) -> QColor:
        """A family's colour, translucent: the body of a container's frame, or its header."""
        return _faded(self.families[family], self.family_header_share if header else self.family_tint_share)

    def class_color(self, index: int) -> QColor:
        """The colour of class or curve `index`; from 10 on they repeat."""
        return _color(self.classes[index % len(self.classes)])

    def faded(self, name: str, opacity: float) -> QColor:
        """A token or family at an opacity of 0 to 1."""
        return _faded(self.hex(name), opacity)

    def darker(self, name: str, share: float) -> QColor:
        """A token or family mixed with black: 0 leaves it, 1 is black."""
        return _mixed(self.hex(name), "#000000", share)

    def mixed(self, name: str, other: str, share: float) -> QColor:
        """Two tokens or families mixed in sRGB: 0 is the first, 1 the other."""
        return _mixed(self.hex(name), self.hex(other), share)

    @property
    def fill_hover(self) -> QColor:
        """The fill of a primary button under the pointer."""
        return self.darker("fill", HOVER_DARKER)

    @property
    def fill_pressed(self) -> QColor:
        """The fill of a primary button while pressed."""
        return self.darker("fill", PRESSED_DARKER)

    def shadow_color(self) -> QColor:
        """Black at the opacity of a block's shadow."""
        return _faded("#000000", self.shadow_opacity)

    def pen(self, name: str, width: float = 1.0, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
        """A pen with round joins in a token or family; not cosmetic."""
        return _pen(self.hex(name), width, style)

    def dashed_pen(self, name: str, width: float, dash: tuple[float, float]) -> QPen:
        """A dashed pen; the lengths are in px, whatever the width."""
        return _dashed_pen(self.hex(name), width, dash)

    def brush(self, name: str) -> QBrush:
        """A solid brush in a token or family."""
        return _brush(self.hex(name))

    def signed_map(self) -> Table:
        """Table (256, 4) uint8 RGBA for weights: negative, zero, positive."""
        return colour_maps.diverging(self.tokens["negative"], self.tokens["zero"], self.tokens["positive"])

    def magnitude_map(self) -> Table:
        """Table (256, 4) uint8 RGBA for magnitudes: viridis."""
        return colour_maps.viridis()

    def grey_map(self) -> Table:
        """Table (256, 4) uint8 RGBA for data: black to white."""
        return colour_maps.grey()

    def scaled(self, size: float) -> int:
        """A text size in px, times the system's text scale."""
        return max(1, round(size * self.text_scale))

    def font(self, size: float = SIZE_NORMAL, weight: int = REGULAR, mono: bool = False) -> QFont:
        """Inter with figures of equal width, or JetBrains Mono; `size` in px before the system's text scale."""
        return _font(self.scaled(size), weight, mono)

    def icon(self, name: str, colour: str = "text", size: int = ICON) -> QIcon:
        """A qtawesome icon such as "ph.play-fill" in a token or family, with its disabled look; `size` in px."""
        return _icon(name, self.hex(colour), self.tokens["disabled"], size)

    def icon_pixmap(self, name: str, colour: str = "text", size: int = ICON, ratio: float = 1.0) -> QPixmap:
        """The same as one picture, for a device pixel ratio."""
        return _icon_pixmap(name, self.hex(colour), size, ratio)

    def family_icon(self, family: str) -> str:
        """The name of a family's icon."""
        return FAMILY_ICONS[family]


def load_theme(name: ThemeName, text_scale: float | None = None) -> Theme:
    """The light or the dark theme; without a text scale, the system's holds."""
    return _load_theme(name, system_text_scale() if text_scale is None else text_scale)


def system_theme_name() -> ThemeName:
    """ "dark" where the system asks for dark windows, else "light"."""
    return "dark" if QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark else "light"


def system_text_scale() -> float:
    """How much larger than usual the system shows text, 0.75 to 3; 1 before there is an application."""
    if QGuiApplication.instance() is None:
        return 1.0
    if sys.platform == "win32":
        scale = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).pointSizeF() / 9
    else:
        screen = QGuiApplication.primaryScreen()
        usual = 72 if sys.platform == "darwin" else 96
        scale = screen.logicalDotsPerInch() / usual if screen is not None else 1.0
    return min(max(round(scale, 2), 0.75), 3.0)


@lru_cache
def install_fonts() -> None:
    """Load Inter and JetBrains Mono into the application, once."""
    folder = files("resources") / "fonts"
    for name in FONT_FILES:
        number = QFontDatabase.addApplicationFontFromData((folder / name).read_bytes())
        assert number >= 0, f"{name} is not a font"


@lru_cache(maxsize=1024)
def icon_path(name: str, size: float) -> QPainterPath:
    """The outline of an icon such as "ph.eye" in a square of `size` px at the origin, to fill at any zoom; shared.

    An unknown name raises KeyError.
    """
    if name in OWN_ICONS:
        return _panel_icon(QRectF(*OWN_ICONS[name]), size)
    font, glyphs = _phosphor()
    path = font.pathForGlyph(font.glyphIndexesForString(glyphs[name.removeprefix("ph.")])[0])
    # The glyphs stand on the lower edge of the em square they are drawn in.
    em = font.pixelSize()
    return (QTransform.fromTranslate(0, em) * QTransform.fromScale(size / em, size / em)).map(path)


def has_icon(name: str) -> bool:
    """Whether there is an icon of that name."""
    return name in OWN_ICONS or (name.startswith("ph.") and name[3:] in _phosphor()[1])


def _panel_icon(filled: QRectF, size: float) -> QPainterPath:
    path = QPainterPath()
    path.setFillRule(Qt.FillRule.WindingFill)
    outline = QPainterPath()
    outline.addRoundedRect(QRectF(1.5, 2.5, 13, 11), 1.5, 1.5)
    stroker = QPainterPathStroker(QPen(Qt.GlobalColor.transparent, 1))
    path.addPath(stroker.createStroke(outline))
    path.addRect(filled)
    return QTransform.fromScale(size / 16, size / 16).map(path.simplified())


@lru_cache
def _phosphor() -> tuple[QRawFont, dict[str, str]]:
    # Read from the package's folder: importing qtawesome costs 130 ms before the first window.
    package = find_spec("qtawesome")
    assert package is not None, "qtawesome is not installed"
    assert package.submodule_search_locations, "qtawesome is not a package"
    folder = Path(package.submodule_search_locations[0]) / "fonts"
    charmap = msgspec.json.decode(next(folder.glob("phosphor-charmap-*.json")).read_bytes(), type=dict[str, str])
    font = QRawFont(str(next(folder.glob("phosphor-[0-9]*.ttf"))), 64, QFont.HintingPreference.PreferNoHinting)
    return font, {name: chr(int(code, 16)) for name, code in charmap.items()}


@lru_cache
def _load_theme(name: ThemeName, text_scale: float) -> Theme:
    content = (files("resources") / "themes" / f"{name}.json").read_bytes()
    return msgspec.structs.replace(msgspec.json.decode(content, type=Theme), text_scale=text_scale)


@lru_cache(maxsize=512)
def _color(colour: str) -> QColor:
    return QColor(colour)


@lru_cache(maxsize=512)
def _faded(colour: str, opacity: float) -> QColor:
    red, green, blue = colour_maps.rgb(colour)
    return QColor(red, green, blue, round(opacity * 255))


@lru_cache(maxsize=512)
def _mixed(colour: str, other: str, share: float) -> QColor:
    pairs = zip(colour_maps.rgb(colour), colour_maps.rgb(other), strict=True)
    red, green, blue = (round(one + (two - one) * share) for one, two in pairs)
    return QColor(red, green, blue)


@lru_cache(maxsize=512)
def _pen(colour: str, width: float, style: Qt.PenStyle) -> QPen:
    return QPen(_color(colour), width, style, Qt.PenCapStyle.FlatCap, Qt.PenJoinStyle.RoundJoin)


@lru_cache(maxsize=512)
def _dashed_pen(colour: str, width: float, dash: tuple[float, float]) -> QPen:
    pen = QPen(_pen(colour, width, Qt.PenStyle.SolidLine))
    pen.setDashPattern([length / width for length in dash])
    return pen


@lru_cache(maxsize=512)
def _brush(colour: str) -> QBrush:
    return QBrush(_color(colour))


@lru_cache(maxsize=128)
def _font(pixels: int, weight: int, mono: bool) -> QFont:
    install_fonts()
    font = QFont("JetBrains Mono" if mono else "Inter")
    font.setPixelSize(pixels)
    font.setWeight(QFont.Weight(weight))
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    if mono:
        # Without its ligatures "2**i" keeps its asterisks apart.
        font.setFeature(QFont.Tag("calt"), 0)
    else:
        font.setFeature(QFont.Tag("tnum"), 1)
    return font


@lru_cache(maxsize=512)
def _icon(name: str, colour: str, disabled: str, size: int) -> QIcon:
    icon = QIcon()
    for ratio in (1.0, 1.5, 2.0, 3.0):
        icon.addPixmap(_icon_pixmap(name, colour, size, ratio), QIcon.Mode.Normal)
        icon.addPixmap(_icon_pixmap(name, disabled, size, ratio), QIcon.Mode.Disabled)
    return icon


@lru_cache(maxsize=2048)
def _icon_pixmap(name: str, colour: str, size: int, ratio: float) -> QPixmap:
    pixels = round(size * ratio)
    path = icon_path(name, pixels)
    pixmap = QPixmap(pixels, pixels)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillPath(path, _brush(colour))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap
