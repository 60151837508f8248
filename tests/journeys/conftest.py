"""What the journeys share: a window with a worker of its own on a folder of its own, and a pair of hands for it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# `hands` and the steps are imported by scripts in processes of their own too, hence no package.
sys.path.insert(0, str(Path(__file__).resolve().parent))


@pytest.fixture
def open_hands(qapp: object, tmp_path: Path) -> Iterator[Callable[..., object]]:
    """Opens windows: `open_hands(file=None, state="state")`; each is closed at the end, and none may have raised."""
    from hands import Hands

    opened: list[Hands] = []

    def open(file: Path | None = None, state: str = "state") -> Hands:
        hands = Hands.open(tmp_path / state, file)
        opened.append(hands)
        return hands

    yield open
    for hands in reversed(opened):
        hands.close()
    reports = [report for hands in opened for report in hands.reports]
    assert not reports, "\n".join(reports)
