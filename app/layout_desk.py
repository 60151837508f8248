"""Has drawings laid out by the worker; an answer to a drawing that looks otherwise by now is dropped."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from PySide6.QtCore import QObject, Signal

from app.worker_link import WorkerLink
from engine.graph.difference import GraphChange
from engine.graph.graph import Graph
from engine.graph.layout_basis import lays_out_alike
from engine.graph.paths import BodyPath, body_at
from engine.graph.problem import Refused
from engine.worker.protocol import CancelLayout, LaidOut, LayOut
from graph_editor.document import Document


class LayoutDesk(QObject):
    """`arrived(path, ids, Arrangement)` for what `ask` asked; else `message(str)` or `refused(Problem)`."""

    arrived = Signal(object, object, object)
    message = Signal(str)
    refused = Signal(object)

    def __init__(self, document: Document, link: WorkerLink, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._link = document, link
        self._wanted = 0
        self._asked: tuple[BodyPath, tuple[str, ...]] = ((), ())
        self._body = Graph()
        document.changed.connect(self._drawing_changed)
        link.on(LaidOut, self._take)
        link.died.connect(lambda words: self._forget())

    @property
    def is_waiting(self) -> bool:
        """Whether a layout is on its way."""
        return self._wanted != 0

    def ask(self, path: BodyPath, only: tuple[str, ...], sizes: Mapping[str, tuple[int, int]]) -> None:
        """Have the body at `path` laid out, or of its blocks `only` some; what was asked before is given up."""
        self._cancel()
        if not self._link.alive:
            self.message.emit("The worker lays drawings out, and it is not running")
            return
        self._wanted, self._asked, self._body = self._link.next_id(), (path, only), self._body_at(path)
        self._link.send(LayOut(id=self._wanted, body=self._body, sizes=sizes, only=only))

    def give_up(self) -> None:
        """Drop the layout that is on its way, or has come and fits no longer, and say so."""
        self._cancel()
        self.message.emit("The drawing changed, so it was not laid out")

    def _body_at(self, path: BodyPath) -> Graph:
        """With the project's variables in it. Raises Refused where it is gone."""
        graph = self._document.graph
        return msgspec.structs.replace(body_at(graph, path), variables=graph.variables)

    def _drawing_changed(self, change: GraphChange) -> None:
        if self._wanted and not self._still_fits():
            self.give_up()

    def _still_fits(self) -> bool:
        try:
            return lays_out_alike(self._body, self._body_at(self._asked[0]))
        except Refused:
            return False

    def _cancel(self) -> None:
        if self._wanted:
            self._link.send(CancelLayout(id=self._wanted))
        self._forget()

    def _forget(self) -> None:
        self._wanted, self._body = 0, Graph()

    def _take(self, message: LaidOut) -> None:
        if message.id != self._wanted:
            return
        self._forget()
        if message.problem is not None:
            self.refused.emit(message.problem)
        else:
            self.arrived.emit(*self._asked, message.arrangement)
