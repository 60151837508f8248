"""Ways from a port up and down: what is in the way of a short one is in the way of a longer one."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial


class Way:
    """How far one goes from `start` up and down before something is in the way; asked of nothing twice."""

    __slots__ = ("_clear_above", "_clear_below", "_is_clear", "_shut_above", "_shut_below", "_start")

    def __init__(self, start: float, is_clear: Callable[[float], bool]) -> None:
        self._start, self._is_clear = start, is_clear
        self._clear_below, self._shut_below = -math.inf, math.inf
        self._clear_above, self._shut_above = math.inf, -math.inf

    def is_clear(self, end: float) -> bool:
        """Whether nothing is in the way to `end`."""
        if end >= self._start:
            if end <= self._clear_below:
                return True
            if end >= self._shut_below:
                return False
            clear = self._is_clear(end)
            if clear:
                self._clear_below = end
            else:
                self._shut_below = end
            return clear
        if end >= self._clear_above:
            return True
        if end <= self._shut_above:
            return False
        clear = self._is_clear(end)
        if clear:
            self._clear_above = end
        else:
            self._shut_above = end
        return clear


class PortWays:
    """The upright ways beside one port, by their x: free of lanes, and free of blocks.

    None of its ways refers to it: a circle would outlive the drawing, see `lasting`.
    """

    def __init__(
        self,
        level: float,
        is_taken: Callable[[float, float], bool],
        is_open: Callable[[float, float], bool],
        is_reached: Callable[[float], bool],
    ) -> None:
        self._level, self._is_taken, self._is_open, self._is_reached = level, is_taken, is_open, is_reached
        self._lanes: dict[float, Way] = {}
        self._blocks: dict[float, Way] = {}
        self._reached: dict[float, bool] = {}

    def is_taken(self, x: float, y: float) -> bool:
        """Whether another signal runs at `x` between the port and `y`."""
        way = self._lanes.get(x)
        if way is None:
            way = self._lanes[x] = Way(self._level, partial(_not, self._is_taken, x))
        return not way.is_clear(y)

    def is_open(self, x: float, y: float) -> bool:
        """Whether no block stands at `x` between the port and `y`."""
        way = self._blocks.get(x)
        if way is None:
            way = self._blocks[x] = Way(self._level, partial(self._is_open, x))
        return way.is_clear(y)

    def is_reached(self, x: float) -> bool:
        """Whether no block stands between the port and `x`."""
        known = self._reached.get(x)
        if known is None:
            known = self._reached[x] = self._is_reached(x)
        return known


def _not(ask: Callable[[float, float], bool], x: float, y: float) -> bool:
    return not ask(x, y)
