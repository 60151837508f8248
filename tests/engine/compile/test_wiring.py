"""How blocks hang together is found anew where wires, weights or Delays changed, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile import wiring
from engine.compile.wiring import RememberedWirings, Wiring
from engine.graph.graph import Block, Graph, PortRef, Weights, Wire, decode_graph, encode_graph
from engine.project.drawing import Drawing

replace = msgspec.structs.replace


def joined() -> Graph:
    """Two branches that are added."""
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("in", "input", fields=("x: 4 float32",))
    drawing.add("z", "dense")
    drawing.add("b", "relu")
    drawing.add("join", "add")
    drawing.chain("in", "z", "join.a")
    drawing.chain("in", "b", "join.b")
    return drawing.graph


def changed(graph: Graph, block: Block) -> Graph:
    return replace(graph, blocks={**graph.blocks, block.id: block})


def test_order_sources_and_readers() -> None:
    found = Wiring.of(joined())
    assert found.order == ("in", "b", "z", "join")
    assert found.sources["join"] == {"a": PortRef("z", "output"), "b": PortRef("b", "output")}
    assert found.sources["in"] == {}
    assert {id: sorted(readers) for id, readers in found.readers.items()} == {
        "in": ["b", "z"],
        "b": ["join"],
        "z": ["join"],
    }


def test_blocks_of_a_loop_have_no_sources() -> None:
    graph = joined()
    looped = replace(graph, wires=(Wire(PortRef("join", "output"), PortRef("b", "input")), *graph.wires[1:]))
    found = Wiring.of(looped)
    assert found.order == ("in", "z")
    assert found.sources.keys() == {"in", "z"}


@pytest.mark.parametrize(
    ("edit", "same"),
    [
        (lambda graph: decode_graph(encode_graph(graph)), True),
        (lambda graph: changed(graph, replace(graph.blocks["z"], parameters={"out_features": 3}, bypassed=True)), True),
        (lambda graph: changed(graph, Block("more", "relu", "more")), False),
        (lambda graph: replace(graph, wires=graph.wires[1:]), False),
        (lambda graph: changed(graph, replace(graph.blocks["b"], weights=Weights("z"))), False),
        (lambda graph: changed(graph, replace(graph.blocks["b"], type="delay")), False),
    ],
    ids=["decoded", "a parameter", "a block", "a wire", "weights", "a delay"],
)
def test_it_is_found_anew_where_it_changed(edit: Callable[[Graph], Graph], same: bool) -> None:
    wirings, graph = RememberedWirings(), joined()
    first = wirings.of(graph, ())
    second = wirings.of(edit(graph), ())
    assert (second is first) is same
    fresh = Wiring.of(edit(graph))
    assert (second.order, second.sources, second.readers) == (fresh.order, fresh.sources, fresh.readers)


def test_what_is_remembered_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "MEMORY", 2)
    wirings, graph = RememberedWirings(), joined()
    first = wirings.of(graph, ())
    wirings.of(graph, ("one",))
    assert wirings.of(graph, ()) is first
    wirings.of(graph, ("two",))
    assert wirings.of(graph, ()) is not first
