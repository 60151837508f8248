"""Curves, their names and the steps behind them, as painted."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from app.charts.line_chart import Curve, LineChart, Mark
from app.charts.step_axis import StepAxis
from app.charts.step_series import StepSeries

EPOCHS = np.arange(1, 13, dtype=np.float64)


def two_curves(train_end: float = 0.1, validation_end: float = 0.12) -> list[Curve]:
    falling = 2.0 * np.exp(-EPOCHS / 2)
    return [
        Curve("train", EPOCHS, falling + train_end, 0),
        Curve("validation", EPOCHS, falling + validation_end, 1, dashed=True),
    ]


def test_curves_are_painted_in_the_theme_colours(theme, shown, pixels) -> None:
    chart = shown(LineChart(theme))
    assert pixels(chart, theme.class_color(0)) == 0
    chart.show_lines(two_curves(0.1, 0.6), x_end=20)
    train, validation = pixels(chart, theme.class_color(0)), pixels(chart, theme.class_color(1))
    assert train > 60
    assert validation > 60
    assert pixels(chart, theme.color("panel")) > 0.7 * chart.width() * chart.height(), "all around it is quiet"


@pytest.mark.parametrize("size", [(320, 200), (176, 150), (900, 500)])
@pytest.mark.parametrize("x_end", [12, 20])
@pytest.mark.parametrize("ends", [(0.1, 0.1), (0.1, 0.11), (0.1, 1.5)])
def test_names_at_the_ends_never_collide(qapp, shown, size, x_end, ends) -> None:
    from graph_editor.theme import load_theme

    chart = shown(LineChart(load_theme("light", 1.0)), *size)
    chart.show_lines(two_curves(*ends), x_end=x_end)
    chart.grab()
    labels = chart.labels()
    assert {text.split()[0] for text, _ in labels} == {"train", "validation"}
    middles = sorted(place.center().y() for _, place in labels)
    assert all(b - a >= 14 - 1e-6 for a, b in itertools.pairwise(middles))
    for _, place in labels:
        assert place.top() >= 0
        assert place.bottom() <= chart.plot_rect().bottom() + 1
        assert place.right() <= chart.width()


def test_the_name_tells_the_last_value(theme, shown) -> None:
    chart = shown(LineChart(theme))
    chart.show_lines([Curve("train", EPOCHS, np.linspace(2, 0.0951, 12))], x_end=20)
    chart.grab()
    assert chart.labels()[0][0] == "train 0.095"
    percent = shown(LineChart(theme, percent=True))
    percent.show_lines([Curve("train", EPOCHS, np.linspace(0.5, 0.978, 12))], x_end=20)
    percent.grab()
    assert percent.labels()[0][0] == "train 97.8 %"


def test_the_axis_begins_at_zero_and_ends_with_the_plan(theme, shown) -> None:
    chart = shown(LineChart(theme))
    chart.show_lines(two_curves(), x_end=20)
    x0, x1, y0, y1 = chart.view_range
    assert (x0, x1, y0) == (0, 20, 0)
    assert y1 >= 1.3


def test_one_spike_does_not_press_the_curve_flat(theme, shown) -> None:
    steps = np.full(2000, 0.5, dtype=np.float32)
    steps[1000] = 400
    chart = shown(LineChart(theme))
    chart.show_lines(two_curves(), StepSeries(steps), StepAxis.even(2000 / 12), x_end=12)
    assert chart.view_range[3] < 5


def test_steps_are_painted_faintly_behind(theme, shown, pixels) -> None:
    steps = StepSeries(np.random.default_rng(0).uniform(1, 2, 20_000).astype(np.float32))
    chart = shown(LineChart(theme))
    chart.show_lines([], steps, StepAxis.even(1000), x_end=20)
    full, faint = theme.class_color(0), theme.color("panel")
    share = 0.3
    mixed = type(full)(
        *(round(b + (a - b) * share) for a, b in zip(full.getRgb()[:3], faint.getRgb()[:3], strict=True))
    )
    assert pixels(chart, mixed) > 2000
    assert pixels(chart, full) == 0


def test_the_pointer_reads_the_curves(theme, shown, point) -> None:
    chart = shown(LineChart(theme))
    chart.show_lines(two_curves(), x_end=20)
    plot = chart.plot_rect()
    assert chart.card() is None
    point(chart, chart.x_px(6, plot), plot.center().y())
    words = chart.card().text
    assert words.splitlines()[0] == "epoch 6"
    assert f"train {2 * np.exp(-3) + 0.1:.3f}" in words
    before = chart.grab().toImage()
    point(chart, plot.right() + 10, plot.bottom() + 12)
    assert chart.card() is None
    assert chart.grab().toImage() != before


def test_a_moving_pointer_paints_no_curve_again(theme, shown, point) -> None:
    chart = shown(LineChart(theme))
    chart.show_lines(two_curves(), x_end=20)
    chart.grab()
    painted = chart.contents_painted
    for x in range(60, 200, 10):
        point(chart, x, 80)
        chart.grab()
    assert chart.contents_painted == painted


def test_a_mark_stands_where_the_setting_changed(theme, shown, pixels, point) -> None:
    chart = shown(LineChart(theme))
    chart.show_lines(two_curves(), x_end=20)
    before = pixels(chart, theme.color("edge"))
    chart.show_lines(two_curves(), marks=[Mark(15.0, "learning rate 0.0003")], x_end=20)
    assert pixels(chart, theme.color("edge")) > before + 20
    plot = chart.plot_rect()
    point(chart, chart.x_px(15, plot), plot.center().y())
    assert "learning rate 0.0003" in chart.card().text


@pytest.mark.parametrize("percent", [False, True])
@pytest.mark.parametrize("size", [(320, 200), (600, 300)])
@pytest.mark.parametrize(
    "at", [(6.0, 6.2), (6.0, 6.0), (0.1, 0.3), (18.8, 19.4), (3.0, 11.0, 18.0), (6.0, 6.2, 6.4, 6.6, 6.8, 7.0)]
)
def test_the_words_of_close_marks_never_collide(theme, shown, percent, size, at) -> None:
    chart = shown(LineChart(theme, percent=percent), *size)
    curves = [curve._replace(y=1 - curve.y / 3) if percent else curve for curve in two_curves()]
    marks = [Mark(x, f"learning rate 0.0{index}1") for index, x in enumerate(at)]
    chart.show_lines(curves, marks=marks, x_end=20)
    chart.grab()
    placed = chart.mark_labels()
    assert len(placed) == len(marks) or len(marks) > 3, "the words of a few have room"
    assert marks[-1].text in dict(placed), "the newest has it first"
    places = [place for _, place in (*placed, *chart.labels())]
    assert not any(one.intersects(other) for one, other in itertools.combinations(places, 2))
    assert all(chart.plot_rect().adjusted(0, -1, 0, 1).contains(place) for _, place in placed)


def test_the_words_of_a_mark_keep_off_the_curves_where_they_can(theme, shown) -> None:
    chart = shown(LineChart(theme), 420, 240)
    slow = [Curve("train", EPOCHS, 2 * np.exp(-EPOCHS / 4) + shift, 0) for shift in (0.0, 0.1)]
    chart.show_lines(slow, marks=[Mark(6.0, "learning rate 0.01"), Mark(6.4, "learning rate 0.001")], x_end=20)
    chart.grab()
    first, second = (place for _, place in chart.mark_labels())
    assert first.left() >= chart.x_px(6.0, chart.plot_rect()), "at the left the loss falls through it"
    assert first.top() > second.top()


def wheel(chart: LineChart, at: QPointF, turns: int) -> None:
    event = QWheelEvent(
        at,
        chart.mapToGlobal(at),
        QPoint(),
        QPoint(0, 120 * turns),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(chart, event)


def test_the_wheel_looks_closer_where_the_pointer_is_and_a_double_click_resets(theme, shown, qtbot) -> None:
    chart = shown(LineChart(theme))
    chart.show_lines(two_curves(), x_end=20)
    plot = chart.plot_rect()
    at = QPointF(chart.x_px(5, plot), plot.center().y())
    wheel(chart, at, 5)
    x0, x1, y0, y1 = chart.view_range
    assert x1 - x0 < 10
    assert chart.to_data(at, chart.plot_rect())[0] == pytest.approx(5, abs=0.2)
    assert (y0, y1) == (0, chart._home[3]), "only the epochs are stretched"
    qtbot.mouseDClick(chart, Qt.MouseButton.LeftButton, pos=at.toPoint())
    assert not chart.is_zoomed
    assert chart.view_range[:2] == (0, 20)


def test_dragging_moves_what_is_seen_and_stays_inside(theme, shown, qtbot) -> None:
    chart = shown(LineChart(theme))
    chart.show_lines(two_curves(), x_end=20)
    plot = chart.plot_rect()
    chart.look_at(5, 10, *chart.view_range[2:])
    middle = plot.center().toPoint()
    qtbot.mousePress(chart, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseMove(chart, middle + QPoint(40, 0))
    x0, x1, _, _ = chart.view_range
    assert x0 < 5
    assert x1 - x0 == pytest.approx(5)
    qtbot.mouseMove(chart, middle + QPoint(4000, 0))
    assert chart.view_range[0] == 0
    qtbot.mouseRelease(chart, Qt.MouseButton.LeftButton, pos=middle)


def test_a_million_steps_cost_a_screen_of_points(theme) -> None:
    series = StepSeries(np.random.default_rng(0).normal(size=1_000_000).astype(np.float32))
    x, _ = series.line(0, len(series), 900)
    assert len(x) <= 4 * 900


def test_values_without_an_end_break_the_curve_only(theme, shown, pixels) -> None:
    y = np.linspace(1, 2, 12)
    y[5] = np.inf
    chart = shown(LineChart(theme))
    chart.show_lines([Curve("train", EPOCHS, y)], x_end=12)
    assert chart.view_range[3] < 5
    assert pixels(chart, theme.class_color(0)) > 40


@pytest.mark.parametrize("text_scale", [1.0, 1.5, 2.0])
@pytest.mark.parametrize(("first", "x_end"), [(20_000.0, 20), (2.0, 20_000), (-24_000.0, 20), (1e-6, 1_000_000)])
def test_no_label_is_cut_at_the_edge(qapp, shown, text_scale, first, x_end) -> None:
    from graph_editor.theme import load_theme

    theme = load_theme("light", text_scale)
    chart = shown(LineChart(theme), 240, 200)
    chart.show_lines([Curve("train", np.linspace(0, x_end, 12), np.linspace(first, first / 10, 12))], x_end=x_end)
    image = chart.grab().toImage()
    wide, high = image.width() - 1, image.height() - 1
    edge = [(x, y) for x in range(wide + 1) for y in (0, high)] + [(x, y) for y in range(high + 1) for x in (0, wide)]
    assert {image.pixelColor(x, y).name() for x, y in edge} == {theme.color("panel").name()}
