"""The keyboard from panel to panel: Tab adds a block on the canvas, so another key has to lead out of it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget


def focus_next(panels: Sequence[QWidget], step: int) -> None:
    """Give the keyboard to the panel that is `step` (1 or -1) further, passing over those without a place for it."""
    now = QApplication.focusWidget()
    here = next((place for place, panel in enumerate(panels) if now is not None and _is_in(now, panel)), -min(step, 0))
    for distance in range(1, len(panels) + 1):
        taker = first_place(panels[(here + step * distance) % len(panels)])
        if taker is not None:
            taker.setFocus(Qt.FocusReason.TabFocusReason if step > 0 else Qt.FocusReason.BacktabFocusReason)
            return


def first_place(panel: QWidget) -> QWidget | None:
    """The first widget of a panel that Tab can reach, itself before others; None where there is none."""
    if not panel.isVisible():
        return None
    widget: QWidget | None = panel
    seen: set[int] = set()
    while widget is not None and id(widget) not in seen:
        seen.add(id(widget))
        reached = widget.focusPolicy().value & Qt.FocusPolicy.TabFocus.value
        if reached and _is_in(widget, panel) and widget.isVisible() and widget.isEnabled():
            return widget
        widget = next_stop(widget)
    return None


def next_stop(widget: QWidget) -> QWidget:
    """The widget that the keyboard comes to after this one, wherever that is; the ends of the chain meet.

    PySide then takes it for a child of `widget`, until it is told its parent anew: at the end of a row a whole window
    would be, and once the row goes Python no longer knows its menus.
    """
    found = widget.nextInFocusChain()
    found.setParent(found.parentWidget())
    return found


def _is_in(widget: QWidget, panel: QWidget) -> bool:
    return widget is panel or panel.isAncestorOf(widget)
