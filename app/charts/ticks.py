"""Where the ticks of an axis stand, what is written at them, and how labels keep apart. Plain numbers, no Qt."""

from __future__ import annotations

import math
from collections.abc import Sequence

MOST_TICKS = 5
THIN_SPACE = "\u2009"
_SUFFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def tick_step(low: float, high: float, most: int = MOST_TICKS, whole: bool = False) -> float:
    """The smallest step of 1, 2 or 5 times a power of ten with at most `most` ticks in low … high."""
    span = high - low
    assert 0 < span < math.inf, f"no ticks between {low} and {high}"
    power = 10.0 ** math.floor(math.log10(span / most))
    step = next(power * factor for factor in (1, 2, 5, 10, 20, 50) if _count(low, high, power * factor) <= most)
    return max(step, 1.0) if whole else step


def ticks(low: float, high: float, most: int = MOST_TICKS, whole: bool = False) -> list[float]:
    """At most `most` round numbers in low … high, evenly apart; `whole` ones are integers."""
    step = tick_step(low, high, most, whole)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def tick_texts(values: Sequence[float]) -> list[str]:
    """The ticks as written: equal decimals, SI suffixes from 10 000 on, a true minus."""
    largest = max((abs(value) for value in values), default=0.0)
    if largest >= 1e4:
        return [short_number(value) for value in values]
    step = min((abs(b - a) for a, b in zip(values, values[1:], strict=False)), default=largest or 1.0)
    if largest and step < 1e-5:
        return [_minus(f"{value:.1e}") if value else "0" for value in values]
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step > 0 else 0
    return [_minus(f"{value:.{decimals}f}") if value else "0" for value in values]


def short_number(value: float, digits: int = 3) -> str:
    """A number in a cramped place: three significant digits, two below 0.1, SI suffix from 10 000 on (11.7 M).

    Beyond those an exponent: 5.15e+26.
    """
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else _minus(str(value).replace("inf", "∞"))
    size = abs(value)
    if size >= 1000 * _SUFFIXES[0][0]:
        return _minus(f"{value:.{digits - 1}e}")
    for factor, suffix in _SUFFIXES:
        if size >= max(factor, 1e4):
            return _minus(f"{value / factor:.{digits}g}") + THIN_SPACE + suffix
    if size >= 1000:
        return _minus(f"{value:.0f}")
    if size >= 1e-4 or size == 0:
        kept = digits if size >= 0.1 else digits - 1
        decimals = kept - 1 - math.floor(math.log10(size)) if size else 0
        return _minus(f"{value:.{min(max(decimals, 0), 6)}f}")
    return _minus(f"{value:.1e}")


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Places near the wanted ones, at least `gap` apart, within low … high where there is room; order is kept."""
    order = sorted(range(len(wanted)), key=lambda index: (wanted[index], index))
    places: list[float] = []
    for index in order:
        place = min(max(wanted[index], low), high)
        places.append(max(place, places[-1] + gap) if places else place)
    ceiling = high
    for position in range(len(places) - 1, -1, -1):
        places[position] = min(places[position], ceiling)
        ceiling = places[position] - gap
    result = [0.0] * len(wanted)
    for position, index in enumerate(order):
        result[index] = places[position]
    return result


def _count(low: float, high: float, step: float) -> int:
    return math.floor(high / step + 1e-9) - math.ceil(low / step - 1e-9) + 1


def _minus(text: str) -> str:
    return text.replace("-", "−")
