"""Arrays become pictures in the right colours, one pixel a number."""

from __future__ import annotations

import numpy as np
import pytest

from app.charts.pictures import mosaic, picture


def test_signed_pictures_are_symmetric_about_zero(theme) -> None:
    image = picture(np.array([[-2.0, 0.0, 2.0]]), "signed", theme)
    assert (image.width(), image.height()) == (3, 1)
    assert image.pixelColor(0, 0).name().upper() == theme.hex("negative")
    assert image.pixelColor(2, 0).name().upper() == theme.hex("positive")
    middle, zero = image.pixelColor(1, 0), theme.color("zero")
    assert abs(middle.red() - zero.red()) + abs(middle.green() - zero.green()) + abs(middle.blue() - zero.blue()) < 12


def test_only_positive_weights_still_have_zero_in_the_middle(theme) -> None:
    image = picture(np.array([[0.0, 1.0]]), "signed", theme)
    assert image.pixelColor(1, 0).name().upper() == theme.hex("positive")
    assert image.pixelColor(0, 0).name().upper() != theme.hex("negative")


def test_a_limit_that_is_given_holds(theme) -> None:
    half = picture(np.array([[0.5]]), "signed", theme, limit=1.0).pixelColor(0, 0)
    assert half.name().upper() != theme.hex("positive")


def test_data_are_grey(theme) -> None:
    image = picture(np.array([[0.0, 0.5, 1.0, 7.0]]), "grey", theme)
    assert [image.pixelColor(x, 0).red() for x in range(4)] == [0, 128, 255, 255]
    assert image.pixelColor(1, 0).red() == image.pixelColor(1, 0).blue()


def test_magnitudes_are_viridis(theme) -> None:
    image = picture(np.array([[0.0, 3.0]]), "magnitude", theme)
    assert image.pixelColor(0, 0).getRgb()[:3] == (68, 1, 84)
    assert image.pixelColor(1, 0).getRgb()[:3] == pytest.approx((253, 231, 37), abs=2)


def test_three_channels_keep_their_colours(theme) -> None:
    values = np.zeros((1, 2, 3), dtype=np.float32)
    values[0, 0, 0] = 1
    image = picture(values, "grey", theme)
    assert image.pixelColor(0, 0).getRgb()[:3] == (255, 0, 0)


def test_what_is_no_number_does_not_break_a_picture(theme) -> None:
    image = picture(np.array([[np.nan, np.inf, -1.0]]), "signed", theme)
    assert image.pixelColor(2, 0).name().upper() == theme.hex("negative")
    assert image.pixelColor(1, 0).name().upper() == theme.hex("positive")


def test_a_mosaic_keeps_rows() -> None:
    made = mosaic(np.arange(3)[:, None, None] * np.ones((3, 2, 2)), 2, gap=1, fill=9)
    assert made.shape == (5, 5)
    assert made[0, 0] == 0
    assert made[0, 3] == 1
    assert made[3, 0] == 2
    assert made[2, 2] == 9
