"""Points by class, the class number on its cluster, the picture under the pointer."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from app.charts.scatter_chart import ScatterChart


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    data = load_digits()
    points = PCA(2, svd_solver="full").fit_transform(data.data).astype(np.float32)
    return points, data.target, (data.images / 16).astype(np.float32)


def test_each_class_has_its_colour(theme, shown, pixels, digits) -> None:
    points, labels, _ = digits
    chart = shown(ScatterChart(theme), 640, 400)
    chart.show_points(points, labels)
    for label in range(10):
        assert pixels(chart, theme.class_color(label)) > 30, label


def test_the_class_number_stands_in_its_cluster_and_not_on_another(theme, shown, digits) -> None:
    points, labels, _ = digits
    chart = shown(ScatterChart(theme), 640, 400)
    chart.show_points(points, labels)
    discs = chart.discs()
    assert [label for label, _ in discs] == list(range(10))
    for (_, one), (_, other) in itertools.combinations(discs, 2):
        assert math.hypot(one.x() - other.x(), one.y() - other.y()) >= 18
    plot = chart.plot_rect()
    x, y = chart.x_px(points[:, 0], plot), chart.y_px(points[:, 1], plot)
    for label, at in discs:
        own = np.hypot(x[labels == label] - at.x(), y[labels == label] - at.y())
        assert own.min() < 30, "near a point of its class"


def test_the_pointer_shows_the_picture_and_its_label(theme, shown, point, digits) -> None:
    points, labels, pictures = digits
    chart = shown(ScatterChart(theme), 640, 400)
    chart.show_points(points, labels, pictures)
    plot = chart.plot_rect()
    index = int(points[:, 0].argmax())
    point(chart, chart.x_px(points[index, 0], plot), chart.y_px(points[index, 1], plot))
    card = chart.card()
    assert card.text == f"label {labels[index]}"
    assert (card.picture.width(), card.picture.height()) == (8, 8)
    bright = [card.picture.pixelColor(x, y).red() / 255 for y in range(8) for x in range(8)]
    assert np.allclose(bright, pictures[index].ravel(), atol=0.01)
    before = chart.grab().toImage()
    point(chart, 1, 1)
    assert chart.card() is None
    assert chart.grab().toImage() != before, "the card was painted"


def test_points_without_classes_have_one_colour_and_no_discs(theme, shown, pixels) -> None:
    chart = shown(ScatterChart(theme))
    chart.show_points(np.random.default_rng(0).normal(size=(100, 2)), np.full(100, -1))
    assert chart.discs() == []
    assert pixels(chart, theme.class_color(0)) > 300
    assert pixels(chart, theme.class_color(1)) == 0


def test_the_frame_follows_the_cloud_but_not_its_breath(theme, shown) -> None:
    points = np.random.default_rng(0).normal(size=(100, 2))
    labels = np.zeros(100, dtype=np.int64)
    chart = shown(ScatterChart(theme))
    chart.show_points(points, labels)
    frame = chart.view_range
    chart.show_points(points * 0.97, labels)
    assert chart.view_range == frame
    chart.show_points(points * 3, labels)
    assert chart.view_range[1] > 2 * frame[1]


def test_what_is_not_finite_is_left_out(theme, shown) -> None:
    points = np.array([[0.0, 0.0], [1.0, np.nan], [2.0, 2.0]])
    chart = shown(ScatterChart(theme))
    chart.show_points(points, np.array([0, 1, 2]), np.zeros((3, 2, 2)), np.arange(3))
    assert [label for label, _ in chart.discs()] == [0, 2]


def test_points_that_are_all_one_do_not_break(theme, shown) -> None:
    chart = shown(ScatterChart(theme))
    chart.show_points(np.zeros((20, 2)), np.arange(20) % 4)
    chart.grab()
    places = [at for _, at in chart.discs()]
    assert len({(round(at.x()), round(at.y())) for at in places}) == 4
    assert chart.nearest(QPointF(chart.plot_rect().center()), chart.plot_rect()) is not None
