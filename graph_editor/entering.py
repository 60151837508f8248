"""What of a body stands in the middle when it is entered: the block that was left, else where it begins."""

from __future__ import annotations

from PySide6.QtCore import QPointF

from graph_editor.scene import GraphScene
from graph_editor.theme import DETAIL_FULL_ZOOM
from graph_editor.view import LEAST_ZOOM, GraphView

READABLE = DETAIL_FULL_ZOOM
"""A body is entered at this zoom or a larger one: all of a block's texts are drawn from there on."""


def focus_of(scene: GraphScene, left: str | None) -> QPointF:
    """The middle of the block `left`; without it of the first Entry, in a body without one of the leftmost block."""
    if left is None or left not in scene.blocks:
        left = min(scene.blocks, key=lambda id: _place(scene, id), default=None)
    return scene.blocks[left].sceneBoundingRect().center() if left is not None else QPointF()


def _place(scene: GraphScene, id: str) -> tuple[bool, float, float, str]:
    item = scene.blocks[id]
    return scene.body.blocks[id].type != "entry", item.x(), item.y(), id


class Fitting:
    """A view's fit at once, for a drawing that is shown anew. It holds while nobody moves or edits: a canvas whose size
    changes then, as panels find their places, is fitted again."""

    def __init__(self, view: GraphView) -> None:
        self._view = view
        self._least, self._focus = LEAST_ZOOM, QPointF()
        self._seen: object = None

    def fit(self, least: float = LEAST_ZOOM, focus: QPointF | None = None) -> None:
        """Show the whole body; at zoom `least` what is around `focus`."""
        self._least, self._focus = least, focus if focus is not None else QPointF()
        self._view.show_area(self._view.graph_scene.bounds(), least=least, focus=focus, soft=False)
        self._seen = self._now()

    def fit_again(self) -> None:
        """The canvas has another size."""
        if self._seen == self._now():
            self.fit(self._least, self._focus)

    def _now(self) -> object:
        view, scene = self._view, self._view.graph_scene
        corner = view.mapToScene(0, 0)
        return view.zoom, corner.x(), corner.y(), scene.path, id(scene.document.graph)
