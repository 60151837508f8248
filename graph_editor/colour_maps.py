"""Colours as numbers: OKLab, WCAG contrast, and lookup tables of 256 rows for images."""

from __future__ import annotations

import math
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Table = NDArray[np.uint8]

Triple = tuple[float, float, float]


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue, 0 to 255, of `RRGGBB` with or without a leading hash."""
    digits = colour.removeprefix("#")
    return int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)


def linear(colour: str) -> Triple:
    """Linear-light sRGB, each 0 to 1 (IEC 61966-2-1)."""
    red, green, blue = (_to_linear(part / 255) for part in rgb(colour))
    return red, green, blue


def contrast(first: str, second: str) -> float:
    """Contrast of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    darker, lighter = sorted((_luminance(first), _luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def oklab(light: Triple) -> Triple:
    """OKLab of linear-light sRGB (Ottosson 2020)."""
    r, g, b = light
    long = _cube_root(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
    medium = _cube_root(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
    short = _cube_root(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def from_oklab(lab: Triple) -> tuple[int, int, int]:
    """sRGB, 0 to 255, of OKLab; what lies outside the gamut is clipped."""
    lightness, a, b = lab
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        _to_byte(4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short),
        _to_byte(-1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short),
        _to_byte(-0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short),
    )


@lru_cache
def diverging(negative: str, zero: str, positive: str) -> Table:
    """Table (256, 4) uint8 RGBA from negative over zero to positive, straight lines in OKLab; read-only."""
    ends = oklab(linear(negative)), oklab(linear(zero)), oklab(linear(positive))
    rows = []
    for index in range(256):
        place = index / 255 * 2
        low, high = (ends[0], ends[1]) if place <= 1 else (ends[1], ends[2])
        rows.append(_between(low, high, place if place <= 1 else place - 1))
    return _table(rows)


@lru_cache
def viridis() -> Table:
    """Table (256, 4) uint8 RGBA for magnitudes (viridis by Smith and van der Walt, CC0); read-only."""
    lines = (files("resources") / "themes" / "viridis.txt").read_text(encoding="ascii").split()
    return _table([rgb(line) for line in lines])


@lru_cache
def grey() -> Table:
    """Table (256, 4) uint8 RGBA from black to white, for data; read-only."""
    return _table([(level, level, level) for level in range(256)])


def _table(rows: list[tuple[int, int, int]]) -> Table:
    # Here, not above: importing numpy takes 60 ms or more, and the canvas alone needs no table.
    import numpy as np

    assert len(rows) == 256
    table = np.full((256, 4), 255, dtype=np.uint8)
    table[:, :3] = rows
    table.setflags(write=False)
    return table


def _between(low: Triple, high: Triple, share: float) -> tuple[int, int, int]:
    lightness, a, b = (start + (end - start) * share for start, end in zip(low, high, strict=True))
    return from_oklab((lightness, a, b))


def _luminance(colour: str) -> float:
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _to_linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else math.pow((part + 0.055) / 1.055, 2.4)


def _to_byte(part: float) -> int:
    part = min(max(part, 0.0), 1.0)
    encoded = part * 12.92 if part <= 0.0031308 else 1.055 * math.pow(part, 1 / 2.4) - 0.055
    return round(encoded * 255)


def _cube_root(value: float) -> float:
    return math.copysign(math.pow(abs(value), 1 / 3), value)
