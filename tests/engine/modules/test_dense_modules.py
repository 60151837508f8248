from __future__ import annotations

import pytest
import torch
from torch import nn

from engine.modules.dense import RBF, Maxout
from engine.modules.local import LocallyConnected1d, LocallyConnected2d


def test_maxout_is_the_largest_of_its_pieces() -> None:
    torch.manual_seed(0)
    layer = Maxout(5, 4, pieces=3)
    input = torch.randn(7, 5)
    weight, bias = layer.weight.reshape(4, 3, 5), layer.bias.reshape(4, 3)
    expected = torch.stack([(input @ weight[:, piece].t() + bias[:, piece]) for piece in range(3)]).amax(0)
    torch.testing.assert_close(layer(input), expected)
    assert layer(torch.randn(2, 6, 5)).shape == (2, 6, 4)


def test_rbf_is_a_gaussian_of_the_distance() -> None:
    torch.manual_seed(0)
    layer = RBF(3, 4, width=0.5)
    with torch.no_grad():
        layer.log_widths.copy_(torch.tensor([0.25, 0.5, 1.0, 2.0]).log())
    input = torch.randn(6, 3)
    distance = torch.cdist(input, layer.centres).square()
    expected = torch.exp(-distance / (2 * torch.tensor([0.25, 0.5, 1.0, 2.0]) ** 2))
    torch.testing.assert_close(layer(input), expected)
    assert layer(layer.centres.detach()).diagonal().min() > 0.999


def test_rbf_widths_start_as_asked_and_learn() -> None:
    layer = RBF(3, 4, width=0.5)
    torch.testing.assert_close(layer.log_widths.exp(), torch.full((4,), 0.5))
    layer(torch.randn(6, 3)).sum().backward()
    assert layer.log_widths.grad.abs().min() > 0


@pytest.mark.parametrize("padding", [(0, 0), (1, 2)])
def test_local_connections_with_equal_weights_are_a_convolution(padding: tuple[int, int]) -> None:
    torch.manual_seed(0)
    plain = nn.Conv2d(3, 4, (3, 2), stride=(2, 1), padding=padding)
    local = LocallyConnected2d(3, 4, (7, 6), (3, 2), (2, 1), padding)
    with torch.no_grad():
        local.weight.copy_(plain.weight.reshape(4, -1).t().expand_as(local.weight))
        local.bias.copy_(plain.bias.expand_as(local.bias))
    input = torch.randn(2, 3, 7, 6)
    torch.testing.assert_close(local(input), plain(input))


def test_each_place_has_weights_of_its_own() -> None:
    local = LocallyConnected1d(2, 3, (6,), (3,), bias=False)
    input = torch.randn(4, 2, 6)
    before = local(input)
    with torch.no_grad():
        local.weight[2].zero_()
    after = local(input)
    assert after[:, :, 2].eq(0).all()
    assert torch.equal(after[:, :, [0, 1, 3]], before[:, :, [0, 1, 3]])
    expected = torch.einsum("nck,cko->no", input[:, :, 1:4], local.weight[1].reshape(2, 3, 3))
    torch.testing.assert_close(after[:, :, 1], expected)


def test_the_course_counts_89856_weights() -> None:
    local = LocallyConnected2d(1, 6, (28, 28), (5, 5))
    assert sum(weight.numel() for weight in local.parameters()) == 89_856


def test_a_window_larger_than_its_input_is_refused() -> None:
    with pytest.raises(ValueError, match="window"):
        LocallyConnected1d(1, 1, (2,), (3,))
