"""Every entry of the menus of blocks, wires and the canvas, by the mouse and by the keys alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from engine.graph.graph import PortRef
from graph_editor import motion
from graph_editor.editor import Editor

BLOCK = ["Rename", "Duplicate", "Copy", "Bypass", "Wire to …", "Delete", "Show filters", "Show latent space", "Help"]
WIRE = ["Delete"]
CANVAS = ["Add block …", "Paste", "Select all", "Tidy", "Fit"]
NO_KEYS = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
INTO_RELU = PortRef("re", "input")

pytestmark = pytest.mark.qt_log_ignore("does not support raise", "grabbing the keyboard", "grab the keyboard")


def send(editor: Editor, reason: QContextMenuEvent.Reason, place: QPoint) -> None:
    viewport = editor.view.viewport()
    QApplication.sendEvent(viewport, QContextMenuEvent(reason, place, viewport.mapToGlobal(place), NO_KEYS))


def opened(editor: Editor) -> QMenu:
    """The menu that is open."""
    (menu,) = [menu for menu in editor.findChildren(QMenu) if menu.isVisible()]
    return menu


def entries(menu: QMenu) -> list[str]:
    return [action.text().partition("\t")[0] for action in menu.actions() if action.text()]


def choose_by_mouse(menu: QMenu, name: str) -> None:
    action = next(action for action in menu.actions() if action.text().partition("\t")[0] == name)
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, NO_KEYS, menu.actionGeometry(action).center())


def choose_by_keys(menu: QMenu, name: str) -> None:
    """The first entry is ready; arrows lead to the others."""
    for _ in range(entries(menu).index(name)):
        QTest.keyClick(menu, Qt.Key.Key_Down)
    assert menu.activeAction().text().partition("\t")[0] == name
    QTest.keyClick(menu, Qt.Key.Key_Return)


def open_by_mouse(editor: Editor, what: str) -> QMenu:
    free = next(x for x in (500, 300, 700) if editor.scene.block_at(x, 500) is None)
    x, y = {"block": (380, 128), "wire": (500, 128), "canvas": (free, 500)}[what]
    send(editor, QContextMenuEvent.Reason.Mouse, editor.view.mapFromScene(x, y))
    return opened(editor)


def open_by_menu_key(editor: Editor, what: str) -> QMenu:
    editor.scene.pick(["cv"] if what == "block" else (), [INTO_RELU] if what == "wire" else ())
    send(editor, QContextMenuEvent.Reason.Keyboard, QPoint())
    return opened(editor)


def open_by_shift_f10(editor: Editor, what: str) -> QMenu:
    editor.scene.pick(["cv"] if what == "block" else (), [INTO_RELU] if what == "wire" else ())
    QTest.keyClick(editor.view, Qt.Key.Key_F10, SHIFT)
    return opened(editor)


WAYS = [
    pytest.param(open_by_mouse, choose_by_mouse, id="mouse"),
    pytest.param(open_by_menu_key, choose_by_keys, id="menu key"),
    pytest.param(open_by_shift_f10, choose_by_keys, id="Shift+F10"),
]
Open, Choose = Callable[[Editor, str], QMenu], Callable[[QMenu, str], None]


def effect_of(editor: Editor, what: str, open: Open, choose: Choose, name: str) -> tuple[int, int, list[object]]:
    """How many blocks and wires there are more after an entry was chosen, and what was asked for."""
    before, asked = editor.document.graph, []
    editor.view_wanted.connect(lambda kind, path: asked.append((kind, path)))
    editor.help_wanted.connect(asked.append)
    choose(open(editor, what), name)
    QApplication.processEvents()
    after = editor.document.graph
    return len(after.blocks) - len(before.blocks), len(after.wires) - len(before.wires), asked


@pytest.mark.parametrize(("open", "choose"), WAYS)
@pytest.mark.parametrize(("what", "wanted"), [("block", BLOCK), ("wire", WIRE), ("canvas", CANVAS)])
def test_each_menu_has_its_entries(editor: Editor, open: Open, choose: Choose, what: str, wanted: list[str]) -> None:
    menu = open(editor, what)
    assert entries(menu) == wanted
    QTest.keyClick(menu, Qt.Key.Key_Escape)
    assert not any(menu.isVisible() for menu in editor.findChildren(QMenu))


@pytest.mark.parametrize(("open", "choose"), WAYS)
@pytest.mark.parametrize(
    ("name", "effect"),
    [
        ("Duplicate", (1, 0, [])),
        ("Delete", (-1, -2, [])),
        ("Show filters", (0, 0, [("filters", "cv")])),
        ("Show latent space", (0, 0, [("latent", "cv")])),
        ("Help", (0, 0, ["conv2d"])),
    ],
)
def test_of_a_block(editor: Editor, open: Open, choose: Choose, name: str, effect: object) -> None:
    assert effect_of(editor, "block", open, choose, name) == effect


def test_of_an_input_the_data_themselves_are_shown(editor: Editor) -> None:
    asked: list[object] = []
    editor.view_wanted.connect(lambda kind, path: asked.append((kind, path)))
    (id,) = (block.id for block in editor.document.graph.blocks.values() if block.type == "input")
    editor.scene.pick([id])
    send(editor, QContextMenuEvent.Reason.Keyboard, QPoint())
    menu = opened(editor)
    assert "Show filters" not in entries(menu)
    choose_by_keys(menu, "Show latent space")
    assert asked == [("latent", id)]


@pytest.mark.parametrize(("open", "choose"), WAYS)
def test_rename_of_a_block(editor: Editor, open: Open, choose: Choose, qtbot) -> None:
    choose(open(editor, "block"), "Rename")
    qtbot.waitUntil(editor.name_editor.isVisible)
    qtbot.waitUntil(editor.name_editor.hasFocus)
    QTest.keyClicks(editor.name_editor, "Eyes")
    QTest.keyClick(editor.name_editor, Qt.Key.Key_Return)
    assert editor.document.graph.blocks["cv"].name == "Eyes"


@pytest.mark.parametrize(("open", "choose"), WAYS)
def test_of_a_wire(editor: Editor, open: Open, choose: Choose) -> None:
    assert effect_of(editor, "wire", open, choose, "Delete") == (0, -1, [])
    assert INTO_RELU not in {wire.target for wire in editor.document.graph.wires}


@pytest.mark.parametrize(("open", "choose"), WAYS)
def test_of_the_canvas(editor: Editor, open: Open, choose: Choose, monkeypatch, qtbot) -> None:
    monkeypatch.setattr(motion, "is_wanted", lambda: False)
    choose(open(editor, "canvas"), "Add block …")
    qtbot.waitUntil(editor.search_popup().line().hasFocus)
    QTest.keyClicks(editor.search_popup().line(), "dropout")
    QTest.keyClick(editor.search_popup().line(), Qt.Key.Key_Return)
    (new,) = editor.selected_ids()
    assert editor.document.graph.blocks[new].type == "dropout"
    editor.copy()
    assert effect_of(editor, "canvas", open, choose, "Paste") == (1, 0, [])
    choose(open(editor, "canvas"), "Select all")
    assert len(editor.selected_ids()) == len(editor.document.graph.blocks)
    editor.view.zoom_to(3.0)
    choose(open_by_menu_key(editor, "canvas") if open is not open_by_mouse else fresh_canvas_menu(editor), "Fit")
    assert editor.view.visible_area().contains(editor.scene.bounds())


def fresh_canvas_menu(editor: Editor) -> QMenu:
    """Of a place where nothing stands, wherever the view is."""
    editor.view.centerOn(3000, 3000)
    send(editor, QContextMenuEvent.Reason.Mouse, QPoint(200, 200))
    return opened(editor)


def test_a_block_out_of_sight_has_its_menu_inside_the_window(editor: Editor) -> None:
    editor.view.centerOn(4000, 4000)
    menu = open_by_menu_key(editor, "block")
    assert entries(menu) == BLOCK
    assert editor.view.viewport().rect().contains(editor.view.viewport().mapFromGlobal(menu.pos()))
    menu.close()
