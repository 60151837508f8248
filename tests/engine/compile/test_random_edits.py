"""Edits drawn by chance: what analysis remembers never changes its answer, and the plan can be checked at any time."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import count

import msgspec
import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.data.catalogue import DATASETS
from engine.graph import edits
from engine.graph.graph import Block, Graph, PortRef, decode_graph, encode_graph
from engine.graph.paths import bodies, within
from engine.graph.problem import Refused
from engine.graph.scope import Scope
from engine.graph.sharing import weights_offered
from engine.project.drawing import Drawing
from engine.training.check_plan import check_plan
from engine.training.plan import Plan

replace = msgspec.structs.replace
SCOPE = Scope(types=BLOCK_TYPES)
ADDED = ("dense", "conv2d", "relu", "add", "split", "max_pool2d", "flatten", "cross_entropy", "group", "entry", "exit")
GESTURES = ("add", "connect", "connect", "connect", "number", "share", "bypass", "freeze", "remove", "heal", "undo")


ADDED_OVER_TIME = (
    "delay",
    "recurrent",
    "add",
    "dense",
    "lstm",
    "conv1d",
    "permute",
    "group",
    "repeat",
    "entry",
    "exit",
)


def sequences() -> Graph:
    """A network over time, a part of it step by step."""
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", fields=("x: T×6 float32",))
    for container in ("recurrent", "residual", "highway", "group"):
        drawn.add(container, container)
    drawn.add("turned", "permute", dims=(2, 1))
    drawn.add("conv", "conv1d", out_channels=6, padding="none")
    drawn.add("repeat", "repeat")
    drawn.chain("in.x", "recurrent", "residual", "highway", "group", "turned", "conv", "repeat")
    return drawn.graph


def beginning() -> Graph:
    """A network with containers in it, a copied one among them."""
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input")
    drawn.add("conv", "conv2d", out_channels=16)
    for container in ("residual", "repeat", "group"):
        drawn.add(container, container)
    drawn.add("flat", "flatten")
    drawn.add("dense", "dense", out_features=10)
    drawn.add("loss", "cross_entropy")
    drawn.chain("in.image", "conv", "residual", "repeat", "group", "flat", "dense", "loss.logits")
    drawn.wire("in.label", "loss.target")
    return drawn.graph


class Hand:
    """Draws by chance; ids are never used twice."""

    def __init__(self, seed: int, first: Graph, added: Sequence[str] = ADDED) -> None:
        self._chance = random.Random(seed)
        self._ids = (f"new{number}" for number in count(1))
        self._added = added
        self.graphs = [first]

    def edit(self) -> Graph:
        """The drawing after one more edit, or as it was where that is refused."""
        graph = self.graphs[-1]
        path, body = self._chance.choice(list(bodies(graph)))
        gesture = self._chance.choice(GESTURES)
        try:
            if gesture == "undo":
                graph = self._chance.choice(self.graphs[-5:])
            elif gesture == "add":
                graph = within(graph, path, edits.add_block, SCOPE, self._block())
            elif body.blocks:
                graph = within(graph, path, self._edited, SCOPE, gesture)
        except Refused:
            return graph
        self.graphs.append(graph)
        return graph

    def _block(self) -> Block:
        type = BLOCK_TYPES[self._chance.choice(self._added)]
        inside = type.body(lambda: next(self._ids)) if type.body is not None else None
        id = next(self._ids)
        return Block(id, type.id, f"{type.title} {id}", body=inside)

    def _edited(self, body: Graph, scope: Scope, gesture: str) -> Graph:
        blocks = list(body.blocks.values())
        one, other = self._chance.choice(blocks), self._chance.choice(blocks)
        type = BLOCK_TYPES[one.type]
        if gesture == "connect":
            outputs = type.ports_of(one, {}).outputs
            inputs = BLOCK_TYPES[other.type].ports_of(other, {}).inputs
            if not outputs or not inputs:
                return body
            ends = PortRef(one.id, self._chance.choice(outputs).id), PortRef(other.id, self._chance.choice(inputs).id)
            return edits.connect(body, scope, *ends)
        if gesture == "number":
            whole = [parameter.id for parameter in type.parameters if parameter.kind == "integer"]
            value = self._chance.choice((1, 2, 3, 16))
            return edits.set_parameter(body, scope, one.id, self._chance.choice(whole), value) if whole else body
        if gesture == "share":
            offered = (None, *weights_offered(body, scope, one.id))
            return edits.set_weights(body, scope, one.id, self._chance.choice(offered))
        if gesture == "bypass":
            return edits.set_bypassed(body, scope, (one.id,), not one.bypassed)
        if gesture == "freeze":
            return edits.set_frozen(body, scope, (one.id,), not one.learning.frozen)
        if gesture == "remove":
            return edits.remove_blocks(body, scope, (one.id,))
        return edits.remove_and_heal(body, scope, one.id)


@pytest.mark.parametrize("seed", range(12))
def test_what_is_remembered_never_changes_an_answer(seed: int) -> None:
    hand, remembering = Hand(seed, beginning()), Analyser(BLOCK_TYPES)
    for _ in range(30):
        graph = hand.edit()
        analysis = remembering.analyse(graph)
        assert analysis == Analyser(BLOCK_TYPES).analyse(graph)
        for problem in (*analysis.problems, *check_plan(graph, Plan(), DATASETS, BLOCK_TYPES, analysis)):
            assert "?" not in problem.sentence


@pytest.mark.parametrize("seed", range(6))
def test_nor_does_it_over_time_and_in_drawings_that_no_edit_would_leave(seed: int) -> None:
    """As the worker gets them: decoded anew, and some with wires that come from nowhere."""
    hand, remembering, chance = Hand(seed, sequences(), ADDED_OVER_TIME), Analyser(BLOCK_TYPES), random.Random(seed)
    for _ in range(30):
        graph = decode_graph(encode_graph(hand.edit()))
        if chance.random() < 0.2:
            lost = chance.choice(list(graph.blocks))
            graph = replace(graph, blocks={id: block for id, block in graph.blocks.items() if id != lost})
        assert remembering.analyse(graph) == Analyser(BLOCK_TYPES).analyse(graph)
