"""Distances to fixed codes."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class CodeDistance(nn.Module):
    """y[j] = −‖x − c[j]‖²: how near x is to the fixed ±1 code of each class; nothing here learns.

    LeCun, Bottou, Bengio, Haffner, Gradient-based learning applied to document recognition, 1998, whose codes are
    7×12 pictures of the characters. Here they are the first rows of a Walsh matrix, which lie as far apart as can be.
    """

    codes: Tensor

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        # Bits that row and column share: an even number of them is +1.
        rows = [[1.0 - 2.0 * ((j & k).bit_count() % 2) for k in range(in_features)] for j in range(1, out_features + 1)]
        self.register_buffer("codes", torch.tensor(rows))

    def forward(self, input: Tensor) -> Tensor:
        """…×in_features to …×out_features, at most 0."""
        squares = input.square().sum(dim=-1, keepdim=True) + self.codes.square().sum(dim=-1)
        return 2 * nn.functional.linear(input, self.codes) - squares
