"""Noise that is added while training and absent in eval mode; drawn by PyTorch's own generator."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class GaussianNoise(nn.Module):
    """x + σ ε, ε ~ N(0, 1), while training.

    Bishop, Training with noise is equivalent to Tikhonov regularization, 1995.
    """

    def __init__(self, std: float = 0.1) -> None:
        super().__init__()
        self.std = std

    def forward(self, input: Tensor) -> Tensor:
        """N×… to the same shape."""
        return input + self.std * torch.randn_like(input) if self.training else input


class MaskingNoise(nn.Module):
    """Each number set to 0 with probability p while training; the others are not scaled.

    Vincent et al., Extracting and composing robust features with denoising autoencoders, 2008.
    """

    def __init__(self, p: float = 0.25) -> None:
        super().__init__()
        self.p = p

    def forward(self, input: Tensor) -> Tensor:
        """N×… to the same shape."""
        return input.masked_fill(torch.rand_like(input) < self.p, 0.0) if self.training else input


class SaltAndPepperNoise(nn.Module):
    """Each number set to `low` or `high`, either as likely, with probability p while training.

    Vincent et al., Stacked denoising autoencoders, 2010.
    """

    def __init__(self, p: float = 0.1, low: float = 0.0, high: float = 1.0) -> None:
        super().__init__()
        self.p = p
        self.low = low
        self.high = high

    def forward(self, input: Tensor) -> Tensor:
        """N×… to the same shape."""
        if not self.training:
            return input
        draw = torch.rand_like(input)
        return input.masked_fill(draw < self.p / 2, self.low).masked_fill(draw >= 1 - self.p / 2, self.high)
