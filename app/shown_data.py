"""Which data the pictures of blocks are of: those that the drawing names now, from the worker or as described."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from app.panels.dataset_edits import dataset_of, inputs_of, reference
from app.workspace import Workspace
from engine.graph.graph import Graph

if TYPE_CHECKING:
    import numpy as np

    from engine.worker.protocol import DatasetDescribed

INPUT_PICTURES = 4


class ShownData(QObject):
    """By path key what is to be seen of a block. What was measured on other data than are drawn now is not let in.

    `shown(path key)` for what came, `dropped(path key)` for what went, `settled()` once an edit has dropped something.
    """

    shown = Signal(str)
    dropped = Signal(str)
    settled = Signal()

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._arrays: dict[str, Mapping[str, np.ndarray]] = {}
        self._data_of: tuple[object, object, Mapping[str, tuple[str, Any]]] = (None, None, {})
        self._shown_data: dict[str, object] = {}
        self._held_data: Mapping[str, object] = {}
        self._described: dict[tuple[str, str | None], Mapping[str, np.ndarray]] = {}
        self._bare: set[str] = set()
        self._inputs: set[str] = set()
        self._asked: set[tuple[str, Any]] = set()
        self._aside: Mapping[str, Mapping[str, np.ndarray]] = {}
        self._waits = False
        workspace.measures.preview_measured.connect(self.take_preview)
        workspace.measures.session_opened.connect(self.hold)
        workspace.runs.began.connect(self.hold)
        workspace.opened.connect(self._start_over)
        workspace.data.described.connect(self._take_described)
        workspace.analysis.problems_changed.connect(self._take_problems)
        workspace.document.changed.connect(self._forget_old_data)
        workspace.document.settings_changed.connect(self._forget_old_data)

    @property
    def arrays(self) -> Mapping[str, Mapping[str, np.ndarray]]:
        """By path key what is to be seen of a block."""
        return self._arrays

    def hold(self) -> None:
        """The worker holds the data that the drawing names now."""
        self._held_data, self._waits, self._aside = self._data(), False, {}

    def take_preview(self, path: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Take what the worker measured of the block at `path`, if it holds the data that the drawing names."""
        data = self._data()
        sources = {path: data[path]} if path in data else data if _is_of_data(arrays) else {}
        if self._waits or self._reads_others(sources):
            return
        self._show(path, arrays, data.get(path))

    def forget_blocks(self) -> None:
        """Drop what is seen of blocks that are gone."""
        graph = self._workspace.document.graph
        gone = [path for path in self._arrays if not _is_in(graph, path)]
        for path in gone:
            self._drop(path)
        if gone:
            self.settled.emit()

    def _start_over(self) -> None:
        self._arrays, self._shown_data, self._held_data = {}, {}, {}
        self._bare.clear()
        self._inputs, self._aside = set(self._data()), {}
        # What still comes was measured on the drawing before.
        self._waits = True

    def _data(self) -> Mapping[str, tuple[str, Any]]:
        """By Input: the dataset it reads, and where that comes from."""
        document = self._workspace.document
        graph, settings, data = self._data_of
        if graph is not document.graph or settings is not document.settings:
            # Asked with each picture that arrives: 5,000 blocks are looked through once an edit.
            names = {block.id: dataset_of(document, block) for block in inputs_of(document)}
            data = {id: (name, reference(document, name)) for id, name in names.items()}
            self._data_of = (document.graph, document.settings, data)
        return data

    def _forget_old_data(self) -> None:
        """Drop the pictures of Inputs that read other data by now, and of what was computed from those data."""
        now = self._data()
        old = [path for path, shown in self._shown_data.items() if now.get(path) != shown]
        for path in old:
            del self._shown_data[path]
            self._drop(path)
        computed: Mapping[str, Mapping[str, np.ndarray]] = {}
        if self._reads_others(now):
            computed = {
                path: arrays for path, arrays in self._arrays.items() if path not in now and _is_of_data(arrays)
            }
            self._aside = computed or self._aside
            for path in computed:
                self._drop(path)
        elif self._aside:
            for path, arrays in self._aside.items():
                self._show(path, arrays, None)
            self._aside = {}
        self._bare.update(old, now.keys() - self._inputs)
        self._inputs = set(now)
        self._show_described()
        if old or computed:
            self.settled.emit()

    def _reads_others(self, now: Mapping[str, object]) -> bool:
        """Whether an Input reads other data than the worker holds for it."""
        return any(self._held_data.get(path, data) != data for path, data in now.items())

    def _take_problems(self) -> None:
        """A drawing with faults has no network to measure: its Inputs show their data all the same."""
        if self._workspace.analysis.errors:
            self._bare.update(path for path in self._data() if path not in self._arrays)
            self._show_described()

    def _take_described(self, message: DatasetDescribed) -> None:
        if message.problem is None and message.pictures is not None:
            pictures = message.pictures.numpy()[:INPUT_PICTURES].copy()
            self._described[message.name, message.folder] = {"pictures": pictures}
            self._show_described()

    def _show_described(self) -> None:
        """Inputs without pictures of what they read now show the description's until the worker holds that."""
        for path, (name, kept) in self._data().items():
            if path not in self._bare or not name:
                continue
            arrays = self._described.get((name, getattr(kept, "folder", None)))
            if arrays is not None:
                self._show(path, arrays, (name, kept))
            elif (name, kept) not in self._asked and self._workspace.link.is_started:
                self._asked.add((name, kept))
                self._workspace.data.describe_name(name)

    def _show(self, path: str, arrays: Mapping[str, np.ndarray], data: object | None) -> None:
        if data is not None:
            self._shown_data[path] = data
            self._bare.discard(path)
        self._arrays[path] = arrays
        self.shown.emit(path)

    def _drop(self, path: str) -> None:
        if self._arrays.pop(path, None) is not None:
            self.dropped.emit(path)


def _is_in(graph: Graph, path_key: str) -> bool:
    """Whether a block is at a path; looks at no other."""
    body: Graph | None = graph
    for id in path_key.split("/"):
        block = body.blocks.get(id) if body is not None else None
        if block is None:
            return False
        body = block.body
    return True


def _is_of_data(arrays: Mapping[str, np.ndarray]) -> bool:
    """Whether a block's picture is computed from samples, and is none of its weights."""
    return "filters" not in arrays and not ("signed" in arrays and int(arrays["signed"]))
