from __future__ import annotations

import pytest

from graph_editor.block_geometry import BlockContent, PortContent
from graph_editor.canvas_look import CanvasLook
from graph_editor.theme import load_theme


@pytest.fixture
def look(qapp: object) -> CanvasLook:
    return CanvasLook(load_theme("light", 1.0))


def content(name: str, inputs: int = 1, outputs: int = 1, labels: tuple[str, ...] = (), strip: int = 0) -> BlockContent:
    ports = tuple(PortContent(f"i{n}", labels[n] if n < len(labels) else "") for n in range(inputs))
    return BlockContent(name, "", ports, tuple(PortContent(f"o{n}", "") for n in range(outputs)), strip)


@pytest.mark.parametrize("name", ["A", "ReLU", "Convolution", "a name that is much longer than any block may be wide"])
@pytest.mark.parametrize("inputs", [0, 1, 2, 3, 7])
def test_widths_heights_and_ports_lie_on_the_grid(look: CanvasLook, name: str, inputs: int) -> None:
    geometry = look.geometry(content(name, inputs, strip=48))
    assert geometry.width % 8 == 0
    assert geometry.height % 8 == 0
    assert 88 <= geometry.width <= 208
    assert all(place.y % 8 == 0 for place in geometry.ports)
    assert all(16 <= place.y <= geometry.height - 48 for place in geometry.ports)


def test_single_ports_stand_24_below_the_top(look: CanvasLook) -> None:
    geometry = look.geometry(content("ReLU"))
    assert geometry.height == 48
    assert [place.y for place in geometry.ports] == [24, 24]


def test_several_unnamed_ports_begin_there_too_and_are_16_apart(look: CanvasLook) -> None:
    ports = look.geometry(content("Add", 3)).ports
    assert [place.y for place in ports if place.is_input] == [24, 40, 56]


def test_several_named_ports_have_rows_below_the_header(look: CanvasLook) -> None:
    geometry = look.geometry(content("Cross-entropy", 2, 0, ("target", "logits")))
    assert [(place.label, place.y) for place in geometry.ports] == [("target", 48), ("logits", 72)]


def test_a_first_port_without_a_name_stays_in_line_beside_named_ones(look: CanvasLook) -> None:
    geometry = look.geometry(content("Dropout", 3, 1, ("", "mask", "scale")))
    assert [(place.label, place.y) for place in geometry.ports] == [("", 24), ("mask", 48), ("scale", 72), ("", 24)]
    assert geometry.height == 88


def test_a_single_named_port_stands_in_line_without_its_name(look: CanvasLook) -> None:
    geometry = look.geometry(content("Points", 1, 0, ("points",)))
    assert [(place.label, place.y) for place in geometry.ports] == [("", 24)]


def test_a_long_name_is_cut_and_fits(look: CanvasLook) -> None:
    geometry = look.geometry(content("a name that is much longer than any block may be wide"))
    assert geometry.name.endswith("…")
    assert 38 + geometry.name_width <= geometry.width - 8


def test_both_themes_measure_alike(look: CanvasLook) -> None:
    dark = CanvasLook(load_theme("dark", 1.0))
    assert dark.geometry(content("Convolution")) == look.geometry(content("Convolution"))


def test_the_systems_text_scale_changes_no_block(look: CanvasLook) -> None:
    large = CanvasLook(load_theme("light", 1.5))
    assert large.geometry(content("Convolution")) == look.geometry(content("Convolution"))
