"""What is kept from the collector goes all the same, by itself, when another drawing takes its place."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest

from engine.graph import edits
from engine.graph.graph import Block, Graph, Look, PortRef, Wire, sorted_wires
from graph_editor import scene_moves
from graph_editor.editor import Editor
from graph_editor.lasting import lasting
from tests.graph_editor.conftest import Mouse

MANY = scene_moves.MANY + 100


def chain(name: str, inside: Graph | None = None) -> Graph:
    """So many blocks that they are made for good; the last is a container where there is an `inside`."""
    ids = [f"{name}{number:03}" for number in range(MANY)]
    blocks = {id: Block(id, "relu", id, look=Look(160 * (at % 20), 96 * (at // 20))) for at, id in enumerate(ids)}
    if inside is not None:
        blocks["box"] = Block("box", "residual", "Residual", body=inside, look=Look(0, -160))
    wires = (Wire(PortRef(a, "output"), PortRef(b, "input")) for a, b in zip(ids, ids[1:], strict=False))
    return Graph(blocks=blocks, wires=sorted_wires(wires))


def shown(editor: Editor) -> list[weakref.ref[object]]:
    """References to all items that are shown, which keep none of them."""
    return [weakref.ref(item) for item in (*editor.scene.blocks.values(), *editor.scene.wires.values())]


def left(items: list[weakref.ref[object]]) -> int:
    return sum(item() is not None for item in items)


@pytest.fixture
def no_collector() -> object:
    """Nothing goes but by reference counts."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def use(editor: Editor, mouse: Mouse) -> None:
    """All that may keep hold of an item: the pointer, the keyboard, a drag, pictures, each level of detail, a theme."""
    scene, view = editor.scene, editor.view
    first = next(iter(scene.blocks))
    x, y = scene.blocks[first].x() + 60, scene.blocks[first].y() + 20
    for zoom in (0.1, 0.4, 1.0):
        view.zoom_to(zoom)
        QTest.qWait(100)
        editor.grab()
    view.centerOn(x, y)
    mouse.drag((x, y), (x + 40, y + 40))
    mouse.move(x + 44, y + 90)
    mouse.move(x + 40, y + 40)
    assert scene.blocks[first].hovered
    QTest.keyClick(view, Qt.Key.Key_Right)
    editor.document.edit("Rename", edits.rename, first, "Other", path=scene.path)
    picture = QImage(8, 8, QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.white)
    scene.set_previews({scene.key(first): picture})
    editor.select([first])


@pytest.mark.usefixtures("no_collector")
def test_closing_a_large_drawing_lets_go_of_all_its_items(make_editor: Callable[[Graph], Editor]) -> None:
    editor = make_editor(chain("a"))
    use(editor, Mouse(editor))
    items = shown(editor)
    assert left(items) == 2 * MANY - 1
    editor.document.load(Graph(), None)
    # They go a few at a time.
    editor.scene.moves.finish()
    assert left(items) == 0


@pytest.mark.usefixtures("no_collector")
def test_leaving_a_large_body_lets_go_of_all_its_items(make_editor: Callable[[Graph], Editor]) -> None:
    editor = make_editor(chain("a", inside=chain("b")))
    editor.enter("box")
    items = shown(editor)
    use(editor, Mouse(editor))
    editor.leave()
    editor.scene.moves.finish()
    assert left(items) == 0


def test_opening_one_large_drawing_after_another_takes_no_more_memory(make_editor: Callable[[Graph], Editor]) -> None:
    editor = make_editor(chain("a"))
    kept = []
    for number in range(6):
        editor.document.load(chain("ab"[number % 2]), None)
        editor.grab()
        kept.append(gc.get_freeze_count())
    assert max(kept[3:]) - kept[2] < MANY


def test_the_collector_is_as_it_was() -> None:
    for was_on in (True, False):
        (gc.enable if was_on else gc.disable)()
        try:
            with lasting():
                assert not gc.isenabled()
            assert gc.isenabled() == was_on
        finally:
            gc.enable()
