"""Python's collector of garbage, on the window's thread alone."""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

LOOK_EVERY_MS = 100

_open = 0


class Collecting(QObject):
    """While it lives, garbage is looked for as Python would by itself, but on the thread that made this.

    Python looks on whichever thread happens to make an object, such as one that reads files or imports. A widget that
    hangs in a circle would be destroyed there, which Qt does not survive: the window would crash, now and then.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        global _open
        super().__init__(parent)
        _open += 1
        gc.disable()
        self.destroyed.connect(_is_over)
        timer = QTimer(self)
        timer.timeout.connect(look)
        timer.start(LOOK_EVERY_MS)


def look() -> None:
    """Collect the oldest generation of which enough has come together."""
    counts, thresholds = gc.get_count(), gc.get_threshold()
    full = [generation for generation in range(3) if counts[generation] > thresholds[generation] > 0]
    if full:
        gc.collect(full[-1])


def is_on() -> bool:
    """Whether garbage is looked for, by Python itself or by us."""
    return _open > 0 or gc.isenabled()


def _is_over() -> None:
    global _open
    _open -= 1
    if not _open:
        gc.enable()
