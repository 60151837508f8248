"""Numbers that come from no dataset, one set for each sample of a batch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn


class Constant(nn.Module):
    """The same numbers for every sample: one for all of `shape`, or all of them in order.

    They are the parameter `weight` if learned. Not learned, they are a buffer that no file holds: the drawing does.
    """

    weight: Tensor

    def __init__(self, values: Sequence[float], shape: Sequence[int] = (1,), learned: bool = False) -> None:
        super().__init__()
        count = math.prod(shape)
        weight = torch.tensor([float(value) for value in values] * (count if len(values) == 1 else 1)).reshape(*shape)
        if learned:
            self.weight = nn.Parameter(weight)
        else:
            self.register_buffer("weight", weight, persistent=False)

    def forward(self, input: Tensor) -> Tensor:
        """N×… of which only N counts, to N×shape."""
        return self.weight.expand(input.shape[0], *self.weight.shape).clone()


class NoiseSource(nn.Module):
    """σ N(0, 1) or U(−σ, σ) for every sample.

    Training draws from PyTorch's generator. In eval mode a generator of its own draws the same noise at every call: a
    look at the network must not change what training draws next.
    """

    def __init__(
        self, shape: Sequence[int], distribution: Literal["normal", "uniform"] = "normal", scale: float = 1.0
    ) -> None:
        super().__init__()
        self.shape = tuple(shape)
        self.distribution = distribution
        self.scale = scale

    def forward(self, input: Tensor) -> Tensor:
        """N×… of which only N and the device count, to N×shape, float32."""
        size = (input.shape[0], *self.shape)
        generator = None
        if not self.training and not input.is_meta:
            generator = torch.Generator(device=input.device).manual_seed(0)
        if self.distribution == "normal":
            return self.scale * torch.randn(size, generator=generator, device=input.device)
        return self.scale * (2 * torch.rand(size, generator=generator, device=input.device) - 1)
