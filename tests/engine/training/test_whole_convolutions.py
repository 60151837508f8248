"""Convolutions that cover all of a picture: the numbers of a convolution, in training alone, by products."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.compiler import compile_graph
from engine.modules.own_loading import permit
from engine.project.own_code import hash_of
from engine.training import stages
from engine.training.events import Failed
from engine.training.loop import train
from engine.training.plan import Supervised
from engine.training.whole_convolutions import convolved, with_products

PLAN = Supervised(epochs=2, optimiser="adam", learning_rate=1e-3)
FIRST = ("conv2d", {"out_channels": 4, "kernel_size": (3, 3), "padding": "same"})
COVERS = ("conv2d", {"out_channels": 16, "kernel_size": (4, 4), "padding": "none"})
LAYERS = (FIRST, "relu", "max_pool2d", COVERS, "relu", "flatten", ("dense", {"out_features": 10}))


def lying(pictures: torch.Tensor, innermost: str) -> torch.Tensor:
    """The same N×C×H×W in another order in memory."""
    if innermost == "samples":
        return pictures.permute(1, 2, 3, 0).contiguous().permute(3, 0, 1, 2)
    format = torch.channels_last if innermost == "channels" else torch.contiguous_format
    return pictures.contiguous(memory_format=format)


@pytest.mark.parametrize("innermost", ["columns", "channels", "samples"])
@pytest.mark.parametrize("bias", [True, False])
def test_values_and_gradients_are_those_of_the_convolution(innermost, bias):
    generator = torch.Generator().manual_seed(2)
    convolution = nn.Conv2d(3, 7, (4, 5), stride=2, bias=bias)
    pictures = lying(torch.randn(6, 3, 4, 5, generator=generator), innermost).requires_grad_()
    seed = torch.randn(6, 7, 1, 1, generator=generator)
    leaves = (pictures, *convolution.parameters())
    found, expected = convolved(convolution, pictures), convolution(pictures)
    assert found.shape == expected.shape
    torch.testing.assert_close(found, expected)
    given = torch.autograd.grad(found, leaves, seed)
    for gradient, wanted in zip(given, torch.autograd.grad(expected, leaves, seed), strict=True):
        torch.testing.assert_close(gradient, wanted)


@pytest.mark.parametrize("shape", [(2, 3, 5, 4), (2, 3, 9, 9)])
def test_filters_smaller_than_the_picture_are_left_alone(shape):
    convolution = nn.Conv2d(3, 7, 4)
    pictures = torch.randn(shape)
    assert torch.equal(convolved(convolution, pictures), convolution(pictures))
    channels, samples = lying(pictures, "channels"), lying(pictures, "samples")
    found = convolved(convolution, samples)
    assert torch.equal(found, convolution(channels))
    assert found.is_contiguous(memory_format=torch.channels_last), "the order that a convolution is quick in"


def test_only_convolutions_that_may_cover_all_they_see_are_replaced(drawing):
    others = (
        ("conv2d", {"out_channels": 4, "kernel_size": (3, 3), "padding": "none", "dilation": (2, 2)}),
        ("conv2d", {"out_channels": 4, "kernel_size": (3, 3), "padding": "none", "groups": 4}),
        "flatten",
        ("dense", {"out_features": 10}),
    )
    for layers, count in ((LAYERS, 1), ((FIRST, *others), 0)):
        slice = compile_graph(drawing(*layers), BLOCK_TYPES).training_slice()
        module = with_products(slice.module)
        assert sum(node.target is convolved for node in module.graph.nodes) == count
        assert not any(node.target is convolved for node in slice.module.graph.nodes), "validation keeps its own"
        assert (module is slice.module) == (count == 0)


def test_a_network_learns_the_same_by_products_and_by_convolutions(drawing, requested, script, losses, monkeypatch):
    request = requested(drawing(*LAYERS), PLAN)
    told = losses(train(request, script()))
    monkeypatch.setattr(stages, "with_products", lambda module: module)
    expected = losses(train(request, script()))
    assert abs(told - expected).max() < 1e-4
    assert told[-5:].mean() < told[:5].mean()


def test_a_convolution_that_cannot_be_taken_is_named(drawing, requested, script, tmp_path):
    """The last of 1,257 samples comes alone."""
    own = "def forward(x):\n    return x if len(x) > 1 else x[0]\n"
    (tmp_path / "mine.py").write_text(own)
    permit(tmp_path, [hash_of(own.encode())])
    graph = drawing(FIRST, ("custom", {"file": "mine.py"}), COVERS, "flatten", ("dense", {"out_features": 10}))
    failed = list(train(requested(graph, PLAN, batch_size=157), script()))[-1]
    assert isinstance(failed, Failed)
    assert failed.problem.path == ("l2",)
    assert failed.problem.sentence.startswith("The run failed: Convolution “conv2d 2” raised RuntimeError: ")
