"""The open graph and settings with their undo stack: the only writer of both."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from engine.graph.block_type import BlockType
from engine.graph.difference import difference
from engine.graph.graph import Graph
from engine.graph.paths import BodyPath, all_ids, within
from engine.graph.problem import Fix
from engine.graph.scope import Scope

_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


class State(msgspec.Struct, frozen=True):
    """What one undo step goes back to."""

    graph: Graph
    settings: Any


class _Edit(QUndoCommand):
    def __init__(self, document: Document, label: str, before: State, after: State) -> None:
        super().__init__(label)
        self._document, self._before, self._after = document, before, after

    def undo(self) -> None:
        self._document._show(self._before)

    def redo(self) -> None:
        self._document._show(self._after)


class Document(QObject):
    """A graph and one frozen settings value that nobody else changes.

    `changed(GraphChange)` comes once after each edit, undo and redo that touched the graph;
    `settings_changed()` likewise for settings; meanwhile `is_editing` tells a new edit from undo and redo.
    `undo_limit` 0 means unlimited.
    """

    changed = Signal(object)
    settings_changed = Signal()

    def __init__(
        self,
        graph: Graph,
        types: Mapping[str, BlockType],
        settings: Any = None,
        undo_limit: int = 200,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._state = State(graph=graph, settings=settings)
        self.types = types
        self.undo_stack = QUndoStack(self)
        self.undo_stack.setUndoLimit(undo_limit)
        self.is_editing = False

    @property
    def graph(self) -> Graph:
        """The drawing as it is now."""
        return self._state.graph

    @property
    def settings(self) -> Any:
        """Plan, dataset references and views as they are now; never looked into here."""
        return self._state.settings

    @property
    def scope(self) -> Scope:
        """What edits at the root may ask; `within` adds the ancestors of a body."""
        return Scope(types=self.types, variables=self.graph.variables)

    def new_id(self) -> str:
        """A short random id that no block of the drawing has."""
        return self.new_ids(1)[0]

    def new_ids(self, count: int) -> tuple[str, ...]:
        """`count` different new ids."""
        taken = set(all_ids(self.graph))
        ids: list[str] = []
        while len(ids) < count:
            id = "".join(secrets.choice(_ALPHABET) for _ in range(6))
            if id not in taken:
                taken.add(id)
                ids.append(id)
        return tuple(ids)

    def edit(self, label: str, function: Callable[..., Graph], *arguments: object, path: BodyPath = ()) -> None:
        """Make one edit of the body at `path`, as one undo step. Raises Refused, and then nothing has changed."""
        self.commit(label, within(self.graph, path, function, self.scope, *arguments))

    def commit(self, label: str, graph: Graph) -> None:
        """Make `graph` the drawing, as one undo step: for gestures that join several edits into one."""
        self._push(label, State(graph=graph, settings=self.settings))

    def edit_settings(self, label: str, function: Callable[..., Any], *arguments: object) -> None:
        """Make one edit of the settings, `function(settings, *arguments)`, as one undo step."""
        self._push(label, State(graph=self.graph, settings=function(self.settings, *arguments)))

    def edit_both(self, label: str, graph: Graph, settings: Any) -> None:
        """Change drawing and settings together, as one undo step."""
        self._push(label, State(graph=graph, settings=settings))

    def apply_fix(self, fix: Fix, edits: Mapping[str, Callable[..., Any]]) -> None:
        """Make the repair that a Problem offers; `edits` maps its name to the function. Raises Refused."""
        new_ids: tuple[object, ...] = (self.new_ids(fix.new_blocks),) if fix.new_blocks else ()
        self.edit(fix.label, edits[fix.edit], *new_ids, *fix.arguments, path=fix.body)

    def load(self, graph: Graph, settings: Any) -> None:
        """Show another project: nothing to undo, clean."""
        self.undo_stack.clear()
        self._show(State(graph=graph, settings=settings))

    def _push(self, label: str, after: State) -> None:
        if after == self._state:
            return
        self.is_editing = True
        self.undo_stack.push(_Edit(self, label, self._state, after))
        self.is_editing = False

    def _show(self, state: State) -> None:
        before, self._state = self._state, state
        if before.settings != state.settings:
            self.settings_changed.emit()
        change = difference(before.graph, state.graph)
        if change:
            self.changed.emit(change)
