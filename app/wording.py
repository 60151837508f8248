"""How numbers, times and results are written in the window."""

from __future__ import annotations

import re
from collections.abc import Mapping

THIN = "\N{THIN SPACE}"
CHECKING = "Checking …"
"""What is said of a drawing that nothing is known of yet."""
NOT_CHECKED = "Not checked"
"""What is said of it where nobody can look: the worker has died, and the run bar offers to start it again."""
WAITS = "Waits for the first epoch"
LOADS = "Loading what was trained …"
MENDS = "Shown once what stops the run is mended"
"""What views say before there is anything to measure; the last two of a network that was trained already."""

KEPT_AT = "%Y-%m-%d %H.%M.%S"
_KEPT = re.compile(r"(.*) (\d{4}-\d\d-\d\d) (\d\d)\.(\d\d)\.(\d\d)", re.DOTALL)
"""The name of a drawing that was kept, and when, as its file is called."""


def number_words(number: int) -> str:
    """A whole number with thin spaces between thousands, from four digits on: 7 370."""
    return f"{number:,}".replace(",", THIN)


def count_words(number: int, noun: str) -> str:
    """`1 epoch`, `20 epochs`."""
    return f"{number_words(number)} {noun}{'' if number == 1 else 's'}"


def short_words(number: float) -> str:
    """A number with an SI suffix, for cramped places: 950, 7.4 k, 86 k, 11.7 M."""
    for limit, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= limit * 0.9995:
            scaled = number / limit
            return f"{scaled:.1f} {unit}" if scaled < 9.95 or unit != "k" and scaled < 99.95 else f"{scaled:.0f} {unit}"
    return f"{number:.0f}"


def duration_words(seconds: float) -> str:
    """A time in one unit: `3 s`, `4 min`, `2 h`; below one second `1 s`."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    return f"{round(seconds / 3600)} h"


def ago_words(seconds: float) -> str:
    """How long ago: `just now`, `2 min ago`, `3 h ago`, `4 days ago`."""
    if seconds < 45:
        return "just now"
    if seconds < 45 * 60:
        return f"{max(1, round(seconds / 60))} min ago"
    if seconds < 22 * 3600:
        return f"{max(1, round(seconds / 3600))} h ago"
    days = max(1, round(seconds / 86400))
    return "yesterday" if days == 1 else f"{days} days ago"


def kept_words(stem: str) -> tuple[str, str]:
    """What a drawing that was kept is called, and when it was: `Untitled` and `2026-01-02 03:04:05`, or nothing."""
    found = _KEPT.fullmatch(stem)
    return (found[1], f"{found[2]} {found[3]}:{found[4]}:{found[5]}") if found is not None else (stem, "")


def percent_words(share: float) -> str:
    """A share of one as people write it: 97.8 %."""
    return f"{100 * share:.1f} %"


def change_words(share: float) -> str:
    """How far something moved, as a share of its size: `changed 38 %`, of weights that ran away `changed 2.6e+09 %`."""
    return f"changed {100 * share:.0f} %" if 100 * share < 1e5 else f"changed {100 * share:.2g} %"


def result_words(metrics: Mapping[str, float]) -> str:
    """The figure of a run that matters most: accuracy, else an error or the loss; "" without any."""
    for name in sorted(metrics, key=lambda name: (name != "accuracy", name)):
        if name == "accuracy" or name.startswith("accuracy."):
            return percent_words(metrics[name])
    for name, words in (("reconstruction_error", "reconstruction error"), ("loss", "loss")):
        if name in metrics:
            return f"{words} {metrics[name]:.3g}"
    return ""


def device_words(name: str) -> str:
    """`cpu` is `CPU`, `cuda:1` is `GPU 1`, with one GPU `GPU`."""
    kind, _, number = name.partition(":")
    words = {"cpu": "CPU", "cuda": "GPU", "mps": "GPU", "auto": "Auto"}.get(kind, kind.upper())
    return f"{words} {number}" if number not in ("", "0") else words
