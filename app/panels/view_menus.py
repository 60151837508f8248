"""Menus of the live views: which kinds there are, and which blocks a view can look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from app.views.registry import VIEW_KINDS, Candidate, candidates, has_candidates
from app.wording import number_words
from engine.graph.block_type import BlockType
from engine.graph.graph import Graph
from graph_editor.letter_search import find_by_letter
from graph_editor.style_sheet import escaped, round_menu
from graph_editor.theme import Theme

MOST_LISTED = 100
Choice = Candidate | tuple[str | None, str]
Find = Callable[[], Sequence[Choice]]
IsChecked = Callable[[str | None], bool]
Choose = Callable[[str | None], None]
"""Aims a view at the block of a path, or at none in particular."""


def new_menu(parent: QWidget) -> QMenu:
    """An empty menu that is gone when it closes."""
    menu = find_by_letter(round_menu(QMenu(parent)))
    menu.setToolTipsVisible(True)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return menu


def kinds_menu(
    parent: QWidget,
    theme: Theme,
    graph: Graph,
    types: Mapping[str, BlockType],
    add: Callable[[str, str | None], None],
) -> QMenu:
    """The kinds of views, with the blocks that each can look at; `add` is given the kind and the block's path."""
    menu = new_menu(parent)
    for kind in VIEW_KINDS.values():
        icon = theme.icon(kind.icon, "secondary")
        if kind.needs_block and has_candidates(kind.kind, graph, types, 2):
            under = find_by_letter(round_menu(menu.addMenu(icon, kind.title)))
            _fill_when_opened(under, partial(candidates, kind.kind, graph, types), partial(add, kind.kind))
        else:
            action = menu.addAction(icon, kind.title, partial(add, kind.kind, None))
            action.setEnabled(not kind.needs_block or has_candidates(kind.kind, graph, types))
            action.setToolTip(kind.about)
    return menu


def blocks_menu(parent: QWidget, found: Sequence[Candidate], choose: Choose) -> QMenu:
    """The blocks that a view without one can look at."""
    menu = new_menu(parent)
    _fill(menu, found, choose)
    if menu.isEmpty():
        menu.addAction("No block fits").setEnabled(False)
    return menu


def add_choices(menu: QMenu, kind: str, block: str | None, find: Find, choose: Choose) -> None:
    """The blocks that a view of `kind` can look at, the one it does checked."""
    none: tuple[Choice, ...] = () if VIEW_KINDS[kind].needs_block else ((None, "All together"),)
    _fill_when_opened(menu, lambda: (*none, *find()), choose, lambda path: path == block)


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
