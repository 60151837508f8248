"""Downloads in the worker: given up at once, one at a time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.data.download import DownloadCancelled
from engine.worker import downloads
from engine.worker.downloads import Downloads
from engine.worker.protocol import Download, Downloaded

SOON_S = 60.0


class Box:
    """Takes what would go to the window."""

    def __init__(self) -> None:
        self.sent: queue.Queue[Any] = queue.Queue()

    def send(self, message: object) -> None:
        self.sent.put(message)


@pytest.fixture
def silent_server(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """A server that answers nothing until the event is set: the download hangs in the socket meanwhile."""
    answers = threading.Event()

    def hang(name: str, *, progress: Callable[[int, int], None], cancelled: Callable[[], bool]) -> Path:
        assert answers.wait(SOON_S)
        progress(1, 2)
        if cancelled():
            raise DownloadCancelled(name)
        return Path(name)

    monkeypatch.setattr(downloads, "download", hang)
    return answers


def test_a_cancelled_download_is_told_at_once_and_a_second_one_waits_for_the_file(silent_server) -> None:
    box = Box()
    made = Downloads(box)
    made.start(Download(id=1, name="mnist"))
    made.cancel(1)
    assert box.sent.get(timeout=SOON_S) == Downloaded(id=1, cancelled=True)
    made.cancel(1)
    made.start(Download(id=2, name="mnist"))
    assert box.sent.empty()
    silent_server.set()
    told = [box.sent.get(timeout=SOON_S), box.sent.get(timeout=SOON_S)]
    assert [message.id for message in told] == [2, 2]
    assert told[-1] == Downloaded(id=2, folder="mnist")
