"""Losses that compare tensors of a network with each other, and penalties on one."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class ContrastiveLoss(nn.Module):
    """½ s d² + ½ (1 − s) max(0, m − d)², d = ‖a − b‖, averaged; s is 1 where a pair belongs together.

    Hadsell, Chopra and LeCun, Dimensionality reduction by learning an invariant mapping, 2006 (there Y = 1 − s).
    """

    def __init__(self, margin: float = 1.0) -> None:
        super().__init__()
        self.margin = margin

    def forward(self, target: Tensor, a: Tensor, b: Tensor) -> Tensor:
        """`target` N labels 0 and 1, `a` and `b` N×features; the result is a scalar."""
        same = target.to(a.dtype)
        squared = (a - b).square().sum(dim=1)
        # The slope of the root would be infinite where a = b.
        gap = functional.relu(self.margin - (squared + 1e-12).sqrt())
        return 0.5 * (same * squared + (1 - same) * gap.square()).mean()


class CosineEmbeddingLoss(nn.CosineEmbeddingLoss):
    """nn.CosineEmbeddingLoss for labels 0 and 1 in place of −1 and 1."""

    def forward(self, target: Tensor, a: Tensor, b: Tensor) -> Tensor:  # type: ignore[override]
        """`target` N labels, 1 where a pair belongs together, `a` and `b` N×features; the result is a scalar."""
        return functional.cosine_embedding_loss(a, b, torch.where(target > 0, 1, -1), self.margin)


class VAEDivergence(nn.Module):
    """KL(N(μ, σ²) ‖ N(0, 1)) = −½ Σ (1 + ln σ² − μ² − σ²), its mean over the samples.

    Kingma and Welling, Auto-encoding variational Bayes, 2014.
    """

    def forward(self, mean: Tensor, log_variance: Tensor) -> Tensor:
        """Both N×units; the result is a scalar."""
        return -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum(dim=1).mean()


class ContractivePenalty(nn.Module):
    """‖∂h/∂x‖², the squared Frobenius norm of the Jacobian of each sample, its mean over the samples.

    Rifai et al., Contractive auto-encoders, 2011. Samples must not depend on each other, as batch norm makes them do.
    0 where the code does not depend on the input, NaN where gradients are switched off.
    """

    def forward(self, input: Tensor, code: Tensor) -> Tensor:
        """`code` N×units, computed from `input` N×…; the result is a scalar. Costs one backward pass a unit."""
        if input.is_meta or not torch.is_grad_enabled():
            return code.new_full((), torch.nan)
        if not code.requires_grad or not input.requires_grad:
            return code.new_zeros(())
        units = code.shape[1]
        each = torch.eye(units, dtype=code.dtype, device=code.device).unsqueeze(1).expand(units, *code.shape)
        (jacobian,) = torch.autograd.grad(
            code, input, each, create_graph=self.training, retain_graph=True, is_grads_batched=True, allow_unused=True
        )
        return jacobian.square().sum() / len(code) if jacobian is not None else code.new_zeros(())


class StyleLoss(nn.Module):
    """Σ (G(a) − G(t))² / (4 C²) with G(F) = F Fᵀ / (H·W), its mean over the samples.

    Gatys, Ecker and Bethge, Image style transfer using convolutional neural networks, 2016; the pictures may differ in
    size.
    """

    def forward(self, features: Tensor, target: Tensor) -> Tensor:
        """Feature maps N×C×H×W and N×C×H′×W′; the result is a scalar."""
        difference = self._gram(features) - self._gram(target)
        channels = features.shape[1]
        return difference.square().sum(dim=(1, 2)).mean() / (4 * channels * channels)

    @staticmethod
    def _gram(maps: Tensor) -> Tensor:
        rows = maps.flatten(2)
        return rows @ rows.transpose(1, 2) / rows.shape[2]


class TotalVariation(nn.Module):
    """Mean |Δ| down plus mean |Δ| across. Rudin, Osher and Fatemi, 1992, in its anisotropic form."""

    def forward(self, input: Tensor) -> Tensor:
        """N×C×H×W; the result is a scalar, 0 along an axis of one pixel."""
        steps = (input.diff(dim=dim).abs() for dim in (2, 3))
        down, across = (step.sum() / max(step.numel(), 1) for step in steps)
        return down + across


class CTCLoss(nn.Module):
    """nn.CTCLoss over N×T×symbols, averaged over targets and samples as there.

    Graves et al., Connectionist temporal classification, 2006. Without lengths every step counts, and a target ends
    at its first blank. NaN where a target holds what is no symbol: torch would read beyond the memory of the others.
    """

    def __init__(self, blank: int = 0, zero_infinity: bool = True) -> None:
        super().__init__()
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(
        self,
        target: Tensor,
        log_probabilities: Tensor,
        input_lengths: Tensor | None = None,
        target_lengths: Tensor | None = None,
    ) -> Tensor:
        """`target` N×S int64, `log_probabilities` N×T×symbols, lengths N int64; the result is a scalar."""
        if log_probabilities.is_meta:
            return log_probabilities.new_zeros(())
        samples, steps = log_probabilities.shape[:2]
        if input_lengths is None:
            input_lengths = torch.full((samples,), steps, dtype=torch.int64, device=target.device)
        if target_lengths is None:
            target_lengths = (target != self.blank).long().cumprod(dim=1).sum(dim=1)
        symbols = log_probabilities.shape[2]
        counted = torch.arange(target.shape[1], device=target.device) < target_lengths[:, None]
        strange = (((target < 0) | (target >= symbols)) & counted).any()
        loss = functional.ctc_loss(
            log_probabilities.transpose(0, 1),
            target.clamp(0, symbols - 1),
            input_lengths,
            target_lengths,
            self.blank,
            zero_infinity=self.zero_infinity,
        )
        return torch.where(strange, torch.nan, loss)
