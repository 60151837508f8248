"""Convolutions with their max pools as products: the same numbers, on one thread, for few maps, in training alone."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.compiler import compile_graph
from engine.compile.network import Network
from engine.graph.graph import Block, Graph, PortRef, Wire, sorted_wires
from engine.training import pooled_convolutions, stages
from engine.training.events import Failed
from engine.training.late_relus import with_late_relus
from engine.training.loop import train
from engine.training.plan import Supervised
from engine.training.pooled_convolutions import pooled, with_pooled_products
from engine.training.session import open_session

PLAN = Supervised(epochs=2, optimiser="adam", learning_rate=1e-3)
FIRST = ("conv2d", {"out_channels": 4, "kernel_size": (3, 3), "padding": "same"})
SECOND = ("conv2d", {"out_channels": 8, "kernel_size": (3, 3), "padding": "none"})
HEAD = ("flatten", ("dense", {"out_features": 10}))
LAYERS = (FIRST, "relu", "max_pool2d", SECOND, "relu", "max_pool2d", *HEAD)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def both(convolution: nn.Conv2d, pool: nn.MaxPool2d, pictures: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Results and all gradients, as products and as the two modules give them."""
    found, expected = pooled(convolution, pool, pictures), pool(convolution(pictures))
    seed = torch.randn(expected.shape, generator=torch.Generator().manual_seed(5))
    leaves = (pictures, *convolution.parameters())
    given = torch.autograd.grad(found, leaves, seed), torch.autograd.grad(expected, leaves, seed)
    return [(found, expected), *zip(*given, strict=True)]


@pytest.mark.parametrize("size", [(9, 12), (10, 11)])
@pytest.mark.parametrize("padding", ["same", "valid", (2, 0), (0, 1)])
@pytest.mark.parametrize("window", [1, 2, (1, 3), (3, 2)])
@pytest.mark.parametrize("kernel", [1, 3, (2, 5)])
def test_values_and_gradients_are_those_of_the_modules(kernel, window, padding, size):
    generator = torch.Generator().manual_seed(2)
    convolution = nn.Conv2d(3, 5, kernel, padding=padding, bias=window != 2)
    pictures = torch.randn(16, 3, *size, generator=generator).to(memory_format=torch.channels_last).requires_grad_()
    for found, expected in both(convolution, nn.MaxPool2d(window), pictures):
        assert found.shape == expected.shape
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_of_equal_units_the_first_takes_the_gradient():
    convolution = nn.Conv2d(1, 2, 3)
    with torch.no_grad():
        convolution.weight.fill_(0.5)
    pictures = torch.randint(0, 2, (16, 1, 8, 8), generator=torch.Generator().manual_seed(1)).float().requires_grad_()
    for found, expected in both(convolution, nn.MaxPool2d(2), pictures):
        torch.testing.assert_close(found, expected)


@pytest.mark.parametrize(("threads", "samples", "size"), [(2, 32, 8), (1, 8, 8), (1, 32, 150)])
def test_more_threads_few_samples_and_large_pictures_are_left_to_the_modules(threads, samples, size):
    torch.set_num_threads(threads)
    convolution, pool = nn.Conv2d(1, 2, 3), nn.MaxPool2d(2)
    for found, expected in both(convolution, pool, torch.randn(samples, 1, size, size, requires_grad=True)):
        assert torch.equal(found, expected)


def products(drawing, *layers) -> int:
    slice = compile_graph(drawing(*layers), BLOCK_TYPES).training_slice()
    module = with_pooled_products(with_late_relus(slice.module))
    assert not any(node.target is pooled for node in slice.module.graph.nodes), "validation keeps its own"
    return sum(node.target is pooled for node in module.graph.nodes)


def test_pairs_of_few_filters_are_replaced(drawing):
    assert products(drawing, *LAYERS) == 2


@pytest.mark.parametrize(
    "layers",
    [
        (("conv2d", {"out_channels": 16, "kernel_size": (3, 3), "padding": "same"}), "max_pool2d"),
        (("conv2d", {"out_channels": 4, "kernel_size": (3, 3), "stride": (2, 2)}), "max_pool2d"),
        (FIRST, "tanh", "max_pool2d"),
        (FIRST, "avg_pool2d"),
        (FIRST, ("max_pool2d", {"kernel_size": (3, 3)})),
        (FIRST, ("max_pool2d", {"stride": (1, 1)})),
        (FIRST, "relu", "max_pool2d", FIRST),
        (FIRST, "relu", "max_pool2d", ("conv_transpose2d", {"out_channels": 2})),
    ],
    ids=["many", "stride", "tanh", "average", "large window", "overlaps", "padded later", "transposed later"],
)
def test_all_others_stay(drawing, layers):
    assert products(drawing, *layers, *HEAD) == 0


def test_a_learners_own_functions_see_what_they_always_saw(drawing, requested, monkeypatch):
    for own, count in ((False, 2), (True, 0)):
        monkeypatch.setattr(Network, "has_own_code", own)
        session = open_session(requested(drawing(*LAYERS), PLAN), BLOCK_TYPES)
        module = stages.SupervisedStage(session, PLAN)._forward.__self__
        assert sum(node.target is pooled for node in module.graph.nodes) == count


def test_a_network_learns_the_same_by_products_and_by_modules(drawing, requested, script, losses, monkeypatch):
    request = requested(drawing(*LAYERS), PLAN)
    told = losses(train(request, script()))
    monkeypatch.setattr(stages, "with_pooled_products", lambda module: module)
    expected = losses(train(request, script()))
    assert told.tobytes() != expected.tobytes(), "else no product was taken"
    assert abs(told - expected).max() < 1e-4
    assert told[-5:].mean() < told[:5].mean()


def test_penalties_that_are_made_of_gradients_train_through_convolutions_too(drawing, requested, script, losses):
    graph = drawing(FIRST, "relu", "max_pool2d", "flatten", ("dense", {"out_features": 10}))
    ends = (("in", "image", "penalty", "input"), ("l4", "output", "penalty", "code"))
    wires = [Wire(PortRef(a, b), PortRef(c, d)) for a, b, c, d in ends]
    blocks = {**graph.blocks, "penalty": Block("penalty", "contractive", "Penalty")}
    graph = Graph(blocks, sorted_wires([*graph.wires, *wires]))
    told = losses(train(requested(graph, Supervised(epochs=1, optimiser="adam", learning_rate=1e-3)), script()))
    assert len(told) == 20
    assert told[-1] < told[0]


def test_a_pair_that_fails_is_named_by_its_convolution(drawing, requested, script, monkeypatch):
    class Broken(torch.autograd.Function):
        @staticmethod
        def forward(ctx, *given):
            raise RuntimeError("the pump is broken")

    monkeypatch.setattr(pooled_convolutions, "_PooledProduct", Broken)
    failed = list(train(requested(drawing(*LAYERS), PLAN), script()))[-1]
    assert isinstance(failed, Failed)
    assert failed.problem.path == ("l0",)
    words = "The run failed: Convolution “conv2d 0” raised RuntimeError: the pump is broken."
    assert failed.problem.sentence == words
