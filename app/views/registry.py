"""The kinds of live view: their titles, icons, which blocks they can look at, and how one is made."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from importlib import import_module
from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple

from engine.graph.block_type import BlockType
from engine.graph.graph import Block, Graph
from engine.graph.traversal import reachable

if TYPE_CHECKING:
    from app.charts.look import Theme
    from app.views.view import View


ROW_HEIGHT = 96
BETWEEN_NAMES = " › "
Types = Mapping[str, BlockType]


class Candidate(NamedTuple):
    """A block that a view can look at: its id path joined by "/", and the names on the way to it."""

    path: str
    name: str


class ViewKind(NamedTuple):
    """One kind of view. `fits` says which blocks it can look at; None: it needs none. `share` is its part of a row."""

    kind: str
    title: str
    icon: str
    about: str
    share: float
    maker: tuple[str, str]
    fits: Callable[[BlockType], bool] | None = None
    needs_block: bool = False


def _has_filters(type: BlockType) -> bool:
    return bool(type.module) and type.family in ("convolution", "dense", "energy")


def _has_output(type: BlockType) -> bool:
    return type.role in ("layer", "container", "input")


def _is_loss(type: BlockType) -> bool:
    return type.role == "loss"


def _predicts(type: BlockType) -> bool:
    return type.role == "loss" and type.prediction is not None


VIEW_KINDS: Mapping[str, ViewKind] = {
    made.kind: made
    for made in (
        ViewKind(
            "loss",
            "Loss",
            "ph.chart-line",
            "What training lowers, by epoch and step",
            3.0,
            ("app.views.loss", "LossView"),
            _is_loss,
        ),
        ViewKind(
            "accuracy",
            "Accuracy",
            "ph.chart-line-up",
            "Share of samples whose class is right",
            3.0,
            ("app.views.accuracy", "AccuracyView"),
            _is_loss,
        ),
        ViewKind(
            "filters",
            "Filters",
            "ph.grid-four",
            "The weights of a block as pictures",
            2.2,
            ("app.views.filters", "FiltersView"),
            _has_filters,
            True,
        ),
        ViewKind(
            "latent",
            "Latent space",
            "ph.circles-three",
            "A block's output for each sample, or the data themselves, on a plane",
            3.4,
            ("app.views.latent", "LatentView"),
            _has_output,
            True,
        ),
        ViewKind(
            "boundary",
            "Decision boundary",
            "ph.intersect",
            "Which class each point of the plane gets",
            2.8,
            ("app.views.boundary", "BoundaryView"),
            _predicts,
            True,
        ),
        ViewKind(
            "predictions",
            "Predictions",
            "ph.check-square",
            "Samples with what the network says of them",
            3.0,
            ("app.views.predictions", "PredictionsView"),
            _predicts,
            True,
        ),
    )
}


def make_view(kind: str, id: str, theme: Theme, block: str | None = None, block_name: str = "") -> View:
    """A view of a kind. Raises KeyError for an unknown kind."""
    module, name = VIEW_KINDS[kind].maker
    # Here, not above: pyqtgraph takes 0.2 s to import, and no view shows before the first run.
    made: View = getattr(import_module(module), name)(id, theme, block, block_name)
    return made


def warm_up() -> None:
    """Import what views need, 0.2 s; from a background thread it holds nobody up."""
    for kind in VIEW_KINDS.values():
        import_module(kind.maker[0])


def candidates(kind: str, graph: Graph, types: Types) -> tuple[Candidate, ...]:
    """The blocks that a view of `kind` can look at, containers' bodies included, in reading order.

    Remembered for the drawing that was asked about last.
    """
    known = _known.get(kind)
    if known is not None and known[0] is graph and known[1] is types:
        return known[2]
    _known[kind] = graph, types, tuple(_walk(graph, _fitting(kind, types)))
    return _known[kind][2]


def has_candidates(kind: str, graph: Graph, types: Types, least: int = 1) -> bool:
    """Whether so many blocks fit; costs far less in large drawings than to list them."""
    fitting, left, bodies = _fitting(kind, types), least, [graph]
    while bodies:
        for block in bodies.pop().blocks.values():
            if block.type in fitting:
                left -= 1
                if left <= 0:
                    return True
            if block.body is not None:
                bodies.append(block.body)
    return False


def candidate_at(kind: str, path: str, graph: Graph, types: Types) -> Candidate | None:
    """The block at an id path, if a view of `kind` can look at it; costs nothing in large drawings."""
    names, body, block = [], graph, None
    for id in path.split("/"):
        block = body.blocks.get(id) if body is not None else None
        if block is None:
            return None
        names.append(block.name)
        body = block.body
    if block is None or block.type not in _fitting(kind, types):
        return None
    return Candidate(path, BETWEEN_NAMES.join(names))


def is_fed(path: str, graph: Graph, types: Types) -> bool:
    """Whether data reach the block at an id path, or it is the Input that they come from."""
    fed = _fed_in(graph, types)
    body: Graph | None = graph
    for id in path.split("/"):
        if body is None or id not in body.blocks:
            return False
        if id not in fed[body]:
            return body is graph and _gives(body.blocks[id], types)
        body = body.blocks[id].body
    return True


def sole_candidate(kind: str, graph: Graph, types: Types) -> Candidate | None:
    """The one block at the root that a view of `kind` can look at; None if there are more, or none."""
    fitting = _fitting(kind, types)
    found: Block | None = None
    for block in graph.blocks.values():
        if block.type in fitting:
            if found is not None:
                return None
            found = block
    return Candidate(found.id, found.name) if found is not None else None


_known: dict[str, tuple[Graph, Mapping[str, BlockType], tuple[Candidate, ...]]] = {}
_fits: dict[str, tuple[Mapping[str, BlockType], frozenset[str]]] = {}


def _fitting(kind: str, types: Types) -> frozenset[str]:
    """The ids of the types that a view of `kind` can look at."""
    known, fits = _fits.get(kind), VIEW_KINDS[kind].fits
    if known is None or known[0] is not types:
        found = frozenset(id for id, type in types.items() if fits is not None and fits(type))
        known = _fits[kind] = types, found
    return known[1]


class _Fed:
    """Of each body of a drawing the blocks that data reach; they are looked for when they are first asked about."""

    def __init__(self, drawing: Graph, types: Types) -> None:
        # Bodies have no hash; while their drawing is kept no other body can take the id() of one.
        self.drawing, self.types = drawing, types
        self._found: dict[int, Collection[str]] = {}

    def __getitem__(self, body: Graph) -> Collection[str]:
        found = self._found.get(id(body))
        if found is None:
            found = self._found[id(body)] = _reached(body, self.types)
        return found


_latest = _Fed(Graph(), {})


def _fed_in(drawing: Graph, types: Types) -> _Fed:
    """Remembered for the drawing that was asked about last: all views share it."""
    global _latest
    if _latest.drawing is not drawing or _latest.types is not types:
        _latest = _Fed(drawing, types)
    return _latest


def _reached(graph: Graph, types: Types) -> Collection[str]:
    """The blocks of a body that data reach over some wire, from an Input or an Entry."""
    fed = {wire.target.block for wire in graph.wires}
    starts = {wire.source.block for wire in graph.wires} - fed
    givers = {id for id in starts if id not in graph.blocks or _gives(graph.blocks[id], types)}
    if givers and givers == starts:
        # the walk costs ten times as much
        return fed
    after: dict[str, list[str]] = {id: [] for id in fed | starts}
    for wire in graph.wires:
        after[wire.source.block].append(wire.target.block)
    return reachable(after, givers) - givers


def _gives(block: Block, types: Types) -> bool:
    return block.type == "entry" or (block.type in types and types[block.type].role == "input")


def _placed(graph: Graph, fitting: frozenset[str], among: Collection[str]) -> list[tuple[int, int, str]]:
    """Where those blocks of a body stand that fit or have a body, with their ids, in reading order."""
    placed = [
        (block.look.y // ROW_HEIGHT, block.look.x, block.id)
        for block in graph.blocks.values()
        if (block.type in fitting or block.body is not None) and block.id in among
    ]
    placed.sort()
    return placed


def _walk(
    graph: Graph, fitting: frozenset[str], fed: _Fed | None = None, path: str = "", names: str = ""
) -> Iterator[Candidate]:
    for _, _, id in _placed(graph, fitting, graph.blocks if fed is None else fed[graph]):
        block = graph.blocks[id]
        if block.type in fitting:
            yield Candidate(path + id, names + block.name)
        if block.body is not None:
            yield from _walk(block.body, fitting, fed, f"{path}{id}/", f"{names}{block.name}{BETWEEN_NAMES}")


def _walk_back(
    graph: Graph, fitting: frozenset[str], among: Collection[str], fed: _Fed, path: str = ""
) -> Iterator[str]:
    for _, _, id in reversed(_placed(graph, fitting, among)):
        block = graph.blocks[id]
        if block.body is not None:
            yield from _walk_back(block.body, fitting, fed[block.body], fed, f"{path}{id}/")
        if block.type in fitting:
            yield path + id


def suiting(kind: str, graph: Graph, types: Types) -> str | None:
    """The block that a new view looks at: for latent space the last layer before the one that says what the loss
    compares, of a drawing without a loss the last; else the first that fits. All among what data reach, if they do."""
    if not VIEW_KINDS[kind].needs_block:
        return None
    fitting, fed = _fitting(kind, types), _fed_in(graph, types)
    if kind != "latent":
        return next((found.path for found in chain(_walk(graph, fitting, fed), _walk(graph, fitting))), None)
    # What an Input gives is worth a look to who asks for it, and never changes.
    fitting = frozenset(id for id in fitting if types[id].role != "input")
    among = fed[graph] or graph.blocks
    if has_candidates("loss", graph, types):
        last = tuple(islice(_walk_back(graph, fitting, among, fed), 2))
    else:
        last = tuple(id for _, _, id in _placed(graph, fitting, among) if graph.blocks[id].type in fitting)
    return last[-1] if last else None
