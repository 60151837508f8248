"""What all sections of the inspector share: the document, what is selected, and edits that tell when refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from PySide6.QtCore import QObject, Signal

from app.panels.project_edits import ProjectEdits
from engine.graph.block_type import BlockType
from engine.graph.graph import Block, Graph
from engine.graph.paths import BodyPath, body_at, scope_at
from engine.graph.problem import Problem, Refused
from engine.graph.values import Value, evaluate
from graph_editor.document import Document
from graph_editor.theme import Theme

Found = TypeVar("Found")


class InspectorContext(QObject):
    """Read by the sections; `refused(Problem)` for an edit that was, `fix(Fix)` for a repair that was clicked.

    `message(text)` tells what an edit did besides; `jump(path)` asks for the block at an instance path;
    `stage_chosen(index)` asks the run bar to edit another stage, `stage_marked()` says that `stage` is another.
    """

    refused = Signal(object)
    message = Signal(str)
    fix = Signal(object)
    jump = Signal(object)
    stage_chosen = Signal(int)
    stage_marked = Signal()

    def __init__(
        self,
        document: Document,
        types: Mapping[str, BlockType],
        datasets: Mapping[str, Any],
        theme: Theme,
        edits: ProjectEdits | None,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.document = document
        self.types = types
        self.datasets = datasets
        self.theme = theme
        self.edits = edits
        self.own_code: Any = None
        self._remembered: dict[Callable[..., Any], tuple[Graph, Any]] = {}
        self._blocks: tuple[Graph | None, tuple[str, ...], tuple[Block, ...]] = (None, (), ())
        self.body_path: BodyPath = ()
        self.ids: tuple[str, ...] = ()
        self.stage = 0

    def set_stage(self, index: int) -> None:
        """The run bar edits this stage of the plan."""
        if index != self.stage:
            self.stage = index
            self.stage_marked.emit()

    @contextmanager
    def elsewhere(self, body_path: BodyPath, ids: tuple[str, ...]) -> Iterator[None]:
        """Speak of other blocks for a moment."""
        before = self.body_path, self.ids
        self.body_path, self.ids = body_path, ids
        try:
            yield
        finally:
            self.body_path, self.ids = before

    def body(self) -> Graph | None:
        """The body that is shown, or None where it is gone."""
        try:
            return body_at(self.document.graph, self.body_path)
        except Refused:
            return None

    def blocks(self) -> tuple[Block, ...]:
        """The selected blocks that are still there, looked up once: many ask, and 5,000 take half a millisecond."""
        body, ids = self.body(), self.ids
        if self._blocks[0] is not body or self._blocks[1] is not ids:
            found = tuple(body.blocks[id] for id in ids if id in body.blocks) if body is not None else ()
            self._blocks = body, ids, found
        return self._blocks[2]

    def remembered(self, function: Callable[..., Found], graph: Graph, *more: object) -> Found:
        """What a function finds in a graph, found once: in 5,000 blocks a walk takes milliseconds."""
        known, found = self._remembered.get(function, (None, None))
        if known is not graph:
            found = function(graph, *more)
            self._remembered[function] = graph, found
        return cast(Found, found)

    @property
    def variables(self) -> Mapping[str, Value]:
        """The project's variables, inside a Repeat with the index of its first copy."""
        try:
            return scope_at(self.document.graph, self.body_path, self.document.scope).variables
        except Refused:
            return self.document.graph.variables

    def compute(self, text: str) -> int | float:
        """The number of a formula over the project's variables. Raises FormulaError."""
        return evaluate(text, self.variables)

    def edit(self, label: str, function: Callable[..., Graph], *arguments: object) -> Problem | None:
        """Edit the shown body as one undo step; the Problem where it was refused, and then nothing has changed."""
        try:
            self.document.edit(label, function, *arguments, path=self.body_path)
        except Refused as fault:
            self.refused.emit(fault.problem)
            return fault.problem
        return None

    def edit_settings(self, label: str, function: Callable[..., Any], *arguments: object) -> None:
        """Edit the settings as one undo step."""
        self.document.edit_settings(label, function, *arguments)
