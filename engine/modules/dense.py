"""Dense layers that PyTorch has no module for."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Maxout(nn.Linear):
    """y[j] = max over p of (W[j, p] x + b[j, p]): the largest of `pieces` affine functions.

    `weight` is (out_features · pieces)×in_features, the pieces of a unit beside each other.
    Goodfellow et al., Maxout networks, 2013.
    """

    def __init__(self, in_features: int, out_features: int, pieces: int = 2, bias: bool = True) -> None:
        super().__init__(in_features, out_features * pieces, bias)
        self.units = out_features
        self.pieces = pieces

    def forward(self, input: Tensor) -> Tensor:
        """…×in_features to …×out_features."""
        pieces = super().forward(input)
        return pieces.reshape(*pieces.shape[:-1], self.units, self.pieces).max(dim=-1).values


class RBF(nn.Module):
    """y[j] = exp(−‖x − c[j]‖² / 2σ[j]²): how near x is to each learned centre.

    `centres` is units×in_features, N(0, 1) at first; `log_widths` holds ln σ, one a unit, so that widths stay positive.
    Broomhead and Lowe, Multivariable functional interpolation and adaptive networks, 1988.
    """

    def __init__(self, in_features: int, out_features: int, width: float = 1.0) -> None:
        super().__init__()
        self.width = width
        self.centres = nn.Parameter(torch.empty(out_features, in_features))
        self.log_widths = nn.Parameter(torch.empty(out_features))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Centres from N(0, 1), all widths as given."""
        nn.init.normal_(self.centres)
        with torch.no_grad():
            self.log_widths.fill_(self.width).log_()

    def forward(self, input: Tensor) -> Tensor:
        """…×in_features to …×out_features, in 0…1."""
        squares = input.square().sum(dim=-1, keepdim=True) + self.centres.square().sum(dim=-1)
        distance = (squares - 2 * nn.functional.linear(input, self.centres)).clamp_min(0.0)
        return torch.exp(-0.5 * distance * torch.exp(-2 * self.log_widths))
