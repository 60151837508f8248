"""Two tensors of one shape compared to one number a sample."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class Dot(nn.Module):
    """Σ a b over all numbers of a sample."""

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """N×… twice to N×1."""
        return (a * b).flatten(1).sum(dim=1, keepdim=True)


class L1Distance(nn.Module):
    """Σ |a − b| over all numbers of a sample."""

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """N×… twice to N×1."""
        return (a - b).abs().flatten(1).sum(dim=1, keepdim=True)


class L2Distance(nn.Module):
    """√(Σ (a − b)² + ε): the slope of the root would be infinite where a = b."""

    def __init__(self, eps: float = 1e-12) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """N×… twice to N×1."""
        return ((a - b).square().flatten(1).sum(dim=1, keepdim=True) + self.eps).sqrt()


class CosineDistance(nn.Module):
    """1 − a·b / (‖a‖ ‖b‖), in 0…2; norms below 1e-8 count as 1e-8."""

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """N×… twice to N×1."""
        return 1 - functional.cosine_similarity(a.flatten(1), b.flatten(1), dim=1).unsqueeze(1)


class WeightedL1Distance(nn.Module):
    """Σ α |a − b| + β, α and β learned.

    Koch, Zemel and Salakhutdinov, Siamese neural networks for one-shot image recognition, 2015; a sigmoid
    follows there. `weight` is 1×features, as in nn.Linear, and starts like it.
    """

    def __init__(self, features: int, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(1, features))
        self.bias = nn.Parameter(torch.empty(1)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Uniform within ±1/√features."""
        bound = self.weight.shape[1] ** -0.5
        nn.init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            nn.init.uniform_(self.bias, -bound, bound)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """N×features twice to N×1."""
        return functional.linear((a - b).abs(), self.weight, self.bias)
