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
        _end_cold_worker(hands)
        hands.close()
    reports = [report for hands in opened for report in hands.reports]
    assert not reports, "\n".join(reports)


def _end_cold_worker(hands: object) -> None:
    """A worker that still imports hears of the end only later, and the window would wait two seconds for it."""
    link = hands.workspace.link
    life = link.client._life
    if not link.devices and life is not None and life._process is not None:
        life._process.kill()


@pytest.fixture(scope="module")
def _one_window(qapp: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[object, object]]:
    """A window on the first example, its worker warm, and how it stands."""
    from hands import Hands

    hands = Hands.open(tmp_path_factory.mktemp("window") / "state")
    hands.wait_ready()
    hands.begin_anew()
    yield hands, hands.standing()
    hands.close()


@pytest.fixture
def warm_hands(_one_window: tuple[object, object]) -> Iterator[object]:
    """The one window of a file of tests, on the first example as it was opened at first.

    For tests that leave window and worker whole; it saves the seconds in which a worker gets warm.
    """
    hands, standing = _one_window
    hands.begin_anew()
    assert hands.standing() == standing
    yield hands
    hands.put_away()
    assert not hands.reports, "\n".join(hands.reports)
