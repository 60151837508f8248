"""Where a thread waits for others, or for time to pass."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

_ROOT = Path(__file__).parents[1]
_WAITS = {
    function.__code__
    for function in (
        threading.Condition.wait,
        threading.Event.wait,
        threading.Thread.join,
        subprocess.Popen.wait,
        subprocess.Popen.communicate,
    )
}
_C_WAITS = {time.sleep, os.read, select.select}
_CLOCKS = {time.monotonic, time.perf_counter, time.time}
_C_METHODS = {"SimpleQueue.get", "lock.acquire", "poll.poll", "BufferedReader.read", "BufferedReader.readline"}


@contextmanager
def waits(clocks: bool = True) -> Iterator[list[str]]:
    """Where this thread waits meanwhile, as `file.function` of ours with what it calls there: `client.join: wait`.

    With `clocks` a look at one counts, as a loop may wait so. Until a thread that it starts has begun it does not wait,
    nor at `with lock:`.
    """
    found: list[str] = []
    c_functions = _C_WAITS | (_CLOCKS if clocks else set())

    def look(frame: FrameType, event: str, called: object) -> None:
        if event == "call" and frame.f_code in _WAITS:
            name, caller = frame.f_code.co_name, frame.f_back
        elif event == "c_call" and (called in c_functions or called.__qualname__ in _C_METHODS):
            # threads ask for locks without waiting too: those that wait for them are known by name
            name, caller = called.__name__, frame if frame.f_code.co_filename != threading.__file__ else None
        else:
            return
        while caller is not None and not _is_ours(caller.f_code.co_filename):
            if caller.f_code in _WAITS or caller.f_code is threading.Thread.start.__code__:
                return
            caller = caller.f_back
        if caller is not None:
            found.append(f"{Path(caller.f_code.co_filename).stem}.{caller.f_code.co_name}: {name}")

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        yield found
    finally:
        sys.setprofile(before)


def _is_ours(file: str) -> bool:
    return Path(file).is_relative_to(_ROOT) and "site-packages" not in file
