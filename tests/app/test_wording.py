"""Numbers and times as the window writes them."""

from __future__ import annotations

import pytest

from app.wording import (
    ago_words,
    change_words,
    count_words,
    device_words,
    duration_words,
    kept_words,
    number_words,
    result_words,
    short_words,
)


@pytest.mark.parametrize(("number", "text"), [(7370, "7\u2009370"), (999, "999"), (61_706, "61\u2009706")])
def test_numbers_have_thin_spaces(number: int, text: str) -> None:
    assert number_words(number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (950, "950"), (7_370, "7.4 k"), (86_000, "86 k"), (11_700_000, "11.7 M"), (999_900, "1.0 M")],
)
def test_short_numbers_have_a_suffix(number: int, text: str) -> None:
    assert short_words(number) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.2, "1 s"), (3.2, "3 s"), (89, "89 s"), (200, "3 min"), (7200, "2 h")])
def test_durations_have_one_unit(seconds: float, text: str) -> None:
    assert duration_words(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(3, "just now"), (125, "2 min ago"), (7300, "2 h ago"), (86_400, "yesterday"), (4 * 86_400, "4 days ago")],
)
def test_times_ago(seconds: float, text: str) -> None:
    assert ago_words(seconds) == text


def test_the_result_is_accuracy_first() -> None:
    assert result_words({"loss": 0.1, "accuracy": 0.9781}) == "97.8 %"
    assert result_words({"loss": 0.1, "reconstruction_error": 0.0321}) == "reconstruction error 0.0321"
    assert result_words({"loss": 0.1234}) == "loss 0.123"
    assert result_words({}) == ""


def test_counts_and_devices() -> None:
    assert (count_words(1, "epoch"), count_words(20, "epoch")) == ("1 epoch", "20 epochs")
    assert [device_words(name) for name in ("cpu", "cuda:0", "cuda:1", "mps")] == ["CPU", "GPU", "GPU 1", "GPU"]


@pytest.mark.parametrize(
    ("share", "text"), [(0.38, "changed 38 %"), (25.5, "changed 2550 %"), (25549072.0, "changed 2.6e+09 %")]
)
def test_weights_that_ran_away_have_one_exponent(share: float, text: str) -> None:
    assert change_words(share) == text


@pytest.mark.parametrize(
    ("stem", "words"),
    [
        ("my net 2026-01-02 03.04.05", ("my net", "2026-01-02 03:04:05")),
        ("net 2026-01-02 03.04", ("net 2026-01-02 03.04", "")),
        ("Untitled", ("Untitled", "")),
    ],
)
def test_a_kept_drawing_is_told_from_its_time(stem: str, words: tuple[str, str]) -> None:
    assert kept_words(stem) == words
