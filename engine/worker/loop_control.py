"""Commands for a running loop, and work to be done for others between two of its steps."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from engine.training.commands import Command

Job = Callable[[], None]


class LoopControl:
    """The Control of a loop on another thread. Jobs run on the loop's thread at its next step boundary, in order.

    A job must not raise.
    """

    def __init__(self) -> None:
        self._commands: deque[Command] = deque()
        self._jobs: deque[Job] = deque()
        self._arrived = threading.Event()

    def send(self, command: Command) -> None:
        """Leave `command` for the loop; never blocks."""
        self._commands.append(command)
        self._arrived.set()

    def call(self, job: Job) -> None:
        """Have `job` done by the loop; never blocks."""
        self._jobs.append(job)
        self._arrived.set()

    def take(self) -> tuple[Command, ...]:
        """What came since; never waits. Without commands jobs are done now: a Stop does not wait for them."""
        if not self._commands:
            if self._jobs:
                self.do_jobs()
            return ()
        taken = []
        while self._commands:
            taken.append(self._commands.popleft())
        return tuple(taken)

    def wait(self) -> tuple[Command, ...]:
        """What comes next; waits until something does, and does jobs meanwhile."""
        while True:
            self._arrived.clear()
            if taken := self.take():
                return taken
            self._arrived.wait()

    def do_jobs(self) -> None:
        """Do what waits: by the loop while it runs, by whoever ended it afterwards."""
        while self._jobs:
            self._jobs.popleft()()
