"""The window's end of the worker: pulls messages about 30 times a second and hands each to who asked for its kind."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from engine.worker.client import WorkerClient
from engine.worker.protocol import FromWorker, Ready, ToWorker

PULL_MS = 33
BUDGET_S = 0.006


class WorkerLink(QObject):
    """Messages go out at once and come in on the timer; a pull that took 6 ms leaves the rest for the next.

    `pulled()` comes after each pull that brought something: then views draw, once.
    """

    ready = Signal(object)
    died = Signal(str)
    pulled = Signal()

    def __init__(self, client: WorkerClient | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.client = client if client is not None else WorkerClient()
        self.devices: tuple[str, ...] = ()
        self.is_started = False
        self._handlers: dict[type, list[Callable[[Any], None]]] = {}
        self._waiting: deque[FromWorker] = deque()
        self._was_alive = False
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(PULL_MS)
        self._timer.timeout.connect(self.pull)
        self.on(Ready, self._take_ready)

    def on(self, kind: type, handler: Callable[[Any], None]) -> None:
        """Call `handler` with each message of this kind."""
        self._handlers.setdefault(kind, []).append(handler)

    def next_id(self) -> int:
        """An id for a request that has an answer."""
        return self.client.next_id()

    def start(self) -> None:
        """Start the worker; it hears what is sent from now on."""
        self.client.start()
        self.is_started = self._was_alive = True
        self._timer.start()

    def restart(self) -> None:
        """Start another worker in place of one that ended."""
        self._waiting.clear()
        self.client.restart()
        self.is_started = self._was_alive = True
        self._timer.start()

    def send(self, message: ToWorker) -> None:
        """Send one message; a dead worker hears nothing."""
        if self.client.alive:
            self.client.send(message)

    @property
    def alive(self) -> bool:
        """Whether the worker's process lives."""
        return self.client.alive

    def pull(self) -> None:
        """Hand on what has come, for 6 ms at most."""
        # asked before, so that none of its last words come between
        alive = self.client.alive
        self._hand_on(BUDGET_S)
        if self._was_alive and not self._waiting and not alive:
            self._was_alive = False
            self._timer.stop()
            self.died.emit(self.client.exit_words or "")

    def _hand_on(self, budget_s: float) -> None:
        self._waiting.extend(self.client.take())
        end = time.perf_counter() + budget_s
        some = bool(self._waiting)
        while self._waiting:
            message = self._waiting.popleft()
            for handler in self._handlers.get(type(message), ()):
                handler(message)
            if time.perf_counter() > end:
                break
        if some:
            self.pulled.emit()

    def close(self, timeout_s: float = 2.0) -> None:
        """End the worker: it stops at the next step and writes a checkpoint, or is ended after `timeout_s`."""
        self._timer.stop()
        if self.is_started:
            self._was_alive = False
            self.client.close(timeout_s)
            # all of it: no later pull would hand on the last checkpoint
            self._hand_on(math.inf)

    def _take_ready(self, message: Ready) -> None:
        self.devices = tuple(device for device in message.devices if device != "auto")
        self.ready.emit(message)
