"""The worker's end of the pipe: one message at a time, from any thread."""

from __future__ import annotations

import threading
import traceback
from typing import BinaryIO

from engine.worker.protocol import FromWorker, frame_of


class Outbox:
    """Writes messages whole. When the window is gone it goes on silently: the end of the commands tells the rest."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._gone = False

    def send(self, message: FromWorker) -> None:
        """Write `message`; waits while the pipe is full. One that cannot be put into bytes is told of on stderr."""
        try:
            frame = frame_of(message)
        except Exception as fault:  # noqa: BLE001 -- the next message may be read
            traceback.print_exception(fault)
            return
        with self._lock:
            if self._gone:
                return
            try:
                self._stream.write(frame)
                self._stream.flush()
            # a ValueError: the stream is closed
            except (OSError, ValueError):
                self._gone = True
