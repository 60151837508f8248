from __future__ import annotations

import random

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph import edits
from engine.graph.graph import Block, Graph, PortRef, Weights, Wire, sorted_wires
from engine.graph.handing_on import without_owners
from engine.graph.scope import Scope
from engine.graph.traversal import cyclic_blocks

SCOPE = Scope(types=BLOCK_TYPES)


def chain(*blocks: Block) -> Graph:
    ids = [block.id for block in blocks]
    pairs = zip(ids, ids[1:], strict=False)
    wires = [Wire(PortRef(one, "output"), PortRef(two, "input")) for one, two in pairs]
    return Graph(blocks={block.id: block for block in blocks}, wires=sorted_wires(wires))


def dense(id: str, of: str | None = None, transposed: bool = False) -> Block:
    return Block(id, "dense", id.upper(), weights=Weights(of, transposed) if of else None)


def test_the_first_in_the_order_of_execution_becomes_the_owner() -> None:
    graph = chain(dense("own"), dense("z", "own"), dense("b", "own"), dense("a", "own", True))
    after = edits.remove_blocks(graph, SCOPE, ("own",))
    given = {id: block.weights for id, block in after.blocks.items()}
    assert given == {"z": None, "b": Weights("z"), "a": Weights("z", transposed=True)}
    assert without_owners(graph, ("own",))[1] == (("OWN", "Z"),)


def test_who_uses_them_transposed_alone_gets_its_own() -> None:
    after = edits.remove_blocks(chain(dense("own"), dense("back", "own", True)), SCOPE, ("own",))
    assert after.blocks["back"].weights is None
    assert without_owners(chain(dense("own"), dense("back", "own", True)), ("own",))[1] == ()


def test_what_comes_before_the_new_owner_does_not_use_it() -> None:
    graph = chain(dense("own"), dense("back", "own", True), dense("twin", "own"))
    after = edits.remove_blocks(graph, SCOPE, ("own",))
    assert after.blocks["twin"].weights is None
    assert after.blocks["back"].weights is None
    assert not cyclic_blocks(after)


def test_an_owner_and_its_heir_may_go_together() -> None:
    graph = chain(dense("own"), dense("a", "own"), dense("b", "own"), dense("c", "own"))
    after = edits.remove_blocks(graph, SCOPE, ("own", "a"))
    assert {id: block.weights for id, block in after.blocks.items()} == {"b": None, "c": Weights("b")}


def test_inside_a_container_the_first_there_becomes_the_owner() -> None:
    body = chain(dense("x", "own"), dense("y", "own"))
    graph = chain(dense("own"), Block("box", "group", "Box", body=body))
    after, handed = without_owners(graph, ("own",))
    inner = after.blocks["box"].body
    assert inner is not None
    assert {id: block.weights for id, block in inner.blocks.items()} == {"x": None, "y": Weights("x")}
    assert handed == (("OWN", "X"),)


def test_nothing_shared_changes_nothing_else() -> None:
    graph = chain(dense("a"), dense("b"), dense("c", "a"))
    after = edits.remove_blocks(graph, SCOPE, ("b",))
    assert after.blocks["c"] is graph.blocks["c"]
    assert without_owners(graph, ("b",))[1] == ()


@pytest.mark.parametrize("seed", range(30))
def test_every_reference_leads_to_an_owner(seed: int) -> None:
    dice = random.Random(seed)
    ids = [f"d{number}" for number in range(8)]
    graph = chain(*(dense(id) for id in ids))
    for id in ids:
        owner = dice.choice(ids)
        try:
            graph = edits.set_weights(graph, SCOPE, id, Weights(owner, transposed=dice.random() < 0.3))
        except ValueError:
            continue
    while graph.blocks:
        gone = tuple(dice.sample(sorted(graph.blocks), min(2, len(graph.blocks))))
        graph = edits.remove_blocks(graph, SCOPE, gone)
        for block in graph.blocks.values():
            if block.weights is not None:
                assert graph.blocks[block.weights.of].weights is None
        assert not cyclic_blocks(graph)
