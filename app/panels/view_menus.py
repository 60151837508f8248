"""Menus of the live views: which kinds there are, and which blocks a view can look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QWidget

from app.views.registry import VIEW_KINDS, Candidate, candidates
from engine.graph.block_type import BlockType
from engine.graph.graph import Graph
from graph_editor.style_sheet import escaped, round_menu
from graph_editor.theme import Theme

Choose = Callable[[str | None], None]
"""Aims a view at the block of a path, or at none in particular."""


def new_menu(parent: QWidget) -> QMenu:
    """An empty menu that is gone when it closes."""
    menu = round_menu(QMenu(parent))
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
        found = candidates(kind.kind, graph, types) if kind.needs_block else ()
        icon = theme.icon(kind.icon, "secondary")
        if kind.needs_block and len(found) > 1:
            under = round_menu(menu.addMenu(icon, kind.title))
            for candidate in found:
                under.addAction(escaped(candidate.name), partial(add, kind.kind, candidate.path))
        else:
            action = menu.addAction(icon, kind.title, partial(add, kind.kind, None))
            action.setEnabled(bool(found) or not kind.needs_block)
            action.setToolTip(kind.about)
    return menu


def blocks_menu(parent: QWidget, found: Sequence[Candidate], choose: Choose) -> QMenu:
    """The blocks that a view without one can look at."""
    menu = new_menu(parent)
    for candidate in found:
        menu.addAction(escaped(candidate.name), partial(choose, candidate.path))
    if menu.isEmpty():
        menu.addAction("No block fits").setEnabled(False)
    return menu


def add_choices(menu: QMenu, kind: str, block: str | None, found: Sequence[Candidate], choose: Choose) -> None:
    """The blocks that a view of `kind` can look at, the one it does checked."""
    choices = [(candidate.path, candidate.name) for candidate in found]
    if not VIEW_KINDS[kind].needs_block:
        choices.insert(0, (None, "All together"))
    for path, name in choices:
        action = menu.addAction(escaped(name), partial(choose, path))
        action.setCheckable(True)
        action.setChecked(path == block)
