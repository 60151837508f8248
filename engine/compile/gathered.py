"""What all blocks of a drawing tell together, kept up from one analysis to the next."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from engine.compile.following import Body, Found, kept_bytes
from engine.compile.moves import Reason
from engine.compile.receptive_field import Field
from engine.compile.records import total_cost
from engine.graph.analysis import Cost
from engine.graph.tensor_spec import TensorSpec


class Gathered:
    """Specs by "path/port", costs and fields by "path", of the root's blocks and those inside them.

    Blocks that came to the same as in the last update are not gone through again.
    """

    def __init__(self) -> None:
        self._last: Body = {}
        self._specs: dict[str, TensorSpec] = {}
        self._costs: dict[str, Cost] = {}
        self._fields: dict[str, Field | Reason] = {}

    def update(self, body: Body) -> None:
        """From now on these are the blocks of the root."""
        last, self._last = self._last, body
        self._forget(found for id, found in last.items() if body.get(id) is not found)
        self._add(found for id, found in body.items() if last.get(id) is not found)

    @property
    def specs(self) -> dict[str, TensorSpec]:
        """A copy."""
        return dict(self._specs)

    @property
    def costs(self) -> dict[str, Cost]:
        """A copy."""
        return dict(self._costs)

    @property
    def fields(self) -> dict[str, Field]:
        """The receptive fields that are known."""
        return {key: field for key, field in self._fields.items() if not isinstance(field, str)}

    @property
    def fields_untold(self) -> dict[str, str]:
        """Why the others are not."""
        return {key: reason for key, reason in self._fields.items() if isinstance(reason, str)}

    @property
    def total(self) -> Cost:
        """Every block of the root once."""
        total = total_cost([self._costs[id] for id in self._last if id in self._costs])
        return msgspec.structs.replace(total, training_bytes=kept_bytes(self._last.values()))

    def _forget(self, outdated: Iterable[Found]) -> None:
        for found in outdated:
            for key in found.record.specs:
                self._specs.pop(key, None)
            for key in found.record.costs:
                self._costs.pop(key, None)
            for key in found.fields:
                self._fields.pop(key, None)

    def _add(self, renewed: Iterable[Found]) -> None:
        for found in renewed:
            self._specs.update(found.record.specs)
            self._costs.update(found.costs)
            self._fields.update(found.fields)
