"""Merging and reshaping."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Add(nn.Module):
    """The sum of tensors of one shape."""

    def forward(self, *inputs: Tensor) -> Tensor:
        """Each input and the result have the same shape."""
        total = inputs[0]
        for other in inputs[1:]:
            total = total + other
        return total


class Concat(nn.Module):
    """Tensors beside each other along axis `dim`; all other axes agree."""

    def __init__(self, dim: int = 1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, *inputs: Tensor) -> Tensor:
        """The result is as long along `dim` as the inputs together."""
        return torch.cat(inputs, dim=self.dim)


class Reshape(nn.Module):
    """Each sample in another `shape`, N in front."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, input: Tensor) -> Tensor:
        """N×… to N×shape."""
        return input.reshape(input.shape[0], *self.shape)
