from __future__ import annotations

import random

import msgspec
import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph import edits
from engine.graph.block_size import Drawn
from engine.graph.graph import Block, Graph, PortRef, Wire, encode_graph, sorted_wires
from engine.graph.layout import BODY_GAP, GAP, ROW_GAP, laid_out
from engine.graph.paths import bodies
from engine.graph.scope import Scope
from engine.project.drawing import Drawing

replace = msgspec.structs.replace


def size(block: Block) -> tuple[int, int]:
    return Drawn(block, BLOCK_TYPES.get(block.type), {}, None).size


def ends(graph: Graph, wire: Wire) -> tuple[tuple[int, int], tuple[int, int]]:
    source, target = graph.blocks[wire.source.block], graph.blocks[wire.target.block]
    giver, taker = (Drawn(block, BLOCK_TYPES[block.type], {}, None) for block in (source, target))
    return (
        (source.look.x + giver.size[0], source.look.y + giver.outputs[wire.source.port]),
        (target.look.x, target.look.y + taker.inputs[wire.target.port]),
    )


def overlaps(graph: Graph) -> list[tuple[str, str]]:
    """Pairs of blocks with less than 16 px between them; in bands of x, so that thousands are no trouble."""
    found = []
    ordered = sorted(graph.blocks.values(), key=lambda block: block.look.x)
    open_blocks: list[Block] = []
    for block in ordered:
        open_blocks = [other for other in open_blocks if other.look.x + size(other)[0] + 16 > block.look.x]
        for other in open_blocks:
            low, high = sorted((block, other), key=lambda one: one.look.y)
            if low.look.y + size(low)[1] + 16 > high.look.y:
                found.append((low.id, high.id))
        open_blocks.append(block)
    return found


def random_graph(seed: int, count: int, reach: float, share: float = 0.9) -> Graph:
    chance = random.Random(seed)
    blocks: dict[str, Block] = {}
    wires: list[Wire] = []
    for number in range(count):
        id = f"b{number:05d}"
        type = chance.choice(["relu", "conv2d", "dense", "add", "cross_entropy", "input"])
        blocks[id] = Block(id, type, f"{type} {number}")
        for port in BLOCK_TYPES[type].ports_of(blocks[id]).inputs:
            sources = [
                (other, port_id)
                for other in range(max(0, number - 1 - int(chance.expovariate(1 / reach))), number)
                for port_id in [
                    p.id for p in BLOCK_TYPES[blocks[f"b{other:05d}"].type].ports_of(blocks[f"b{other:05d}"]).outputs
                ]
            ]
            if sources and chance.random() < share:
                other, port_id = sources[0]
                wires.append(Wire(PortRef(f"b{other:05d}", port_id), PortRef(id, port.id)))
    return Graph(blocks=blocks, wires=sorted_wires(wires))


def chain(count: int) -> Graph:
    drawn = Drawing(BLOCK_TYPES)
    ids = [drawn.add(f"r{number:04d}", "relu") for number in range(count)]
    drawn.chain(*ids)
    return drawn.graph


@pytest.mark.parametrize("seed", range(24))
def test_no_block_lies_on_another_and_signals_run_to_the_right(seed: int) -> None:
    graph = laid_out(random_graph(seed, 4 + seed * 9, [0.3, 2, 8, 40][seed % 4], [0.5, 0.9, 1][seed % 3]), BLOCK_TYPES)
    assert not overlaps(graph)
    for block in graph.blocks.values():
        assert block.look.x % 8 == block.look.y % 8 == 0
        assert block.look.x >= 0
        assert block.look.y >= 0
    for wire in graph.wires:
        start, end = ends(graph, wire)
        wraps = seed % 4 == 0 and graph.blocks[wire.target.block].look.y > start[1]  # single chains wrap into rows
        assert end[0] - start[0] >= GAP - 8 or wraps


def test_the_same_drawing_is_always_laid_out_alike_however_its_blocks_are_listed() -> None:
    graph = random_graph(5, 120, 3)
    shuffled = dict(random.Random(1).sample(list(graph.blocks.items()), len(graph.blocks)))
    first, second = laid_out(graph, BLOCK_TYPES), laid_out(replace(graph, blocks=shuffled), BLOCK_TYPES)
    assert encode_graph(first) == encode_graph(second)
    assert encode_graph(laid_out(first, BLOCK_TYPES)) == encode_graph(first)
    assert list(second.blocks) == list(shuffled)


def test_a_short_chain_is_one_straight_line() -> None:
    graph = laid_out(chain(6), BLOCK_TYPES)
    places = [block.look for block in graph.blocks.values()]
    assert {place.y for place in places} == {0}
    for wire in graph.wires:
        start, end = ends(graph, wire)
        assert start[1] == end[1]
        assert 64 <= end[0] - start[0] <= 88


def test_ports_of_a_chain_stand_at_one_height_though_blocks_differ() -> None:
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input")
    drawn.add("flat", "flatten")
    drawn.add("dense", "dense")
    drawn.add("loss", "cross_entropy")
    drawn.chain("in.image", "flat", "dense", "loss.logits")
    drawn.wire("in.label", "loss.target")
    graph = laid_out(drawn.graph, BLOCK_TYPES)
    straight = [wire for wire in graph.wires if ends(graph, wire)[0][1] == ends(graph, wire)[1][1]]
    assert [wire.target.block for wire in straight] == ["dense", "flat", "loss"]


def test_a_long_chain_wraps_into_rows_that_read_like_text() -> None:
    graph = laid_out(chain(20), BLOCK_TYPES)
    rows: dict[int, list[int]] = {}
    for block in graph.blocks.values():
        rows.setdefault(block.look.y, []).append(block.look.x)
    assert [len(row) for row in rows.values()] == [5, 5, 5, 5]
    assert all(row[0] == 0 and row == sorted(row) for row in rows.values())
    assert {high - low for low, high in zip(list(rows), list(rows)[1:], strict=False)} == {48 + BODY_GAP}
    huge = laid_out(chain(1000), BLOCK_TYPES)
    width, height = (max(getattr(block.look, axis) for block in huge.blocks.values()) for axis in ("x", "y"))
    assert 1 < width / height < 3


def residual_stack(count: int) -> Graph:
    drawn = Drawing(BLOCK_TYPES)
    last = drawn.add("start", "relu")
    for number in range(count):
        first = drawn.add(f"c{number}a", "conv2d")
        second = drawn.add(f"c{number}b", "conv2d")
        add = drawn.add(f"d{number}", "add")
        drawn.chain(last, first, second, f"{add}.a")
        drawn.wire(last, f"{add}.b")
        last = add
    return drawn.graph


def test_skips_run_beside_their_chain_which_stays_straight() -> None:
    graph = laid_out(residual_stack(1), BLOCK_TYPES)
    assert {block.look.y for block in graph.blocks.values() if block.type != "add"} == {0}


def test_branches_stand_above_each_other_and_their_ends_wait_before_the_merge() -> None:
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("start", "relu")
    drawn.add("short", "conv2d")
    for id in ("long1", "long2", "long3"):
        drawn.add(id, "conv2d")
    drawn.add("end", "concat")
    drawn.chain("start", "short", "end.a")
    drawn.chain("start", "long1", "long2", "long3", "end.b")
    graph = laid_out(drawn.graph, BLOCK_TYPES)
    looks = {id: block.look for id, block in graph.blocks.items()}
    assert looks["short"].x == looks["long1"].x
    assert abs(looks["short"].y - looks["long1"].y) >= 48 + ROW_GAP
    assert looks["long1"].y == looks["long2"].y == looks["long3"].y
    assert looks["short"].y < looks["long1"].y


def test_a_second_input_stands_right_before_what_it_feeds() -> None:
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", fields=("row: 8",))
    for id in ("a", "b", "c", "d"):
        drawn.add(id, "dense", out_features=8)
    drawn.add("other", "input", fields=("row: 8",))
    drawn.add("scaled", "relu")
    drawn.add("sum", "add")
    drawn.chain("in", "a", "b", "c", "d", "sum.a")
    drawn.chain("other", "scaled", "sum.b")
    graph = laid_out(drawn.graph, BLOCK_TYPES)
    assert graph.blocks["scaled"].look.x == graph.blocks["d"].look.x
    assert graph.blocks["other"].look.x == graph.blocks["c"].look.x


def test_parts_without_a_wire_between_them_stand_below_each_other() -> None:
    first, second = residual_stack(3), chain(3)
    both = Graph(blocks={**first.blocks, **second.blocks}, wires=sorted_wires([*first.wires, *second.wires]))
    graph = laid_out(both, BLOCK_TYPES)
    assert not overlaps(graph)
    lowest = max(graph.blocks[id].look.y + size(graph.blocks[id])[1] for id in first.blocks)
    assert {graph.blocks[id].look.y for id in second.blocks} == {lowest + BODY_GAP}


def test_loops_from_elsewhere_are_laid_out_too() -> None:
    graph = chain(5)
    wires = [*graph.wires, Wire(PortRef("r0003", "output"), PortRef("r0000", "input"))]
    looped = laid_out(replace(graph, wires=sorted_wires(wires)), BLOCK_TYPES)
    assert not overlaps(looped)
    assert len({block.look.x for block in looped.blocks.values()}) == 5


def test_bodies_are_laid_out_at_every_depth_and_keep_the_order_of_their_ports() -> None:
    drawn = Drawing(BLOCK_TYPES)
    body = Drawing(BLOCK_TYPES)
    body_scope = replace(body._scope, ancestors=(drawn.graph,))
    body._scope = body_scope
    for number, id in enumerate(("z", "y", "x")):
        body.add(id, "entry", (0, 200 * number))
    for number, id in enumerate(("q", "p")):
        body.add(id, "exit", (0, 200 * number))
    body.add("sum", "add")
    body.chain("x", "sum.a")
    body.chain("z", "sum.b")
    body.chain("sum", "p")
    body.chain("y", "q")
    drawn.add("outer", "residual", body=body.graph)
    ports = BLOCK_TYPES["residual"].ports_of(drawn.graph.blocks["outer"])
    graph = laid_out(drawn.graph, BLOCK_TYPES)
    assert BLOCK_TYPES["residual"].ports_of(graph.blocks["outer"]) == ports
    inner = graph.blocks["outer"].body
    assert inner is not None
    assert not overlaps(inner)
    assert len({inner.blocks[id].look.x for id in "xyz"}) == 1
    assert len({inner.blocks[id].look.x for id in "pq"}) == 1


def test_identical_bodies_are_laid_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.graph import layout

    calls = []
    original = layout._places
    monkeypatch.setattr(layout, "_places", lambda *given: calls.append(1) or original(*given))
    drawn = Drawing(BLOCK_TYPES)
    ids = [drawn.add(f"box{number}", "residual") for number in range(5)]
    first_body = drawn.graph.blocks[ids[0]].body
    assert first_body is not None
    drawn.chain(*ids)
    graph = laid_out(drawn.graph, BLOCK_TYPES)
    assert len(calls) == 2
    looks = [[block.look for block in body.blocks.values()] for path, body in bodies(graph) if path]
    assert all(look == looks[0] for look in looks)


def test_measured_sizes_are_used() -> None:
    wide = laid_out(chain(3), BLOCK_TYPES, {"r0000": (400, 48), "r0001": (88, 200)})
    assert [block.look.x for block in wide.blocks.values()] == [0, 464, 616]


def test_only_places_change() -> None:
    graph = random_graph(9, 60, 3)
    placed = laid_out(graph, BLOCK_TYPES)
    assert placed.wires == graph.wires
    assert all(replace(block, look=graph.blocks[id].look) == graph.blocks[id] for id, block in placed.blocks.items())
    assert laid_out(Graph(), BLOCK_TYPES) == Graph()


def test_a_wire_over_whole_rows_runs_around_them() -> None:
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input")
    ids = [drawn.add(f"r{number:02d}", "relu") for number in range(16)]
    drawn.add("loss", "cross_entropy")
    drawn.chain("in.image", *ids, "loss.logits")
    drawn.wire("in.label", "loss.target")
    graph = laid_out(drawn.graph, BLOCK_TYPES)
    bent = [wire for wire in graph.wires if len(wire.bends) == 3]
    assert [wire.target for wire in bent] == [PortRef("loss", "target")]
    wraps = [wire for wire in graph.wires if len(wire.bends) == 2]
    assert len(wraps) == 2
    levels = [wire.bends[0][1] for wire in (*bent, *wraps)] + [bent[0].bends[1][1]]
    assert all(abs(one - other) >= 24 for at, one in enumerate(levels) for other in levels[at + 1 :])
    (x1, y1), (x2, y2), (x3, y3) = bent[0].bends
    rows = sorted({block.look.y for block in graph.blocks.values() if block.type == "relu"})
    assert rows[0] + 48 < y1 < rows[1]
    assert x2 < 0
    assert rows[-2] + 48 < y2 < graph.blocks["loss"].look.y
    assert (x3, y3) == (graph.blocks["loss"].look.x - 24, graph.blocks["loss"].look.y + 48)
    assert x1 > graph.blocks["in"].look.x + 88
    assert laid_out(graph, BLOCK_TYPES) == graph
    unwrapped = edits.remove_blocks(graph, Scope(types=BLOCK_TYPES), tuple(ids[3:]))
    assert not any(wire.bends for wire in laid_out(unwrapped, BLOCK_TYPES).wires)
