"""Lays drawings out on a thread of its own, so that neither a run nor an analysis waits for it; the newest alone."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Mapping
from functools import partial

from engine.graph.block_type import BlockType
from engine.graph.tidying import tidied
from engine.worker.downloads import unexpected
from engine.worker.outbox import Outbox
from engine.worker.protocol import LaidOut, LayOut

PAUSE_S = 0.0005
"""Pure Python holds the interpreter for 5 ms at a time: so the training thread gets it every few ms without a fight."""


class _GivenUp(Exception):
    pass


class Layouts:
    """Answers the newest request; an older one, or one that was cancelled, is given up within some ms, unanswered."""

    def __init__(self, types: Mapping[str, BlockType], outbox: Outbox) -> None:
        self._types, self._outbox = types, outbox
        self._asked: queue.SimpleQueue[LayOut] = queue.SimpleQueue()
        self._wanted = 0
        threading.Thread(target=self._serve, name="layout", daemon=True).start()

    def ask(self, message: LayOut) -> None:
        """Answered by LaidOut."""
        self._wanted = message.id
        self._asked.put(message)

    def cancel(self, id: int) -> None:
        """Give up the request `id`."""
        if self._wanted == id:
            self._wanted = 0

    def _serve(self) -> None:
        while True:
            message = self._asked.get()
            pause = partial(self._pause, message.id)
            try:
                arrangement = tidied(message.body, self._types, message.sizes, message.only, pause)
                answer = LaidOut(id=message.id, arrangement=arrangement)
            except _GivenUp:
                continue
            except Exception as fault:  # noqa: BLE001 -- a fault of ours must not leave the window waiting
                answer = LaidOut(id=message.id, problem=unexpected(fault))
            self._outbox.send(answer)

    def _pause(self, id: int) -> None:
        if self._wanted != id:
            raise _GivenUp
        time.sleep(PAUSE_S)
