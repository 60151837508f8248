"""Ticks are few and round, numbers are short, labels keep apart."""

from __future__ import annotations

import itertools

import pytest

from app.charts.ticks import short_number, spread, tick_step, tick_texts, ticks


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 20, [0, 5, 10, 15, 20]),
        (0, 2.5, [0, 1, 2]),
        (0.6, 1.0, [0.6, 0.7, 0.8, 0.9, 1.0]),
        (-1, 1, [-1, -0.5, 0, 0.5, 1]),
        (0, 100, [0, 50, 100]),
    ],
)
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    assert ticks(low, high) == pytest.approx(expected)


def test_never_more_than_five_ticks_and_never_none() -> None:
    for exponent, low, size in itertools.product(range(-8, 9, 2), (0.0, 0.3, 7.7, -2.1), (1.0, 1.7, 3.3, 8.9)):
        scale = 10.0**exponent
        found = ticks(low * scale, (low + size) * scale)
        assert 1 <= len(found) <= 5, (low, size, scale, found)


def test_whole_ticks_are_integers() -> None:
    assert ticks(0, 3, whole=True) == [0, 1, 2, 3]
    assert tick_step(0, 2, whole=True) == 1


def test_texts_have_equal_decimals_and_suffixes() -> None:
    assert tick_texts([0, 0.5, 1.0]) == ["0", "0.5", "1.0"]
    assert tick_texts([0, 20_000, 40_000]) == ["0", "20\u2009k", "40\u2009k"]
    assert tick_texts([-0.01, 0, 0.01]) == ["−0.01", "0", "0.01"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0951, "0.095"),
        (0.00668, "0.0067"),
        (0.128, "0.128"),
        (2.3026, "2.30"),
        (123.4, "123"),
        (11_700_000, "11.7\u2009M"),
        (-0.5, "−0.500"),
        (8.2e13, "82\u2009T"),
        (-5.15e26, "−5.15e+26"),
        (float("nan"), "NaN"),
        (0, "0"),
    ],
)
def test_short_numbers(value: float, text: str) -> None:
    assert short_number(value) == text


def test_labels_keep_14_px_apart_and_stay_inside() -> None:
    places = spread([100, 101, 99], 14, 0, 105)
    assert sorted(b - a for a, b in itertools.pairwise(sorted(places))) == [14, 14]
    assert max(places) <= 105
    assert places[2] < places[0] < places[1], "the order of the curves is kept"


def test_labels_that_are_far_apart_stay_where_they_are() -> None:
    assert spread([10, 80], 14, 0, 100) == [10, 80]
