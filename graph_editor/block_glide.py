"""Lets blocks that an edit moved go there: in 120 ms from where they stood, or at once where motion is not wanted."""

from __future__ import annotations

from collections.abc import Mapping

from engine.graph.difference import GraphChange
from graph_editor import motion
from graph_editor.canvas_look import OVERVIEW
from graph_editor.view import GraphView
from graph_editor.wire_layer import ALL_ROUTED

Places = Mapping[str, tuple[float, float]]


class BlockGlide(motion.Motion):
    """One view's moving blocks. The drawing has them at their new places all the time; another edit ends the way."""

    def __init__(self, view: GraphView) -> None:
        super().__init__(view)
        self._view, self._scene = view, view.graph_scene
        self._from: Places = {}
        self._to: Places = {}
        self.valueChanged.connect(self._step)
        self._scene.document.changed.connect(self._changed)
        self._scene.entered.connect(self.finish)

    def go(self, before: Places) -> None:
        """Let the blocks come from `before` to where the drawing has them. Very many, or ones seen as dots, stay."""
        self.finish()
        scene, blocks = self._scene, self._scene.body.blocks
        way = {
            id: place
            for id, place in before.items()
            if id in scene.blocks and place != (blocks[id].look.x, blocks[id].look.y)
        }
        small = len(scene.wires) <= ALL_ROUTED and scene.look.detail != OVERVIEW
        if not way or not small or not self._view.isVisible() or not motion.is_wanted():
            return
        self._from = way
        self._to = {id: (blocks[id].look.x, blocks[id].look.y) for id in way}
        scene.drag(way)
        self.start()

    def finish(self) -> None:
        """Be there."""
        if self._from:
            self.stop()
            self._from = self._to = {}
            self._scene.settle()

    def _changed(self, change: GraphChange) -> None:
        self.finish()

    def _step(self, share: float) -> None:
        if share >= 1 or self._view.gesture is not None:
            self.finish()
            return
        self._scene.drag(
            {
                id: (x + (self._to[id][0] - x) * share, y + (self._to[id][1] - y) * share)
                for id, (x, y) in self._from.items()
            }
        )
