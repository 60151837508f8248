"""What is told of a run that failed, where, and which rate is proposed."""

from __future__ import annotations

from types import SimpleNamespace

import msgspec
import pytest

from engine.graph.graph import Block, Graph, PortRef, Wire, sorted_wires
from engine.training import failures
from engine.training.events import Failed
from engine.training.loop import train
from engine.training.plan import ContrastiveDivergence, Plan, Supervised
from engine.training.run import NotFinite


@pytest.mark.parametrize(
    ("stage", "rate", "proposed"),
    [
        (Supervised(optimiser="sgd"), 1e30, 0.01),
        (Supervised(optimiser="sgd"), 0.05, 0.005),
        (Supervised(optimiser="adam"), 1e30, 0.001),
        (Supervised(optimiser="adam"), 0.1, 0.001),
        (Supervised(optimiser="adam"), 0.002, 0.0002),
        (ContrastiveDivergence(block="rbm"), 1e30, 0.1),
        (ContrastiveDivergence(block="rbm"), 0.3, 0.03),
    ],
)
def test_the_rate_to_try_is_one_that_networks_learn_with(stage, rate, proposed, monkeypatch):
    monkeypatch.setattr(failures, "_block_at", lambda run, step: None)
    run = SimpleNamespace(plan=Plan(stages=(stage,)), stage_index=0, learning_rate=rate)
    problem = failures.not_finite_problem(run, NotFinite(epoch=1, step=3))
    assert problem.facts["rate"] == proposed


def inside(graph: Graph, id: str, container: str, name: str) -> Graph:
    """The drawing with the block `id` inside a container of its own, under the id `box`."""
    block = graph.blocks[id]
    blocks = {"entry": Block("entry", "entry", "In"), id: block, "exit": Block("exit", "exit", "Out")}
    wires = (
        Wire(PortRef("entry", "output"), PortRef(id, "input")),
        Wire(PortRef(id, "output"), PortRef("exit", "input")),
    )
    box = Block("box", container, name, body=Graph(blocks, sorted_wires(wires)))
    around = {other.id: other for other in graph.blocks.values() if other.id != id} | {"box": box}

    def moved(wire: Wire) -> Wire:
        if wire.source.block == id:
            return msgspec.structs.replace(wire, source=PortRef("box", "exit"))
        return msgspec.structs.replace(wire, target=PortRef("box", "entry")) if wire.target.block == id else wire

    return Graph(around, sorted_wires(moved(wire) for wire in graph.wires))


@pytest.mark.parametrize(("container", "path"), [("group", ("box", "l2")), ("repeat", ("box", 0, "l2"))])
def test_a_block_inside_a_container_is_named_with_its_way(drawing, requested, script, container, path) -> None:
    graph = drawing(
        "flatten", ("dense", {"out_features": 16}), ("power", {"exponent": 0.5}), ("dense", {"out_features": 10})
    )
    graph = inside(graph, "l2", container, "Roots")
    failed = list(train(requested(graph, Supervised(1)), script()))[-1]
    assert isinstance(failed, Failed)
    assert failed.problem.headline == "Loss is NaN from the first step on in Roots › Power “power 2”"
    assert failed.problem.path == path
