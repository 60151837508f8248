"""Arrays become small pictures of the right size and colours."""

from __future__ import annotations

import numpy as np
import pytest

from app.pictures import STRIP_WIDTH, montage, preview
from graph_editor.theme import load_theme

pytestmark = pytest.mark.usefixtures("qapp")


def test_a_montage_keeps_pixels_sharp_and_gaps_clear() -> None:
    theme = load_theme("dark")
    filters = np.zeros((3, 2, 2), dtype=np.float32)
    filters[0], filters[1] = -1.0, 1.0
    image = montage(filters, theme, "signed", columns=2, rows=2, cell=8, gap=2)
    assert (image.width(), image.height()) == (18, 18)
    assert image.pixelColor(3, 3) == theme.color("negative")
    assert image.pixelColor(12, 3) == theme.color("positive")
    assert image.pixelColor(9, 3).alpha() == 0
    assert image.pixelColor(12, 12).alpha() == 0


@pytest.mark.parametrize(("count", "size"), [(16, 3), (8, 5), (32, 7), (6, 11)])
def test_the_strip_of_filters_fits_its_block(count: int, size: int) -> None:
    arrays = {"pictures": np.random.default_rng(0).normal(size=(count, size, size)), "signed": np.int64(1)}
    image = preview(arrays, load_theme("light"))
    assert image is not None
    assert image.width() <= STRIP_WIDTH


def test_samples_are_grey_and_large_ones_thinned_out() -> None:
    pictures = np.linspace(0, 1, 4 * 224 * 224, dtype=np.float32).reshape(4, 224, 224)
    image = preview({"pictures": pictures}, load_theme("light"), is_data=True)
    assert image is not None
    assert image.height() <= 64
    colour = image.pixelColor(2, 2)
    assert colour.red() == colour.green() == colour.blue()


def test_nothing_gives_no_picture() -> None:
    assert preview({}, load_theme("light")) is None
    assert preview({"pictures": np.empty((0, 3, 3))}, load_theme("light")) is None
