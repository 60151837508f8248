from __future__ import annotations

import torch

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.compiler import compile_graph
from engine.graph import edits
from engine.graph.graph import Block, Graph, PortRef
from engine.graph.scope import Scope
from engine.project.drawing import Drawing

SCOPE = Scope(types=BLOCK_TYPES)


def drawing() -> Graph:
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", fields=("row: 16",))
    drawn.add("one", "dense", out_features=16)
    drawn.add("two", "dense", out_features=16)
    drawn.add("rbm", "rbm", hidden=8)
    drawn.chain("in.row", "one", "two", "rbm")
    return drawn.graph


def test_inserting_a_block_changes_no_other_blocks_weights() -> None:
    before = compile_graph(drawing(), BLOCK_TYPES, seed=7).state()
    new = Block("aaa", "dense", "New", {"out_features": 16})
    after = compile_graph(
        edits.insert_block(drawing(), SCOPE, new, PortRef("one", "input")), BLOCK_TYPES, seed=7
    ).state()
    assert set(after) - set(before) == {"aaa.weight", "aaa.bias"}
    assert all(torch.equal(before[key], after[key]) for key in before)


def test_blocks_of_one_shape_start_differently_and_alike_for_a_seed() -> None:
    state = compile_graph(drawing(), BLOCK_TYPES, seed=7).state()
    assert not torch.equal(state["one.weight"], state["two.weight"])
    again, other = (compile_graph(drawing(), BLOCK_TYPES, seed=seed).state() for seed in (7, 8))
    assert all(torch.equal(state[key], again[key]) for key in state)
    assert not torch.equal(state["one.weight"], other["one.weight"])


def test_the_global_random_state_is_left_as_it_was() -> None:
    torch.manual_seed(11)
    expected = torch.rand(3)
    torch.manual_seed(11)
    network = compile_graph(drawing(), BLOCK_TYPES, seed=7)
    network.initialise(3)
    assert torch.equal(torch.rand(3), expected)


def test_weights_have_the_spread_of_their_module() -> None:
    state = compile_graph(drawing(), BLOCK_TYPES, seed=7).state()
    assert state["one.weight"].abs().max() <= 0.25
    assert state["one.weight"].abs().max() > 0.2
    assert 0.005 < state["rbm.weight"].std() < 0.02
    assert state["rbm.visible_bias"].unique().tolist() == [0.0]
