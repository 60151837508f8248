"""What costs time at its first use, done before anybody waits for it."""

from __future__ import annotations

from engine.compile.analyse import Analyser
from engine.graph.graph import Block, Graph, PortRef, Wire
from engine.training.plan import DatasetRef


def warm_up(analyser: Analyser) -> None:
    """One fused optimiser step, one analysis on fake tensors, the digits."""
    import torch

    from engine.data.datasets import load_dataset

    analyser.analyse(_small_network())
    module = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.Flatten(), torch.nn.Linear(72, 10))
    optimiser = torch.optim.Adam(module.parameters(), fused=True)
    loss = torch.nn.functional.cross_entropy(module(torch.zeros(4, 1, 8, 8)), torch.zeros(4, dtype=torch.long))
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()
    load_dataset(DatasetRef(name="digits"))


def _small_network() -> Graph:
    blocks = (
        Block(id="a", type="input", name="a", parameters={"fields": ("image: 1×8×8 float32", "label: 10 classes")}),
        Block(id="b", type="conv2d", name="b"),
        Block(id="c", type="flatten", name="c"),
        Block(id="d", type="dense", name="d", parameters={"out_features": 10}),
        Block(id="e", type="cross_entropy", name="e"),
    )
    wires = (
        Wire(PortRef("a", "image"), PortRef("b", "input")),
        Wire(PortRef("b", "output"), PortRef("c", "input")),
        Wire(PortRef("c", "output"), PortRef("d", "input")),
        Wire(PortRef("d", "output"), PortRef("e", "logits")),
        Wire(PortRef("a", "label"), PortRef("e", "target")),
    )
    return Graph(blocks={block.id: block for block in blocks}, wires=wires)
