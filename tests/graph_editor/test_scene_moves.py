from __future__ import annotations

import random
from itertools import count
from types import SimpleNamespace

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph import edits
from engine.graph.analysis import Analysis
from engine.graph.graph import Block, Graph, Look, PortRef, Wire, sorted_wires
from engine.graph.problem import Problem
from engine.graph.tensor_spec import Dim, TensorSpec
from graph_editor import scene_moves
from graph_editor.document import Document
from graph_editor.scene import GraphScene
from graph_editor.scene_items import FEW
from graph_editor.theme import load_theme
from graph_editor.wire_layer import ALL_ROUTED
from tests.graph_editor.conftest import rows

COUNT = 2_000


@pytest.fixture
def scene(qapp: object) -> GraphScene:
    scene = GraphScene(Document(rows(COUNT), BLOCK_TYPES), load_theme("light"))
    scene.moves.finish()
    return scene


def crossing(count: int) -> Graph:
    """Adds in rows of 20, each wired to its neighbour and back to one two rows below: that wire crosses a shape."""
    blocks = {
        f"b{n:04d}": Block(f"b{n:04d}", "add", "Add", look=Look(n % 20 * 240, n // 20 * 120)) for n in range(count)
    }
    wires = [
        Wire(PortRef(f"b{n - back:04d}", "output"), PortRef(f"b{n:04d}", port))
        for n in range(count)
        for port, back in (("a", 1), ("b", 37))
        if n >= back and (n % 20 or port == "b")
    ]
    return Graph(blocks=blocks, wires=sorted_wires(wires))


def mirrored(graph: Graph, count: int = COUNT) -> dict[str, tuple[int, int]]:
    ids = list(graph.blocks)[:count]
    return {id: (9_000 - graph.blocks[id].look.x, graph.blocks[id].look.y + 40) for id in ids}


def is_right(scene: GraphScene) -> bool:
    """Whether all stands, and is found, where the drawing has it, every wire at its ports."""
    for id, block in scene.body.blocks.items():
        item = scene.blocks[id]
        place = (float(block.look.x), float(block.look.y))
        if (item.x(), item.y()) != place or scene.index.rectangle(id)[:2] != place:
            return False
    return all(
        wire.route.points[0] == scene.blocks[wire.wire.source.block].port_point(wire.wire.source.port, False)
        and wire.route.points[-1] == scene.blocks[target.block].port_point(target.port, True)
        and [line.p1().toTuple() for line in wire.far_lines][:1] == [wire.route.points[0]]
        for target, wire in scene.wires.items()
    )


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that goes on by 1 ms each time it is looked at."""
    ticks = count()
    monkeypatch.setattr(scene_moves, "time", SimpleNamespace(perf_counter=lambda: next(ticks) / 1000))


def test_a_drawing_that_opens_shows_all_and_lays_its_wires_a_few_at_a_time(qapp: object, clock: None) -> None:
    scene = GraphScene(Document(rows(COUNT), BLOCK_TYPES), load_theme("light"))
    told: list[bool] = []
    scene.redrawn.connect(lambda: told.append(scene.moves.is_busy))
    laid: list[PortRef] = []
    scene.layer.lay_one = lambda target, lay=scene.layer.lay_one: laid.append(target) or lay(target)
    assert scene.moves.is_busy
    most = round(1000 * scene_moves.SLICE_S)
    assert len(scene.blocks.made) == len(scene.wires.made) == 0
    while scene.moves.is_making:
        before = len(scene.blocks.made)
        scene.moves._work()
        assert 0 < len(scene.blocks.made) - before <= most
        assert not laid
    assert set(scene.blocks.made) == set(scene.body.blocks)
    assert is_right(scene), "each wire runs from port to port at once"
    while scene.moves.is_busy:
        before = len(laid)
        scene.moves._work()
        assert 0 < len(laid) - before <= most
    assert sorted(laid) == sorted(scene.wires), "each once"
    assert is_right(scene)
    assert told == [False]
    lanes = {target: wire.route.points for target, wire in scene.wires.items()}
    again = GraphScene(scene.document, load_theme("light"))
    again.blocks.make_all()
    again.layer.lay(again.wires)
    assert {target: wire.route.points for target, wire in again.wires.items()} == lanes, "as all in one go"


def test_a_drawing_that_is_replaced_while_it_is_laid_is_laid_no_more(qapp: object, clock: None) -> None:
    scene = GraphScene(Document(rows(COUNT), BLOCK_TYPES), load_theme("light"))
    scene.moves._work()
    scene.document.load(Graph(blocks={"a": Block("a", "relu", "ReLU", look=Look(80, 80))}), None)
    assert not scene.moves.is_busy
    scene.document.load(rows(COUNT), None)
    assert scene.moves.is_busy
    scene.document.edit("Delete", edits.remove_blocks, ("b0007", "b1990"))
    scene.moves.finish()
    assert is_right(scene)
    assert len(scene.wires) == COUNT - 5


def test_few_wires_that_are_left_while_many_are_laid_are_laid_as_few_are(qapp: object, clock: None) -> None:
    specs = {f"{id}/output": TensorSpec((Dim("N"), 16, 32, 32), "float32") for id in crossing(240).blocks}
    scene = GraphScene(Document(crossing(240), BLOCK_TYPES), load_theme("light"))
    scene.set_analysis(Analysis(specs=specs))
    scene.moves._work()
    assert scene.moves.is_busy
    gone = tuple(id for number, id in enumerate(scene.body.blocks) if number >= 160)
    scene.document.edit("Delete", edits.remove_blocks, gone)
    scene.moves.finish()
    assert 100 < len(scene.wires) <= ALL_ROUTED
    again = GraphScene(scene.document, load_theme("light"))
    again.set_analysis(Analysis(specs=specs))
    again.moves.finish()
    assert any(wire._crossings for wire in again.wires.values())
    assert {target: wire.route for target, wire in scene.wires.items()} == {
        target: wire.route for target, wire in again.wires.items()
    }
    assert {target: wire._crossings for target, wire in scene.wires.items()} == {
        target: wire._crossings for target, wire in again.wires.items()
    }


def test_wires_that_become_many_while_few_are_laid_are_laid_as_many_are(qapp: object, clock: None) -> None:
    graph = rows(ALL_ROUTED + 1)
    scene = GraphScene(Document(graph, BLOCK_TYPES), load_theme("light"))
    while scene.moves._laying._steps is None:
        scene.moves._work()
    new = {f"n{n}": Block(f"n{n}", "relu", "ReLU", look=Look(n * 200, -400)) for n in range(3)}
    wires = [*graph.wires[:-1], *(Wire(PortRef("b0000", "output"), PortRef(id, "input")) for id in new)]
    scene.document.commit("Join", Graph(blocks={**graph.blocks, **new}, wires=sorted_wires(wires)))
    scene.moves.finish()
    assert len(scene.wires) == ALL_ROUTED + 2
    assert is_right(scene)


def test_many_moves_come_a_little_at_a_time_and_end_right(scene: GraphScene, qtbot) -> None:
    told: list[bool] = []
    scene.redrawn.connect(lambda: told.append(scene.moves.is_busy))
    before = {target: wire.route for target, wire in scene.wires.items()}
    scene.document.edit("Move", edits.move, mirrored(scene.body))
    assert scene.moves.is_busy
    assert any(wire.route is before[target] for target, wire in scene.wires.items())
    qtbot.waitUntil(lambda: not scene.moves.is_busy, timeout=30_000)
    assert is_right(scene)
    assert told == [False]


def test_many_blocks_of_a_container_are_moved_as_those_outside_are(qapp: object) -> None:
    inner = rows(ALL_ROUTED + 20)
    document = Document(Graph(blocks={"box": Block("box", "group", "Box", body=inner)}), BLOCK_TYPES)
    scene = GraphScene(document, load_theme("light"))
    scene.show_body(("box",))
    scene.moves.finish()
    places = {id: (block.look.x + 64, block.look.y + 40) for id, block in inner.blocks.items()}
    scene.drag(places)
    document.edit("Move", edits.move, places, path=("box",))
    assert scene.moves.is_busy
    scene.settle()
    scene.moves.finish()
    assert is_right(scene)
    assert all((wire.x(), wire.y()) == (0, 0) for wire in scene.wires.values())


def test_undo_before_the_end_goes_all_the_way_back(scene: GraphScene, qtbot) -> None:
    scene.document.edit("Move", edits.move, mirrored(scene.body))
    scene.document.undo_stack.undo()
    assert scene.moves.is_busy
    qtbot.waitUntil(lambda: not scene.moves.is_busy, timeout=30_000)
    assert is_right(scene)
    assert scene.body == rows(COUNT)


def test_other_edits_in_between_are_no_trouble(scene: GraphScene) -> None:
    chance = random.Random(1)
    document = scene.document
    document.edit("Move", edits.move, mirrored(scene.body))
    gone = tuple(chance.sample(sorted(scene.body.blocks), 20))
    document.edit("Delete", edits.remove_blocks, gone)
    document.edit("Move", edits.move, {"b0001": (7_777, 8)} if "b0001" not in gone else {})
    document.edit("Add", edits.add_block, Block("new", "relu", "New"))
    document.edit("Rename", edits.rename, next(id for id in scene.body.blocks if id not in gone), "other")
    scene.moves.finish()
    assert not scene.moves.is_busy
    assert is_right(scene)


def test_another_drawing_forgets_what_was_left(scene: GraphScene) -> None:
    scene.document.edit("Move", edits.move, mirrored(scene.body))
    scene.document.load(Graph(blocks={"a": Block("a", "relu", "ReLU", look=Look(80, 80))}), None)
    assert not scene.moves.is_busy
    assert is_right(scene)


def test_few_moves_are_done_at_once(scene: GraphScene) -> None:
    scene.document.edit("Move", edits.move, mirrored(scene.body, FEW))
    assert not scene.moves.is_busy
    assert is_right(scene)


def test_bends_of_wires_come_along(scene: GraphScene) -> None:
    target = PortRef("b0005", "input")

    def both(graph: Graph, scope: object) -> Graph:
        moved = edits.move(graph, scope, mirrored(graph))  # type: ignore[arg-type]
        return edits.bend_wire(moved, scope, target, ((40, 4_000),))  # type: ignore[arg-type]

    scene.document.edit("Move", both)
    scene.moves.finish()
    assert scene.wires[target].wire.bends == ((40, 4_000),)
    assert any(point[1] == 4_000 for point in scene.wires[target].route.points)
    scene.document.undo_stack.undo()
    scene.moves.finish()
    assert scene.wires[target].wire.bends == ()
    assert is_right(scene)


def wide(scene: GraphScene, width: int) -> Analysis:
    """All blocks give `width` numbers, and each has a problem."""
    spec = TensorSpec(shape=(Dim("N"), width), dtype="float32")
    problems = tuple(Problem(code="rank", severity="error", path=(id,), port="input") for id in scene.body.blocks)
    return Analysis(specs={f"{id}/output": spec for id in scene.body.blocks}, problems=problems)


def shows(scene: GraphScene, width: int) -> bool:
    return (
        all(wire.spec is not None and wire.spec.shape == (Dim("N"), width) for wire in scene.wires.values())
        and all(item.severity == "error" for item in scene.blocks.values())
        and all(item.port_state("input", True).faulty for item in scene.blocks.values())
    )


def test_what_becomes_known_of_many_blocks_comes_a_little_at_a_time(scene: GraphScene, qtbot) -> None:
    scene.set_analysis(wide(scene, 16))
    assert scene.moves.is_busy
    qtbot.waitUntil(lambda: scene.blocks["b0000"].severity == "error")
    assert scene.blocks["b1999"].severity == "", "the first come first"
    qtbot.waitUntil(lambda: not scene.moves.is_busy, timeout=30_000)
    assert shows(scene, 16)
    assert is_right(scene)


def test_what_becomes_known_in_between_is_what_shows(scene: GraphScene) -> None:
    scene.set_analysis(wide(scene, 16))
    scene.set_analysis(wide(scene, 32))
    scene.document.edit("Move", edits.move, mirrored(scene.body))
    scene.document.edit("Delete", edits.remove_blocks, ("b1990",))
    scene.moves.finish()
    assert not scene.moves.is_busy
    assert shows(scene, 32)
    assert is_right(scene)


def test_another_drawing_forgets_what_was_to_be_shown(scene: GraphScene) -> None:
    scene.set_analysis(wide(scene, 16))
    scene.document.load(Graph(blocks={"a": Block("a", "relu", "ReLU", look=Look(80, 80))}), None)
    assert not scene.moves.is_busy
    assert is_right(scene)
