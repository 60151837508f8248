"""Losses whose targets come in several forms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional


class CrossEntropy(nn.CrossEntropyLoss):
    """nn.CrossEntropyLoss whose class weights are numbers of the drawing and so in no file.

    With weights w the mean over a batch is Σ w[t] L / Σ w[t].
    """

    def __init__(self, label_smoothing: float = 0.0, class_weights: Sequence[float] | None = None) -> None:
        super().__init__(label_smoothing=label_smoothing)
        if class_weights is not None:
            weight = torch.tensor([float(weight) for weight in class_weights])
            self.register_buffer("weight", weight, persistent=False)


class BinaryCrossEntropy(nn.Module):
    """−t log σ(x) − (1 − t) log(1 − σ(x)), averaged; t are labels 0 and 1 or probabilities."""

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """`logits` of any shape, `target` of as many numbers; the result is a scalar."""
        return functional.binary_cross_entropy_with_logits(logits, target.reshape(logits.shape).to(logits.dtype))


class ReconstructionCrossEntropy(nn.Module):
    """−Σ (t ln y + (1 − t) ln(1 − y)), its mean over the samples; y is kept 1e-7 away from 0 and 1."""

    def __init__(self, reduction: Literal["sum", "mean"] = "sum") -> None:
        super().__init__()
        self.reduction = reduction

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Both N×… in 0…1; the result is a scalar: a sum or mean over each sample, then the mean over N."""
        probability = prediction.clamp(1e-7, 1 - 1e-7)
        loss = -(target * probability.log() + (1 - target) * (-probability).log1p())
        return loss.sum() / len(loss) if self.reduction == "sum" else loss.mean()


class KLDivergence(nn.Module):
    """Σ t (ln t − y) over the classes, its mean over the samples; t = 0 adds nothing."""

    def forward(self, log_probabilities: Tensor, target: Tensor) -> Tensor:
        """Log probabilities and probabilities N×…; the result is a scalar."""
        return functional.kl_div(log_probabilities, target, reduction="batchmean")
