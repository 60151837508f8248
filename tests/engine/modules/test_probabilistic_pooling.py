"""Probabilistic max pooling of a convolutional RBM against all states of its hidden units."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor

from engine.modules.energy import ConvRBM


def loud(module: ConvRBM) -> ConvRBM:
    """Weights large enough to tell formulas apart."""
    torch.manual_seed(0)
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)
    return module.double()


def block_states(height: int, width: int, pool: int) -> Tensor:
    """All states of a map of height×width in which no block has two units on."""
    places = list(itertools.product(range(0, height, pool), range(0, width, pool)))
    found = []
    for chosen in itertools.product(range(pool**2 + 1), repeat=len(places)):
        units = torch.zeros(height, width, dtype=torch.float64)
        for (top, left), unit in zip(places, chosen, strict=True):
            if unit < pool**2:
                units[top + unit // pool, left + unit % pool] = 1
        found.append(units)
    return torch.stack(found)


@pytest.mark.parametrize(
    ("picture", "maps", "kernel", "pool", "states"),
    [((3, 5), (2, 4), (2, 2), 2, 25**2), ((3, 4), (3, 3), (1, 2), 3, 10**2), ((5, 3), (4, 2), (2, 2), 2, 25**2)],
)
def test_all_that_it_tells_by_enumeration(
    picture: tuple[int, int], maps: tuple[int, int], kernel: tuple[int, int], pool: int, states: int
) -> None:
    """F(v), p(h = 1 | v) and p(pool = 1 | v) are what all states that may be together say."""
    rbm = loud(ConvRBM(1, 2, kernel, pool))
    visible = torch.rand(1, 1, *picture, dtype=torch.float64)
    one = block_states(*maps, pool)
    hidden = torch.stack([torch.stack(pair) for pair in itertools.product(one, repeat=2)])
    assert len(hidden) == states
    energies = rbm.energy(visible.expand(states, -1, -1, -1), hidden)
    chances = torch.softmax(-energies, dim=0)
    assert torch.allclose(rbm.free_energy(visible), -torch.logsumexp(-energies, dim=0, keepdim=True))
    wanted = torch.tensordot(chances, hidden, dims=1)
    assert torch.allclose(rbm.hidden_given_visible(visible)[0], wanted)
    pooled = torch.nn.functional.max_pool2d(hidden, pool)
    assert pooled.shape[2:] == (maps[0] // pool, maps[1] // pool)
    assert torch.allclose(rbm(visible)[0], torch.tensordot(chances, pooled, dims=1))
    assert rbm(visible).shape == (1, 2, maps[0] // pool, maps[1] // pool)


def test_the_formulas_of_the_paper_place_by_place() -> None:
    rbm = loud(ConvRBM(2, 3, (2, 3), 2))
    visible = torch.rand(4, 2, 5, 8, dtype=torch.float64)
    sums = torch.nn.functional.conv2d(visible, rbm.weight, rbm.hidden_bias)
    assert sums.shape == (4, 3, 4, 6)
    hidden, pooled = rbm.hidden_given_visible(visible), rbm(visible)
    for top, left in itertools.product(range(2), range(3)):
        block = sums[:, :, 2 * top : 2 * top + 2, 2 * left : 2 * left + 2].exp()
        together = 1 + block.sum(dim=(2, 3), keepdim=True)
        assert torch.allclose(hidden[:, :, 2 * top : 2 * top + 2, 2 * left : 2 * left + 2], block / together)
        assert torch.allclose(pooled[:, :, top, left], 1 - 1 / together[:, :, 0, 0])
    assert torch.allclose(pooled, rbm.blocks(hidden).sum(dim=2))


def test_the_slope_of_the_free_energy_is_the_positive_phase() -> None:
    """−∂F/∂W = Σ v p(h | v), −∂F/∂b = Σ p(h | v), −∂F/∂a = Σ v."""
    rbm = loud(ConvRBM(2, 3, (3, 2), 2))
    visible = torch.rand(5, 2, 6, 7, dtype=torch.float64)
    slopes = torch.autograd.grad(rbm.free_energy(visible).sum(), (rbm.weight, rbm.hidden_bias, rbm.visible_bias))
    hidden = rbm.hidden_given_visible(visible)
    assert hidden.shape == (5, 3, 4, 6)
    met = torch.zeros_like(rbm.weight)
    for i, j in itertools.product(range(3), range(2)):
        met[:, :, i, j] = torch.einsum("nkyx,ncyx->kc", hidden, visible[:, :, i : i + 4, j : j + 6])
    assert torch.allclose(slopes[0], -met)
    assert torch.allclose(slopes[1], -hidden.sum(dim=(0, 2, 3)))
    assert torch.allclose(slopes[2], -visible.sum(dim=(0, 2, 3)))


def test_large_sums_stay_finite() -> None:
    rbm = ConvRBM(1, 1, (1, 1), 2)
    with torch.no_grad():
        rbm.weight.fill_(1000.0)
    visible = torch.tensor([[[[1.0, 0.5], [0.0, -1.0]]], [[[-1.0, -1.0], [-2.0, -3.0]]]])
    assert rbm.hidden_given_visible(visible).flatten(1).tolist() == [[1, 0, 0, 0], [0, 0, 0, 0]]
    assert rbm(visible).flatten().tolist() == [1, 0]
    assert rbm.free_energy(visible).tolist() == [-1000, 0]


def test_blocks_of_one_unit_are_the_machine_without() -> None:
    rbm = loud(ConvRBM(1, 3, (3, 3)))
    visible = torch.rand(2, 1, 7, 7, dtype=torch.float64)
    assert rbm.pool == 1
    assert torch.equal(rbm(visible), rbm.hidden_given_visible(visible))
    assert torch.equal(rbm(visible), torch.sigmoid(torch.conv2d(visible, rbm.weight, rbm.hidden_bias)))
