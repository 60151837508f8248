"""The worker's end of the pipe: one message at a time, from any thread."""

from __future__ import annotations

import threading
from typing import BinaryIO

from engine.worker.protocol import FromWorker, write_frame


class Outbox:
    """Writes messages whole. When the window is gone it goes on silently: the end of the commands tells the rest."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._gone = False

    def send(self, message: FromWorker) -> None:
        """Write `message`; waits while the pipe is full."""
        with self._lock:
            if self._gone:
                return
            try:
                write_frame(self._stream, message)
            except (OSError, ValueError):
                self._gone = True
