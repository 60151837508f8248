"""Energy-based models."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class RBM(nn.Module):
    """Bernoulli–Bernoulli restricted Boltzmann machine: E(v, h) = −vᵀWh − aᵀv − bᵀh.

    `weight` is Wᵀ (hidden×visible, as in nn.Linear), `visible_bias` a, `hidden_bias` b.
    Weights start at 0.01 · N(0, 1).
    Hinton, A practical guide to training restricted Boltzmann machines, 2010.
    """

    def __init__(self, visible: int, hidden: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(hidden, visible))
        self.visible_bias = nn.Parameter(torch.empty(visible))
        self.hidden_bias = nn.Parameter(torch.empty(hidden))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Small random weights, biases 0."""
        nn.init.normal_(self.weight, std=0.01)
        nn.init.zeros_(self.visible_bias)
        nn.init.zeros_(self.hidden_bias)

    def forward(self, input: Tensor) -> Tensor:
        """p(h = 1 | v): N×visible in 0…1 to N×hidden in 0…1."""
        return torch.sigmoid(functional.linear(input, self.weight, self.hidden_bias))

    def visible_given_hidden(self, hidden: Tensor) -> Tensor:
        """p(v = 1 | h): N×hidden to N×visible."""
        return torch.sigmoid(functional.linear(hidden, self.weight.t(), self.visible_bias))

    def free_energy(self, visible: Tensor) -> Tensor:
        """F(v) = −aᵀv − Σ log(1 + exp(b + Wᵀv)): N×visible to N."""
        hidden = functional.softplus(functional.linear(visible, self.weight, self.hidden_bias))
        return -visible @ self.visible_bias - hidden.sum(dim=1)
