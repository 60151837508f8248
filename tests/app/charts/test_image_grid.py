"""Pictures in a grid are crisp, fit, and say what they are under the pointer."""

from __future__ import annotations

import numpy as np
import pytest

from app.charts.image_grid import ImageGrid, grid_layout, signed_text


def checkers(count: int = 16, side: int = 3) -> np.ndarray:
    board = np.indices((side, side)).sum(axis=0) % 2 * 2 - 1
    return np.repeat(board[None].astype(np.float32), count, axis=0) * 0.9


@pytest.mark.parametrize("size", [(320, 200), (180, 150), (700, 400)])
@pytest.mark.parametrize("count", [1, 7, 16, 64])
def test_every_picture_stands_inside_and_none_on_another(theme, shown, size, count) -> None:
    grid = shown(ImageGrid(theme), *size)
    grid.show_pictures(checkers(count))
    cells = grid.cells()
    assert len(cells) == count
    room = grid.plot_rect().adjusted(-1, -1, 1, 1)
    assert all(room.contains(cell) for cell in cells)
    for index, cell in enumerate(cells):
        assert not any(cell.intersects(other) for other in cells[:index])


def test_each_number_is_whole_pixels_of_one_colour(theme, shown) -> None:
    grid = shown(ImageGrid(theme))
    grid.show_pictures(checkers(4))
    image = grid.grab().toImage()
    cell = grid.cells()[0]
    pixel = cell.width() / 3
    assert pixel == int(pixel)
    middle = range(round(cell.left() + pixel), round(cell.left() + 2 * pixel))
    colours = {image.pixelColor(x, round(cell.top() + 1)).name().upper() for x in middle}
    assert colours == {theme.hex("positive")}


def test_corners_are_rounded_with_the_panel(theme, shown) -> None:
    grid = shown(ImageGrid(theme))
    grid.show_pictures(checkers(4))
    cell = grid.cells()[0]
    corner = grid.grab().toImage().pixelColor(cell.topLeft().toPoint())
    assert corner.name().upper() not in (theme.hex("positive"), theme.hex("negative"))


def test_the_colour_bar_shows_both_ends(theme, shown, pixels) -> None:
    grid = shown(ImageGrid(theme))
    grid.show_pictures(np.zeros((4, 3, 3), dtype=np.float32), "signed", 0.9)
    assert pixels(grid, theme.color("negative"), 40) > 10
    assert pixels(grid, theme.color("positive"), 40) > 10
    assert pixels(grid, theme.color("secondary"), 40) > 10, "the two values are written"


def test_the_pointer_reads_index_place_and_value(theme, shown, point) -> None:
    values = checkers(4)
    values[2, 0, 1] = 0.31
    grid = shown(ImageGrid(theme))
    grid.show_pictures(values)
    cell = grid.cells()[2]
    point(grid, cell.left() + cell.width() / 2, cell.top() + 3)
    assert grid.card().text == "filter 2, row 0, column 1\n+0.31"
    point(grid, 1, 1)
    assert grid.card() is None


def test_too_many_pictures_are_left_out_not_shrunk_to_nothing() -> None:
    made = grid_layout(5000, 28, 28, 220, 160, 1.0)
    assert 0 < made.count < 5000
    assert made.width >= 10


def test_rows_of_weights_are_drawn_as_bars() -> None:
    made = grid_layout(10, 64, 1, 200, 160, 1.0)
    assert made.count == 10
    assert made.width > 3 * made.height


@pytest.mark.parametrize(("value", "text"), [(-0.9, "-0.9"), (0.9, "+0.9"), (0.3149, "+0.31"), (0, "0"), (12.3, "+12")])
def test_values_carry_their_sign(value: float, text: str) -> None:
    assert signed_text(value) == text
