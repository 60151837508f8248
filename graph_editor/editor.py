"""The editor: the canvas with its breadcrumb, zoom bar, minimap and popups, as one widget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from engine.graph.analysis import Analysis
from engine.graph.graph import Path
from engine.graph.paths import BodyPath, body_at, body_path
from engine.graph.problem import Fix, Problem, Refused
from engine.graph.tensor_spec import TensorSpec
from graph_editor.arranging import Arranging
from graph_editor.breadcrumb import Breadcrumb
from graph_editor.canvas_search import CanvasSearch
from graph_editor.commands import CanvasCommands
from graph_editor.context_menus import menu_at, menu_by_keys, open_menu, open_wirings
from graph_editor.document import Document
from graph_editor.empty_canvas import EmptyCanvas
from graph_editor.entering import READABLE, Fitting, focus_of
from graph_editor.interactions.ghost import ghost_of
from graph_editor.minimap import Minimap
from graph_editor.name_editor import NameEditor
from graph_editor.pasting import duplicate_here, paste_here
from graph_editor.refusal_popup import RefusalPopup
from graph_editor.scene import GraphScene
from graph_editor.search_popup import SearchPopup
from graph_editor.theme import CANVAS_INSET, Theme
from graph_editor.view import GraphView
from graph_editor.zoom_bar import ZoomBar


class Editor(QWidget):
    """Shows and edits one document. Public methods are what menus and shortcuts of a window call."""

    selection_changed = Signal()
    body_path_changed = Signal()
    message = Signal(str)
    shapes_wanted = Signal(int, object, object, object)
    help_wanted = Signal(str)
    view_wanted = Signal(str, str)
    edit_wanted = Signal(str)
    example_wanted = Signal()
    space_tapped = Signal()

    def __init__(self, document: Document, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.theme = theme
        self.scene = GraphScene(document, theme, self)
        self.commands = CanvasCommands(document, self.scene, self)
        self.view = GraphView(self.scene, self.commands, self)
        self.setFocusProxy(self.view)
        self.fitting = Fitting(self.view)
        self.empty = EmptyCanvas(theme, self.view.viewport(), self)
        # Children of the viewport: over one that siblings overlap Qt paints everything again at each scroll.
        viewport = self.view.viewport()
        self.breadcrumb = Breadcrumb(theme, viewport)
        self.zoom_bar = ZoomBar(theme, viewport)
        self.minimap = Minimap(theme, self.view.overview, viewport)
        self.refusal = RefusalPopup(theme, self)
        self.name_editor = NameEditor(theme, self.view, self)
        self.search = CanvasSearch(
            self.view, self.commands, theme, self, (self.breadcrumb, self.zoom_bar, self.minimap)
        )
        self.arranging = Arranging(self)
        self._title, self._dirty = "Untitled", False
        self._fitted = self._whole = False
        self._known: set[str] = set()
        self._connect()
        self._show_steps()
        self._show_areas()

    def _connect(self) -> None:
        scene, view = self.scene, self.view
        scene.picked.connect(self.selection_changed)
        scene.entered.connect(self._entered)
        scene.redrawn.connect(self._redrawn)
        view.moved.connect(self._place_panels)
        view.moved.connect(self._show_areas)
        view.search_wanted.connect(self.search.open)
        self.search.shapes_wanted.connect(self.shapes_wanted)
        view.menu_wanted.connect(lambda at, place: open_menu(menu_at(self, at), place))
        view.keys_menu_wanted.connect(lambda: open_menu(*menu_by_keys(self), by_keys=True))
        view.wirings_wanted.connect(lambda: open_wirings(self))
        view.problem_wanted.connect(self._show_problem_of)
        view.reason.connect(self._show_reason)
        view.enter_wanted.connect(self.enter)
        view.leave_wanted.connect(self.leave)
        view.rename_wanted.connect(self.rename_block)
        view.edit_wanted.connect(self.edit_wanted)
        view.fit_wanted.connect(self.fit)
        view.space_tapped.connect(self.space_tapped)
        self.commands.refused.connect(self._refused)
        self.commands.message.connect(self.message)
        self.breadcrumb.chosen.connect(lambda depth: self._go_to(self.scene.path[:depth]))
        self.zoom_bar.zoomed.connect(self.zoom_by)
        self.zoom_bar.reset.connect(lambda: view.glide.go(1.0, view.middle()))
        self.zoom_bar.fit.connect(self.fit)
        self.minimap.went.connect(lambda place: view.centerOn(place))
        self.refusal.fix_chosen.connect(self.apply_fix)
        self.refusal.closed.connect(self._refusal_closed)
        self.name_editor.renamed.connect(self.commands.rename)
        self.name_editor.finished.connect(view.setFocus)
        self.empty.example_wanted.connect(self.example_wanted)

    # What the window sets.

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self.theme = theme
        self.scene.set_theme(theme)
        self.view.forget_paints()
        for part in (self.empty, self.breadcrumb, self.zoom_bar, self.minimap, self.refusal, self.name_editor):
            part.set_theme(theme)
        self.search.set_theme(theme)
        self._place()

    def set_analysis(self, analysis: Analysis) -> None:
        """Show the shapes and problems of an analysis."""
        self.scene.set_analysis(analysis)

    def set_previews(self, previews: Mapping[str, QImage]) -> None:
        """Show pictures on blocks, by instance path key; a block that is left out shows none."""
        self.scene.set_previews(previews)

    def set_loss_values(self, values: Mapping[str, tuple[str, tuple[float, ...]]]) -> None:
        """Show on losses, by instance path key, the value as text and the values of a small curve."""
        self.scene.set_loss_values(values)

    def set_title(self, text: str, dirty: bool) -> None:
        """What the breadcrumb calls the project, and whether it has unsaved changes."""
        self._title, self._dirty = text, dirty
        self._show_steps()

    def set_shapes(self, request: int, shapes: Mapping[str, TensorSpec]) -> None:
        """The shapes that `shapes_wanted` asked for; a stale answer is dropped."""
        self.search.set_shapes(request, shapes)

    # Where the canvas is.

    def body_path(self) -> BodyPath:
        """The path of the body that is shown; () is the root."""
        return self.scene.path

    def enter(self, id: str) -> None:
        """Show the body of a container."""
        block = self.scene.body.blocks.get(id)
        if block is not None and block.body is not None:
            self._go_to((*self.scene.path, id))

    def leave(self) -> None:
        """Show the body around this one, the container selected."""
        if self.scene.path:
            self._go_to(self.scene.path[:-1])

    def jump_to(self, path: Path) -> None:
        """Show a block by its instance path and select it; a path that is gone leads as near as it can."""
        ids = body_path(path)
        if not ids:
            return
        if ids[:-1] != self.scene.path:
            self._go_to(ids[:-1])
        if ids[-1] in self.scene.blocks:
            self.scene.pick([ids[-1]])
            item = self.scene.blocks[ids[-1]]
            if not self.view.visible_area().contains(item.sceneBoundingRect()) or self.view.zoom < 0.3:
                self.view.glide.go(max(self.view.zoom, 0.8), item.sceneBoundingRect().center())
        self.view.setFocus()

    def fit(self, *, soft: bool = True) -> None:
        """Show the whole drawing; not `soft`: at once, because another one was there."""
        self.view.show_area(self.scene.bounds()) if soft else self.fitting.fit()

    def fit_selection(self) -> None:
        """Show what is selected; the whole drawing without a selection."""
        area = QRectF()
        for id in self.scene.picked_blocks:
            area = area.united(self.scene.blocks[id].sceneBoundingRect())
        self.view.show_area(area) if not area.isEmpty() else self.fit()

    def zoom_by(self, factor: float) -> None:
        """Zoom around the middle."""
        self.view.zoom_softly(factor)

    def to_global(self, at: QPointF) -> QPoint:
        """Where a place of the scene is on the screen."""
        return self.view.viewport().mapToGlobal(self.view.mapFromScene(at))

    # The selection and edits of it.

    def select(self, ids: Iterable[str]) -> None:
        """Select blocks of the shown body."""
        self.scene.pick(ids)

    def selected_ids(self) -> tuple[str, ...]:
        """The ids of the selected blocks, sorted."""
        return self.scene.picked_ids

    def select_all(self) -> None:
        """Select every block and wire."""
        self.scene.pick(self.scene.blocks, self.scene.wires)

    def delete_selection(self) -> None:
        """Delete the selected blocks and wires."""
        self.commands.delete_picked()

    def cut(self) -> None:
        """Copy the selected blocks as text and delete them."""
        self.commands.cut()

    def copy(self) -> None:
        """Copy the selected blocks as text."""
        self.commands.copy()

    def paste(self) -> None:
        """Add the blocks on the clipboard; other text is refused in a sentence."""
        paste_here(self.view)

    def duplicate(self) -> None:
        """Add the selected blocks once more."""
        duplicate_here(self.view)

    def toggle_bypass(self) -> None:
        """Switch the selected blocks off or on."""
        self.commands.toggle_bypass()

    def rename_selected(self) -> None:
        """Edit the name of the selected block in place."""
        if len(self.scene.picked_blocks) == 1:
            self.rename_block(min(self.scene.picked_blocks))

    def rename_block(self, id: str) -> None:
        """Edit the name of a block in place."""
        if id not in self.scene.blocks:
            return
        self.scene.pick([id])
        self.name_editor.open(self.scene.blocks[id])

    def apply_fix(self, fix: Fix) -> None:
        """Make a repair that a Problem offers."""
        self.refusal.close_popup()
        self.commands.apply_fix(fix)
        self.view.setFocus()

    def add_block(self, type_id: str) -> None:
        """Add a block in the middle of the view, beside what stands there."""
        self.search.add(type_id, {}, self.view.middle())

    # A block dragged in from the palette.

    def ghost_begin(self, type_id: str) -> None:
        """A block of this type hangs at the pointer."""
        self.view.begin(ghost_of(self.view, type_id))

    def ghost_move(self, place: QPoint) -> None:
        """The pointer is at a place of the screen."""
        if self.view.gesture is not None:
            self.view.pointer = self.view.viewport().mapFromGlobal(place)
            self.view.gesture.move(self.view.mapToScene(self.view.pointer), Qt.KeyboardModifier.NoModifier)

    def ghost_drop(self, place: QPoint) -> None:
        """Let the block go: over the canvas it is added."""
        gesture, self.view.gesture = self.view.gesture, None
        if gesture is not None:
            self.view.pointer = self.view.viewport().mapFromGlobal(place)
            gesture.release(self.view.mapToScene(self.view.pointer), Qt.KeyboardModifier.NoModifier)
            self.view.viewport().update()

    def ghost_cancel(self) -> None:
        """Take the block away again."""
        self.view.cancel_gesture()

    def open_search(self, position: QPoint | None = None) -> None:
        """Search for a block to add, at a place of the screen or in the middle."""
        viewport = self.view.viewport()
        place = viewport.rect().center() if position is None else viewport.mapFromGlobal(position)
        self.search.open(self.view.mapToScene(place))

    def search_popup(self) -> SearchPopup:
        """The popup of the search."""
        return self.search.popup

    def _show_reason(self, problem: Problem | None, offer: bool) -> None:
        if problem is None:
            self.refusal.close_popup()
        else:
            self.refusal.show_problem(problem, self.view.mapToParent(self.view.pointer), offer)

    def _refusal_closed(self, had_focus: bool) -> None:
        self.view.linger_no_more()
        if had_focus:
            self.view.setFocus()

    def _show_problem_of(self, id: str) -> None:
        problems = self.scene.problems_of(id)
        if problems:
            first = min(problems, key=lambda problem: ("error", "warning", "advice").index(problem.severity))
            self.refusal.show_problem(first, self.view.mapToParent(self.view.pointer), True, len(problems) - 1)

    def _refused(self, problem: Problem) -> None:
        self.message.emit(problem.sentence)
        place, room = self.view.pointer, self.view.viewport().rect()
        place = place if room.contains(place) else room.center()
        self.refusal.show_problem(problem, self.view.mapToParent(place), True)

    # Keeping the small parts in place.

    def _go_to(self, path: BodyPath) -> None:
        left = self.scene.path
        self.refusal.close_popup()
        self.view.cancel_gesture()
        if path[: len(left)] == left:
            self.fitting.remember(left)
        self.scene.show_body(path)
        inner = left[len(path)] if len(left) > len(path) and left[: len(path)] == path else None
        if inner is not None:
            self.scene.pick([inner])
        if inner is None or not self.fitting.come_back(path, inner):
            self.fitting.fit(READABLE, focus_of(self.scene, inner))
        self.view.setFocus()

    def _entered(self) -> None:
        self._show_steps()
        self._show_areas()
        self.body_path_changed.emit()

    def _redrawn(self) -> None:
        self.minimap.forget()
        self._show_steps()
        self._keep_in_sight()
        self._show_areas()

    def _keep_in_sight(self) -> None:
        """Fit again where a new block pushed others out of a view that showed all."""
        blocks = self.scene.blocks
        if len(blocks) == len(self._known) or self.scene.moves.is_making:
            return
        new, self._known = [id for id in blocks if id not in self._known], set(blocks)
        seen = self.view.visible_area()
        pushed = new and self._whole and not seen.contains(self.scene.bounds())
        if pushed and all(seen.contains(blocks[id].sceneBoundingRect()) for id in new):
            self.fit()

    def _show_steps(self) -> None:
        names = [self._title]
        graph = self.document.graph
        for depth, id in enumerate(self.scene.path):
            try:
                names.append(body_at(graph, self.scene.path[:depth]).blocks[id].name)
            except (Refused, KeyError):
                break
        self.breadcrumb.set_steps(tuple(names), self._dirty)

    def _show_areas(self) -> None:
        self.zoom_bar.set_zoom(self.view.zoom)
        bounds, visible = self.scene.bounds(), self.view.visible_area()
        self.empty.setVisible(not self.scene.blocks)
        self._whole = visible.contains(bounds)
        self.minimap.show_areas(bounds, visible)
        self.minimap.setVisible(not bounds.isEmpty() and not self._whole and self.width() > 400)

    def _place(self) -> None:
        self.view.setGeometry(self.rect())
        self.empty.setGeometry(self.rect().adjusted(40, 60, -40, -60))
        self._place_panels()

    def _place_panels(self) -> None:
        self.breadcrumb.move(CANVAS_INSET, CANVAS_INSET)
        self.zoom_bar.move(CANVAS_INSET, self.height() - CANVAS_INSET - self.zoom_bar.height())
        right, bottom = self.width() - CANVAS_INSET, self.height() - CANVAS_INSET
        self.minimap.move(right - self.minimap.width(), bottom - self.minimap.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()
        self.fitting.fit_again()
        self._show_areas()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._fitted:
            self._fitted = True
            self.fit(soft=False)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.EnabledChange:
            self.view.cancel_gesture()
