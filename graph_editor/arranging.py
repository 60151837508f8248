"""Tidy: asks for a layout of the body in view, or of the selected blocks, and shows the answer as one undo step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRectF, QTimer, Signal

from engine.graph.graph import Graph
from engine.graph.layout_basis import lays_out_alike
from engine.graph.paths import BodyPath
from engine.graph.tidying import Arrangement, arrange, movable
from graph_editor.block_glide import BlockGlide

if TYPE_CHECKING:
    from graph_editor.editor import Editor

LABEL = "Tidy"
_LOOK_AGAIN_MS = 30


class Arranging(QObject):
    """One editor's layouts. The answer to `wanted` is computed elsewhere and handed to `show_arrangement`.

    `wanted(path, ids, sizes)`: no ids for the whole body. `arranged(count, moved)`: so many blocks are laid out, and
    whether anything is elsewhere now. `given_up()`: another body, or an edit after which it would not fit, came first.
    """

    wanted = Signal(object, object, object)
    arranged = Signal(int, bool)
    given_up = Signal()

    def __init__(self, editor: Editor) -> None:
        super().__init__(editor)
        self._editor = editor
        self._glide = BlockGlide(editor.view)
        self._waiting: tuple[tuple[str, ...], Arrangement] | None = None
        self._body = Graph()
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_AGAIN_MS)
        self._timer.timeout.connect(self._show)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_LOOK_AGAIN_MS)
        self._later.timeout.connect(self.ask)
        editor.document.changed.connect(lambda change: self._drawing_changed())
        editor.body_path_changed.connect(self._give_up)

    @property
    def takes_selection(self) -> bool:
        """Whether several blocks are selected: then they alone are laid out."""
        return len(self._editor.scene.picked_blocks) > 1

    def ask(self) -> None:
        """Have the selected blocks laid out where several are, else all that is in view."""
        scene = self._editor.scene
        self._give_up()
        if scene.moves.is_making:
            # How large blocks are is known when they are made.
            self._later.start()
            return
        only = tuple(sorted(movable(scene.body, scene.picked_blocks))) if self.takes_selection else ()
        if (len(only) if self.takes_selection else len(scene.blocks)) < 2:
            self.arranged.emit(0, False)
            return
        sizes = {id: (item.geometry.width, item.geometry.height) for id, item in scene.blocks.items()}
        self.wanted.emit(scene.path, only, sizes)

    def show_arrangement(self, path: BodyPath, only: tuple[str, ...], arrangement: Arrangement) -> None:
        """Make it the drawing; while the mouse is at work, as soon as it has let go."""
        if path != self._editor.scene.path:
            self.given_up.emit()
            return
        self._waiting, self._body = (only, arrangement), self._editor.scene.body
        self._show()

    def _show(self) -> None:
        editor = self._editor
        if editor.view.gesture is not None:
            self._timer.start()
            return
        self._timer.stop()
        assert self._waiting is not None
        (only, arrangement), self._waiting = self._waiting, None
        count = len(only) or len(editor.scene.blocks)
        if not arrangement:
            self.arranged.emit(count, False)
            return
        before = {id: (item.x(), item.y()) for id, item in editor.scene.blocks.items()}
        if editor.commands.edit(LABEL, arrange, arrangement):
            self._bring_into_view(only)
            self._glide.go(before)
            self.arranged.emit(count, True)

    def _bring_into_view(self, only: tuple[str, ...]) -> None:
        """All that was laid out; the whole drawing where that was all."""
        if not only:
            self._editor.fit()
            return
        area = QRectF()
        for id in only:
            area = area.united(self._editor.scene.blocks[id].sceneBoundingRect())
        if not self._editor.view.visible_area().contains(area):
            self._editor.view.show_area(area)

    def _drawing_changed(self) -> None:
        if self._waiting is not None and not lays_out_alike(self._body, self._editor.scene.body):
            self._give_up()

    def _give_up(self) -> None:
        self._later.stop()
        if self._waiting is not None:
            self._waiting = None
            self._timer.stop()
            self.given_up.emit()
