"""Keeps the drawing's PyTorch source up to date while somebody looks at it, and exports the drawing to files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject, QTimer, Signal

from app.worker_link import WorkerLink
from engine.graph.difference import GraphChange
from engine.graph.problem import Problem
from engine.worker.protocol import Export, Exported, Ready, SourceWritten, WriteSource
from graph_editor.document import Document

DELAY_MS = 150


class SourceDesk(QObject):
    """`changed(SourceWritten)` with the newest source; of exports `message(str)` and `refused(Problem)` at their end.

    `working(str)` says which exports that take seconds go on, "" once there are none.
    """

    changed = Signal(object)
    message = Signal(str)
    working = Signal(str)
    refused = Signal(object)

    def __init__(
        self, document: Document, link: WorkerLink, title: Callable[[], str], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._document, self._link, self._title = document, link, title
        self._is_watched = False
        self._wanted = 0
        self._exports: dict[int, Path] = {}
        self._slow: dict[int, str] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY_MS)
        self._timer.timeout.connect(self._ask)
        document.changed.connect(self._drawing_changed)
        link.on(SourceWritten, self._take)
        link.on(Exported, self._take_exported)
        link.on(Ready, lambda ready: self.ask_soon())
        link.died.connect(lambda words: self._lose_exports())

    def watch(self, watched: bool) -> None:
        """Whether somebody looks at the source; only then it is asked for."""
        if watched != self._is_watched:
            self._is_watched = watched
            self._timer.stop()
            if watched:
                self._ask()

    def ask_soon(self) -> None:
        """Ask anew; changes that follow each other closely are asked about once."""
        if self._is_watched:
            self._timer.start()

    def export(self, kind: Literal["python", "onnx"], path: Path) -> None:
        """Write the drawing to a file, with those weights of the session that fit, in ONNX fresh ones beside them."""
        if not self._link.alive:
            self.refused.emit(_lost(path))
            return
        id = self._link.next_id()
        self._exports[id] = path
        if kind == "onnx":
            # Takes seconds: it is run by onnxruntime too.
            self._slow[id] = path.name
            self._tell_work()
        self._link.send(
            Export(
                id=id,
                kind=kind,
                path=str(path),
                graph=self._document.graph,
                title=self._title() or path.stem,
                seed=self._document.settings.plan.seed,
            )
        )

    def _drawing_changed(self, change: GraphChange) -> None:
        if change.meaning:
            self.ask_soon()

    def _ask(self) -> None:
        if self._link.is_started:
            self._wanted = self._link.next_id()
            self._link.send(WriteSource(id=self._wanted, graph=self._document.graph, title=self._title()))

    def _take(self, message: SourceWritten) -> None:
        if message.id == self._wanted:
            self.changed.emit(message)

    def _take_exported(self, message: Exported) -> None:
        path = self._exports.pop(message.id, None)
        if path is None:
            return
        if self._slow.pop(message.id, None) is not None:
            self._tell_work()
        if message.problem is not None:
            self.refused.emit(message.problem)
        else:
            # The folder was just chosen; with it the sentence would not fit.
            self.message.emit(message.words.replace(f"{path.parent}{os.sep}", ""))

    def _lose_exports(self) -> None:
        lost = tuple(self._exports.values())
        self._exports.clear()
        self._slow.clear()
        self._tell_work()
        for path in lost:
            self.refused.emit(_lost(path))

    def _tell_work(self) -> None:
        self.working.emit(f"Writing {', '.join(self._slow.values())} …" if self._slow else "")


def _lost(path: Path) -> Problem:
    return Problem(code="export-lost", facts={"file": path.name})
