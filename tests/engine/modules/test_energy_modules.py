from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.modules.energy import RBM, ConvRBM, DeepBoltzmannMachine, Hopfield
from engine.modules.probabilistic import BernoulliUnit, GaussianSample, GumbelSoftmax


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def loud(module: torch.nn.Module) -> None:
    """Weights large enough to tell formulas apart."""
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)
    module.double()


def states(units: int) -> Tensor:
    return torch.tensor(list(itertools.product((0.0, 1.0), repeat=units)), dtype=torch.float64)


@pytest.mark.parametrize("units", ["bernoulli", "gaussian"])
def test_the_rbm_by_enumeration(units: str) -> None:
    """F(v) and p(h = 1 | v) are what all hidden states together say."""
    rbm = RBM(3, 4, units, sigma=1.7)  # type: ignore[arg-type]
    loud(rbm)
    visible = torch.rand(5, 3, dtype=torch.float64)
    hidden = states(4)
    energies = torch.stack([rbm.energy(visible, h.expand(5, 4)) for h in hidden], dim=1)
    assert torch.allclose(rbm.free_energy(visible), -torch.logsumexp(-energies, dim=1))
    assert torch.allclose(rbm(visible), torch.softmax(-energies, dim=1) @ hidden)


def test_the_mean_of_gaussian_units_has_the_least_energy() -> None:
    rbm = RBM(3, 4, "gaussian", sigma=0.5)
    loud(rbm)
    hidden = states(4)
    visible = rbm.visible_given_hidden(hidden).detach().requires_grad_()
    (slope,) = torch.autograd.grad(rbm.energy(visible, hidden).sum(), visible)
    assert torch.allclose(slope, torch.zeros_like(slope), atol=1e-10)


def test_the_convolutional_rbm_by_enumeration() -> None:
    rbm = ConvRBM(1, 2, (2, 2))
    loud(rbm)
    visible = torch.rand(1, 1, 3, 2, dtype=torch.float64)
    hidden = states(4).reshape(16, 2, 2, 1)
    energies = rbm.energy(visible.expand(16, 1, 3, 2), hidden)
    assert torch.allclose(rbm.free_energy(visible), -torch.logsumexp(-energies, dim=0, keepdim=True))
    wanted = (torch.softmax(-energies, dim=0) @ hidden.flatten(1)).reshape(1, 2, 2, 1)
    assert torch.allclose(rbm(visible), wanted)
    pictures = states(6).reshape(64, 1, 3, 2)
    given = rbm.energy(pictures, hidden[5:6].expand(64, 2, 2, 1))
    wanted = (torch.softmax(-given, dim=0) @ pictures.flatten(1)).reshape(1, 1, 3, 2)
    assert torch.allclose(rbm.visible_given_hidden(hidden[5:6]), wanted)


def test_a_deep_machine_of_one_layer_is_an_rbm() -> None:
    deep, rbm = DeepBoltzmannMachine(3, (4,)), RBM(3, 4)
    loud(deep)
    rbm.double().load_state_dict(
        {"weight": deep.weights[0], "visible_bias": deep.visible_bias, "hidden_bias": deep.hidden_biases[0]}
    )
    visible, hidden = torch.rand(5, 3, dtype=torch.float64), torch.rand(5, 4, dtype=torch.float64)
    assert torch.allclose(deep(visible), rbm(visible))
    assert torch.allclose(deep.energy(visible, hidden), rbm.energy(visible, hidden))


def test_the_mean_field_is_a_fixed_point_of_its_equations() -> None:
    """There the derivative of E(μ) − entropy(μ) by every μ is 0."""
    deep = DeepBoltzmannMachine(3, (4, 3, 2), steps=200)
    loud(deep)
    visible = torch.rand(5, 3, dtype=torch.float64)
    layers = [layer.detach().requires_grad_() for layer in deep.mean_field(visible)]
    entropy = sum(torch.special.entr(layer).sum() + torch.special.entr(1 - layer).sum() for layer in layers)
    for slope in torch.autograd.grad(deep.energy(visible, *layers).sum() - entropy, layers):
        assert torch.allclose(slope, torch.zeros_like(slope), atol=1e-6)


@pytest.mark.parametrize("kind", ["modern", "classic"])
def test_hopfield_completes_a_damaged_pattern(kind: str) -> None:
    memory = Hopfield(64, 4, kind, beta=2.0, steps=3)  # type: ignore[arg-type]
    with torch.no_grad():
        memory.weight.copy_(memory.weight.sign())
    damaged = memory.weight.detach().clone()
    damaged[:, :16] *= -1
    assert torch.allclose(memory(damaged), memory.weight, atol=1e-4)


@pytest.mark.parametrize("kind", ["modern", "classic"])
def test_an_update_lowers_the_energy(kind: str) -> None:
    memory = Hopfield(16, 5, kind)  # type: ignore[arg-type]
    state = torch.randn(50, 16)
    if kind == "classic":
        state = torch.where(state >= 0, 1.0, -1.0)
        after = memory(state)
        # All units at once may swing between two states, but never on average uphill from a random one.
        assert memory.energy(after).mean() < memory.energy(state).mean()
    else:
        assert (memory.energy(memory(state)) <= memory.energy(state) + 1e-5).all()


def test_the_classic_layer_is_hebbs_rule() -> None:
    """W = Σ p pᵀ / n without diagonal, x ← sign(W x), all units at once."""
    memory = Hopfield(20, 3, "classic", steps=2)
    patterns = np.where(memory.weight.detach().numpy() >= 0, 1.0, -1.0)
    weights = np.zeros((20, 20))
    for pattern in patterns:
        weights += np.outer(pattern, pattern) / 20
    np.fill_diagonal(weights, 0)
    state = torch.randn(7, 20)
    wanted = np.where(state.numpy() >= 0, 1.0, -1.0)
    for _ in range(2):
        wanted = np.where(wanted @ weights >= -1e-6, 1.0, -1.0)
    np.testing.assert_array_equal(memory(state).detach(), wanted)


def test_the_modern_layer_is_attention_to_its_patterns() -> None:
    memory = Hopfield(12, 5, beta=0.7)
    state = torch.randn(7, 12, requires_grad=True)
    wanted = torch.nn.functional.scaled_dot_product_attention(state, memory.weight, memory.weight, scale=0.7)
    assert torch.allclose(memory(state), wanted, atol=1e-5)


@pytest.mark.parametrize("kind", ["modern", "classic"])
def test_gradients_reach_the_patterns_and_what_comes_in(kind: str) -> None:
    memory = Hopfield(12, 5, kind, beta=0.3, steps=2)  # type: ignore[arg-type]
    state = torch.randn(7, 12, requires_grad=True)
    memory(state).square().mul(torch.randn(7, 12)).sum().backward()
    for tensor in (memory.weight, state):
        assert tensor.grad is not None
        assert torch.isfinite(tensor.grad).all()
        assert (tensor.grad != 0).any(dim=-1).all()


def test_gaussian_samples_have_mean_and_variance() -> None:
    mean, log_variance = torch.full((20_000, 1), 3.0), torch.full((20_000, 1), 1.0, requires_grad=True)
    layer = GaussianSample()
    drawn = layer(mean, log_variance)
    assert drawn.mean().item() == pytest.approx(3, abs=0.05)
    assert drawn.var().item() == pytest.approx(torch.e, rel=0.05)
    drawn.square().mean().backward()
    assert log_variance.grad is not None
    # d/d ln σ² of E z² = σ², shared out among the samples.
    assert log_variance.grad.sum().item() == pytest.approx(torch.e, rel=0.1)
    assert torch.equal(layer.eval()(mean, log_variance), mean)


def test_bernoulli_units_are_exact_and_pass_the_slope_of_the_sigmoid() -> None:
    logits = torch.full((20_000,), 1.0, requires_grad=True)
    unit = BernoulliUnit()
    drawn = unit(logits)
    assert set(drawn.tolist()) == {0.0, 1.0}
    assert drawn.mean().item() == pytest.approx(torch.sigmoid(torch.tensor(1.0)).item(), abs=0.02)
    drawn.sum().backward()
    chance = torch.sigmoid(torch.tensor(1.0))
    assert logits.grad is not None
    assert torch.allclose(logits.grad, (chance * (1 - chance)).expand(20_000))
    assert unit.eval()(torch.tensor([-0.1, 0.0, 2.0])).tolist() == [0.0, 1.0, 1.0]


def test_gumbel_softmax_draws_with_the_probabilities_of_the_softmax() -> None:
    logits = torch.tensor([0.0, 1.0, 2.0]).expand(20_000, 3)
    drawn = GumbelSoftmax(0.5, hard=True)(logits)
    assert torch.allclose(drawn.sum(dim=1), torch.ones(20_000))
    assert torch.allclose(drawn.mean(dim=0), torch.softmax(logits[0], dim=0), atol=0.02)
    soft = GumbelSoftmax(0.5).eval()(logits)
    assert torch.allclose(soft, torch.softmax(logits / 0.5, dim=1))
    assert GumbelSoftmax(hard=True).eval()(logits)[0].tolist() == [0.0, 0.0, 1.0]
