"""What tells a network that reads all steps at once where each of them stands."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

_BASE = 10_000.0


def angles(steps: int, features: int, device: torch.device) -> Tensor:
    """position · 10000^(−2i/features) for i = 0 … features/2 − 1, rounded up: steps×⌈features/2⌉."""
    positions = torch.arange(steps, dtype=torch.float32, device=device)
    rates = torch.exp(torch.arange(0, features, 2, dtype=torch.float32, device=device) * (-math.log(_BASE) / features))
    return positions.unsqueeze(1) * rates


def rotate(heads: Tensor) -> Tensor:
    """Each pair of neighbouring features turned by its angle at each position: …×T×features, an even number of them.

    Su et al., RoFormer: enhanced transformer with rotary position embedding, 2021.
    """
    turn = angles(heads.shape[-2], heads.shape[-1], heads.device).to(heads.dtype)
    cosine, sine = turn.cos(), turn.sin()
    even, odd = heads[..., 0::2], heads[..., 1::2]
    return torch.stack((even * cosine - odd * sine, even * sine + odd * cosine), dim=-1).flatten(-2)


class SinusoidalEncoding(nn.Module):
    """x + p, p[t, 2i] = sin(t · 10000^(−2i/d)), p[t, 2i + 1] = the cosine; then dropout.

    Vaswani et al., Attention is all you need, 2017. Any length.
    """

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)

    def forward(self, input: Tensor) -> Tensor:
        """N×T×features to the same shape."""
        steps, features = input.shape[1:]
        turn = angles(steps, features, input.device)
        table = torch.stack((turn.sin(), turn.cos()), dim=-1).flatten(1)[:, :features]
        encoded: Tensor = self.dropout(input + table.to(input.dtype))
        return encoded


class LearnedEncoding(nn.Module):
    """x + p with a learned row p[t] for each of the first `max_length` positions; then dropout.

    `weight` is max_length×features and starts at 0.02 · N(0, 1), as in Devlin et al., BERT, 2018.
    """

    def __init__(self, max_length: int, features: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(max_length, features))
        self.dropout = nn.Dropout(dropout)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Small random rows."""
        nn.init.normal_(self.weight, std=0.02)

    def forward(self, input: Tensor) -> Tensor:
        """N×T×features, T ≤ max_length, to the same shape. Raises ValueError for longer ones."""
        steps, longest = input.shape[1], self.weight.shape[0]
        if steps > longest and not input.is_meta:
            raise ValueError(f"a sequence of {steps} steps is longer than the {longest} learned positions")
        rows = self.weight[:steps] if steps <= longest else self.weight[:1]
        encoded: Tensor = self.dropout(input + rows)
        return encoded


class RotaryEncoding(nn.Module):
    """Pairs of features turned by their position, so that inner products see only distances. Su et al., 2021."""

    def forward(self, input: Tensor) -> Tensor:
        """N×T×features, an even number of them, to the same shape."""
        return rotate(input)


class PatchEmbedding(nn.Conv2d):
    """Patches of a picture as a sequence of rows: a convolution whose stride is its kernel.

    Dosovitskiy et al., An image is worth 16×16 words, 2020. Patches run along rows, from the top left.
    """

    def __init__(self, in_channels: int, embed_dim: int, patch_size: tuple[int, int], bias: bool = True) -> None:
        super().__init__(in_channels, embed_dim, patch_size, stride=patch_size, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        """N×C×H×W to N×patches×embed_dim."""
        return super().forward(input).flatten(2).transpose(1, 2)


class ClassToken(nn.Module):
    """A learned row put in front of a sequence. `weight` is features and starts at 0.02 · N(0, 1)."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(features))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """A small random row."""
        nn.init.normal_(self.weight, std=0.02)

    def forward(self, input: Tensor) -> Tensor:
        """N×T×features to N×(T + 1)×features."""
        token = self.weight.expand(input.shape[0], 1, -1)
        return torch.cat((token, input), dim=1)
