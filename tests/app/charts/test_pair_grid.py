"""Samples stand in a grid with the words below; rebuilt pictures under the originals."""

from __future__ import annotations

import numpy as np
import pytest

from app.charts.against_chart import AgainstChart
from app.charts.look import text_width
from app.charts.pair_grid import PairGrid, Sample

WRONG = Sample("4 → 9", "90 %", True, ("true 4", "predicted 9"))
RIGHT = Sample("3", "99 %", False, ("true 3", "predicted 3"))


def test_wrong_samples_are_written_in_the_error_colour(theme, shown, pixels) -> None:
    grid = shown(PairGrid(theme))
    pictures = np.zeros((8, 8, 8), dtype=np.float32)
    grid.show_samples([RIGHT] * 8, pictures)
    assert pixels(grid, theme.color("error")) == 0
    grid.show_samples([WRONG] * 8, pictures)
    assert pixels(grid, theme.color("error")) > 20


@pytest.mark.parametrize("below", [False, True])
@pytest.mark.parametrize("size", [(176, 150), (320, 200), (900, 500)])
def test_cells_fit_and_do_not_overlap(theme, shown, size, below) -> None:
    grid = shown(PairGrid(theme), *size)
    pictures = np.zeros((60, 8, 8), dtype=np.float32)
    sample = Sample("", "", False, ()) if below else WRONG
    grid.show_samples([sample] * 60, pictures, pictures if below else None)
    cells = grid.cells()
    assert len(cells) >= 2
    for index, cell in enumerate(cells):
        assert cell.left() >= 0
        assert cell.right() <= grid.width()
        assert not any(cell.intersects(other) for other in cells[:index])


def test_the_original_stands_above_the_rebuilt(theme, shown) -> None:
    white, black = np.ones((1, 8, 8), dtype=np.float32), np.zeros((1, 8, 8), dtype=np.float32)
    grid = shown(PairGrid(theme))
    grid.show_samples([Sample("", "", False, ("squared error 64",))], white, black)
    cell = grid.cells()[0]
    image = grid.grab().toImage()
    x = round(cell.center().x())
    assert image.pixelColor(x, round(cell.top() + cell.height() * 0.25)).name() == "#ffffff"
    assert image.pixelColor(x, round(cell.top() + cell.height() * 0.75)).name() == "#000000"


def test_samples_without_pictures_are_words(theme, shown, pixels) -> None:
    grid = shown(PairGrid(theme))
    grid.show_samples([WRONG] * 5)
    assert len(grid.cells()) == 5
    assert pixels(grid, theme.color("error")) > 20


def test_the_pointer_reads_a_sample(theme, shown, point) -> None:
    grid = shown(PairGrid(theme))
    grid.show_samples([WRONG, RIGHT], np.zeros((2, 8, 8), dtype=np.float32))
    middle = grid.cells()[1].center()
    point(grid, middle.x(), middle.y())
    assert grid.card().text == "true 3\npredicted 3"
    assert grid.card().picture is not None


def test_right_numbers_lie_on_the_diagonal(theme, shown, point, pixels) -> None:
    chart = shown(AgainstChart(theme))
    numbers = np.linspace(-2, 2, 50)
    chart.show_numbers(numbers, numbers)
    assert pixels(chart, theme.class_color(0)) > 100
    plot = chart.plot_rect()
    point(chart, chart.x_px(numbers[10], plot), chart.y_px(numbers[10], plot))
    assert chart.card().text.splitlines()[0].removeprefix("true ") in chart.card().text.splitlines()[1]
    x0, x1, y0, y1 = chart.view_range
    assert (x0, x1) == (y0, y1)


def test_numbers_that_were_read_stand_beside_the_words_a_line_each(theme, shown, pixels) -> None:
    grid = shown(PairGrid(theme), 240, 200)
    long = "0.30, −1.2, −0.044, …"
    grid.show_samples([WRONG._replace(values=long)] * 30)
    cells = grid.cells()
    assert len(cells) >= 8
    needed = text_width(theme.font(11, mono=True), long) + text_width(theme.font(11, 600), "4 → 9") + 40
    assert all(cell.left() >= 0 and needed <= cell.width() and cell.right() <= 240 for cell in cells)
    assert pixels(grid, theme.color("error")) > 20
    with_values = grid.grab().toImage()
    grid.show_samples([WRONG] * 30)
    assert grid.grab().toImage() != with_values


def test_sequences_are_curves_at_one_scale(theme, shown, pixels) -> None:
    grid = shown(PairGrid(theme), 400, 200)
    curves = np.stack([np.full((16, 1), -1.0), np.full((16, 1), 1.0)]).astype(np.float32)
    grid.show_samples([WRONG, RIGHT], curves=curves)
    assert pixels(grid, theme.class_color(0), 60) > 100
    image = grid.grab().toImage()
    ground = theme.color("field").name()
    first, second = (cell.toRect() for cell in grid.cells())

    def height_of_line(cell) -> int:
        x = cell.center().x()
        return next(y for y in range(2, cell.height()) if image.pixelColor(x, cell.top() + y).name() != ground)

    assert height_of_line(first) > height_of_line(second) + 15
    grid.show_samples([WRONG] * 2)
    assert pixels(grid, theme.class_color(0), 60) == 0
