"""A card of the gallery shows all of its picture, however wide it is."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from app.panels.example_card import TEXT_HEIGHT, ExampleCard, read_gallery
from graph_editor.theme import load_theme


@pytest.mark.parametrize("theme_name", ["light", "dark"])
@pytest.mark.parametrize("width", [132, 144, 208])
def test_the_wave_is_never_cut(qtbot: QtBot, width: int, theme_name: str) -> None:
    facts = next(facts for facts in read_gallery() if facts.id == "sequence-lstm")
    theme = load_theme(theme_name)
    card = ExampleCard(facts, theme)
    qtbot.addWidget(card)
    card.resize(width, 173)
    image = card.grab().toImage()
    place = image.height() - TEXT_HEIGHT
    red, green, blue = theme.class_color(0).getRgb()[:3]
    ink = [
        y
        for y in range(place)
        for x in range(2, width - 2)
        if max(abs(a - b) for a, b in zip(image.pixelColor(x, y).getRgb(), (red, green, blue), strict=False)) < 40
    ]
    assert ink
    assert min(ink) > 0.12 * place
    assert max(ink) < 0.88 * place
    band = image.pixelColor(width - 4, place // 2)
    assert band != image.pixelColor(4, place // 2)
    assert image.pixelColor(width - 4, 6) == image.pixelColor(width - 4, place - 6)
