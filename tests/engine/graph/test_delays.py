"""Loops: those through a Delay are none, all others are refused, at any depth."""

from __future__ import annotations

import random

import networkx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.edits import add_block, connect
from engine.graph.graph import Block, Graph, PortRef
from engine.graph.paths import body_at, within
from engine.graph.problem import Refused
from engine.graph.scope import Scope
from engine.graph.traversal import cyclic_blocks, downstream, execution_order, upstream
from engine.project.structure import check_structure

SCOPE = Scope(types=BLOCK_TYPES)


def nested(depth: int, *types: str, container: str = "recurrent") -> tuple[Graph, tuple[str, ...]]:
    """A drawing `depth` containers deep with blocks b0, b1 … in the innermost body, and the path to that."""
    path = tuple(f"c{level}" for level in range(depth))
    graph = Graph()
    for level, id in enumerate(path):
        block = Block(id, container if level == 0 else "group", id, body=Graph())
        graph = within(graph, path[:level], add_block, SCOPE, block)
    for number, type in enumerate(types):
        graph = within(graph, path, add_block, SCOPE, Block(f"b{number}", type, type))
    return graph, path


def without_delays(body: Graph) -> networkx.DiGraph:
    drawn = networkx.DiGraph()
    drawn.add_nodes_from(body.blocks)
    drawn.add_edges_from(
        (wire.source.block, wire.target.block) for wire in body.wires if body.blocks[wire.target.block].type != "delay"
    )
    return drawn


@given(st.integers(1, 4), st.integers(2, 9), st.integers(0, 2**32), st.sampled_from(["recurrent", "group"]))
def test_cycles_without_delays_are_refused_at_any_depth(depth: int, count: int, seed: int, container: str) -> None:
    chance = random.Random(seed)
    types = [chance.choice(["add", "relu", "delay"]) for _ in range(count)]
    graph, path = nested(depth, *types, container=container)
    for _ in range(4 * count):
        source, target = (chance.randrange(count) for _ in range(2))
        port = chance.choice("ab") if types[target] == "add" else "input"
        ends = PortRef(f"b{source}", "output"), PortRef(f"b{target}", port)
        before = without_delays(body_at(graph, path))
        closes = types[target] != "delay" and networkx.has_path(before, f"b{target}", f"b{source}")
        problem = None
        try:
            graph = within(graph, path, connect, SCOPE, *ends)
        except Refused as fault:
            problem = fault.problem
        assert closes == (problem is not None and problem.code.startswith("cycle"))
        if closes and problem is not None:
            assert ("Delay" in problem.sentence) == (container == "recurrent")
    body = body_at(graph, path)
    assert networkx.is_directed_acyclic_graph(without_delays(body))
    assert not cyclic_blocks(body)
    assert set(execution_order(body)) == set(body.blocks)
    check_structure(graph, "net.loom")


def test_the_refusal_of_a_loop_names_the_remedy() -> None:
    graph, path = nested(2, "relu", "tanh", "delay")
    graph = within(graph, path, connect, SCOPE, PortRef("b0", "output"), PortRef("b1", "input"))
    with pytest.raises(Refused, match="within one time step. Lead the loop through a Delay, which gives"):
        within(graph, path, connect, SCOPE, PortRef("b1", "output"), PortRef("b0", "input"))
    graph = within(graph, path, connect, SCOPE, PortRef("b1", "output"), PortRef("b2", "input"))
    graph = within(graph, path, connect, SCOPE, PortRef("b2", "output"), PortRef("b0", "input"))
    body = body_at(graph, path)
    assert execution_order(body) == ("b2", "b0", "b1")
    assert downstream(body, ["b2"]) == {"b2", "b0", "b1"}
    assert upstream(body, ["b2"]) == {"b2"}


def test_a_loop_in_a_file_needs_a_delay() -> None:
    graph, path = nested(1, "relu", "tanh", "delay")
    for source, target in (("b0", "b2"), ("b2", "b1"), ("b1", "b0")):
        graph = within(graph, path, connect, SCOPE, PortRef(source, "output"), PortRef(target, "input"))
    check_structure(graph, "net.loom")
    plain = within(graph, path, lambda body, scope: _retyped(body, "b2", "sigmoid"), SCOPE)
    with pytest.raises(Refused, match="stands on a loop"):
        check_structure(plain, "net.loom")


def _retyped(body: Graph, id: str, type: str) -> Graph:
    return Graph(blocks={**body.blocks, id: Block(id, type, type)}, wires=body.wires)
