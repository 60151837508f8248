"""What views and the canvas want measured: keeps the worker's session open on the drawing and its watches right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.worker_link import WorkerLink
from engine.graph.analysis import Analysis, path_key, port_key
from engine.graph.block_type import BlockType
from engine.graph.graph import Graph
from engine.graph.paths import BodyPath, body_at
from engine.graph.problem import Refused
from engine.measurements.results import Ask
from engine.training.commands import Unwatch, Watch
from engine.training.events import Measured
from engine.worker.protocol import OpenSession, SessionOpened
from graph_editor.document import Document

if TYPE_CHECKING:
    import numpy as np

PREVIEW = "preview:"
VIEW_EVERY_MS, PREVIEW_EVERY_MS = 100, 500
MOST_PREVIEWS = 24
PREVIEW_FAMILIES = ("convolution", "pooling")


class MeasureDesk(QObject):
    """`measured(request, arrays, step, problem)` for views, `preview_measured(path_key, arrays)` for the canvas."""

    measured = Signal(str, object, int, object)
    preview_measured = Signal(str, object)
    session_opened = Signal(object)

    def __init__(self, document: Document, link: WorkerLink, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._link = link
        self._asks: dict[str, Ask] = {}
        self._previews: dict[str, Ask] = {}
        self._session = 0
        self._opened_on: Graph | None = None
        self._opened_with: object = None
        self.has_session = self.is_refused = False
        self._is_of_another = self._may_retry = False
        link.on(SessionOpened, self._take_session)
        link.on(Measured, self._take)

    def open_session(self, weights: Path | None = None) -> None:
        """Have the worker hold the drawing, with fresh weights or those of a file that fit; a dead one holds none."""
        if not self._link.alive:
            return
        settings = self._document.settings
        self._session = self._link.next_id()
        self._opened_on, self._opened_with = self._document.graph, self._chosen()
        self.is_refused = self._may_retry = False
        self._link.send(
            OpenSession(
                id=self._session,
                graph=self._document.graph,
                plan=settings.plan,
                datasets=settings.datasets,
                weights=str(weights) if weights is not None else None,
            )
        )

    @property
    def is_open_on_drawing(self) -> bool:
        """Whether the last session asked for holds this very drawing, its data, its seed and its device."""
        # The identity of the graph is enough, and comparing two of 5,000 blocks is not free.
        return self._opened_on is self._document.graph and self._opened_with == self._chosen()

    def _chosen(self) -> object:
        settings = self._document.settings
        return settings.datasets, settings.plan.seed, settings.plan.device

    def close_session(self) -> None:
        """Forget the session: the worker died, or a run makes its own."""
        self._opened_on, self.has_session, self.is_refused = None, False, False

    def reconsider(self) -> None:
        """What it lacked may be here: a session that was refused may be opened, though nothing is drawn otherwise.

        So may one whose refusal is still on its way.
        """
        self._may_retry = True
        if self.is_refused:
            self.close_session()

    def start_over(self) -> None:
        """Another project is here: what the worker still says of the last one is dropped, its session among it.

        Views and blocks may have the same ids in both.
        """
        self.close_session()
        self._session, self._is_of_another = 0, True

    def run_started(self) -> None:
        """A run of this project has begun: answers are about it."""
        self._is_of_another = False

    def watch(self, asks: Iterable[Ask]) -> None:
        """Have exactly these measured for the views from now on."""
        self._watch(self._asks, {ask.id: ask for ask in asks}, VIEW_EVERY_MS)

    def watch_previews(self, paths: Iterable[tuple[str, bool]]) -> None:
        """Have the pictures of these blocks measured for the canvas: path key, and whether it is an Input."""
        asks = (
            Ask(id=f"{PREVIEW}{path}", kind="samples", block=path, count=4)
            if is_input
            else Ask(id=f"{PREVIEW}{path}", kind="preview", block=path, count=16)
            for path, is_input in paths
        )
        self._watch(self._previews, {ask.id: ask for ask in asks}, PREVIEW_EVERY_MS)

    def watch_all_again(self) -> None:
        """Tell a worker that knows nothing yet what is wanted."""
        for asks, every_ms in ((self._asks, VIEW_EVERY_MS), (self._previews, PREVIEW_EVERY_MS)):
            for ask in asks.values():
                self._link.send(Watch(ask=ask, every_ms=every_ms))

    def _watch(self, known: dict[str, Ask], wanted: dict[str, Ask], every_ms: int) -> None:
        for id in [id for id, ask in known.items() if wanted.get(id) != ask]:
            del known[id]
            if id not in wanted:
                self._link.send(Unwatch(request=id))
        for id, ask in wanted.items():
            if id not in known:
                known[id] = ask
                self._link.send(Watch(ask=ask, every_ms=every_ms))

    def _take_session(self, message: SessionOpened) -> None:
        if message.id == self._session:
            self._is_of_another = False
            self.is_refused = bool(message.problems)
            self.has_session = not self.is_refused
            if self.is_refused and self._may_retry:
                self.close_session()
            self.session_opened.emit(message)

    def _take(self, message: Measured) -> None:
        is_wanted = message.request in self._asks or message.request in self._previews
        if not is_wanted or self._is_of_another:
            return
        arrays: dict[str, np.ndarray] = {name: array.numpy() for name, array in message.arrays.items()}
        if message.request.startswith(PREVIEW):
            if arrays:
                self.preview_measured.emit(message.request.removeprefix(PREVIEW), arrays)
        else:
            self.measured.emit(message.request, arrays, message.step, message.problem)


def preview_paths(
    graph: Graph, path: BodyPath, types: Mapping[str, BlockType], analysis: Analysis
) -> tuple[tuple[str, bool], ...]:
    """The blocks of the body at `path` that show pictures: Inputs of pictures, convolutions, pooling."""
    try:
        body = body_at(graph, path)
    except Refused:
        return ()
    found: list[tuple[str, bool]] = []
    # To ask a block for its ports takes 20 µs: of hundreds only those with pictures are asked, until it is enough.
    pictured = {key.rpartition("/")[0] for key, spec in analysis.specs.items() if spec.rank == 4}
    for id, block in body.blocks.items():
        type = types.get(block.type)
        if type is None or not (type.family in PREVIEW_FAMILIES or type.role == "input"):
            continue
        here = (*path, id)
        if path_key(here) not in pictured:
            continue
        ports = type.ports_of(block, graph.variables).outputs
        specs = [analysis.specs.get(port_key(here, port.id)) for port in ports]
        if any(spec is not None and spec.rank == 4 for spec in specs):
            found.append((path_key(here), type.role == "input"))
            if len(found) == MOST_PREVIEWS:
                break
    return tuple(found)
