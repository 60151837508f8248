"""What a block shows beside its name: the icon of its family or type, or the curve of its activation."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from PySide6.QtGui import QPainterPath

from engine.graph.block_type import BlockType
from graph_editor.theme import FAMILY_ICONS, ICON, icon_path

CURVE_WIDTH = 2.0
_SAMPLES = 24


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


CURVES: dict[str, Callable[[float], float]] = {
    "relu": lambda x: max(x, 0.0),
    "leaky_relu": lambda x: x if x > 0 else 0.2 * x,
    "elu": lambda x: x if x > 0 else math.exp(x) - 1,
    "gelu": lambda x: 0.5 * x * (1 + math.erf(x / math.sqrt(2))),
    "silu": lambda x: x * _sigmoid(x),
    "softplus": lambda x: math.log1p(math.exp(x)),
    "sigmoid": lambda x: _sigmoid(2 * x),
    "tanh": math.tanh,
}
"""The activations that are drawn as their curve, by block type."""


class BlockIcon(NamedTuple):
    """A path of 16 × 16 px to fill, or to stroke 2 px wide."""

    path: QPainterPath
    stroked: bool


def block_icon(type: BlockType | None, size: float = ICON) -> BlockIcon:
    """The icon of a block type; one that is not known has a question mark."""
    if type is None:
        return BlockIcon(icon_path("ph.question", size), False)
    return _icon(type.id, type.family, type.icon, size)


@lru_cache(maxsize=512)
def _icon(id: str, family: str, icon: str, size: float) -> BlockIcon:
    if id in CURVES:
        return BlockIcon(_curve(CURVES[id], size), True)
    name = icon or FAMILY_ICONS.get(family, "ph.cube")
    try:
        return BlockIcon(icon_path(name, size), False)
    except KeyError:
        return BlockIcon(icon_path("ph.cube", size), False)


def _curve(function: Callable[[float], float], size: float) -> QPainterPath:
    values = [(x, function(x)) for x in (-3 + 6 * step / _SAMPLES for step in range(_SAMPLES + 1))]
    low, high = min(y for _, y in values), max(y for _, y in values)
    margin = size / 8
    span = size - 2 * margin
    path = QPainterPath()
    for number, (x, y) in enumerate(values):
        px, py = margin + span * (x + 3) / 6, size - margin - span * 0.86 * (y - low) / (high - low) - span * 0.07
        if number:
            path.lineTo(px, py)
        else:
            path.moveTo(px, py)
    return path
