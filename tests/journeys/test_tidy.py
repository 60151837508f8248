"""A person tidies drawings: with menu, key and right button, in containers, a selection, while editing."""

from __future__ import annotations

import random
import sys

import pytest
from hands import Hands
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QContextMenuEvent, QPainterPathStroker
from PySide6.QtWidgets import QApplication

from engine.graph import edits
from engine.graph.graph import Block, Graph, Look, PortRef, Wire, sorted_wires
from engine.project.examples import read_example
from engine.training.plan import Settings
from graph_editor import motion
from tests.stalls import longest_work

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)")  # menus, off-screen

CONTROL = Qt.KeyboardModifier.ControlModifier
HOUR_MS = 3_600_000
STALL_MS = 200
"""Work of the window's thread between two turns of its loop; under 50 ms on an idle machine, tests run on busy ones."""


def boxes(hands: Hands) -> dict[str, QRectF]:
    """Where blocks are painted."""
    found = {}
    for id, item in hands.window.editor.scene.blocks.items():
        left, top, right, bottom = item.rectangle()
        found[id] = QRectF(left, top, right - left, bottom - top)
    return found


def overlaps(hands: Hands, clear: float = 8) -> list[tuple[str, str]]:
    """Blocks with less than some px between them."""
    placed = sorted(boxes(hands).items(), key=lambda one: one[1].left())
    found, near = [], []
    for id, box in placed:
        near = [(other, area) for other, area in near if area.right() + clear > box.left()]
        wide = box.adjusted(-clear, -clear, clear, clear)
        found += [(id, other) for other, area in near if wide.intersects(area)]
        near.append((id, box))
    return found


def wires_through_blocks(hands: Hands) -> list[tuple[PortRef, str]]:
    """Wires that run over a block which is not at one of their ends."""
    found = []
    placed = boxes(hands)
    stroker = QPainterPathStroker()
    for target, item in hands.window.editor.scene.wires.items():
        line = stroker.createStroke(item.route.path)
        for id, box in placed.items():
            own = id in (target.block, item.wire.source.block)
            if not own and line.intersects(box.adjusted(2, 2, -2, -2)):
                found.append((target, id))
    return found


def places(hands: Hands) -> dict[str, tuple[int, int]]:
    return {id: (block.look.x, block.look.y) for id, block in hands.body.blocks.items()}


def scatter(hands: Hands, seed: int = 1, width: int = 1_400, height: int = 700) -> dict[str, tuple[int, int]]:
    """Throw the blocks of the body in view about; borders of a container keep their order."""
    chance = random.Random(seed)
    there = {}
    for id, block in sorted(hands.body.blocks.items(), key=lambda one: one[1].look.y):
        place = (chance.randrange(0, width, 8), chance.randrange(0, height, 8))
        there[id] = (block.look.x, block.look.y) if block.type in ("entry", "exit") else place
    hands.workspace.document.edit("Scatter", edits.move, there, path=hands.window.editor.body_path())
    hands.window.editor.fit(soft=False)
    return places(hands)


def said(hands: Hands) -> str:
    return hands.window.status.message.text()


def wait_laid_out(hands: Hands, words: str = "Laid out") -> None:
    hands.wait(lambda: said(hands).startswith(words), words)
    hands.rest(50)


@pytest.fixture
def hands(warm_hands: Hands) -> Hands:
    """A window on the first example, its worker warm."""
    return warm_hands


def test_a_scattered_drawing_is_tidied_and_one_undo_brings_all_back(hands: Hands) -> None:
    thrown = scatter(hands)
    stack, view = hands.workspace.document.undo_stack, hands.window.editor.view
    steps = stack.index()
    assert overlaps(hands)
    hands.menu("Edit", "Tidy")
    wait_laid_out(hands)
    assert said(hands) == f"Laid out {len(hands.body.blocks)} blocks"
    assert stack.index() == steps + 1
    assert stack.undoText() == "Tidy"
    assert not overlaps(hands)
    assert not wires_through_blocks(hands)
    assert view.visible_area().contains(hands.window.editor.scene.bounds())
    tidy = places(hands)
    hands.menu("Edit", "Undo")
    assert places(hands) == thrown
    hands.menu("Edit", "Redo")
    assert places(hands) == tidy
    hands.key(Qt.Key.Key_L, CONTROL)
    wait_laid_out(hands, "Nothing to lay out")
    assert stack.index() == steps + 1


def test_selected_blocks_alone_are_tidied_from_the_right_button(hands: Hands) -> None:
    thrown = scatter(hands, seed=5)
    chosen = sorted(thrown)[:3]
    hands.window.editor.select(chosen)
    place = hands.spot(*hands.middle(chosen[0]))
    viewport = hands.viewport
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, viewport.mapToGlobal(place))
    QApplication.sendEvent(viewport, event)
    hands.wait(hands.open_menu, "the menu")
    menu = hands.open_menu()
    assert menu is not None
    assert [line.text() for line in menu.actions() if "Tidy" in line.text()] == ["Tidy selection\tCtrl+L"]
    hands.choose(menu, "Tidy selection")
    wait_laid_out(hands)
    assert said(hands) == "Laid out 3 blocks"
    moved = {id for id, place in places(hands).items() if place != thrown[id]}
    assert moved
    assert moved <= set(chosen)
    assert not {pair for pair in overlaps(hands) if set(pair) & set(chosen)}
    assert hands.window.editor.selected_ids() == tuple(chosen)


def test_the_body_in_view_is_tidied_and_nothing_else(hands: Hands) -> None:
    hands.workspace.open_example("digits-residual")
    hands.wait(lambda: "second" in hands.graph.blocks, "the example")
    hands.wait_analysed()
    container = "second"
    outside = places(hands)
    hands.window.editor.enter(container)
    thrown = scatter(hands, seed=2, width=500, height=160)
    ports = hands.workspace.types[hands.graph.blocks[container].type].ports_of(hands.graph.blocks[container])
    hands.key(Qt.Key.Key_L, CONTROL)
    wait_laid_out(hands)
    assert places(hands) != thrown
    assert not overlaps(hands)
    assert not wires_through_blocks(hands)
    block = hands.graph.blocks[container]
    assert hands.workspace.types[block.type].ports_of(block) == ports
    hands.window.editor.leave()
    assert places(hands) == outside


def test_an_edit_before_the_answer_drops_it(hands: Hands) -> None:
    thrown = scatter(hands)
    stack = hands.workspace.document.undo_stack
    id = min(thrown)
    hands.window.actions_table["tidy"].trigger()
    assert hands.workspace.layouts.is_waiting
    there = (thrown[id][0] + 80, thrown[id][1])
    hands.workspace.document.edit("Move", edits.move, {id: there})
    assert not hands.workspace.layouts.is_waiting
    steps = stack.index()
    hands.rest(500)
    assert places(hands) == {**thrown, id: there}
    assert stack.index() == steps
    assert said(hands) == "The drawing changed, so it was not laid out"


def test_the_newest_of_two_requests_counts(hands: Hands) -> None:
    scatter(hands)
    stack = hands.workspace.document.undo_stack
    steps = stack.index()
    for _ in range(3):
        hands.window.actions_table["tidy"].trigger()
    wait_laid_out(hands)
    hands.rest(300)
    assert stack.index() == steps + 1
    assert not overlaps(hands)


def test_an_answer_waits_until_the_mouse_lets_go(hands: Hands) -> None:
    thrown = scatter(hands)
    hands.press(*free_place(hands))
    hands.window.actions_table["tidy"].trigger()
    hands.wait(lambda: not hands.workspace.layouts.is_waiting, "the layout")
    hands.rest(100)
    assert places(hands) == thrown
    hands.release(*free_place(hands))
    wait_laid_out(hands)
    assert not overlaps(hands)


def free_place(hands: Hands) -> tuple[float, float]:
    """A place of the canvas without a block or wire."""
    scene, view = hands.window.editor.scene, hands.window.editor.view
    area = view.visible_area()
    for step in range(4, 40):
        x, y = area.left() + area.width() / 2, area.top() + area.height() * step / 44
        if scene.block_at(x, y) is None and scene.wire_at(x, y, 20) is None:
            return x, y
    raise AssertionError("no place is free")


def test_blocks_glide_to_their_places_where_motion_is_on(hands: Hands) -> None:
    thrown = scatter(hands, width=900, height=500)
    application = QApplication.instance()
    glide, scene = hands.window.editor.arranging._glide, hands.window.editor.scene
    assert glide.duration() == motion.DURATION_MS
    application.setProperty(motion.MOTION, True)
    glide.setDuration(HOUR_MS)
    try:
        seen: set[tuple[float, float]] = set()
        id = max(thrown)
        hands.window.actions_table["tidy"].trigger()
        hands.wait(lambda: said(hands).startswith("Laid out"), "the layout")
        assert glide.is_running
        for share in (0.1, 0.3, 1.0):
            glide.setCurrentTime(int(share * HOUR_MS))
            seen.add((scene.blocks[id].x(), scene.blocks[id].y()))
        assert not glide.is_running
    finally:
        glide.setDuration(motion.DURATION_MS)
        application.setProperty(motion.MOTION, None)
    after = places(hands)
    assert len(seen - {after[id], thrown[id]}) == 2
    assert {id: (item.x(), item.y()) for id, item in scene.blocks.items()} == after
    assert not wires_through_blocks(hands)


def test_an_undo_in_the_middle_of_the_glide_is_one(hands: Hands) -> None:
    thrown = scatter(hands, width=900, height=500)
    application = QApplication.instance()
    glide = hands.window.editor.arranging._glide
    application.setProperty(motion.MOTION, True)
    glide.setDuration(HOUR_MS)
    try:
        hands.window.actions_table["tidy"].trigger()
        hands.wait(lambda: glide.is_running, "the glide")
        hands.workspace.document.undo_stack.undo()
        assert not glide.is_running
    finally:
        glide.setDuration(motion.DURATION_MS)
        application.setProperty(motion.MOTION, None)
    scene = hands.window.editor.scene
    assert {id: (item.x(), item.y()) for id, item in scene.blocks.items()} == thrown == places(hands)


def test_published_networks_come_out_clean(hands: Hands) -> None:
    for id in ("googlenet", "resnet-18", "unet", "digits-autoencoder", "siamese-convnet"):
        wanted = read_example(id).graph
        hands.workspace.open_example(id)
        hands.wait(lambda wanted=wanted: hands.graph == wanted, id)
        hands.wait_analysed()
        scatter(hands, width=3_000, height=1_500)
        hands.key(Qt.Key.Key_L, CONTROL)
        wait_laid_out(hands)
        hands.window.status.show_message("")
        assert not overlaps(hands), id
        assert not wires_through_blocks(hands), id


def large(count: int) -> Graph:
    """Chains with skips, thrown over a wide field."""
    chance = random.Random(count)
    blocks: dict[str, Block] = {}
    wires: list[Wire] = []
    for number in range(count):
        id, type = f"b{number:05d}", "add" if number % 5 == 4 else chance.choice(("relu", "conv2d", "dropout"))
        blocks[id] = Block(id, type, type, look=Look(chance.randrange(0, 16_000, 8), chance.randrange(0, 12_000, 8)))
        if number:
            port = "a" if type == "add" else "input"
            wires.append(Wire(PortRef(f"b{number - 1:05d}", "output"), PortRef(id, port)))
        if type == "add":
            wires.append(Wire(PortRef(f"b{number - 4:05d}", "output"), PortRef(id, "b")))
    return Graph(blocks=blocks, wires=sorted_wires(wires))


def test_five_thousand_blocks_do_not_hold_the_window_up(hands: Hands) -> None:
    hands.workspace.document.load(large(5_000), Settings())
    hands.wait_analysed()
    hands.rest(500)
    thrown = places(hands)
    with longest_work() as work:
        hands.window.actions_table["tidy"].trigger()
        wait_laid_out(hands)
        hands.wait(lambda: not hands.window.editor.scene.moves.is_busy, "the last wire")
        hands.rest(300)
        sys.stdout.write(f"tidy of 5,000 blocks: {work():.1f} ms\n")
        assert work() < STALL_MS
    assert not overlaps(hands)
    with longest_work() as work:
        hands.workspace.document.undo_stack.undo()
        hands.wait(lambda: not hands.window.editor.scene.moves.is_busy, "the last wire")
        sys.stdout.write(f"undo: {work():.1f} ms\n")
    assert {id: (item.x(), item.y()) for id, item in hands.window.editor.scene.blocks.items()} == thrown
