"""ReLUs change places with the max pools that read them: the same bits, and only where nothing else reads them."""

from __future__ import annotations

import pytest
import torch
from torch import fx, nn

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.compiler import compile_graph
from engine.graph.graph import Block, Graph, PortRef, Wire, sorted_wires
from engine.training import joint, stages
from engine.training.late_relus import with_late_relus
from engine.training.loop import train
from engine.training.plan import Supervised
from engine.training.session import open_session

PLAN = Supervised(epochs=1, optimiser="adam", learning_rate=1e-2)
CONVOLUTION = ("conv2d", {"out_channels": 4, "kernel_size": (3, 3), "padding": "same"})
HEAD = ("flatten", ("dense", {"out_features": 10}))
PLAIN = (CONVOLUTION, "relu", "max_pool2d", CONVOLUTION, "relu", "max_pool2d", *HEAD)
OVERLAPS = (CONVOLUTION, "relu", ("max_pool2d", {"kernel_size": (3, 3), "stride": (1, 1)}), *HEAD)


def order(module: fx.GraphModule) -> list[type[nn.Module]]:
    """The kinds of modules that the function calls, in turn."""
    owners = [node.args[0] for node in module.graph.nodes if node.op == "call_method"]
    return [type(module.get_submodule(owner.target)) for owner in owners]


def test_a_relu_that_a_max_pool_alone_reads_comes_after_it(drawing):
    slice = compile_graph(drawing(*PLAIN), BLOCK_TYPES).training_slice()
    assert order(with_late_relus(slice.module))[:6] == [nn.Conv2d, nn.MaxPool2d, nn.ReLU] * 2
    assert order(slice.module)[:6] == [nn.Conv2d, nn.ReLU, nn.MaxPool2d] * 2, "validation keeps its own"


@pytest.mark.parametrize(
    "layers",
    [
        (CONVOLUTION, "relu", "avg_pool2d", *HEAD),
        (CONVOLUTION, "tanh", "max_pool2d", *HEAD),
        (CONVOLUTION, "leaky_relu", "max_pool2d", *HEAD),
        ("max_pool2d", "relu", *HEAD),
        (CONVOLUTION, "relu", ("max_pool2d", {"return_indices": True}), *HEAD),
    ],
    ids=["average", "tanh", "leaky", "late already", "places"],
)
def test_all_others_stay(drawing, layers):
    module = compile_graph(drawing(*layers), BLOCK_TYPES).training_slice().module
    assert with_late_relus(module) is module


def test_a_relu_that_others_read_too_stays(drawing):
    graph = drawing(CONVOLUTION, "relu", "max_pool2d", *HEAD)
    joined = {**graph.blocks, "rest": Block("rest", "flatten", "rest"), "both": Block("both", "concat", "both")}
    wires = [wire for wire in graph.wires if wire.target != PortRef("l4", "input")]
    wires += [
        Wire(PortRef("l1", "output"), PortRef("rest", "input")),
        Wire(PortRef("l3", "output"), PortRef("both", "a")),
        Wire(PortRef("rest", "output"), PortRef("both", "b")),
        Wire(PortRef("both", "output"), PortRef("l4", "input")),
    ]
    module = compile_graph(Graph(joined, sorted_wires(wires)), BLOCK_TYPES).training_slice().module
    assert with_late_relus(module) is module


@pytest.mark.parametrize("recorded", [True, False], ids=["recorded", "autograd"])
@pytest.mark.parametrize("layers", [PLAIN, OVERLAPS], ids=["plain", "overlaps"])
def test_a_network_learns_to_the_same_bits(drawing, requested, script, losses, monkeypatch, layers, recorded):
    monkeypatch.setattr(joint, "_AFTER_STEPS", 0 if recorded else 10**9)
    monkeypatch.setattr(stages, "with_pooled_products", lambda module: module)

    def run():
        session = open_session(requested(drawing(*layers), PLAN), BLOCK_TYPES)
        return losses(train(session.request, script(), session)), session.network.state()

    told, weights = run()
    monkeypatch.setattr(stages, "with_late_relus", lambda module: module)
    expected, expected_weights = run()
    assert told.tobytes() == expected.tobytes()
    assert all(torch.equal(weights[key], expected_weights[key]) for key in weights)


@pytest.mark.parametrize("pool", [nn.MaxPool2d(2), nn.MaxPool2d(3, 2, padding=1), nn.MaxPool2d(3, 1, dilation=2)])
def test_gradients_keep_their_bits_where_units_are_equal_or_zero(pool):
    generator = torch.Generator().manual_seed(4)
    units = torch.randint(-2, 3, (8, 6, 9, 9), generator=generator).float().requires_grad_()
    seed = torch.randn_like(pool(units), memory_format=torch.contiguous_format)
    early, late = pool(torch.relu(units)), torch.relu(pool(units))
    assert torch.equal(early, late)
    (given,), (expected,) = torch.autograd.grad(late, units, seed), torch.autograd.grad(early, units, seed)
    assert torch.equal(given, expected)
