"""Activations that PyTorch has no module for."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

Gradient = Literal["identity", "clipped"]


class _Step(nn.Module):
    """A step at 0 with the gradient of the identity (Bengio et al., 2013), or 0 outside −1…1 (Hubara et al., 2016)."""

    low: float

    def __init__(self, gradient: Gradient = "identity") -> None:
        super().__init__()
        self.gradient = gradient

    def forward(self, input: Tensor) -> Tensor:
        """Any shape to the same shape."""
        step = torch.where(input >= 0, 1.0, self.low).to(input.dtype)
        passed = input.clamp(-1, 1) if self.gradient == "clipped" else input
        # passed − passed is exactly 0, so the value is the step and only the gradient is borrowed.
        return step + (passed - passed.detach())


class Heaviside(_Step):
    """1 where x ≥ 0, else 0. McCulloch and Pitts, A logical calculus of ideas immanent in nervous activity, 1943."""

    low = 0.0


class Sign(_Step):
    """1 where x ≥ 0, else −1."""

    low = -1.0


class Gaussian(nn.Module):
    """exp(−x²)."""

    def forward(self, input: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return torch.exp(-input.square())


class ScaledTanh(nn.Module):
    """1.7159 tanh(2x / 3). LeCun et al., Efficient BackProp, 1998."""

    def forward(self, input: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return 1.7159 * torch.tanh(input * (2 / 3))


class Sine(nn.Module):
    """sin(ω x). Sitzmann et al., Implicit neural representations with periodic activation functions, 2020."""

    def __init__(self, omega: float = 1.0) -> None:
        super().__init__()
        self.omega = omega

    def forward(self, input: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return torch.sin(self.omega * input)
