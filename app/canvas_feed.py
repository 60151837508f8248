"""What the canvas and the inspector show of the running network: previews, loss values, weights now."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from app.panels.dataset_edits import dataset_of, inputs_of, reference
from app.workspace import Workspace
from engine.graph.analysis import path_key
from engine.graph.graph import Graph
from engine.graph.paths import bodies
from engine.measurements.results import Ask
from graph_editor.theme import Theme

if TYPE_CHECKING:
    import numpy as np

    from engine.worker.protocol import DatasetDescribed

WEIGHTS_NOW, CURVE_NOW = "weights-now:", "curve-now:"
"""What the inspector's requests begin with; the block's path follows, so that no answer is taken for another's."""
CURVE_POINTS = 48
STRIP = (112, 36)
INPUT_PICTURES = 4
WEIGHTS_WIDTH, WEIGHTS_ROW = 256, 32
LOSSES_EVERY_S = 0.2


class CanvasFeed(QObject):
    """`previews_changed({path key: QImage})`, `losses_changed({path key: (text, curve)})`,
    `weights_changed(path key, QImage or None, text)`, `curve_changed(path key, arrays or None)`."""

    previews_changed = Signal(object)
    losses_changed = Signal(object)
    weights_changed = Signal(str, object, str)
    curve_changed = Signal(str, object)

    def __init__(self, workspace: Workspace, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._theme = theme
        self._arrays: dict[str, Mapping[str, np.ndarray]] = {}
        self._pictures: dict[str, QImage] = {}
        self._data_of: tuple[object, object, Mapping[str, tuple[str, Any]]] = (None, None, {})
        self._shown_data: dict[str, object] = {}
        self._held_data: Mapping[str, object] = {}
        self._described: dict[tuple[str, str | None], Mapping[str, np.ndarray]] = {}
        self._bare: set[str] = set()
        self._inputs: set[str] = set()
        self._asked: set[tuple[str, Any]] = set()
        self._aside: Mapping[str, Mapping[str, np.ndarray]] = {}
        self._waits = False
        self._looked_at = self._curve_of = ""
        self._weights: Mapping[str, np.ndarray] | None = None
        self.ratio = 2.0
        self._dirty = False
        self._told_at = 0.0
        workspace.measures.preview_measured.connect(self._take_preview)
        workspace.measures.measured.connect(self._take_measured)
        workspace.link.pulled.connect(self._pulled)
        workspace.history_changed.connect(self._tell_losses)
        workspace.runs.ended.connect(lambda: self._tell_losses(True))
        workspace.opened.connect(self._start_over)
        workspace.measures.session_opened.connect(self._hold_data)
        workspace.runs.began.connect(self._hold_data)
        workspace.data.described.connect(self._take_described)
        workspace.analysis.problems_changed.connect(self._take_problems)
        workspace.document.changed.connect(self._forget_old_data)
        workspace.document.settings_changed.connect(self._forget_old_data)

    def set_theme(self, theme: Theme) -> None:
        """Paint all pictures again in another theme."""
        self._theme = theme
        self._pictures = {}
        for path, arrays in self._arrays.items():
            self._paint(path, arrays)
        self.previews_changed.emit(dict(self._pictures))
        self._tell_weights()

    def show_losses(self) -> None:
        """Tell the losses of the run that is open, whoever opened it before anybody listened."""
        self._tell_losses(True)

    def look_at(self, path_key: str) -> Ask | None:
        """The block whose weights the inspector shows; what has to be measured for it."""
        if path_key != self._looked_at:
            self._looked_at, self._weights = path_key, None
        return Ask(id=f"{WEIGHTS_NOW}{path_key}", kind="filters", block=path_key, count=32) if path_key else None

    def trace(self, path_key: str) -> Ask | None:
        """The activation whose curve the inspector shows; what has to be measured for it."""
        if path_key != self._curve_of:
            self._curve_of = path_key
            self.curve_changed.emit(path_key, None)
        return Ask(id=f"{CURVE_NOW}{path_key}", kind="curve", block=path_key) if path_key else None

    def forget_blocks(self) -> None:
        """Drop the pictures of blocks that are gone."""
        graph = self._workspace.document.graph
        gone = [path for path in self._arrays if not _is_in(graph, path)]
        for path in gone:
            self._drop(path)
        if gone:
            self.previews_changed.emit(dict(self._pictures))

    def _start_over(self) -> None:
        self._arrays, self._pictures, self._weights = {}, {}, None
        self._shown_data, self._held_data = {}, {}
        self._bare.clear()
        self._inputs, self._aside = set(self._data()), {}
        # What still comes was measured on the drawing before.
        self._waits = True
        self.previews_changed.emit({})
        self.losses_changed.emit({})
        self._tell_losses(True)

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

    def _hold_data(self) -> None:
        """The worker holds the data that the drawing names now."""
        self._held_data, self._waits, self._aside = self._data(), False, {}

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
            self.previews_changed.emit(dict(self._pictures))

    def _reads_others(self, now: Mapping[str, object]) -> bool:
        """Whether an Input reads other data than the worker holds for it."""
        return any(self._held_data.get(path, data) != data for path, data in now.items())

    def _drop(self, path: str) -> None:
        self._arrays.pop(path, None)
        self._pictures.pop(path, None)

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

    def _take_preview(self, path: str, arrays: Mapping[str, np.ndarray]) -> None:
        data = self._data()
        sources = {path: data[path]} if path in data else data if _is_of_data(arrays) else {}
        if self._waits or self._reads_others(sources):
            return
        self._show(path, arrays, data.get(path))

    def _show(self, path: str, arrays: Mapping[str, np.ndarray], data: object | None) -> None:
        if data is not None:
            self._shown_data[path] = data
            self._bare.discard(path)
        self._arrays[path] = arrays
        self._paint(path, arrays)
        self._dirty = True

    def _paint(self, path: str, arrays: Mapping[str, np.ndarray]) -> None:
        # Imported here: it brings numpy, which the first window does not wait for.
        from app.views.previews import preview_image

        picture = preview_image(arrays, self._theme, *STRIP, self.ratio)
        if picture is not None:
            self._pictures[path] = picture

    def _pulled(self) -> None:
        if self._dirty:
            self._dirty = False
            self.previews_changed.emit(dict(self._pictures))

    def _take_measured(self, request: str, arrays: Mapping[str, np.ndarray], step: int, problem: object) -> None:
        if request == f"{WEIGHTS_NOW}{self._looked_at}":
            self._weights = arrays if arrays and problem is None else None
            self._tell_weights()
        elif request == f"{CURVE_NOW}{self._curve_of}":
            self.curve_changed.emit(self._curve_of, arrays if arrays and problem is None else None)

    def _tell_weights(self) -> None:
        if not self._looked_at:
            return
        arrays = self._weights
        if not arrays or "filters" not in arrays:
            self.weights_changed.emit(self._looked_at, None, "")
            return
        from app.views.previews import preview_image

        count = len(arrays["filters"])
        height = WEIGHTS_ROW * min(-(-count // 8), 4) if count > 1 else 2 * WEIGHTS_ROW
        picture = preview_image(arrays, self._theme, WEIGHTS_WIDTH, height, self.ratio, justified=True)
        words = f"Norm {float(arrays['norm']):.3g}" if "norm" in arrays else ""
        if "change" in arrays:
            words += f" · changed {100 * float(arrays['change']):.0f} % since the start"
        self.weights_changed.emit(self._looked_at, picture, words)

    def _tell_losses(self, at_once: bool = False) -> None:
        now = time.monotonic()
        history = self._workspace.history
        # A run that is reset ends its curves once: nothing would tell of it after the wait.
        if history is None or history.is_empty:
            self.losses_changed.emit({})
            return
        if not at_once and now - self._told_at < LOSSES_EVERY_S:
            return
        self._told_at = now
        graph, types = self._workspace.document.graph, self._workspace.types
        losses = [
            (path_key((*path, block.id)), block.name)
            for path, body in bodies(graph)
            for block in body.blocks.values()
            if block.type in types and types[block.type].role == "loss"
        ]
        values: dict[str, tuple[str, tuple[float, ...]]] = {}
        for path, name in losses:
            several = f"loss.{name}" in history.metrics()
            _, curve = history.curve("train", f"loss.{name}" if several else "loss")
            points = tuple(float(value) for value in curve)
            if len(points) < 8 and len(losses) == 1:
                points = _shortened(history.losses.array())
            if points:
                values[path] = (_loss_words(points[-1]), points)
        self.losses_changed.emit(values)


def _loss_words(value: float) -> str:
    """Three decimals, or as many as two digits of a small loss need."""
    size = abs(value)
    return f"{value:.3g}" if size >= 100 else f"{value:.2g}" if 0 < size < 0.01 else f"{value:.3f}"


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


def _shortened(values: np.ndarray) -> tuple[float, ...]:
    """A curve of a few points, each the mean of its share of the steps."""
    import numpy as np

    if not len(values):
        return ()
    parts = np.array_split(values[np.isfinite(values)], min(CURVE_POINTS, len(values)))
    return tuple(float(part.mean()) for part in parts if len(part))
