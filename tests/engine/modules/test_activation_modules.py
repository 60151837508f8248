from __future__ import annotations

import pytest
import torch

from engine.modules.activation import Gaussian, Heaviside, ScaledTanh, Sign, Sine

X = torch.tensor([-2.5, -1.0, -1e-9, 0.0, 1e-9, 0.5, 3e7])


@pytest.mark.parametrize(("step", "low"), [(Heaviside, 0.0), (Sign, -1.0)])
@pytest.mark.parametrize("gradient", ["identity", "clipped"])
def test_steps_are_exact_and_borrow_a_gradient(step: type[Heaviside], low: float, gradient: str) -> None:
    x = X.clone().requires_grad_()
    y = step(gradient)(x)  # type: ignore[arg-type]
    assert y.tolist() == [low, low, low, 1.0, 1.0, 1.0, 1.0]
    y.sum().backward()
    assert x.grad is not None
    outside = 0.0 if gradient == "clipped" else 1.0
    assert x.grad.tolist() == [outside, 1.0, 1.0, 1.0, 1.0, 1.0, outside]


def test_formulas() -> None:
    x = torch.linspace(-3, 3, 7, dtype=torch.float64)
    assert torch.allclose(Gaussian()(x), torch.exp(-(x**2)))
    assert torch.allclose(ScaledTanh()(x), 1.7159 * torch.tanh(2 * x / 3))
    assert torch.allclose(Sine(30.0)(x), torch.sin(30 * x))


def test_scaled_tanh_keeps_plus_and_minus_one() -> None:
    assert torch.allclose(ScaledTanh()(torch.tensor([-1.0, 1.0])), torch.tensor([-1.0, 1.0]), atol=1e-4)
