"""A layout holds while nothing differs that it comes from: places, sizes, ports, wires, notes and frames."""

from __future__ import annotations

import msgspec
import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.graph import Block, Frame, Graph, Learning, Look, Note, PortRef, Weights, Wire, sorted_wires
from engine.graph.layout_basis import lays_out_alike
from engine.graph.tidying import tidied

replace = msgspec.structs.replace

INSIDE = Graph(
    blocks={
        "e": Block("e", "entry", "Entry"),
        "r": Block("r", "relu", "ReLU", look=Look(160, 0)),
        "x": Block("x", "exit", "Exit", look=Look(320, 0)),
    }
)


def chain(inside: Graph) -> Graph:
    """A Dense, two ReLUs thrown about, and a Residual with a body."""
    blocks = [
        Block("a", "dense", "Dense", {"out_features": 4}, look=Look(300, 100)),
        Block("b", "relu", "ReLU", look=Look(-80, 240)),
        Block("c", "relu", "ReLU", look=Look(40, -160)),
        Block("box", "residual", "Residual", body=inside, look=Look(0, 0)),
    ]
    wires = [
        Wire(PortRef("a", "output"), PortRef("b", "input")),
        Wire(PortRef("b", "output"), PortRef("c", "input")),
        Wire(PortRef("c", "output"), PortRef("box", "e")),
    ]
    return Graph(blocks={block.id: block for block in blocks}, wires=sorted_wires(wires))


BEFORE = chain(INSIDE)


def put(graph: Graph, id: str, **changes: object) -> Graph:
    return replace(graph, blocks={**graph.blocks, id: replace(graph.blocks[id], **changes)})


@pytest.mark.parametrize(
    "after",
    [
        chain(INSIDE),
        put(BEFORE, "a", learning=Learning(frozen=True, rate_factor=0.1)),
        put(BEFORE, "c", weights=Weights("b")),
        put(BEFORE, "b", bypassed=True),
        chain(put(INSIDE, "r", name="other", look=Look(160, 500))),
    ],
    ids=["nothing", "learning", "weights", "bypassed", "inside"],
)
def test_it_holds_for_a_drawing_that_differs_in_nothing_that_is_placed(after: Graph) -> None:
    assert lays_out_alike(BEFORE, after)
    laid = tidied(BEFORE, BLOCK_TYPES)
    assert laid
    assert tidied(after, BLOCK_TYPES) == laid


@pytest.mark.parametrize(
    "after",
    [
        put(BEFORE, "b", look=Look(0, 8)),
        put(BEFORE, "b", name="a longer name"),
        put(BEFORE, "a", parameters={"out_features": 30_000}),
        put(BEFORE, "b", type="tanh"),
        replace(BEFORE, blocks={id: block for id, block in BEFORE.blocks.items() if id != "a"}),
        replace(BEFORE, blocks={**BEFORE.blocks, "new": Block("new", "relu", "ReLU")}),
        replace(BEFORE, wires=BEFORE.wires[1:]),
        replace(BEFORE, wires=(replace(BEFORE.wires[0], bends=((8, 8),)), *BEFORE.wires[1:])),
        replace(BEFORE, variables={"k": 2}),
        replace(BEFORE, notes=(Note("n", "words", (0, 0, 80, 40)),)),
        replace(BEFORE, frames=(Frame("f", "title", "merge", (0, 0, 80, 40)),)),
        chain(put(INSIDE, "x", name="features")),
        chain(replace(INSIDE, blocks={**INSIDE.blocks, "x2": Block("x2", "exit", "Second")})),
        put(BEFORE, "box", body=None),
    ],
)
def test_it_is_void_where_places_sizes_ports_or_wires_differ(after: Graph) -> None:
    assert not lays_out_alike(BEFORE, after)
