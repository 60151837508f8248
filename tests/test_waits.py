"""What a thread waits for is seen, and by whom; what others wait for is not."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.waits import waits


def sleep() -> None:
    time.sleep(0.001)


def wait_for_an_event() -> None:
    threading.Event().wait(0.001)


def wait_for_a_process() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait(60)


def take_from_a_queue() -> None:
    waiting: queue.Queue[int] = queue.Queue()
    waiting.put(1)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(waiting.get).result()


def look_at_the_clock() -> None:
    end = time.monotonic() + 0.001
    while time.monotonic() < end:
        pass


def take_a_lock() -> None:
    threading.Lock().acquire(timeout=0.001)


@pytest.mark.parametrize(
    ("wait", "how"),
    [
        (sleep, "sleep"),
        (wait_for_an_event, "wait"),
        (wait_for_a_process, "wait"),
        (take_from_a_queue, "join"),
        (look_at_the_clock, "monotonic"),
        (take_a_lock, "acquire"),
    ],
)
def test_who_waits_is_named(wait: Callable[[], None], how: str) -> None:
    with waits() as found:
        wait()
    assert f"test_waits.{wait.__name__}: {how}" in found
    assert {place.partition(":")[0] for place in found} == {f"test_waits.{wait.__name__}"}


def test_starting_a_thread_that_waits_is_no_wait() -> None:
    gate = threading.Event()
    with waits() as found:
        thread = threading.Thread(target=gate.wait)
        thread.start()
        gate.set()
    thread.join()
    assert found == []


def test_clocks_may_be_looked_at_where_they_are_let_be() -> None:
    with waits(clocks=False) as found:
        look_at_the_clock()
        sleep()
    assert found == ["test_waits.sleep: sleep"]
