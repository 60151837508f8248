"""The live views under the canvas: a header, and a row of tiles that say what the network does while it learns."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Protocol

import msgspec
from PySide6.QtCore import QEvent, QSize, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from app.panels.empty_state import EmptyState
from app.panels.view_menus import open_add_menu, open_block_menu, open_tile_menu
from app.panels.view_tile import TileRow, TileScroll, ViewTile
from app.panels.views_header import ViewsHeader
from app.views.registry import VIEW_KINDS, candidate_at, is_fed, make_view, sole_candidate, suiting
from app.wording import WAITS
from engine.graph.block_type import BlockType
from engine.graph.graph import Graph
from graph_editor.theme import Theme

if TYPE_CHECKING:
    from app.views.history import RunHistory
    from app.views.view import Ask

BEFORE_RUN = "Press Run: loss, filters and latent space appear here"
PACE = "every 0.1 s"
NO_VIEWS = "No live view is open"


class ViewSpec(Protocol):
    """What the project keeps of a view: a frozen struct with these fields."""

    id: str
    kind: str
    block: str | None


class LiveViews(QWidget):
    """Header and tiles. `new_view(id=…, kind=…, block=…)` makes the frozen value that the project keeps of a view.

    `views_changed(tuple)` after a person added, closed, moved or re-aimed one; `asks_changed()` when other views are
    seen or look elsewhere; `fill_wanted(bool)` when the views want the whole window, or give it back.
    """

    views_changed = Signal(object)
    asks_changed = Signal()
    fill_wanted = Signal(bool)

    def __init__(self, theme: Theme, new_view: Callable[..., ViewSpec], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self._new_view = new_view
        self._specs: tuple[ViewSpec, ...] = ()
        self._tiles: dict[str, ViewTile] = {}
        self.graph = Graph()
        self.types: Mapping[str, BlockType] = {}
        self._history: RunHistory | None = None
        self._turn = 0
        self._previous: RunHistory | None = None
        self._gallery: QWidget | None = None
        self._was_asked = False
        self._filled: str | None = None
        self._is_maximised = False
        self._awaited = WAITS
        self._told: tuple[Ask, ...] = ()
        self._header = ViewsHeader(theme)
        self._header.maximise.clicked.connect(lambda: self.set_maximised(not self._is_maximised))
        self._header.escaped.connect(lambda: self.set_maximised(False))
        self._empty = EmptyState(BEFORE_RUN, "", theme)
        for wanted in (self._header.add.clicked, self._empty.activated):
            wanted.connect(lambda: open_add_menu(self, self._header.add))
        self._splitter = TileRow()
        self._scroll = TileScroll(self._splitter)
        self._scroll.horizontalScrollBar().valueChanged.connect(self._tell_asks)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self._scroll)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._header)
        column.addWidget(self._pages, 1)
        self._show_page()

    # What the window tells.

    def set_views(self, views: tuple[ViewSpec, ...]) -> None:
        """Show these views, in this order; those that stay keep what they show."""
        if tuple(views) == self._specs:
            return
        self._specs = tuple(view for view in views if view.kind in VIEW_KINDS)
        if self._filled is not None and all(spec.id != self._filled for spec in self._specs):
            self.fill(None)
        self._show_page()

    def views(self) -> tuple[ViewSpec, ...]:
        """The views that are open, in order."""
        return self._specs

    def set_graph(self, graph: Graph, types: Mapping[str, BlockType]) -> None:
        """The drawing as it is now: names of blocks, and what new views can look at."""
        self.graph, self.types = graph, types
        self._aim()

    def show_history(self, history: RunHistory | None, previous: RunHistory | None = None) -> None:
        """Show a run and, faintly, the one before. None, or one without events: before the first run.

        While a run goes on its views take turns, one a call: all charts at once would hold the window up.
        """
        is_same_run = history is not None and history is self._history and history.state == "running"
        self._history, self._previous = history, previous
        self._show_page()
        views = [tile.view for tile in self._tiles.values()]
        if is_same_run:
            views = [view for view in views if not view.measures]
            self._turn = (self._turn + 1) % max(1, len(views))
            views = views[self._turn : self._turn + 1]
        for view in views:
            view.show_history(history, previous)

    def show_measured(self, request: str, arrays: Mapping[str, object], step: int) -> None:
        """Give an answer to the view that asked: `request` is the id of its Ask."""
        tile = self._tiles.get(request)
        if tile is not None:
            tile.view.show_measured(arrays, step)

    def show_problem(self, request: str, text: str) -> None:
        """Say in the view that asked why there is no answer."""
        tile = self._tiles.get(request)
        if tile is not None:
            tile.view.show_problem(text)

    def forget(self) -> None:
        """What the views measured was of another project."""
        for tile in self._tiles.values():
            if tile.view.measures:
                tile.view.forget()

    def set_awaited(self, text: str) -> None:
        """Say what comes before what the views measure."""
        if text == self._awaited:
            return
        self._awaited = text
        for tile in self._tiles.values():
            tile.view.set_awaited(text)

    def set_gallery(self, gallery: QWidget | None) -> None:
        """What stands in the tiles' place before the first run; None takes it away."""
        if gallery is self._gallery:
            return
        if self._gallery is not None:
            self._pages.removeWidget(self._gallery)
            self._gallery.setParent(None)
        self._gallery = gallery
        if gallery is not None:
            self._was_asked = False
            self._pages.addWidget(gallery)
        self._show_page()

    def asks(self) -> tuple[Ask, ...]:
        """What the views that can be seen want measured."""
        if not self.isVisible() or self._pages.currentWidget() is not self._scroll:
            return ()
        shown = (self._tiles[spec.id].view for spec in self._specs if spec.id in self._tiles)
        asks = (view.ask() for view in shown if self._scroll.shows(view))
        return tuple(ask for ask in asks if ask is not None)

    def tile(self, id: str) -> ViewTile | None:
        """The tile of a view, or None."""
        return self._tiles.get(id)

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self.theme = theme
        self._header.set_theme(theme)
        self._empty.set_theme(theme)
        for tile in self._tiles.values():
            tile.set_theme(theme)
        self.update()

    # What a person does.

    def add_view(self, kind: str, block: str | None = None) -> None:
        """Open another view; without a block, of the one that suits best."""
        if block is None:
            block = self._suiting(kind)
        self._was_asked = True
        view = self._new_view(id=secrets.token_hex(4), kind=kind, block=block)
        self._change((*self._specs, view))
        self._scroll.reveal(lambda: self._tiles.get(view.id))

    def close_view(self, id: str) -> None:
        """Close a view."""
        self._change(tuple(spec for spec in self._specs if spec.id != id))

    def choose_block(self, id: str, block: str | None) -> None:
        """Let a view look at another block."""
        self._change(
            tuple(
                msgspec.structs.replace(spec, block=block) if spec.id == id else spec  # type: ignore[type-var]
                for spec in self._specs
            )
        )

    def move_view(self, id: str, by: int) -> None:
        """Move a view along the row."""
        specs = list(self._specs)
        at = next(index for index, spec in enumerate(specs) if spec.id == id)
        to = min(max(at + by, 0), len(specs) - 1)
        specs.insert(to, specs.pop(at))
        self._change(tuple(specs))

    def fill(self, id: str | None) -> None:
        """Let one view fill the window, or give the window back."""
        if id != self._filled:
            self._filled = id
            self._show_page()
            self.set_maximised(id is not None)

    def filled(self) -> str | None:
        """The view that fills the window, or None."""
        return self._filled

    def set_maximised(self, maximised: bool) -> None:
        """Whether the views fill the window."""
        if maximised != self._is_maximised:
            self._is_maximised = maximised
            self._header.set_maximised(maximised)
            self.fill_wanted.emit(maximised)
        if not maximised and self._filled is not None:
            self._filled = None
            self._show_page()

    # Inside.

    def _change(self, specs: tuple[ViewSpec, ...]) -> None:
        if specs != self._specs:
            self.set_views(specs)
            self.views_changed.emit(self._specs)

    def _toggle(self, id: str) -> None:
        self.fill(None if self._filled == id else id)

    def _show_page(self) -> None:
        # Who opens a view before the first run sees it, with the fresh weights.
        before_run = not self._was_asked and (self._history is None or self._history.state == "new")
        # Without the gallery the empty page says it.
        said = BEFORE_RUN if self._gallery is not None else ""
        self._header.set_subtitle(said if before_run else PACE)
        self._header.set_lively(not before_run)
        if before_run:
            self._empty.set_sentence(BEFORE_RUN)
            self._pages.setCurrentWidget(self._gallery or self._empty)
        elif not self._specs:
            self._make_tiles()
            self._empty.set_sentence(NO_VIEWS, "Add view")
            self._pages.setCurrentWidget(self._empty)
        else:
            self._make_tiles()
            self._pages.setCurrentWidget(self._scroll)
        self._tell_asks()

    def _make_tiles(self) -> None:
        wanted = {spec.id: spec for spec in self._specs}
        changed = False
        for id in [id for id, tile in self._tiles.items() if id not in wanted or tile.view.kind != wanted[id].kind]:
            tile = self._tiles.pop(id)
            tile.setParent(None)
            tile.deleteLater()
            changed = True
        for spec in self._specs:
            if spec.id in self._tiles:
                continue
            view = make_view(spec.kind, spec.id, self.theme, spec.block)
            tile = self._tiles[spec.id] = ViewTile(view, self.theme)
            tile.header.fill_wanted.connect(partial(self._toggle, spec.id))
            tile.header.menu_wanted.connect(partial(open_tile_menu, self, tile))
            tile.header.close_wanted.connect(partial(self.close_view, spec.id))
            view.choose_wanted.connect(partial(open_block_menu, self, tile))
            view.set_awaited(self._awaited)
            view.show_history(self._history, self._previous)
            changed = True
        for index, spec in enumerate(self._specs):
            tile = self._tiles[spec.id]
            if self._splitter.widget(index) is not tile:
                self._splitter.insertWidget(index, tile)
                self._splitter.setCollapsible(index, False)
                changed = True
            tile.setVisible(self._filled in (None, spec.id))
        self._aim()
        if changed and self._specs:
            self._splitter.setSizes([round(1000 * VIEW_KINDS[spec.kind].share) for spec in self._specs])

    def _aim(self) -> None:
        """Tell each view its block's name, or that it is gone."""
        for spec in self._specs:
            tile = self._tiles.get(spec.id)
            if tile is None:
                continue
            block = spec.block
            if block is None:
                # One that was never aimed looks at what suits it best as the drawing grows.
                block = self._suiting(spec.kind)
            if block is not None:
                aimed = candidate_at(spec.kind, block, self.graph, self.types)
            elif VIEW_KINDS[spec.kind].needs_block:
                aimed = None
            else:
                aimed = sole_candidate(spec.kind, self.graph, self.types)
            if tile.view.measures:
                tile.view.set_fed(aimed is None or is_fed(aimed.path, self.graph, self.types))
            tile.view.set_missing(spec.block is not None and bool(self.types) and aimed is None)
            tile.view.set_block(block, aimed.name if aimed is not None else "")
        self._tell_asks()

    def _suiting(self, kind: str) -> str | None:
        return suiting(kind, self.graph, self.types)

    def _tell_asks(self) -> None:
        asks = self.asks()
        if asks != self._told:
            self._told = asks
            self.asks_changed.emit()

    def showEvent(self, event: QEvent) -> None:
        super().showEvent(event)
        self._tell_asks()

    def hideEvent(self, event: QEvent) -> None:
        super().hideEvent(event)
        self._tell_asks()

    def resizeEvent(self, event: QEvent) -> None:
        super().resizeEvent(event)
        self._tell_asks()

    def paintEvent(self, event: QEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.theme.color("canvas"))
        painter.end()

    def sizeHint(self) -> QSize:
        return QSize(936, 288)
