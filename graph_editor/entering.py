"""What of a body is shown when it is entered: where it begins; and when another is left for it: what was before."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, QSize

from engine.graph.graph import Block
from engine.graph.paths import BodyPath
from graph_editor.scene import GraphScene
from graph_editor.theme import DETAIL_FULL_ZOOM
from graph_editor.view import LEAST_ZOOM, GraphView

READABLE = DETAIL_FULL_ZOOM
"""A body is entered at this zoom or a larger one: all of a block's texts are drawn from there on."""


def focus_of(scene: GraphScene, left: str | None) -> QPointF:
    """The middle of the block `left`; without it of the first Entry, in a body without one of the leftmost block."""
    blocks = scene.body.blocks
    if left is None or left not in scene.blocks:
        left = min(scene.blocks, key=lambda id: _place(blocks[id]), default=None)
    return scene.blocks[left].sceneBoundingRect().center() if left is not None else QPointF()


def _place(block: Block) -> tuple[bool, int, int, str]:
    return block.type != "entry", block.look.x, block.look.y, block.id


class _Place(NamedTuple):
    """How a body is looked at: zoom, scroll bars and the middle of a view of this size; if it was fitted, how."""

    zoom: float
    across: int
    down: int
    middle: QPointF
    size: QSize
    fit: tuple[float, QPointF] | None


class Fitting:
    """A view's fit at once, for a drawing that is shown anew. It holds while nobody moves or edits: where the canvas
    changes its size then, as panels find their places, or blocks grow, as their first pictures come, all is fitted
    again. Whoever comes back from a body inside finds the view as it was."""

    def __init__(self, view: GraphView) -> None:
        self._view = view
        self._least, self._focus = LEAST_ZOOM, QPointF()
        self._seen: object = None
        self._area = QRectF()
        self._places: dict[BodyPath, _Place] = {}
        # Of a large drawing the size is known when all is made.
        view.graph_scene.moves.opened.connect(self.fit_again)
        view.graph_scene.redrawn.connect(self._fit_grown)

    def remember(self, path: BodyPath) -> None:
        """Keep how the body at `path` is looked at: one inside it is about to be shown."""
        view = self._view
        self._places = {known: place for known, place in self._places.items() if known == path[: len(known)]}
        self._places[path] = _Place(
            view.zoom,
            view.horizontalScrollBar().value(),
            view.verticalScrollBar().value(),
            view.middle(),
            view.viewport().size(),
            (self._least, self._focus) if self._seen == self._now() else None,
        )

    def come_back(self, path: BodyPath, left: str) -> bool:
        """Look at the body at `path` as before; False where that is not known, or the block `left` is out of sight."""
        view, place = self._view, self._places.get(path)
        if place is None or left not in view.graph_scene.blocks:
            return False
        if view.viewport().size() == place.size:
            view.zoom_to(place.zoom)
            view.pan_by(
                view.horizontalScrollBar().value() - place.across, view.verticalScrollBar().value() - place.down
            )
            if place.fit is not None:
                (self._least, self._focus), self._seen = place.fit, self._now()
        elif place.fit is not None:
            self.fit(*place.fit)
        else:
            view.glide.go(place.zoom, place.middle, soft=False)
        return view.visible_area().intersects(view.graph_scene.blocks[left].sceneBoundingRect())

    def fit(self, least: float = LEAST_ZOOM, focus: QPointF | None = None) -> None:
        """Show the whole body; at zoom `least` what is around `focus`."""
        self._least, self._focus = least, focus if focus is not None else QPointF()
        self._area = self._view.graph_scene.bounds()
        self._view.show_area(self._area, least=least, focus=focus, soft=False)
        self._seen = self._now()

    def fit_again(self) -> None:
        """The canvas has another size."""
        if self._seen == self._now():
            self.fit(self._least, self._focus)

    def _fit_grown(self) -> None:
        view, scene = self._view, self._view.graph_scene
        if self._seen == self._now() and view.gesture is None and not self._area.contains(scene.bounds()):
            self.fit(self._least, self._focus)

    def _now(self) -> object:
        view, scene = self._view, self._view.graph_scene
        corner = view.mapToScene(0, 0)
        return view.zoom, corner.x(), corner.y(), scene.path, id(scene.document.graph)
