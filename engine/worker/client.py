"""The window's side of the worker: starts it, talks with it, notices when it dies. No call here waits but `close`."""

from __future__ import annotations

import itertools
import os
import queue
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO, BinaryIO, cast

import msgspec

from engine.graph.problem import Problem
from engine.worker.exit_words import exit_words
from engine.worker.inbox import Inbox
from engine.worker.protocol import FROM_WORKER, FromWorker, Quit, ToWorker, frame_of, read_frame
from engine.worker.unsent import unsent

COMMAND = (sys.executable, "-P", "-X", "faulthandler", "-m", "engine.worker.process")

_LINES_KEPT = 400
_LONGEST_LINE = 2000
_PATIENCE_S = 2.0
_PIPE_BYTES = 1 << 20


class WorkerClient:
    """One worker process at a time, started by `start` and, after a death, by `restart`.

    Threads of its own write, read and listen to the worker's stderr, so that no method waits but `close`.
    `environment` is added to the present one.
    """

    def __init__(self, environment: Mapping[str, str] | None = None, command: Sequence[str] = COMMAND) -> None:
        self._environment = {"OMP_WAIT_POLICY": "PASSIVE", "PYTHONIOENCODING": "utf-8", **(environment or {})}
        self._command = tuple(command)
        self._ids = itertools.count(1)
        self._life: _Life | None = None
        self._former: list[_Life] = []

    def start(self) -> None:
        """Start the worker, unless one lives. It answers `Ready` once it is warm."""
        if not self.alive:
            self.restart()

    def restart(self) -> None:
        """Start a new worker; one that still lives is ended without waiting for it. What was not taken is lost."""
        if self._life is not None:
            self._life.end(0.0)
            self._former = [life for life in (*self._former, self._life) if life.has_threads]
        self._life = _Life(self._command, self._environment)

    def send(self, message: ToWorker) -> bool:
        """Send, in order, without waiting; False where no worker lives to hear it."""
        return self._life is not None and self._life.send(message)

    def take(self) -> tuple[FromWorker, ...]:
        """What came since, in order: losses joined by run, of each measurement and of Progress only the latest.

        After a death what came before it is still given.
        """
        return () if self._life is None else self._life.inbox.take()

    def next_id(self) -> int:
        """A new id for a request; answers carry it."""
        return next(self._ids)

    @property
    def alive(self) -> bool:
        """Whether a worker was started and has not ended."""
        return self._life is not None and self._life.alive

    @property
    def exit_words(self) -> str | None:
        """Why the worker ended, `it was killed (signal 9)`; None while it lives or before it was started."""
        return None if self._life is None else self._life.exit_words

    @property
    def problem(self) -> Problem | None:
        """The death of the worker as a Problem; None while it lives, before it was started and after `close`."""
        words = self.exit_words
        if words is None or self._life is None or self._life.dismissed:
            return None
        return Problem(code="worker-died", facts={"reason": f": {words}"})

    @property
    def process_id(self) -> int | None:
        """The process id of the worker, where one lives."""
        return self._life.process_id if self._life is not None and self._life.alive else None

    @property
    def last_lines(self) -> tuple[str, ...]:
        """The last lines the worker wrote to stderr, for an error report."""
        return () if self._life is None else self._life.last_lines

    def close(self, timeout_s: float = _PATIENCE_S) -> None:
        """Ask the worker to stop at its next step and write a checkpoint; after `timeout_s` kill it. Waits for its end.

        What it still said can be taken afterwards.
        """
        lives = [*self._former, *([self._life] if self._life is not None else [])]
        for life in lives:
            life.end(timeout_s)
        for life in lives:
            life.join()
        self._former = []


class _Life:
    """One worker process from start to end."""

    def __init__(self, command: tuple[str, ...], environment: Mapping[str, str]) -> None:
        self.inbox = Inbox()
        self.exit_words: str | None = None
        self.dismissed = False
        self._command, self._environment = command, environment
        self._outgoing: queue.SimpleQueue[ToWorker | None] = queue.SimpleQueue()
        self._lines: deque[str] = deque(maxlen=_LINES_KEPT)
        self._process: subprocess.Popen[bytes] | None = None
        self._started = threading.Event()
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._live, name="worker-reader", daemon=True)]
        self._threads[0].start()

    @property
    def alive(self) -> bool:
        return not self._ended.is_set()

    @property
    def process_id(self) -> int | None:
        return None if self._process is None else self._process.pid

    @property
    def last_lines(self) -> tuple[str, ...]:
        return tuple(self._lines)

    @property
    def has_threads(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def send(self, message: ToWorker) -> bool:
        if self._ended.is_set() or self.dismissed:
            return False
        self._outgoing.put(message)
        return True

    def end(self, patience_s: float) -> None:
        """Ask it to quit and kill it after `patience_s`, on a thread of its own."""
        if self.dismissed:
            return
        self.dismissed = True
        self._outgoing.put(Quit())
        self._outgoing.put(None)
        thread = threading.Thread(target=self._kill_later, args=(patience_s,), name="worker-end", daemon=True)
        self._threads.append(thread)
        thread.start()

    def join(self) -> None:
        """Wait until the process and all threads are gone."""
        self._ended.wait()
        for thread in tuple(self._threads):
            thread.join()

    def _kill_later(self, patience_s: float) -> None:
        if not self._ended.wait(patience_s):
            self._started.wait()
            if self._process is not None:
                with suppress(OSError):
                    self._process.kill()

    def _live(self) -> None:
        try:
            process = self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, **self._environment},
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as fault:
            self.exit_words = f"it could not be started: {fault.strerror or fault}"
            self._started.set()
            self._ended.set()
            return
        assert process.stdout is not None
        _widen(process.stdout)
        self._started.set()
        helpers = [
            threading.Thread(target=self._write, args=(process.stdin,), name="worker-writer", daemon=True),
            threading.Thread(target=self._listen, args=(process.stderr,), name="worker-stderr", daemon=True),
        ]
        for helper in helpers:
            helper.start()
        self._read(cast(BinaryIO, process.stdout))
        self._bury(process, helpers)

    def _read(self, stream: BinaryIO) -> None:
        with stream:
            while True:
                try:
                    frame = read_frame(stream)
                    if frame is None:
                        return
                    self.inbox.put(FROM_WORKER.decode(frame))
                except msgspec.MsgspecError as fault:
                    self._lines.append(f"a message could not be read: {fault}")
                except OSError:
                    return

    def _write(self, stream: BinaryIO) -> None:
        with suppress(OSError), stream:
            while (message := self._outgoing.get()) is not None:
                try:
                    frame = frame_of(message)
                except Exception as fault:  # noqa: BLE001 -- no message may make the worker deaf to those behind it
                    self._lines.append(f"a message could not be sent: {fault}")
                    answer = unsent(message, fault)
                    if answer is not None:
                        self.inbox.put(answer)
                    continue
                stream.write(frame)
                stream.flush()

    def _listen(self, stream: BinaryIO) -> None:
        with suppress(OSError), stream:
            while line := stream.readline(_LONGEST_LINE):
                self._lines.append(line.decode("utf-8", "replace").rstrip())

    def _bury(self, process: subprocess.Popen[bytes], helpers: list[threading.Thread]) -> None:
        """The pipe is closed: the process has ended or will not be heard again."""
        deadline = time.monotonic() + _PATIENCE_S
        try:
            process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            with suppress(OSError):
                process.kill()
            process.wait()
        self._outgoing.put(None)
        for helper in helpers:
            # a grandchild may hold the pipe open
            helper.join(max(0.1, deadline - time.monotonic()))
        closed = self.dismissed and process.returncode == 0
        self.exit_words = "it was closed" if closed else exit_words(process.returncode, self.last_lines)
        self._ended.set()


def _widen(pipe: IO[bytes]) -> None:
    """Let a whole answer with pictures fit into the pipe, where the system can: else the loop waits for the window."""
    try:
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    except (ImportError, AttributeError, OSError):
        return
