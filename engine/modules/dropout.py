"""Dropout whose mask may come from outside."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional


class Dropout(nn.Dropout):
    """nn.Dropout; where a mask is given it is multiplied in, and nothing is drawn.

    Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting, 2014.
    """

    def forward(self, input: Tensor, mask: Tensor | None = None) -> Tensor:
        """N×…, and a mask of the same shape, to N×…."""
        return super().forward(input) if mask is None else input * mask.to(input.dtype)


class _ChannelDropout(nn.Module, ABC):
    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, input: Tensor, mask: Tensor | None = None) -> Tensor:
        """N×channels×…, and a mask N×channels, to N×channels×…."""
        if mask is None:
            return self.drop(input)
        return input * mask.to(input.dtype).reshape(*mask.shape, *(1,) * (input.dim() - mask.dim()))

    @abstractmethod
    def drop(self, input: Tensor) -> Tensor:
        """Whole channels set to 0 at random while training."""


class Dropout1d(_ChannelDropout):
    """nn.Dropout1d over N×channels×length; a given mask N×channels is multiplied in, and nothing is drawn.

    Tompson et al., Efficient object localization using convolutional networks, 2015.
    """

    def drop(self, input: Tensor) -> Tensor:
        return functional.dropout1d(input, self.p, self.training)


class Dropout2d(_ChannelDropout):
    """nn.Dropout2d over N×channels×height×width; a given mask N×channels is multiplied in, and nothing is drawn.

    Tompson et al., Efficient object localization using convolutional networks, 2015.
    """

    def drop(self, input: Tensor) -> Tensor:
        return functional.dropout2d(input, self.p, self.training)


class Dropout3d(_ChannelDropout):
    """nn.Dropout3d over N×channels×depth×height×width; a given mask N×channels is multiplied in.

    Tompson et al., Efficient object localization using convolutional networks, 2015.
    """

    def drop(self, input: Tensor) -> Tensor:
        return functional.dropout3d(input, self.p, self.training)


class AlphaDropout(nn.AlphaDropout):
    """nn.AlphaDropout: dropped numbers become α′ = −1.7581, then mean and variance are restored.

    y = a (x m + α′ (1 − m)) + b with a = (q + α′² q p)^(−1/2), b = −a p α′, q = 1 − p. A given mask m is used in the
    place of a drawn one. Klambauer et al., Self-normalizing neural networks, 2017.
    """

    DROPPED = -1.7580993408473766

    def forward(self, input: Tensor, mask: Tensor | None = None) -> Tensor:
        """N×…, and a mask of 0 and 1 of the same shape, to N×…."""
        if mask is None:
            return super().forward(input)
        if self.p == 1.0:
            return torch.zeros_like(input)
        keep = mask.to(input.dtype)
        scale: float = ((1 - self.p) * (1 + self.p * self.DROPPED**2)) ** -0.5
        return scale * (input * keep + self.DROPPED * (1 - keep)) - scale * self.p * self.DROPPED


class DropPath(nn.Module):
    """Sets whole samples to 0 with probability p while training, and scales the others by 1 / (1 − p).

    Huang et al., Deep networks with stochastic depth, 2016.
    """

    def __init__(self, p: float = 0.1) -> None:
        super().__init__()
        self.p = p

    def forward(self, input: Tensor) -> Tensor:
        """N×… to the same shape."""
        if not self.training or self.p == 0.0:
            return input
        if self.p == 1.0:
            return input * 0.0
        keep = input.new_empty((input.shape[0], *(1,) * (input.dim() - 1))).bernoulli_(1 - self.p)
        return input * keep / (1 - self.p)
