"""An analyser that remembers nothing yet, and which blocks any of them looks at."""

from __future__ import annotations

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.compile.records import Place, Record


@pytest.fixture
def analyser() -> Analyser:
    return Analyser(BLOCK_TYPES)


@pytest.fixture
def analysed_ids(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the blocks that any analyser looks at anew, in that order."""
    seen: list[str] = []
    original = Analyser._record

    def noted(self: Analyser, place: Place, record: Record, before: Record | None) -> Record:
        seen.append(record.block.id)
        return original(self, place, record, before)

    monkeypatch.setattr(Analyser, "_record", noted)
    return seen
