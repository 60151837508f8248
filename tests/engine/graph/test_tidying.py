from __future__ import annotations

import random

import msgspec
import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.block_size import Drawn
from engine.graph.graph import Block, Frame, Graph, Look, Note, PortRef, Wire, sorted_wires
from engine.graph.scope import Scope
from engine.graph.tidying import CLEAR, Arrangement, arrange, tidied

replace = msgspec.structs.replace
SCOPE = Scope(types=BLOCK_TYPES)


def size(block: Block) -> tuple[int, int]:
    return Drawn(block, BLOCK_TYPES.get(block.type), {}, None).size


def gap(one: Block, other: Block) -> int:
    """The free way between two blocks, along the axis on which they are farther apart; negative where they overlap."""
    (w, h), (v, k) = size(one), size(other)
    across = max(one.look.x - other.look.x - v, other.look.x - one.look.x - w)
    down = max(one.look.y - other.look.y - k, other.look.y - one.look.y - h)
    return max(across, down)


def nearest(graph: Graph) -> int:
    """The least gap between any two blocks."""
    blocks = list(graph.blocks.values())
    return min(gap(one, other) for at, one in enumerate(blocks) for other in blocks[:at])


def scattered(count: int, seed: int = 0) -> Graph:
    """A chain of ReLUs, two of them joined again four further on, thrown about."""
    chance = random.Random(seed)
    blocks: dict[str, Block] = {}
    wires: list[Wire] = []
    for number in range(count):
        id, type = f"b{number:03d}", "add" if number % 5 == 4 else "relu"
        look = Look(chance.randrange(-600, 600), chance.randrange(-300, 300))
        blocks[id] = Block(id, type, id, look=look)
        if number:
            wires.append(Wire(PortRef(f"b{number - 1:03d}", "output"), PortRef(id, "a" if type == "add" else "input")))
        if type == "add":
            wires.append(Wire(PortRef(f"b{number - 4:03d}", "output"), PortRef(id, "b")))
    return Graph(blocks=blocks, wires=sorted_wires(wires))


def tidy(graph: Graph, *only: str) -> Graph:
    return arrange(graph, SCOPE, tidied(graph, BLOCK_TYPES, only=only))


@pytest.mark.parametrize("seed", range(6))
def test_a_scattered_drawing_is_laid_out_where_it_stood_and_once_is_enough(seed: int) -> None:
    graph = scattered(30, seed)
    after = tidy(graph)
    assert nearest(graph) < 0 <= nearest(after) - 16
    assert after.blocks["b001"].look.x > after.blocks["b000"].look.x
    for axis in ("x", "y"):
        corners = [min(getattr(block.look, axis) for block in one.blocks.values()) for one in (graph, after)]
        assert abs(corners[0] - corners[1]) <= 4
    assert not tidied(after, BLOCK_TYPES)
    assert tidied(graph, BLOCK_TYPES) == tidied(graph, BLOCK_TYPES)


def test_chosen_blocks_keep_their_centre_and_the_others_their_places() -> None:
    graph = scattered(12)
    apart = {
        id: replace(block, look=replace(block.look, x=block.look.x + (9_000 if id > "b005" else 0)))
        for id, block in graph.blocks.items()
    }
    graph = replace(graph, blocks=apart)
    chosen = ("b007", "b008", "b009", "b010")
    after = tidy(graph, *chosen)

    def middle(drawing: Graph, axis: str, at: int) -> float:
        ends = [(getattr(b.look, axis), getattr(b.look, axis) + size(b)[at]) for b in map(drawing.blocks.get, chosen)]
        return (min(end[0] for end in ends) + max(end[1] for end in ends)) / 2

    for id in graph.blocks:
        assert (after.blocks[id] == graph.blocks[id]) == (id not in chosen)
    alone = replace(graph, blocks={id: graph.blocks[id] for id in chosen})
    lone = arrange(alone, SCOPE, tidied(alone, BLOCK_TYPES, only=chosen[:3]))
    assert lone.blocks["b010"] == alone.blocks["b010"]
    assert abs(middle(graph, "x", 0) - middle(after, "x", 0)) <= 4
    near = 3 * CLEAR  # what stands near may push them a little
    assert abs(middle(graph, "y", 1) - middle(after, "y", 1)) <= 4 + near


def test_chosen_blocks_make_way_for_what_stays() -> None:
    graph = scattered(14, 3)
    after = tidy(graph, "b002", "b003", "b004", "b005")
    staying = [block for id, block in after.blocks.items() if graph.blocks[id] is block]
    moved = [block for id, block in after.blocks.items() if graph.blocks[id].look != block.look]
    assert len(moved) >= 3
    assert min(gap(one, other) for one in moved for other in staying) >= CLEAR - 8


def test_only_this_body_is_laid_out() -> None:
    inner = scattered(6)
    graph = Graph(blocks={"c": Block("c", "group", "Group", body=inner), "r": Block("r", "relu", "ReLU")})
    after = tidy(graph)
    assert after.blocks["c"].body is inner
    assert nearest(after) >= 16


def test_the_order_of_a_containers_ports_is_kept() -> None:
    blocks = {id: Block(id, "entry", id, look=Look(0, y)) for id, y in (("c", 0), ("a", 200), ("b", 400))}
    blocks |= {id: Block(id, "relu", id, look=Look(99, 7)) for id in ("r", "s")}
    wires = (Wire(PortRef("c", "output"), PortRef("r", "input")), Wire(PortRef("a", "output"), PortRef("s", "input")))
    graph = Graph(blocks=blocks, wires=wires)
    for only in ((), ("a", "r", "s"), ("a", "b", "c", "r", "s")):
        after = tidy(graph, *only)
        entries = [block for block in after.blocks.values() if block.type == "entry"]
        assert [block.id for block in sorted(entries, key=lambda block: block.look.y)] == ["c", "a", "b"]
    assert after.blocks != graph.blocks


def test_notes_go_with_their_neighbours_and_are_not_covered() -> None:
    graph = scattered(20, 4)
    notes = tuple(
        Note(f"n{at}", "words", (block.look.x, block.look.y - 60, 160, 48))
        for at, block in enumerate(list(graph.blocks.values())[::6])
    )
    far = Note("far", "words", (graph.blocks["b000"].look.x, -5_000, 100, 40))
    graph = replace(graph, notes=(*notes, far))
    after = tidy(graph)
    assert [note.id for note in after.notes] == [note.id for note in graph.notes]
    boxes = [(block.look.x, block.look.y, *size(block)) for block in after.blocks.values()]
    for at, note in enumerate(after.notes):
        left, top, width, height = note.rectangle
        for x, y, w, h in (*boxes, *(other.rectangle for other in after.notes[:at])):
            assert x >= left + width or left >= x + w or y >= top + height or top >= y + h
    assert [note.rectangle[2:] for note in after.notes] == [note.rectangle[2:] for note in graph.notes]


def test_a_frame_stays_around_its_blocks() -> None:
    graph = scattered(10, 5)
    inside = graph.blocks["b003"]
    w, h = size(inside)
    frame = Frame("f", "Stem", "dense", (inside.look.x - 40, inside.look.y - 50, w + 80, h + 90))
    held = {
        id
        for id, block in graph.blocks.items()
        if frame.rectangle[0] <= block.look.x + size(block)[0] / 2 <= frame.rectangle[0] + frame.rectangle[2]
        and frame.rectangle[1] <= block.look.y + size(block)[1] / 2 <= frame.rectangle[1] + frame.rectangle[3]
    }
    after = tidy(replace(graph, frames=(frame,)))
    left, top, width, height = after.frames[0].rectangle
    for id in held:
        block = after.blocks[id]
        assert left + 24 <= block.look.x
        assert block.look.x + size(block)[0] <= left + width - 24
        assert top + 24 <= block.look.y
        assert block.look.y + size(block)[1] <= top + height - 24


def test_nothing_in_it_is_nothing_to_do() -> None:
    assert tidied(Graph(), BLOCK_TYPES) == Arrangement()
    assert not Arrangement()
    one = Graph(blocks={"a": Block("a", "relu", "ReLU", look=Look(80, 40))})
    assert not tidied(one, BLOCK_TYPES)
    assert not tidied(one, BLOCK_TYPES, only=("gone",))


def test_it_pauses_often_and_can_be_given_up() -> None:
    class GivenUp(Exception):
        pass

    calls: list[int] = []

    def pause() -> None:
        calls.append(1)
        if len(calls) == 7:
            raise GivenUp

    with pytest.raises(GivenUp):
        tidied(scattered(500), BLOCK_TYPES, pause=pause)
    assert len(calls) == 7


def test_it_pauses_for_each_note_and_wherever_room_is_sought() -> None:
    graph, pauses = scattered(40), [0, 0]
    notes = tuple(Note(f"n{number}", "note", (10 * number, 0, 80, 40)) for number in range(20))
    for with_notes in (False, True):

        def pause(at: int = with_notes) -> None:
            pauses[at] += 1

        tidied(replace(graph, notes=notes if with_notes else ()), BLOCK_TYPES, pause=pause)
    assert pauses[1] >= pauses[0] + len(notes)
