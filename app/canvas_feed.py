"""What the canvas and the inspector show of the running network: previews, loss values, weights now."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage

from app.shown_data import ShownData
from app.wording import change_words
from app.workspace import Workspace
from engine.graph.analysis import path_key
from engine.graph.paths import bodies
from engine.graph.problem import Problem
from engine.measurements.results import Ask
from graph_editor.theme import Theme

if TYPE_CHECKING:
    import numpy as np

WEIGHTS_NOW, CURVE_NOW = "weights-now:", "curve-now:"
"""What the inspector's requests begin with; the block's path follows, so that no answer is taken for another's."""
CURVE_POINTS = 48
STRIP = (112, 36)
WEIGHTS_WIDTH, WEIGHTS_ROW = 256, 32
LOSSES_EVERY_MS = 200


class CanvasFeed(QObject):
    """`previews_changed({path key: QImage})`, `losses_changed({path key: (text, curve)})`,
    `weights_changed(path key, QImage or None, text)`, `curve_changed(path key, arrays, the Problem why there
    is no curve, or None)`. Which data the pictures are of is up to `data`."""

    previews_changed = Signal(object)
    losses_changed = Signal(object)
    weights_changed = Signal(str, object, str)
    curve_changed = Signal(str, object)

    def __init__(self, workspace: Workspace, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._theme = theme
        self.data = ShownData(workspace, self)
        self._pictures: dict[str, QImage] = {}
        self._looked_at = self._curve_of = ""
        self._weights: Mapping[str, np.ndarray] | None = None
        self.ratio = 2.0
        self._dirty = False
        self._told_at = 0.0
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(lambda: self._tell_losses(True))
        self.data.shown.connect(self._shown)
        self.data.dropped.connect(self._dropped)
        self.data.settled.connect(self._tell_pictures)
        workspace.measures.measured.connect(self._take_measured)
        workspace.link.pulled.connect(self._pulled)
        workspace.history_changed.connect(self._tell_losses)
        workspace.runs.ended.connect(lambda: self._tell_losses(True))
        workspace.opened.connect(self._start_over)

    def set_theme(self, theme: Theme) -> None:
        """Paint all pictures again in another theme."""
        self._theme = theme
        self._pictures = {}
        for path, arrays in self.data.arrays.items():
            self._paint(path, arrays)
        self._tell_pictures()
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

    def _start_over(self) -> None:
        self._pictures, self._weights = {}, None
        self._tell_pictures()
        self.losses_changed.emit({})
        self._tell_losses(True)

    def _shown(self, path: str) -> None:
        self._paint(path, self.data.arrays[path])
        self._dirty = True

    def _dropped(self, path: str) -> None:
        self._pictures.pop(path, None)

    def _tell_pictures(self) -> None:
        self.previews_changed.emit(dict(self._pictures))

    def _paint(self, path: str, arrays: Mapping[str, np.ndarray]) -> None:
        # Imported here: it brings numpy, which the first window does not wait for.
        from app.views.previews import preview_image

        picture = preview_image(arrays, self._theme, *STRIP, self.ratio)
        if picture is not None:
            self._pictures[path] = picture

    def _pulled(self) -> None:
        if self._dirty:
            self._dirty = False
            self._tell_pictures()

    def _take_measured(self, request: str, arrays: Mapping[str, np.ndarray], step: int, problem: object) -> None:
        if request == f"{WEIGHTS_NOW}{self._looked_at}":
            self._weights = arrays if arrays and problem is None else None
            self._tell_weights()
        elif request == f"{CURVE_NOW}{self._curve_of}":
            curve: object = arrays or None
            if isinstance(problem, Problem):
                curve = problem if problem.code == "no-curve" else None
            self.curve_changed.emit(self._curve_of, curve)

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
            words += f" · {change_words(float(arrays['change']))} since the start"
        self.weights_changed.emit(self._looked_at, picture, words)

    def _tell_losses(self, at_once: bool = False) -> None:
        now = time.monotonic()
        history = self._workspace.history
        # A run that is reset ends its curves once: nothing would tell of it after the wait.
        if history is None or history.is_empty:
            self.losses_changed.emit({})
            return
        rest_ms = LOSSES_EVERY_MS - round((now - self._told_at) * 1000)
        if not at_once and rest_ms > 0:
            # What came last is told too: a run that pauses says no more.
            if not self._later.isActive():
                self._later.start(rest_ms)
            return
        self._later.stop()
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


def _shortened(values: np.ndarray) -> tuple[float, ...]:
    """A curve of a few points, each the mean of its share of the steps."""
    import numpy as np

    if not len(values):
        return ()
    parts = np.array_split(values[np.isfinite(values)], min(CURVE_POINTS, len(values)))
    return tuple(float(part.mean()) for part in parts if len(part))
