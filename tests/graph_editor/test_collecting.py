"""Garbage is collected on the window's thread alone, or a widget in a circle would go on another."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest

from graph_editor import collecting
from graph_editor.collecting import Collecting, look


class Ring:
    """An object that only the collector gets rid of."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture
def alone(qapp: object) -> Collecting:
    made = Collecting()
    yield made
    made.deleteLater()


def make_much() -> None:
    kept = [[number] for number in range(5 * gc.get_threshold()[0])]
    assert kept


def test_another_thread_collects_nothing_and_the_window_does(alone: Collecting, qtbot) -> None:
    ring = weakref.ref(Ring())
    assert ring() is not None
    thread = threading.Thread(target=make_much)
    thread.start()
    thread.join()
    assert ring() is not None
    kept = [[number] for number in range(5 * gc.get_threshold()[0])]
    qtbot.waitUntil(lambda: ring() is None)
    assert kept


def test_little_is_left_lying(alone: Collecting) -> None:
    gc.collect()
    look()
    ring = weakref.ref(Ring())
    look()
    assert ring() is not None


def test_python_collects_by_itself_again_once_the_last_is_gone(qapp: object, qtbot) -> None:
    first, second = Collecting(), Collecting()
    assert not gc.isenabled()
    assert collecting.is_on()
    first.deleteLater()
    qtbot.wait(20)
    assert not gc.isenabled()
    second.deleteLater()
    qtbot.waitUntil(gc.isenabled)
