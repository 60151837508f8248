"""Losses whose targets come in several forms."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class BinaryCrossEntropy(nn.Module):
    """−t log σ(x) − (1 − t) log(1 − σ(x)), averaged; t are labels 0 and 1 or probabilities."""

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """`logits` of any shape, `target` of as many numbers; the result is a scalar."""
        return functional.binary_cross_entropy_with_logits(logits, target.reshape(logits.shape).to(logits.dtype))
