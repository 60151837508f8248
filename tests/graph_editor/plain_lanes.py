"""Lanes without the index that makes them quick: what the quick ones are compared with."""

from __future__ import annotations

from collections.abc import Hashable


class PlainLanes:
    """All lanes in one list, each looked at."""

    def __init__(self, step: int) -> None:
        self._step = step
        self._lanes: list[tuple[float, float, float, Hashable, Hashable]] = []

    def take(self, at: float, first: float, last: float, key: Hashable, signal: Hashable) -> None:
        """As Lanes."""
        self._lanes.append((min(first, last), max(first, last), at, key, signal))

    def forget(self, key: Hashable) -> None:
        """As Lanes."""
        self._lanes = [lane for lane in self._lanes if lane[3] != key]

    def is_taken(self, at: float, first: float, last: float, signal: Hashable) -> bool:
        """As Lanes."""
        low, high = min(first, last), max(first, last)
        return any(
            abs(lane[2] - at) < self._step and lane[0] < high and lane[1] > low and lane[4] != signal
            for lane in self._lanes
        )
