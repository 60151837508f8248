"""An analyser that remembers nothing yet."""

from __future__ import annotations

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser


@pytest.fixture
def analyser() -> Analyser:
    return Analyser(BLOCK_TYPES)
