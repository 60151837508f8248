"""The menus under the right button: of blocks, of wires, of the canvas."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QMenu

from engine.graph.edits import set_weights
from engine.graph.graph import PortRef, Weights
from graph_editor.interactions.hover import WIRE_GRAB
from graph_editor.letter_search import find_by_letter
from graph_editor.sharing_menu import add_sharing_menu, step_label
from graph_editor.style_sheet import round_menu
from graph_editor.theme import GAP_MAX
from graph_editor.wiring_menu import Wiring, fill

if TYPE_CHECKING:
    from graph_editor.editor import Editor

UNFOLDED_STEPS = 4


def menu_at(editor: Editor, at: QPointF) -> QMenu:
    """The menu for a place of the scene; what is there gets selected first."""
    scene = editor.scene
    block = scene.block_at(at.x(), at.y())
    if block is not None:
        if block.id not in scene.picked_blocks:
            scene.pick([block.id])
        return _block_menu(editor, block.id)
    wire = scene.wire_at(at.x(), at.y(), WIRE_GRAB)
    if wire is not None:
        scene.pick((), [wire.target])
        return _wire_menu(editor)
    return _canvas_menu(editor, at)


def menu_by_keys(editor: Editor) -> tuple[QMenu, QPoint]:
    """The menu of what is selected, the canvas' where nothing is, and where on the screen it opens: beside that."""
    scene, view = editor.scene, editor.view
    room = view.viewport().rect()
    place = room.center()
    if scene.picked_blocks:
        id = min(scene.picked_blocks)
        menu = _block_menu(editor, id)
        place = view.mapFromScene(scene.blocks[id].pos() + QPointF(20, 20))
    elif scene.picked_wires:
        menu = _wire_menu(editor)
        wire = scene.wires[min(scene.picked_wires)]
        place = view.mapFromScene(wire.mapToScene(QPointF(*wire.route.label)))
    else:
        menu = _canvas_menu(editor, view.mapToScene(place))
    place = QPoint(min(max(place.x(), 0), room.right()), min(max(place.y(), 0), room.bottom()))
    return menu, view.viewport().mapToGlobal(place)


def open_menu(menu: QMenu, place: QPoint, *, by_keys: bool = False) -> None:
    """Show a menu that is gone when it closes; by the keys with its first entry ready for Enter."""
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    find_by_letter(menu).popup(place)
    if by_keys and menu.actions()[0].isEnabled():
        menu.setActiveAction(menu.actions()[0])


def open_wirings(editor: Editor) -> None:
    """Offer the wires that can be drawn from the one selected block; without one do nothing."""
    scene, view = editor.scene, editor.view
    if len(scene.picked_blocks) != 1:
        return
    (id,) = scene.picked_blocks
    item = scene.blocks[id]

    def connect(wiring: Wiring) -> None:
        if wiring.fix is not None:
            editor.commands.apply_fix(wiring.fix)
        else:
            editor.commands.connect_ports(wiring.source, wiring.target)

    def search(end: PortRef, is_input: bool) -> None:
        x, y = item.port_point(end.port, is_input)
        editor.search.open(QPointF(x + (-GAP_MAX if is_input else GAP_MAX), y), end, is_input, follow=True)

    menu = round_menu(QMenu(editor))
    fill(menu, scene, id, connect, search)
    if menu.isEmpty():
        menu.addAction("All its inputs are wired").setEnabled(False)
    room = view.viewport().rect()
    place = view.mapFromScene(item.pos() + QPointF(20, 20))
    place = QPoint(min(max(place.x(), 0), room.right()), min(max(place.y(), 0), room.bottom()))
    open_menu(menu, view.viewport().mapToGlobal(place), by_keys=True)


def _wire_menu(editor: Editor) -> QMenu:
    menu = round_menu(QMenu(editor))
    _entry(menu, "Delete", "Del", editor.delete_selection)
    return menu


def _canvas_menu(editor: Editor, at: QPointF) -> QMenu:
    scene, menu = editor.scene, round_menu(QMenu(editor))
    _entry(menu, "Add block …", "Tab", lambda: editor.open_search(editor.to_global(at)))
    _entry(menu, "Paste", "Ctrl+V", lambda: editor.commands.paste((at.x(), at.y())))
    menu.addSeparator()
    _entry(menu, "Select all", "Ctrl+A", editor.select_all)
    if len(scene.blocks) > 1:
        _tidy_entry(editor, menu)
    _entry(menu, "Fit", "F", editor.fit)
    return menu


def _block_menu(editor: Editor, id: str) -> QMenu:
    scene, menu = editor.scene, round_menu(QMenu(editor))
    block = scene.body.blocks[id]
    key = scene.key(id)
    type = editor.document.types.get(block.type)
    if block.body is not None:
        _entry(menu, "Enter", "Return", lambda: editor.enter(id))
        menu.addSeparator()
    _entry(menu, "Rename", "F2", lambda: editor.rename_block(id))
    _entry(menu, "Duplicate", "Ctrl+D", editor.duplicate)
    _entry(menu, "Copy", "Ctrl+C", editor.copy)
    _entry(menu, "Use again" if block.bypassed else "Bypass", "M", editor.toggle_bypass)
    _entry(menu, "Wire to …", "W", lambda: open_wirings(editor))
    _entry(menu, "Delete", "Del", editor.delete_selection)
    if editor.arranging.takes_selection:
        _tidy_entry(editor, menu)
    if type is None:
        return menu
    if type.runs_over_time:
        _entry(menu, f"Unfold over {UNFOLDED_STEPS} steps", "", lambda: editor.commands.unfold(id, UNFOLDED_STEPS))
    if len(scene.picked_blocks) == 1:
        _sharing_menu(editor, menu, id)
    menu.addSeparator()
    if type.family in ("convolution", "dense", "energy"):
        _entry(menu, "Show filters", "", lambda: editor.view_wanted.emit("filters", key))
    if type.role in ("layer", "container", "input"):
        _entry(menu, "Show latent space", "", lambda: editor.view_wanted.emit("latent", key))
    _entry(menu, "Help", "F1", lambda: editor.help_wanted.emit(type.id))
    return menu


def _sharing_menu(editor: Editor, menu: QMenu, id: str) -> None:
    def choose(weights: Weights | None) -> None:
        editor.commands.edit(step_label(weights), set_weights, id, weights)

    add_sharing_menu(menu, editor.scene.body, editor.scene.scope, id, choose)


def _tidy_entry(editor: Editor, menu: QMenu) -> None:
    label = "Tidy selection" if editor.arranging.takes_selection else "Tidy"
    _entry(menu, label, "Ctrl+L", editor.arranging.ask)


def _entry(menu: QMenu, text: str, key: str, function: Callable[[], object]) -> None:
    action = menu.addAction(f"{text}\t{key}" if key else text)
    action.triggered.connect(lambda _=False: function())
