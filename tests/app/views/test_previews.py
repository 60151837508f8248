"""Pictures for the strip on the canvas: right colours, whole pixels, transparent around."""

from __future__ import annotations

import numpy as np
import pytest

from app.views.previews import preview_image
from engine.training.events import Array


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_weights_are_signed_and_crisp(light, ratio) -> None:
    filters = np.ones((4, 3, 3), dtype=np.float32)
    filters[:, 1] = -1
    image = preview_image({"pictures": Array.of(filters), "signed": np.array(1)}, light, 120, 48, ratio)
    assert (image.width(), image.height()) == (120 * ratio, 48 * ratio)
    assert image.devicePixelRatio() == ratio
    assert image.pixelColor(0, 0).alpha() == 0
    colours = {
        image.pixelColor(x, y).name().upper()
        for x in range(image.width())
        for y in range(image.height())
        if image.pixelColor(x, y).alpha() == 255
    }
    assert colours == {light.hex("positive"), light.hex("negative")}


def test_outputs_are_viridis_and_data_grey(light) -> None:
    pictures = np.zeros((1, 2, 2), dtype=np.float32)
    outputs = preview_image({"pictures": pictures, "signed": np.array(0)}, light, 40, 40)
    assert outputs.pixelColor(20, 20).getRgb()[:3] == (68, 1, 84)
    data = preview_image({"pictures": pictures + 1, "labels": np.array([3])}, light, 40, 40)
    assert data.pixelColor(20, 20).getRgb()[:3] == (255, 255, 255)


def test_nothing_to_show_is_no_picture(light) -> None:
    assert preview_image({}, light, 40, 40) is None
    assert preview_image({"pictures": np.zeros((0, 2, 2), dtype=np.float32)}, light, 40, 40) is None


def test_many_filters_stay_visible(light) -> None:
    image = preview_image({"filters": np.ones((500, 8, 8), dtype=np.float32)}, light, 120, 48)
    opaque = sum(image.pixelColor(x, y).alpha() == 255 for x in range(120) for y in range(48))
    assert opaque > 0.5 * 120 * 48


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_justified_rows_reach_from_edge_to_edge(light, ratio) -> None:
    filters = np.full((16, 3, 3), 0.5, dtype=np.float32)
    arrays = {"filters": filters, "limit": np.float32(1)}
    image = preview_image(arrays, light, 256, 64, ratio, justified=True)
    inked = [x for x in range(image.width()) if any(image.pixelColor(x, y).alpha() for y in range(image.height()))]
    assert inked[0] == 0
    assert inked[-1] >= image.width() - 2
    centred = preview_image(arrays, light, 256, 64, ratio)
    assert any(centred.pixelColor(0, y).alpha() for y in range(centred.height())) is False


def test_filters_of_three_channels_have_the_colours_of_the_inspector_on_the_block_too(light) -> None:
    filters = np.random.default_rng(0).normal(size=(6, 3, 3, 3)).astype(np.float32)
    limit = np.float32(4)
    there = preview_image({"filters": filters, "limit": limit}, light, 112, 36)
    here = preview_image({"pictures": filters, "signed": np.array(1), "limit": limit}, light, 112, 36)
    assert here == there
    own = preview_image({"pictures": filters, "signed": np.array(1), "limit": limit / 2}, light, 112, 36)
    assert own != there, "the limit counts"
