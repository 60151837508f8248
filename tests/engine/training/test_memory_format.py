"""Pictures lie in memory as a CPU's convolutions like them: the same numbers, and the learner's code left alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.compiler import compile_graph
from engine.modules.own_loading import permit
from engine.project.own_code import hash_of
from engine.training.events import EpochEnded, Finished
from engine.training.loop import train
from engine.training.memory_format import laid_out, memory_format
from engine.training.plan import Supervised
from engine.training.session import open_session

CONVOLUTION = ("conv2d", {"out_channels": 4, "kernel_size": (3, 3)})
HEAD = ("flatten", ("dense", {"out_features": 10}))
VIEWS = """
def forward(x):
    return x.view(len(x), -1)
"""


@pytest.mark.parametrize(
    ("layers", "format"),
    [
        ((CONVOLUTION, "relu", *HEAD), torch.channels_last),
        ((("conv_transpose2d", {"out_channels": 4}), *HEAD), torch.channels_last),
        (("max_pool2d", *HEAD), torch.contiguous_format),
        (HEAD, torch.contiguous_format),
    ],
    ids=["convolution", "transposed", "pool", "dense"],
)
def test_networks_that_convolve_pictures_get_their_channels_side_by_side(drawing, layers, format):
    assert memory_format(compile_graph(drawing(*layers), BLOCK_TYPES)) is format


def test_a_network_is_looked_through_once(drawing, monkeypatch):
    """Every validation asks."""
    network = compile_graph(drawing(CONVOLUTION, "relu", *HEAD), BLOCK_TYPES)
    assert memory_format(network) is torch.channels_last
    monkeypatch.setattr(network.root, "modules", None)
    assert memory_format(network) is torch.channels_last
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    assert memory_format(network) is torch.contiguous_format


def test_code_of_the_learner_gets_contiguous_pictures(drawing, requested, script, tmp_path):
    (tmp_path / "mine.py").write_text(VIEWS)
    permit(tmp_path, [hash_of(VIEWS.encode())])
    own = ("custom", {"file": "mine.py"})
    request = requested(drawing(CONVOLUTION, own, ("dense", {"out_features": 10})), Supervised(epochs=1))
    session = open_session(request, BLOCK_TYPES)
    assert memory_format(session.network) is torch.contiguous_format
    assert isinstance(list(train(request, script(), session))[-1], Finished)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_numbers_stay_and_only_their_strides_change(channels):
    rows = torch.rand(5, channels, 6, 7)
    laid = laid_out(rows, torch.channels_last)
    assert torch.equal(laid, rows)
    assert laid.stride() == (42 * channels, 1, 7 * channels, channels)
    assert laid_out(rows, torch.contiguous_format) is rows
    labels = torch.arange(5)
    assert laid_out(labels, torch.channels_last) is labels


def test_it_learns_the_same_either_way(drawing, requested, script, losses, monkeypatch):
    graph = drawing(CONVOLUTION, "batch_norm2d", "relu", "max_pool2d", *HEAD)
    request = requested(graph, Supervised(epochs=2))
    laid = list(train(request, script(), open_session(request, BLOCK_TYPES)))
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    plain = list(train(request, script(), open_session(request, BLOCK_TYPES)))
    np.testing.assert_allclose(losses(laid), losses(plain), rtol=1e-3)
    ends = [[event.validation["loss"] for event in events if isinstance(event, EpochEnded)] for events in (laid, plain)]
    np.testing.assert_allclose(ends[0], ends[1], rtol=1e-3)
