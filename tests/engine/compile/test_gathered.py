"""What blocks tell together is that of the last analysis, and only what changed is gone through for it."""

from __future__ import annotations

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.compile.following import Body, Follower, Found
from engine.compile.gathered import Gathered
from engine.graph.edits import remove_blocks, set_parameter
from engine.graph.graph import Graph
from engine.graph.scope import Scope
from engine.project.drawing import Drawing

SCOPE = Scope(types=BLOCK_TYPES)


def line() -> Graph:
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("in", "input", fields=("x: 3×8×8 float32",))
    drawing.add("conv", "conv2d", out_channels=4)
    drawing.add("relu", "relu")
    drawing.add("box", "group")
    drawing.chain("in", "conv", "relu", "box")
    return drawing.graph


def told(gathered: Gathered) -> tuple[object, ...]:
    return gathered.specs, gathered.costs, gathered.fields, gathered.fields_untold, gathered.total


def test_it_is_that_of_the_blocks_that_are() -> None:
    graph, analyser, follower = line(), Analyser(BLOCK_TYPES), Follower(BLOCK_TYPES)
    kept_up = Gathered()
    for edited in (
        graph,
        set_parameter(graph, SCOPE, "conv", "out_channels", 5),
        remove_blocks(graph, SCOPE, ("box", "conv")),
        Graph(),
        graph,
    ):
        body = follower.follow(analyser.records(edited), None)
        kept_up.update(body)
        fresh = Gathered()
        fresh.update(body)
        assert told(kept_up) == told(fresh)
        known = {id for id, found in body.items() if found.record.outputs}
        assert {key.partition("/")[0] for key in kept_up.specs} == known
        assert {key.partition("/")[0] for key in kept_up.costs} == known


def test_what_was_told_before_does_not_change() -> None:
    graph, analyser, follower, gathered = line(), Analyser(BLOCK_TYPES), Follower(BLOCK_TYPES), Gathered()
    gathered.update(follower.follow(analyser.records(graph), None))
    specs, costs = gathered.specs, gathered.costs
    before = dict(specs), dict(costs)
    gathered.update(follower.follow(analyser.records(set_parameter(graph, SCOPE, "conv", "out_channels", 5)), None))
    assert (specs, costs) == before
    assert gathered.specs["conv/output"] != specs["conv/output"]


def test_blocks_that_came_to_the_same_are_not_gone_through_again() -> None:
    graph, analyser, follower, gathered = line(), Analyser(BLOCK_TYPES), Follower(BLOCK_TYPES), Gathered()
    gathered.update(follower.follow(analyser.records(graph), None))
    added: list[str] = []
    original = gathered._add

    def noted(renewed: Body) -> None:
        found: list[Found] = list(renewed)  # type: ignore[arg-type]
        added.extend(one.record.block.id for one in found)
        original(found)

    gathered._add = noted  # type: ignore[method-assign, assignment]
    body = follower.follow(analyser.records(set_parameter(graph, SCOPE, "conv", "bias", False)), None)
    gathered.update(body)
    assert added == ["conv"]
