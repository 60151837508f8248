"""Menus of the live views: which can be added, what can be done with one, and which blocks it can look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from app.views.registry import VIEW_KINDS, Candidate, candidates, has_candidates, suiting
from app.wording import number_words
from graph_editor.letter_search import find_by_letter
from graph_editor.style_sheet import escaped, round_menu

if TYPE_CHECKING:
    from app.panels.live_views import LiveViews
    from app.panels.view_tile import ViewTile

MOST_LISTED = 100
Choice = Candidate | tuple[str | None, str]
Find = Callable[[], Sequence[Choice]]
IsChecked = Callable[[str | None], bool]
Choose = Callable[[str | None], None]
"""Aims a view at the block of a path, or at none in particular."""


def open_add_menu(panel: LiveViews, button: QWidget) -> None:
    """Offer below a button the views that can be added."""
    add_menu(panel).popup(button.mapToGlobal(QPoint(0, button.height() + 4)))


def open_tile_menu(panel: LiveViews, tile: ViewTile) -> None:
    """Offer below the button of a tile what can be done with its view."""
    button = tile.header.more
    tile_menu(panel, tile).popup(button.mapToGlobal(button.rect().bottomLeft()))


def open_block_menu(panel: LiveViews, tile: ViewTile) -> None:
    """Offer on a view whose block is gone those that it can look at."""
    menu, view = _new_menu(panel), tile.view
    _fill(menu, candidates(view.kind, panel.graph, panel.types), partial(panel.choose_block, view.id))
    if menu.isEmpty():
        menu.addAction("No block fits").setEnabled(False)
    menu.popup(view.mapToGlobal(view.rect().center()))


def add_menu(panel: LiveViews) -> QMenu:
    """The kinds of views, with the blocks that each can look at."""
    menu, graph, types = _new_menu(panel), panel.graph, panel.types
    for kind in VIEW_KINDS.values():
        icon = panel.theme.icon(kind.icon, "secondary")
        if kind.needs_block and has_candidates(kind.kind, graph, types, 2):
            under = find_by_letter(round_menu(menu.addMenu(icon, kind.title)))
            _fill_when_opened(under, partial(candidates, kind.kind, graph, types), partial(panel.add_view, kind.kind))
        else:
            action = menu.addAction(icon, kind.title, partial(panel.add_view, kind.kind, None))
            action.setEnabled(not kind.needs_block or suiting(kind.kind, graph, types) is not None)
            action.setToolTip(kind.about)
    return menu


def tile_menu(panel: LiveViews, tile: ViewTile) -> QMenu:
    """The menu of one view."""
    menu, id, specs = _new_menu(panel), tile.view.id, panel.views()
    at = [spec.id for spec in specs].index(id)
    kind, block = VIEW_KINDS[specs[at].kind], specs[at].block
    if has_candidates(kind.kind, panel.graph, panel.types, 1 if kind.needs_block else 2):
        none: tuple[Choice, ...] = () if kind.needs_block else ((None, "All together"),)
        found = partial(candidates, kind.kind, panel.graph, panel.types)
        blocks = find_by_letter(round_menu(menu.addMenu("Choose block")))
        choose = partial(panel.choose_block, id)
        _fill_when_opened(blocks, lambda: (*none, *found()), choose, lambda path: path == block)
        menu.addSeparator()
    if panel.filled() == id:
        menu.addAction("Give the window back", partial(panel.fill, None))
    else:
        menu.addAction("Fill the window", partial(panel.fill, id))
    menu.addAction("Show everything", tile.view.reset_zoom)
    menu.addAction("Save picture …", tile.save_picture)
    menu.addSeparator()
    menu.addAction("Move left", partial(panel.move_view, id, -1)).setEnabled(at > 0)
    menu.addAction("Move right", partial(panel.move_view, id, 1)).setEnabled(at < len(specs) - 1)
    menu.addSeparator()
    menu.addAction("Close view", partial(panel.close_view, id))
    return menu


def _new_menu(parent: QWidget) -> QMenu:
    """An empty menu that is gone when it closes."""
    menu = find_by_letter(round_menu(QMenu(parent)))
    menu.setToolTipsVisible(True)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return menu


def _fill_when_opened(menu: QMenu, find: Find, choose: Choose, is_checked: IsChecked | None = None) -> None:
    menu.aboutToShow.connect(lambda: _fill(menu, find(), choose, is_checked) if menu.isEmpty() else None)


def _fill(menu: QMenu, choices: Sequence[Choice], choose: Choose, is_checked: IsChecked | None = None) -> None:
    """A line for each; of very many for the first, and for the one that is checked in any case."""
    listed, rest = choices[:MOST_LISTED], choices[MOST_LISTED:]
    checked = [choice for choice in rest if is_checked is not None and is_checked(choice[0])]
    lines: dict[QAction, str | None] = {}
    for path, name in (*listed, *checked):
        action = menu.addAction(escaped(name))
        lines[action] = path
        if is_checked is not None:
            action.setCheckable(True)
            action.setChecked(is_checked(path))
    if rest[len(checked) :]:
        menu.addSeparator()
        more = number_words(len(rest) - len(checked))
        menu.addAction(f"{more} more: use the menu of the block on the canvas").setEnabled(False)
    menu.triggered.connect(lambda action: choose(lines[action]))
