"""The kinds of live view: their titles, icons, which blocks they can look at, and how one is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from engine.graph.analysis import path_key
from engine.graph.block_type import BlockType
from engine.graph.graph import Block, Graph

if TYPE_CHECKING:
    from app.charts.look import Theme
    from app.views.view import View


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
    fits: Callable[[Block, BlockType], bool] | None = None
    needs_block: bool = False


def _has_filters(block: Block, type: BlockType) -> bool:
    return bool(type.module) and type.family in ("convolution", "dense", "energy")


def _has_output(block: Block, type: BlockType) -> bool:
    return type.role in ("layer", "container")


def _is_loss(block: Block, type: BlockType) -> bool:
    return type.role == "loss"


def _predicts(block: Block, type: BlockType) -> bool:
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
            "A block's output for each sample, on a plane",
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


def candidates(kind: str, graph: Graph, types: Mapping[str, BlockType]) -> tuple[Candidate, ...]:
    """The blocks that a view of `kind` can look at, containers' bodies included, in reading order."""
    fits = VIEW_KINDS[kind].fits
    return () if fits is None else tuple(_walk(graph, types, fits, (), ()))


def candidate_at(kind: str, path: str, graph: Graph, types: Mapping[str, BlockType]) -> Candidate | None:
    """The block at an id path, if a view of `kind` can look at it; costs nothing in large drawings."""
    fits = VIEW_KINDS[kind].fits
    names, body, block = [], graph, None
    for id in path.split("/"):
        block = body.blocks.get(id) if body is not None else None
        if block is None:
            return None
        names.append(block.name)
        body = block.body
    type = types.get(block.type) if block is not None else None
    if block is None or type is None or fits is None or not fits(block, type):
        return None
    return Candidate(path, " › ".join(names))


def sole_candidate(kind: str, graph: Graph, types: Mapping[str, BlockType]) -> Candidate | None:
    """The one block at the root that a view of `kind` can look at; None if there are more, or none."""
    fits = VIEW_KINDS[kind].fits
    found: Block | None = None
    for block in graph.blocks.values():
        type = types.get(block.type)
        if fits is not None and type is not None and fits(block, type):
            if found is not None:
                return None
            found = block
    return Candidate(found.id, found.name) if found is not None else None


def _walk(
    graph: Graph,
    types: Mapping[str, BlockType],
    fits: Callable[[Block, BlockType], bool],
    path: tuple[str, ...],
    names: tuple[str, ...],
) -> list[Candidate]:
    found = []
    for block in sorted(graph.blocks.values(), key=lambda block: (block.look.y // 96, block.look.x, block.id)):
        here, called = (*path, block.id), (*names, block.name)
        type = types.get(block.type)
        if type is not None and fits(block, type):
            found.append(Candidate(path_key(here), " › ".join(called)))
        if block.body is not None:
            found.extend(_walk(block.body, types, fits, here, called))
    return found


def default_block(kind: str, found: tuple[Candidate, ...]) -> str | None:
    """The block that a new view looks at: the last layer but one for latent space, else the first that fits."""
    if not found or not VIEW_KINDS[kind].needs_block:
        return None
    return found[max(len(found) - 2, 0)].path if kind == "latent" else found[0].path
