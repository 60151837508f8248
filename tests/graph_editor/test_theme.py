"""The theme: contrast, colours that stay apart for every kind of sight, fonts, icons, lookup tables."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontInfo, QFontMetricsF, QIcon

from graph_editor import colour_maps
from graph_editor.colour_maps import contrast, linear, oklab
from graph_editor.theme import FAMILY_ICONS, Theme, has_icon, icon_path, load_theme, system_theme_name

# What dichromats see of linear-light sRGB (Machado, Oliveira and Fernandes 2009, severity 1).
_SIGHTS = {
    "normal": np.eye(3),
    "deuteranopic": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopic": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
}

_TEXT = [
    *itertools.product(("text", "secondary"), ("canvas", "panel", "block", "field", "hover", "select")),
    ("text", "pressed"),
    *itertools.product(("accent", "good", "warning", "error"), ("panel", "canvas")),
    ("on_fill", "fill"),
    ("tooltip_text", "tooltip"),
]
_SHAPES = [
    *itertools.product(("edge", "wire", "labels", "accent"), ("canvas", "panel", "block")),
    ("edge", "field"),
    ("error", "block"),
    ("error", "field"),
    ("warning", "canvas"),
    ("good", "panel"),
    ("secondary", "hover"),
    ("accent", "select"),
]


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest, qapp: object) -> Theme:
    return load_theme(request.param, 1.0)


@pytest.mark.parametrize(("ink", "ground"), _TEXT)
def test_text_can_be_read(theme: Theme, ink: str, ground: str) -> None:
    assert contrast(theme.hex(ink), theme.hex(ground)) >= 4.5


@pytest.mark.parametrize(("shape", "ground"), _SHAPES)
def test_edges_and_wires_can_be_seen(theme: Theme, shape: str, ground: str) -> None:
    assert contrast(theme.hex(shape), theme.hex(ground)) >= 3


def test_text_of_filled_buttons_can_be_read_in_every_state(theme: Theme) -> None:
    for fill in (theme.fill_hover, theme.fill_pressed):
        assert contrast(theme.hex("on_fill"), fill.name()) >= 4.5


@pytest.mark.parametrize("family", FAMILY_ICONS)
def test_icons_of_families_can_be_seen(theme: Theme, family: str) -> None:
    for ground in ("block", "panel"):
        assert contrast(theme.families[family], theme.hex(ground)) >= 3


@pytest.mark.parametrize("sight", _SIGHTS)
def test_families_stay_apart(theme: Theme, sight: str) -> None:
    # Input and loss share a colour: their icons tell them apart.
    families = [family for family in theme.families if family != "loss"]
    near = {
        (one, other): distance
        for one, other in itertools.combinations(families, 2)
        if (distance := _distance(theme.families[one], theme.families[other], sight)) < 0.08
    }
    assert not near


@pytest.mark.parametrize("sight", _SIGHTS)
def test_the_two_ends_of_the_signed_map_stay_apart(theme: Theme, sight: str) -> None:
    assert _distance(theme.hex("negative"), theme.hex("positive"), sight) >= 0.2


def test_contrast_knows_its_ends() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#777777") == 1


def test_oklab_agrees_with_its_author() -> None:
    assert oklab((1.0, 1.0, 1.0)) == pytest.approx((1, 0, 0), abs=1e-4)
    assert oklab(linear("#FF0000")) == pytest.approx((0.6280, 0.2249, 0.1258), abs=1e-4)
    assert colour_maps.from_oklab(oklab(linear("#3F82F5"))) == (0x3F, 0x82, 0xF5)


def test_both_files_define_the_same_names(qapp: object) -> None:
    light, dark = load_theme("light"), load_theme("dark")
    assert light.tokens.keys() == dark.tokens.keys()
    assert light.families.keys() == dark.families.keys() == FAMILY_ICONS.keys()
    assert len(light.classes) == len(dark.classes) == 10


def test_loading_again_gives_the_same_theme(qapp: object) -> None:
    assert load_theme("dark", 1.0) is load_theme("dark", 1.0)
    assert load_theme("dark", 1.0) is not load_theme("light", 1.0)


def test_colours_come_from_the_file(theme: Theme) -> None:
    expected = {"light": "#2160e0", "dark": "#7faaff"}[theme.name]
    assert theme.color("accent").name() == expected
    assert theme.color("accent") is theme.color("accent")
    assert theme.color("convolution") == theme.family_color("convolution")
    assert theme.class_color(11) == theme.class_color(1)
    with pytest.raises(KeyError):
        theme.color("mauve")


def test_tints_are_as_faint_as_they_should_be(theme: Theme) -> None:
    body, header = {"light": (0.05, 0.11), "dark": (0.08, 0.18)}[theme.name]
    assert theme.family_tint("container").alphaF() == pytest.approx(body, abs=0.003)
    assert theme.family_tint("container", header=True).alphaF() == pytest.approx(header, abs=0.003)
    assert theme.family_tint("container").rgb() == theme.family_color("container").rgb()


def test_dashes_keep_their_length_at_any_width(theme: Theme) -> None:
    pen = theme.dashed_pen("labels", 4.0, (6.0, 4.0))
    assert [length * pen.widthF() for length in pen.dashPattern()] == [6, 4]


@pytest.mark.parametrize("weight", [400, 500, 600])
@pytest.mark.parametrize("mono", [False, True])
def test_the_shipped_fonts_are_used(theme: Theme, weight: int, mono: bool) -> None:
    info = QFontInfo(theme.font(13, weight, mono))
    assert info.family() == ("JetBrains Mono" if mono else "Inter")
    assert info.weight() == weight
    assert info.pixelSize() == 13


@pytest.mark.parametrize("mono", [False, True])
def test_figures_are_equally_wide(theme: Theme, mono: bool) -> None:
    metrics = QFontMetricsF(theme.font(12, mono=mono))
    assert len({metrics.horizontalAdvance(digit * 8) for digit in "0123456789"}) == 1


def test_semibold_is_wider_than_regular(theme: Theme) -> None:
    regular, semibold = (QFontMetricsF(theme.font(13, weight)) for weight in (400, 600))
    assert semibold.horizontalAdvance("Convolution") > regular.horizontalAdvance("Convolution") + 1


def test_text_scale_makes_text_larger(qapp: object) -> None:
    assert load_theme("light", 1.5).font(12).pixelSize() == 18


@pytest.mark.parametrize("family", FAMILY_ICONS)
def test_icons_lie_in_their_square(theme: Theme, family: str) -> None:
    outline = icon_path(theme.family_icon(family), 16).boundingRect()
    assert QRectF(0, 0, 16, 16).contains(outline)
    assert outline.width() > 8
    assert abs(outline.center().y() - 8) < 2


@pytest.mark.parametrize(
    ("name", "filled", "clear"),
    [("left", (4, 10), (11, 10)), ("right", (11, 10), (4, 10)), ("bottom", (4, 11), (4, 6))],
)
def test_panel_icons_fill_their_side(theme: Theme, name: str, filled: tuple[int, int], clear: tuple[int, int]) -> None:
    image = theme.icon_pixmap(f"own.panel-{name}", "text", 16).toImage()
    assert image.pixelColor(*filled).alpha() == 255
    assert image.pixelColor(*clear).alpha() == 0


def test_unknown_icons_are_refused(qapp: object) -> None:
    assert has_icon("ph.eye")
    assert not has_icon("ph.no-such-thing")
    with pytest.raises(KeyError):
        icon_path("ph.no-such-thing", 16)


def test_icons_are_drawn_in_the_colour_asked_for(theme: Theme) -> None:
    image = theme.icon("ph.stop-fill", "accent", 16).pixmap(16, 16).toImage()
    assert image.pixelColor(8, 8).name() == theme.color("accent").name()
    image = theme.icon("ph.stop-fill", "accent", 16).pixmap(16, 16, QIcon.Mode.Disabled).toImage()
    assert image.pixelColor(8, 8).name() == theme.color("disabled").name()


def test_icons_are_sharp_on_fine_screens(theme: Theme) -> None:
    pixmap = theme.icon_pixmap("ph.eye", "text", 16, 2.0)
    assert (pixmap.width(), pixmap.deviceIndependentSize().width()) == (32, 16)


def test_the_signed_map_is_symmetric_about_zero(theme: Theme) -> None:
    table = theme.signed_map()
    assert (table.shape, table.dtype) == ((256, 4), np.uint8)
    assert tuple(table[0, :3]) == colour_maps.rgb(theme.hex("negative"))
    assert tuple(table[255, :3]) == colour_maps.rgb(theme.hex("positive"))
    middle = table[127:129, :3].astype(int)
    assert np.abs(middle - colour_maps.rgb(theme.hex("zero"))).max() <= 2
    lightness = [oklab(linear(f"{r:02x}{g:02x}{b:02x}"))[0] for r, g, b, _ in table.tolist()]
    steps = np.diff(lightness[:128])
    assert (steps > -0.002).all() or (steps < 0.002).all()


def test_viridis_and_grey_begin_and_end_where_they_should(theme: Theme) -> None:
    assert theme.magnitude_map()[[0, 255], :3].tolist() == [[68, 1, 84], [253, 231, 37]]
    assert theme.grey_map()[[0, 100, 255]].tolist() == [[0, 0, 0, 255], [100, 100, 100, 255], [255, 255, 255, 255]]
    with pytest.raises(ValueError, match="read-only"):
        theme.grey_map()[0] = 1


def test_the_system_says_light_or_dark(qapp: object) -> None:
    assert system_theme_name() in ("light", "dark")


def _distance(one: str, other: str, sight: str) -> float:
    matrix = _SIGHTS[sight]
    first, second = (
        np.array(oklab(tuple(np.clip(matrix @ np.array(linear(colour)), 0, 1).tolist()))) for colour in (one, other)
    )
    return float(np.linalg.norm(first - second))
