"""Units that draw: random in training, their most telling value in eval mode."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class GaussianSample(nn.Module):
    """μ + σ ε with ε ~ N(0, 1), so that gradients reach μ and σ; μ in eval mode.

    Kingma and Welling, Auto-encoding variational Bayes, 2014.
    """

    def forward(self, mean: Tensor, log_variance: Tensor) -> Tensor:
        """Both of one shape, and so the result."""
        if not self.training:
            return mean
        return mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)


class BernoulliUnit(nn.Module):
    """1 with probability σ(x), else 0, with the gradient of σ(x); in eval mode 1 where σ(x) ≥ ½.

    Bengio, Léonard and Courville, Estimating or propagating gradients through stochastic neurons, 2013.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Logits of any shape to 0 and 1 of that shape."""
        chance = torch.sigmoid(input)
        edge = torch.rand_like(chance) if self.training else 0.5
        drawn = (chance >= edge).to(chance.dtype)
        return drawn + (chance - chance.detach())


class GumbelSoftmax(nn.Module):
    """softmax((x + g) / τ) over axis `dim`, g Gumbel noise: nearly one of several; no noise in eval mode.

    With `hard` exactly one is 1, with the gradient of the soft one. Jang, Gu and Poole, Categorical reparameterization
    with Gumbel-softmax, 2017; Maddison, Mnih and Teh, The concrete distribution, 2017.
    """

    def __init__(self, tau: float = 1.0, hard: bool = False, dim: int = 1) -> None:
        super().__init__()
        self.tau = tau
        self.hard = hard
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """Logits of any shape to shares of that shape, adding up to 1."""
        if self.training:
            return functional.gumbel_softmax(input, self.tau, self.hard, dim=self.dim)
        soft = torch.softmax(input / self.tau, dim=self.dim)
        if not self.hard:
            return soft
        place = soft.argmax(dim=self.dim, keepdim=True)
        return torch.zeros_like(soft).scatter(self.dim, place, 1.0) + (soft - soft.detach())
