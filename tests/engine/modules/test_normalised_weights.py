from __future__ import annotations

import pytest
import torch
from torch import nn

from engine.modules.normalised_weights import (
    SpectralNormConv2d,
    SpectralNormLinear,
    WeightNormConv2d,
    WeightNormLinear,
)


@pytest.mark.parametrize(
    ("module", "plain"),
    [
        (lambda: WeightNormLinear(5, 3), lambda: nn.Linear(5, 3)),
        (
            lambda: WeightNormConv2d(in_channels=2, out_channels=3, kernel_size=(3, 3)),
            lambda: nn.Conv2d(2, 3, (3, 3)),
        ),
    ],
)
def test_weight_norm_starts_as_the_plain_layer_and_parts_length_from_direction(module, plain) -> None:
    torch.manual_seed(0)
    layer = module()
    torch.manual_seed(0)
    torch.testing.assert_close(layer.weight, plain().weight)
    length = layer.parametrizations.weight.original0
    with torch.no_grad():
        length.fill_(2.0)
        layer.parametrizations.weight.original1.mul_(7.0)
    torch.testing.assert_close(layer.weight.flatten(1).norm(dim=1), torch.full((3,), 2.0))


@pytest.mark.parametrize(
    "module",
    [
        lambda: SpectralNormLinear(6, 4, n_power_iterations=3),
        lambda: SpectralNormConv2d(in_channels=2, out_channels=3, kernel_size=(3, 3), bias=False),
    ],
)
def test_the_largest_singular_value_becomes_1(module) -> None:
    torch.manual_seed(0)
    layer = module()
    with torch.no_grad():
        layer.parametrizations.weight.original.mul_(9.0)
    for _ in range(30):
        layer.weight  # noqa: B018 -- each access is a power iteration
    assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() == pytest.approx(1.0, abs=1e-3)
    layer.eval()
    before = {name: tensor.clone() for name, tensor in layer.state_dict().items()}
    assert torch.equal(layer.weight, layer.weight)
    assert all(torch.equal(before[name], tensor) for name, tensor in layer.state_dict().items())


def test_what_is_normalised_learns() -> None:
    for layer in (WeightNormLinear(5, 3), SpectralNormLinear(5, 3)):
        layer(torch.randn(4, 5)).square().sum().backward()
        assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in layer.parameters())
