"""Filters, latent space, boundary and predictions show the answers to what they ask."""

from __future__ import annotations

import numpy as np
import pytest

from app.views.registry import VIEW_KINDS, make_view
from app.views.view import DELETED
from app.wording import LOADS, WAITS
from engine.measurements.results import Ask
from engine.training.events import Array

RANDOM = np.random.default_rng(0)
PICTURES = RANDOM.random((12, 8, 8), dtype=np.float32)
ANSWERS = {
    "filters": {
        "filters": RANDOM.normal(size=(16, 3, 3)).astype(np.float32),
        "limit": np.array(2.5, dtype=np.float32),
        "norm": np.array(1.21, dtype=np.float32),
        "change": np.array(0.38, dtype=np.float32),
    },
    "latent": {
        "points": RANDOM.normal(size=(12, 2)).astype(np.float32),
        "labels": np.arange(12) % 3,
        "rows": np.arange(12),
        "explained": np.float32([0.4, 0.14]),
        "pictures": PICTURES,
    },
    "boundary": {
        "grid": np.tile(np.linspace(0, 1, 20, dtype=np.float32), (20, 1)),
        "extent": np.float32([-1, 1, -1, 1]),
        "points": RANDOM.uniform(-1, 1, (30, 2)).astype(np.float32),
        "labels": np.arange(30) % 2,
    },
    "predictions": {
        "pictures": PICTURES,
        "true": np.arange(12) % 10,
        "predicted": np.where(np.arange(12) < 2, 9, np.arange(12) % 10),
        "probability": np.linspace(0.9, 0.5, 12).astype(np.float32),
        "rows": np.arange(12),
        "wrong": np.array(2),
        "count": np.array(12),
    },
}


@pytest.fixture(params=sorted(ANSWERS))
def view(request, light, qtbot):
    made = make_view(request.param, "v7", light, "k3f9", "Dense")
    qtbot.addWidget(made)
    made.resize(320, 200)
    made.show()
    return made


def test_it_asks_for_its_block(view) -> None:
    assert view.ask() == Ask(id="v7", kind=view.kind, block="k3f9")
    assert view.message() == WAITS


def test_what_was_trained_is_loaded_and_waits_for_no_epoch(view) -> None:
    view.set_awaited(LOADS)
    assert view.message() == LOADS
    view.set_missing(True)
    assert view.message() == DELETED
    view.set_missing(False)
    view.set_block("other", "Dense 2")
    assert view.message() == LOADS
    view.set_awaited(WAITS)
    assert view.message() == WAITS
    view.show_problem("This block has no weights")
    view.set_awaited(LOADS)
    assert view.message() == "This block has no weights"
    view.show_measured(ANSWERS[view.kind], 40)
    view.set_awaited(WAITS)
    assert view.message() == ""


def test_an_answer_from_the_worker_is_painted(view) -> None:
    before = view.grab().toImage()
    view.show_measured({name: Array.of(array) for name, array in ANSWERS[view.kind].items()}, 40)
    assert view.message() == ""
    assert view.step == 40
    assert view.grab().toImage() != before


def test_a_hidden_view_keeps_the_last_answer_for_later(view) -> None:
    view.hide()
    view.show_measured(ANSWERS[view.kind], 1)
    assert view.message() == WAITS
    view.show()
    assert view.message() == ""


def test_an_answer_without_change_of_size_is_painted_once(view) -> None:
    view.show_measured(ANSWERS[view.kind], 1)
    view.grab()
    chart = getattr(view.chart, "grid", view.chart)
    painted = chart.contents_painted
    view.grab()
    assert chart.contents_painted == painted


def test_a_deleted_block_is_said_and_another_can_be_chosen(view, qtbot) -> None:
    view.show_measured(ANSWERS[view.kind], 1)
    view.set_missing(True)
    assert view.message() == DELETED
    assert view.ask() is None
    with qtbot.waitSignal(view.choose_wanted):
        view._choose.click()
    view.set_missing(False)
    view.set_block("other", "Dense 2")
    assert view.message() == WAITS
    assert view.ask().block == "other"


def test_of_a_deleted_block_nothing_is_said_beside_the_title(view) -> None:
    view.set_block("k3f9", "Flatten")
    view.show_measured(ANSWERS[view.kind], 1)
    view.set_missing(True)
    view.set_block("k3f9", "")
    assert view.subtitle == ""
    view.set_missing(False)
    view.set_block("k3f9", "Flatten")
    assert view.subtitle.startswith("Flatten")
    assert "54 %" not in view.subtitle, "of the answer before"


def test_a_problem_takes_away_what_the_last_answer_said_beside_the_title(view) -> None:
    before = view.describe()
    view.show_measured(ANSWERS[view.kind], 1)
    view.show_problem("The values are too large to draw")
    assert view.subtitle == before


def test_a_problem_is_said_in_place_of_the_chart(view) -> None:
    view.show_problem("This block has no weights")
    assert view.message() == "This block has no weights"
    view.show_measured(ANSWERS[view.kind], 2)
    assert view.message() == ""


def test_themes_change_colours_at_once(view) -> None:
    from graph_editor.theme import load_theme

    view.show_measured(ANSWERS[view.kind], 1)
    light = view.grab().toImage().pixelColor(2, 2)
    dark_theme = load_theme("dark", 1.0)
    view.set_theme(dark_theme)
    dark = view.grab().toImage().pixelColor(2, 2)
    assert light.lightness() > 200
    assert dark == dark_theme.color("panel")


def test_latent_space_says_how_it_projects(light, qtbot) -> None:
    view = make_view("latent", "v", light, "k", "Flatten")
    qtbot.addWidget(view)
    view.set_block("k", "Flatten")
    view.show()
    view.show_measured(ANSWERS["latent"], 1)
    assert view.subtitle == "Flatten · PCA 54 %"


def test_predictions_count_the_wrong_ones_and_show_them_first(light, qtbot) -> None:
    view = make_view("predictions", "v", light)
    qtbot.addWidget(view)
    view.show()
    view.show_measured(ANSWERS["predictions"], 1)
    assert view.subtitle == "2 of 12 wrong"
    samples = view.chart.grid._samples
    assert [sample.wrong for sample in samples[:3]] == [True, True, False]
    assert samples[0].headline == "0 → 9"
    assert samples[0].second == "90 %"


def test_predictions_without_pictures_show_what_was_read(light, qtbot) -> None:
    view = make_view("predictions", "v", light)
    qtbot.addWidget(view)
    view.show()
    answer = {name: value for name, value in ANSWERS["predictions"].items() if name != "pictures"}
    count = len(answer["true"])
    points = np.tile(np.float32([0.3, -1.25]), (count, 1))
    view.show_measured({**answer, "values": points}, 1)
    first = view.chart.grid._samples[0]
    assert first.values == "0.30, −1.25"
    assert first.hint[0] == "values 0.30, −1.25"
    view.show_measured({**answer, "values": np.ones((count, 13), np.float32)}, 2)
    assert view.chart.grid._samples[0].values == "1.00, 1.00, 1.00, …"
    view.show_measured({**answer, "values": np.random.default_rng(0).random((count, 30, 2), np.float32)}, 3)
    assert view.chart.grid._curves.shape == (count, 30, 2)
    assert view.chart.grid._samples[0].values == ""


def test_rebuilt_pictures_and_numbers(light, qtbot) -> None:
    view = make_view("predictions", "v", light)
    qtbot.addWidget(view)
    view.show()
    numbers = {"true": PICTURES.ravel()[:100], "predicted": PICTURES.ravel()[:100]}
    view.show_measured({**numbers, "pictures": PICTURES, "rebuilt": PICTURES * 0.9}, 1)
    assert view.chart.currentWidget() is view.chart.grid
    assert view.subtitle == "rebuilt below"
    view.show_measured(numbers, 2)
    assert view.chart.currentWidget() is view.chart.against


def test_every_kind_can_be_made(light, qtbot) -> None:
    for kind in VIEW_KINDS:
        view = make_view(kind, "v", light)
        qtbot.addWidget(view)
        assert view.kind == kind
        assert view.title == VIEW_KINDS[kind].title
