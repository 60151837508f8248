"""Sparse activities: penalties that a loss adds up, and layers that let few units speak."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn


class ActivityL1(nn.Module):
    """Σ |a| of a sample, averaged over the batch."""

    def forward(self, input: Tensor) -> Tensor:
        """N×… to a scalar."""
        return input.abs().sum() / input.shape[0]


class ActivityL2(nn.Module):
    """Σ a² of a sample, averaged over the batch."""

    def forward(self, input: Tensor) -> Tensor:
        """N×… to a scalar."""
        return input.square().sum() / input.shape[0]


class KLSparsity(nn.Module):
    """Σ_j ρ log(ρ / ρ̂_j) + (1 − ρ) log((1 − ρ) / (1 − ρ̂_j)), ρ̂_j the mean activity of unit j over the batch.

    Activities lie in 0…1, as a sigmoid gives them. Ng, Sparse autoencoder, CS294A lecture notes, 2011.
    """

    def __init__(self, rho: float = 0.05) -> None:
        super().__init__()
        self.rho = rho

    def forward(self, input: Tensor) -> Tensor:
        """N×… in 0…1 to a scalar ≥ 0."""
        mean = input.mean(dim=0).clamp(1e-6, 1 - 1e-6)
        rho = torch.full_like(mean, self.rho)
        return (torch.xlogy(rho, rho / mean) + torch.xlogy(1 - rho, (1 - rho) / (1 - mean))).sum()


class WinnerTakeAll(nn.Module):
    """Keeps the k largest numbers and sets all others to 0; gradients flow to the winners alone.

    Over the `layer`, k units of each sample win (of each step, for N×steps×features); Makhzani and Frey, k-sparse
    autoencoders, 2014. Over the `batch`, each unit keeps its k strongest samples while training, and in eval mode
    passes everything; Makhzani and Frey, Winner-take-all autoencoders, 2015.
    """

    def __init__(self, k: int, over: Literal["layer", "batch"] = "layer") -> None:
        super().__init__()
        self.k = k
        self.over = over

    def forward(self, input: Tensor) -> Tensor:
        """N×… to the same shape."""
        if self.over == "layer":
            rows = input if input.dim() == 3 else input.flatten(1)
            return (rows * self._winners(rows, -1)).reshape(input.shape)
        return input * self._winners(input, 0) if self.training else input

    def _winners(self, input: Tensor, dim: int) -> Tensor:
        places = input.topk(min(self.k, input.shape[dim]), dim=dim, sorted=False).indices
        return torch.zeros_like(input).scatter(dim, places, 1.0)
