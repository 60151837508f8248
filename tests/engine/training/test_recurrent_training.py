"""A drawn loop over time learns, and its neighbours know about loops."""

from __future__ import annotations

import pytest
import torch

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.graph.graph import Block, Graph, PortRef, Wire, sorted_wires
from engine.training.advice import advice
from engine.training.events import EpochEnded, Failed
from engine.training.flat_graph import FlatGraph
from engine.training.loop import train
from engine.training.plan import Supervised
from engine.training.unused import Unused


@pytest.fixture
def regression() -> Graph:
    """Sine sequences through a new Recurrent, of which the last step is read, to their next value."""
    make = BLOCK_TYPES["recurrent"].body
    assert make is not None
    body = make(iter(f"r{number}" for number in range(9)).__next__)
    entry, exit = (next(id for id, block in body.blocks.items() if block.type == type) for type in ("entry", "exit"))
    fields = ("sequence: T×1 float32", "next: 1 float32")
    blocks = (
        Block("in", "input", "Input", {"dataset": "sine", "fields": fields}),
        Block("loop", "recurrent", "Loop", {"output": "last step"}, body=body),
        Block("out", "dense", "Out", {"out_features": 1}),
        Block("loss", "squared_error", "Loss"),
    )
    wires = (
        Wire(PortRef("in", "sequence"), PortRef("loop", entry)),
        Wire(PortRef("loop", exit), PortRef("out", "input")),
        Wire(PortRef("out", "output"), PortRef("loss", "prediction")),
        Wire(PortRef("in", "next"), PortRef("loss", "target")),
    )
    return Graph({block.id: block for block in blocks}, sorted_wires(wires))


def test_a_loop_learns_the_next_value_of_a_sine(regression: Graph, requested, script) -> None:  # type: ignore[no-untyped-def]
    events = list(train(requested(regression, Supervised(3, learning_rate=0.003), batch_size=32), script()))
    assert not [event for event in events if isinstance(event, Failed)]
    losses = [event.validation["loss"] for event in events if isinstance(event, EpochEnded)]
    assert losses[-1] < 0.25 * losses[0] or losses[-1] < 0.02
    assert torch.tensor(losses).isfinite().all()


def test_neighbours_follow_loops_without_end(regression: Graph) -> None:
    flat = FlatGraph(regression, BLOCK_TYPES)
    assert set(flat.ordered) == set(flat.blocks)
    assert set(flat.blocks) - {("loss",), ("loop",)} <= flat.upstream([("out",)])
    delay = next(path for path, block in flat.blocks.items() if block.type == "delay")
    fed = next(
        path for path in flat.blocks if path[:-1] == ("loop",) and flat.source_of(path, "input") == (delay, "output")
    )
    assert flat.blocks[fed].name == "State weights"
    analysis = Analyser(BLOCK_TYPES).analyse(regression)
    assert not list(advice(flat, BLOCK_TYPES, analysis, Unused(flat, BLOCK_TYPES, analysis, flat.of_role("loss"))))
