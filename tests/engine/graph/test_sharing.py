"""Which blocks' weights a block may use; that the edit agrees, on every pair."""

from __future__ import annotations

import random

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.edits import connect, set_weights
from engine.graph.graph import Block, Graph, Look, PortRef, Weights
from engine.graph.paths import scope_at, within
from engine.graph.problem import Refused
from engine.graph.scope import Scope
from engine.graph.sharing import is_any_weights_offered, users_of, weights_offered
from engine.graph.traversal import predecessors
from engine.project.drawing import Drawing

SCOPE = Scope(types=BLOCK_TYPES)


def drawn() -> Graph:
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("in", "input", fields=("row: 12",))
    drawing.add("late", "dense", (400, 0))
    drawing.add("first", "dense", (100, 0))
    drawing.add("relu", "relu", (150, 0))
    drawing.add("second", "dense", (200, 0))
    drawing.add("conv", "conv2d", (0, 200))
    drawing.add("undo", "conv_transpose2d", (100, 200))
    drawing.chain("in", "first", "relu", "second", "late")
    return drawing.graph


def test_what_comes_before_and_fits_by_type_is_offered_the_nearest_first() -> None:
    graph = drawn()
    assert weights_offered(graph, SCOPE, "late") == (
        Weights("second"),
        Weights("second", transposed=True),
        Weights("first"),
        Weights("first", transposed=True),
    )
    assert weights_offered(graph, SCOPE, "undo") == (Weights("conv", transposed=True),)
    assert weights_offered(graph, SCOPE, "first") == ()
    assert weights_offered(graph, SCOPE, "relu") == ()


def test_nothing_is_offered_to_an_owner_and_no_user_is_offered() -> None:
    graph = set_weights(drawn(), SCOPE, "second", Weights("first"))
    assert weights_offered(graph, SCOPE, "first") == ()
    assert weights_offered(graph, SCOPE, "late") == (Weights("first"), Weights("first", transposed=True))
    assert [block.id for block in users_of(graph, "first")] == ["second"]


def test_weights_around_a_body_are_offered_behind_its_own() -> None:
    graph = drawn()
    body = {"x": Block("x", "dense", "X"), "y": Block("y", "dense", "Y")}
    graph = Graph(blocks={**graph.blocks, "box": Block("box", "group", "Box", body=Graph(blocks=body))})
    offered = weights_offered(graph.blocks["box"].body, scope_at(graph, ("box",), SCOPE), "y")
    assert [weights.of for weights in offered if not weights.transposed] == ["x", "first", "second", "late"]
    alone = Graph(blocks={"y": body["y"]})
    assert is_any_weights_offered(alone, scope_at(graph, ("box",), SCOPE), "y", predecessors(alone))
    assert not is_any_weights_offered(alone, SCOPE, "y", predecessors(alone))
    graph = within(graph, ("box",), set_weights, SCOPE, "y", Weights("first"))
    assert [block.id for block in users_of(graph, "first")] == ["y"]


@pytest.mark.parametrize("seed", range(20))
def test_the_edit_takes_what_is_offered_and_refuses_the_rest(seed: int) -> None:
    dice = random.Random(seed)
    graph = drawn()
    ids = sorted(graph.blocks)
    for _ in range(dice.randrange(3)):
        id = dice.choice(ids)
        offered = weights_offered(graph, SCOPE, id)
        if offered:
            graph = set_weights(graph, SCOPE, id, dice.choice(offered))
    for id in ids:
        allowed = {weights for weights in every_weights(ids) if is_allowed(graph, id, weights)}
        assert set(weights_offered(graph, SCOPE, id)) == allowed
        assert is_any_weights_offered(graph, SCOPE, id, predecessors(graph)) == bool(allowed)


def every_weights(ids: list[str]) -> list[Weights]:
    return [Weights(id, transposed) for id in ids for transposed in (False, True)]


def is_allowed(graph: Graph, id: str, weights: Weights) -> bool:
    try:
        set_weights(graph, SCOPE, id, weights)
    except Refused:
        return False
    return True


def boxed(*wires: tuple[str, str]) -> Graph:
    """`before`, a Group with `y` in a Group inside it, `after`, wired as said; all three Dense."""
    inner = Block("inner", "group", "Inner", body=Graph(blocks={"y": Block("y", "dense", "Y")}))
    entry, exit = Block("e", "entry", "Entry"), Block("x", "exit", "Exit")
    box = Block("box", "group", "Box", body=Graph(blocks={"inner": inner, "e": entry, "x": exit}))
    graph = Graph(
        blocks={
            id: Block(id, "dense", id.title(), look=Look(x=100 * place)) for place, id in enumerate(("before", "after"))
        }
        | {"box": box}
    )
    ports = {"box": ("e", "x")}
    for source, target in wires:
        ends = (
            PortRef(source, ports.get(source, ("", "output"))[1]),
            PortRef(target, ports.get(target, ("input", ""))[0]),
        )
        graph = connect(graph, SCOPE, *ends)
    return graph


def test_what_comes_after_the_container_is_not_offered_in_it_and_refused() -> None:
    path = ("box", "inner")
    graph = boxed(("before", "box"), ("box", "after"))
    inside = graph.blocks["box"].body.blocks["inner"].body
    offered = weights_offered(inside, scope_at(graph, path, SCOPE), "y")
    assert offered == (Weights("before"), Weights("before", transposed=True))
    with pytest.raises(Refused) as caught:
        within(graph, path, set_weights, SCOPE, "y", Weights("after"))
    assert caught.value.problem.advice == "It comes after this block."
    loose = boxed(("before", "box"))
    offered = weights_offered(inside, scope_at(loose, path, SCOPE), "y")
    assert {weights.of for weights in offered} == {"before", "after"}


@pytest.mark.parametrize("parameters", [("relu", {}), ("max_pool2d", {}), ("batch_norm2d", {"affine": False})])
def test_blocks_without_weights_share_none(parameters: tuple[str, dict[str, bool]]) -> None:
    type, given = parameters
    blocks = {id: Block(id, type, id, given) for id in ("a", "b")}
    graph = Graph(blocks=blocks)
    assert weights_offered(graph, SCOPE, "b") == ()
    with pytest.raises(Refused, match="has no weights that could be shared") as caught:
        set_weights(graph, SCOPE, "b", Weights("a"))
    assert caught.value.problem.path == ("b",)


def test_what_has_no_weights_is_not_offered_either() -> None:
    given = {"plain": {"affine": False}, "a": {}, "b": {}}
    graph = Graph(blocks={id: Block(id, "batch_norm2d", id, parameters) for id, parameters in given.items()})
    assert weights_offered(graph, SCOPE, "b") == (Weights("a"),)
    with pytest.raises(Refused, match="has no weights that could be shared"):
        set_weights(graph, SCOPE, "b", Weights("plain"))
    alone = Graph(blocks={id: graph.blocks[id] for id in ("plain", "b")})
    assert not is_any_weights_offered(alone, SCOPE, "b", predecessors(alone))


def test_blocks_around_a_body_are_as_near_as_to_the_container_in_it() -> None:
    def dense(id: str, x: int, y: int = 0) -> Block:
        return Block(id, "dense", id, look=Look(x=x, y=y))

    inner = {"y": dense("y", 0), "far": dense("far", 900), "near": dense("near", -50)}
    box = Block("box", "group", "Box", body=Graph(blocks=inner), look=Look(x=500))
    around = {"left": dense("left", 0), "above": dense("above", 500, -300), "beside": dense("beside", 600, 0)}
    graph = Graph(blocks={"box": box, **around})
    offered = weights_offered(graph.blocks["box"].body, scope_at(graph, ("box",), SCOPE), "y")
    assert [weights.of for weights in offered if not weights.transposed] == ["near", "far", "beside", "above", "left"]


def test_a_norm_with_weights_shares_them() -> None:
    graph = Graph(blocks={id: Block(id, "batch_norm2d", id) for id in ("a", "b")})
    assert weights_offered(graph, SCOPE, "b") == (Weights("a"),)
