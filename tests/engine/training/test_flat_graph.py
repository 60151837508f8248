"""All blocks at every depth, and what stands before them."""

from __future__ import annotations

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.graph import Block, Graph, PortRef, Weights, Wire, sorted_wires
from engine.training.flat_graph import FlatGraph


def nested() -> Graph:
    """input → group(entry → dense → exit) → dense, the inner dense with the weights of an outer one."""
    inner = Block("inner", "dense", "inner", weights=Weights("owner"))
    body_blocks = (Block("e", "entry", "Entry"), inner, Block("x", "exit", "Exit"))
    body_wires = (
        Wire(PortRef("e", "output"), PortRef("inner", "input")),
        Wire(PortRef("inner", "output"), PortRef("x", "input")),
    )
    body = Graph({block.id: block for block in body_blocks}, sorted_wires(body_wires))
    blocks = (
        Block("in", "input", "Input"),
        Block("group", "residual", "group", body=body),
        Block("last", "dense", "last"),
        Block("owner", "dense", "owner"),
    )
    wires = (
        Wire(PortRef("in", "image"), PortRef("group", "e")),
        Wire(PortRef("group", "x"), PortRef("last", "input")),
    )
    return Graph({block.id: block for block in blocks}, sorted_wires(wires))


def test_wires_lead_through_borders() -> None:
    flat = FlatGraph(nested(), BLOCK_TYPES)
    assert flat.source_of(("last",), "input") == (("group", "inner"), "output")
    assert flat.source_of(("group", "inner"), "input") == (("in",), "image")
    assert flat.source_of(("owner",), "input") is None


def test_upstream_follows_wires_and_shared_weights() -> None:
    flat = FlatGraph(nested(), BLOCK_TYPES)
    reached = flat.upstream([("last",)])
    assert {("in",), ("group", "inner"), ("owner",)} <= reached
    assert flat.upstream([("in",)]) == {("in",)}


def test_roles() -> None:
    flat = FlatGraph(nested(), BLOCK_TYPES)
    assert flat.of_role("input") == [("in",)]
    assert flat.of_role("boundary") == [("group", "e"), ("group", "x")]
