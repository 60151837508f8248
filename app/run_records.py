"""The curves of the run that is shown and of the one before it, as they grow and as they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from app.curves import curves_of, histories_of
from engine.training.events import Event, Started

if TYPE_CHECKING:
    from app.views.history import RunHistory


class RunRecords(QObject):
    """`changed()` comes when views have something new to draw: once a pull, not once an event."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.history: RunHistory | None = None
        self.previous: RunHistory | None = None
        self._told = -1
        self._behind: tuple[RunHistory, RunHistory | None] | None = None

    def add(self, event: Event) -> None:
        """Take an event; a run from its first step on begins new curves, a continued one goes on with those here.

        Until it has started, and for good where it never does, they are those of the run before.
        """
        if isinstance(event, Started) and event.first_step == 0 or self.history is None:
            self._begin()
        assert self.history is not None, "a run has a history"
        if not isinstance(event, Started) and event.run != self.history.run and not self.history.is_empty:
            return
        self.history.add(event)

    def lose(self, words: str) -> None:
        """The worker died."""
        if self.history is not None:
            self.history.lose(words)
            self.tell()

    def tell(self) -> None:
        """Say so if something has changed since the last time."""
        version = self.history.version if self.history is not None else -1
        if version != self._told:
            self._told = version
            self.changed.emit()

    def put_behind(self) -> None:
        """Weights are fresh again: the curves become the previous run's."""
        if self.history is not None and not self.history.is_empty:
            self._behind = (self.history, self.previous)
            self.previous, self.history = self.history, None
            self._told = -1
            self.changed.emit()

    def bring_back(self) -> None:
        """The curves that were put behind are those of the weights again."""
        if self._behind is not None:
            (self.history, self.previous), self._behind = self._behind, None
            self._told = -1
            self.changed.emit()

    def open(self, curves: Mapping[str, Any], has_weights: bool, later: bool = False) -> None:
        """The curves of a project, as far as its weights were trained; `later`: those were trained further.

        Curves whose weights are lost are those of an earlier run.
        """
        self._behind = None
        history, self.previous = histories_of(curves) if curves else (None, None)
        if history is not None and not has_weights:
            history, self.previous = None, history
        elif history is not None and later:
            history.checkpoint_step = None
        elif history is not None and history.checkpoint_step is not None:
            history = history.until(history.checkpoint_step)
        self.history = history
        self._told = -1
        self.changed.emit()

    def curves(self, until_checkpoint: bool = False) -> dict[str, Any]:
        """All curves as arrays; `until_checkpoint` leaves out what the last checkpoint does not know of."""
        history = self.history
        if until_checkpoint and history is not None and history.checkpoint_step is not None:
            history = history.until(history.checkpoint_step)
        return curves_of(history, self.previous) if history is not None or self.previous is not None else {}

    def _begin(self) -> None:
        from app.views.history import RunHistory

        self._behind = None
        if self.history is not None and self.history.is_empty:
            return
        if self.history is not None:
            self.previous = self.history
        self.history, self._told = RunHistory(), -1
