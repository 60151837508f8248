"""What came from the worker and was not yet taken: losses joined, of measurements and progress only the latest."""

from __future__ import annotations

import threading
from collections.abc import Hashable

import msgspec

from engine.training.events import Losses, Measured, Progress
from engine.worker.protocol import FromWorker

_FLOAT32 = 4


class _Losses:
    """Losses of one run and stage, step after step."""

    def __init__(self, first: Losses) -> None:
        self._first = first
        self._parts = [first.values]
        self._next_step = first.first_step + len(first.values) // _FLOAT32

    def take_in(self, more: Losses) -> bool:
        """Whether `more` goes on where these end; then it is part of them."""
        if (more.run, more.stage, more.first_step) != (self._first.run, self._first.stage, self._next_step):
            return False
        self._parts.append(more.values)
        self._next_step += len(more.values) // _FLOAT32
        return True

    def joined(self) -> Losses:
        """All of them as one message."""
        return msgspec.structs.replace(self._first, values=b"".join(self._parts))


class Inbox:
    """Filled by one thread, emptied by another. What waits is bounded but for losses, four bytes a step."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[Hashable, FromWorker | _Losses] = {}
        self._number = 0
        self._losses: _Losses | None = None

    def put(self, message: FromWorker) -> None:
        """Add a message behind the others; it may replace an older one or be joined to it."""
        with self._lock:
            if isinstance(message, Losses):
                if self._losses is None or not self._losses.take_in(message):
                    self._losses = _Losses(message)
                    self._append(self._losses)
            elif isinstance(message, Measured):
                self._latest(("measured", message.request), message)
            elif isinstance(message, Progress):
                self._latest("progress", message)
            else:
                # later losses must not overtake it
                self._losses = None
                self._append(message)

    def take(self) -> tuple[FromWorker, ...]:
        """All that waits, in the order in which it came."""
        with self._lock:
            waiting, self._waiting, self._losses = self._waiting, {}, None
        return tuple(item.joined() if isinstance(item, _Losses) else item for item in waiting.values())

    def _append(self, item: FromWorker | _Losses) -> None:
        self._number += 1
        self._waiting[self._number] = item

    def _latest(self, key: Hashable, message: FromWorker) -> None:
        self._waiting.pop(key, None)
        self._waiting[key] = message
