"""Keeps Python's collector away from what is made for good."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from graph_editor.collecting import is_on


@contextmanager
def lasting() -> Iterator[None]:
    """What is made inside stays: it is not looked for garbage, now or later.

    For thousands of items. Among them, looking takes a quarter of the time, and afterwards a tenth of a second each
    time. They still go when nobody refers to them; only circles among them would stay. To unfreeze when a drawing is
    closed would be of no use: its items are gone by then, and the next look visits the whole program, 0.1 s.
    """
    collecting, by_itself = is_on(), gc.isenabled()
    if collecting:
        # What others left since the last look is no part of it: some 50 µs.
        gc.collect(0)
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.freeze()
        if by_itself:
            gc.enable()
