"""The plane in the colours of its classes, the border at one half, the points."""

from __future__ import annotations

import numpy as np
import pytest

from app.charts.field_chart import FieldChart, class_borders, contour


def circle_field(size: int = 60) -> tuple[np.ndarray, np.ndarray]:
    axis = (np.arange(size) + 0.5) / size * 2 - 1
    radius = np.hypot(axis[None], axis[:, None])
    return 1 / (1 + np.exp(20 * (radius - 0.6))), np.float32([-1, 1, -1, 1])


def test_the_border_is_where_the_probability_is_one_half() -> None:
    grid, _ = circle_field()
    x, y = contour(grid, 0.5)
    radius = np.hypot((x + 0.5) / 60 * 2 - 1, (y + 0.5) / 60 * 2 - 1)
    assert len(x) > 100
    assert radius == pytest.approx(0.6, abs=0.01)


def test_segments_of_the_border_join() -> None:
    x, y = contour(circle_field()[0], 0.5)
    ends = np.round(np.stack([x, y], axis=1), 9)
    _, times = np.unique(ends, axis=0, return_counts=True)
    assert set(times.tolist()) == {2}, "a closed line: every end is the end of two segments"


def test_a_field_without_a_border_has_none() -> None:
    assert len(contour(np.zeros((5, 5)), 0.5)[0]) == 0
    assert len(class_borders(np.ones((5, 5)))[0]) == 0


def test_borders_of_classes_lie_between_their_cells() -> None:
    x, y = class_borders(np.array([[0, 1], [0, 1]]))
    assert set(x.tolist()) == {0.5}
    assert sorted(set(y.tolist())) == [-0.5, 0.5, 1.5]


def test_both_sides_have_the_colours_of_their_classes(theme, shown) -> None:
    grid = np.tile(np.linspace(0, 1, 40), (40, 1))
    chart = shown(FieldChart(theme))
    chart.show_field(grid, np.float32([0, 1, 0, 1]), np.empty((0, 2)), np.empty(0, dtype=np.int64))
    image = chart.grab().toImage()
    plot = chart.plot_rect()
    y = round(plot.center().y())
    for x, label in ((plot.left() + 3, 0), (plot.right() - 4, 1)):
        own, other = theme.class_color(label), theme.class_color(1 - label)
        found = image.pixelColor(round(x), y)

        def distance(color, found=found) -> int:
            return (
                abs(color.red() - found.red()) + abs(color.green() - found.green()) + abs(color.blue() - found.blue())
            )

        assert distance(own) < distance(other)
    border = image.pixelColor(round(plot.center().x()), y)
    assert border.name() == theme.color("panel").name()


def test_rows_of_the_grid_go_up(theme, shown, point) -> None:
    grid = np.zeros((10, 10))
    grid[-1] = 1
    chart = shown(FieldChart(theme))
    chart.show_field(grid, np.float32([0, 1, 0, 1]), np.empty((0, 2)), np.empty(0, dtype=np.int64))
    plot = chart.plot_rect()
    point(chart, plot.center().x(), plot.top() + 2)
    assert "class 1: 100 %" in chart.card().text
    point(chart, plot.center().x(), plot.bottom() - 4)
    assert "class 1: 0 %" in chart.card().text


def test_points_lie_on_the_field(theme, shown, pixels) -> None:
    grid, extent = circle_field()
    chart = shown(FieldChart(theme))
    points = np.random.default_rng(0).uniform(-0.9, 0.9, (100, 2))
    chart.show_field(grid, extent, points, np.arange(100) % 2)
    assert pixels(chart, theme.class_color(0)) > 200
    assert pixels(chart, theme.class_color(1)) > 200


def test_more_than_two_classes(theme, shown, point) -> None:
    grid = np.repeat(np.arange(3.0), 4)[None].repeat(12, axis=0)
    chart = shown(FieldChart(theme))
    chart.show_field(grid, np.float32([0, 3, 0, 1]), np.array([[2.5, 0.5]]), np.array([2]))
    plot = chart.plot_rect()
    point(chart, chart.x_px(2.5, plot), plot.center().y())
    assert "class 2" in chart.card().text
    assert "label 2" in chart.card().text
