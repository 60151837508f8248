from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from engine.modules.losses import CrossEntropy, KLDivergence, ReconstructionCrossEntropy
from engine.modules.losses_pairs import (
    ContractivePenalty,
    ContrastiveLoss,
    CosineEmbeddingLoss,
    CTCLoss,
    StyleLoss,
    TotalVariation,
    VAEDivergence,
)


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def test_class_weights_count_only_as_ratios_and_are_in_no_file() -> None:
    logits, target = torch.randn(9, 3), torch.randint(3, (9,))
    weighted = CrossEntropy(0.1, (1, 5, 2))
    wanted = functional.cross_entropy(logits, target, torch.tensor([1.0, 5.0, 2.0]), label_smoothing=0.1)
    assert torch.equal(weighted(logits, target), wanted)
    assert torch.allclose(CrossEntropy(0.1, (10, 50, 20))(logits, target), wanted)
    assert torch.equal(CrossEntropy()(logits, target), functional.cross_entropy(logits, target))
    assert not weighted.state_dict()


def test_the_reconstruction_loss_is_the_sum_over_pixels() -> None:
    y, t = torch.rand(5, 1, 3, 3), torch.rand(5, 1, 3, 3)
    wanted = functional.binary_cross_entropy(y, t)
    assert torch.allclose(ReconstructionCrossEntropy("mean")(y, t), wanted)
    assert torch.allclose(ReconstructionCrossEntropy()(y, t), wanted * 9)
    edge = torch.tensor([[0.0, 1.0]], requires_grad=True)
    loss = ReconstructionCrossEntropy()(edge, torch.tensor([[1.0, 0.0]]))
    loss.backward()
    assert 30 < loss.item() < 40
    assert edge.grad is not None
    assert edge.grad.isfinite().all()


def test_the_divergence_of_equal_distributions_is_zero() -> None:
    p = torch.tensor([[0.5, 0.5, 0.0], [0.2, 0.3, 0.5]])
    assert KLDivergence()(p.clamp(min=1e-30).log(), p).item() == pytest.approx(0, abs=1e-7)
    q = torch.tensor([[0.25, 0.25, 0.5]])
    assert KLDivergence()(q.log(), p[:1]).item() == pytest.approx(np.log(2), rel=1e-6)


def test_contrastive_loss_by_hand() -> None:
    a = torch.tensor([[0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [1.0, 1.0]], requires_grad=True)
    b = torch.tensor([[3.0, 4.0], [0.3, 0.4], [3.0, 4.0], [1.0, 1.0]])
    loss = ContrastiveLoss(2.0)(torch.tensor([1, 0, 0, 0]), a, b)
    assert loss.item() == pytest.approx((0.5 * 25 + 0.5 * 1.5**2 + 0 + 0.5 * 4) / 4, rel=1e-5)
    loss.backward()
    assert a.grad is not None
    assert a.grad.isfinite().all()


def test_cosine_embedding_takes_labels_zero_and_one() -> None:
    a, b = torch.randn(2, 6, 4).unbind(0)
    same = torch.tensor([1, 0, 1, 0, 0, 1])
    wanted = nn.CosineEmbeddingLoss(margin=0.2)(a, b, 2 * same - 1)
    assert torch.equal(CosineEmbeddingLoss(margin=0.2)(same, a, b), wanted)


def test_the_divergence_of_a_code_is_that_of_torch_distributions() -> None:
    mean, log_variance = torch.randn(2, 7, 3).unbind(0)
    code = torch.distributions.Normal(mean, (log_variance / 2).exp())
    wanted = torch.distributions.kl_divergence(code, torch.distributions.Normal(0.0, 1.0)).sum(dim=1).mean()
    assert torch.allclose(VAEDivergence()(mean, log_variance), wanted)


def test_the_contractive_penalty_of_sigmoid_units_is_the_papers_formula() -> None:
    """Rifai et al., 2011: Σ_j (h_j (1 − h_j))² Σ_i W_ji²."""
    dense = nn.Linear(6, 4)
    x = torch.randn(5, 6, requires_grad=True)
    h = dense(x).sigmoid()
    penalty = ContractivePenalty()(x, h)
    wanted = ((h * (1 - h)).square() @ dense.weight.square().sum(dim=1)).mean()
    assert torch.allclose(penalty, wanted)
    (found,) = torch.autograd.grad(penalty, dense.weight, retain_graph=True)
    (expected,) = torch.autograd.grad(wanted, dense.weight)
    assert torch.allclose(found, expected, atol=1e-6)
    with torch.no_grad():
        assert ContractivePenalty()(x, h).isnan()


def test_style_loss_is_gatys_and_sees_no_layout() -> None:
    a, t = torch.randn(2, 1, 3, 4, 5).unbind(0)
    flat_a, flat_t = a[0].flatten(1), t[0].flatten(1)
    wanted = (flat_a @ flat_a.T - flat_t @ flat_t.T).square().sum() / (4 * 3**2 * 20**2)
    assert torch.allclose(StyleLoss()(a, t), wanted)
    assert StyleLoss()(a, a.flip(2, 3)).item() == pytest.approx(0, abs=1e-10)


def test_total_variation_of_a_ramp() -> None:
    ramp = torch.arange(12.0).reshape(1, 1, 3, 4)
    assert TotalVariation()(ramp).item() == 4 + 1
    assert TotalVariation()(torch.ones(2, 3, 1, 1)).item() == 0


def test_ctc_reads_padded_targets() -> None:
    log_probabilities = torch.randn(2, 6, 4).log_softmax(-1)
    target = torch.tensor([[1, 2, 3], [2, 0, 0]])
    wanted = functional.ctc_loss(
        log_probabilities.transpose(0, 1), target, torch.tensor([6, 6]), torch.tensor([3, 1]), zero_infinity=True
    )
    assert torch.equal(CTCLoss()(target, log_probabilities), wanted)
    lengths = torch.tensor([3, 1])
    assert torch.equal(CTCLoss()(target, log_probabilities, target_lengths=lengths), wanted)


def test_ctc_of_a_target_that_is_no_symbol_is_nan_and_reads_no_foreign_memory() -> None:
    log_probabilities = torch.randn(2, 6, 4, requires_grad=True).log_softmax(-1)
    for symbol in (4, 1_000_000, -1):
        target = torch.tensor([[1, symbol, 3], [2, 0, 0]])
        assert CTCLoss()(target, log_probabilities).isnan()
        short = CTCLoss()(target, log_probabilities, target_lengths=torch.tensor([1, 1]))
        assert torch.equal(short, CTCLoss()(torch.tensor([[1], [2]]), log_probabilities))
