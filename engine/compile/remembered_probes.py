"""Probes that were made before are not made again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.compile.probing import Probe, probe, remembered_key
from engine.graph.block_type import BlockType, Inputs
from engine.graph.values import Value

MEMORY = 20_000
"""How many probes are remembered: a few hundred bytes each."""


class RememberedProbes:
    """What modules make of their inputs, by type, resolved parameters, inputs and steps of time."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], Probe] = {}

    def probe(
        self, type: BlockType, parameters: Mapping[str, Value], inputs: Inputs, time: int | None, reach: int = 1
    ) -> Probe:
        """As `probing.probe` says."""
        key = remembered_key(type, parameters, inputs, time, reach)
        result = self._known.get(key)
        if result is None:
            if len(self._known) >= MEMORY:
                self._known.clear()
            result = self._known[key] = probe(type, parameters, inputs, time, reach)
        return result
