"""CD-k where at most one unit is on in a block: the draw, the step, what two machines learn of digits."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.training.events import EpochEnded, Finished
from engine.training.loop import train
from engine.training.plan import ContrastiveDivergence
from engine.training.pooled_maps import PooledMapMachine, sample_blocks
from tests.engine.training.machines import (
    assert_goes_on_at_the_same_bits,
    assert_steps_are_the_formula,
    assert_update_is_the_slope_of_the_free_energy,
    assert_validation_says_the_same_twice,
    opened,
)

POOLED = (("conv_rbm", {"hidden": 5, "kernel_size": (3, 5), "pool": 2}),)


def pooled_chances(sums):
    """exp(I) / (1 + Σ over the block exp(I)), block by block."""
    chances = np.zeros_like(sums)
    for i in range(0, sums.shape[2], 2):
        for j in range(0, sums.shape[3], 2):
            block = np.exp(sums[:, :, i : i + 2, j : j + 2])
            chances[:, :, i : i + 2, j : j + 2] = block / (1 + block.sum(axis=(2, 3), keepdims=True))
    return chances


def drawn_blocks(chances):
    """One of five states a block, by torch's random numbers, one for each block."""
    n, k, height, width = chances.shape
    where = torch.rand(n, k, 1, height // 2, width // 2).double().numpy()[:, :, 0]
    out = np.zeros_like(chances)
    for i in range(0, height, 2):
        for j in range(0, width, 2):
            bound = np.zeros((n, k))
            for y, x in ((i, j), (i, j + 1), (i + 1, j), (i + 1, j + 1)):
                begin, bound = bound, bound + chances[:, :, y, x]
                fallen = where[:, :, i // 2, j // 2]
                out[:, :, y, x] = (begin <= fallen) & (fallen < bound)
    return out


def test_states_are_drawn_as_often_as_their_chances_say():
    torch.manual_seed(2)
    one = torch.tensor([[0.1, 0.3, 0.0, 0.7], [0.05, 0.35, 0.3, 0.0]])
    two = torch.tensor([[0.0, 0.0, 0.25, 0.25], [0.0, 1.0, 0.25, 0.25]])
    count = 40_000
    drawn = sample_blocks(torch.stack((one, two)).expand(count, 2, 2, 4), 2)
    assert set(drawn.unique().tolist()) == {0.0, 1.0}
    blocks = drawn.reshape(count, 2, 2, 2, 2).movedim(3, 2).flatten(3)
    assert (blocks.sum(dim=-1) <= 1).all()
    for chances, shares in zip((one, two), drawn.mean(dim=0), strict=True):
        deviation = (chances * (1 - chances) / count).sqrt()
        assert ((shares - chances).abs() <= 4 * deviation).all(), (shares, chances)
    none = 1 - blocks.sum(dim=-1).mean(dim=0)
    assert none[0].tolist() == pytest.approx([0.2, 0.0], abs=0.01)
    assert none[1].tolist() == pytest.approx([0.0, 0.0], abs=0.001)
    # Blocks fall by themselves: two of them are on at once as often as the product of their chances says
    both = (drawn[:, 0, 0, 0] * drawn[:, 0, 0, 3]).mean()
    assert float(both) == pytest.approx(0.07, abs=0.01)


@pytest.mark.parametrize("k", [1, 3])
def test_a_step_is_the_formula(k):
    assert_steps_are_the_formula(POOLED, k, 6 * 4, pooled_chances, drawn_blocks)


def test_the_update_is_the_slope_of_the_free_energy():
    units = {"weight": 24, "hidden_bias": 24, "visible_bias": 64}
    assert_update_is_the_slope_of_the_free_energy(POOLED, units, lambda chances: sample_blocks(chances, 2))


@pytest.mark.parametrize("persistent", [False, True])
def test_hidden_states_of_training_have_one_unit_a_block(monkeypatch, persistent):
    """Also those of validation, and of chains that go on."""
    plan = ContrastiveDivergence("l0", learning_rate=0.1, k=2, persistent=persistent)
    session, stage = opened(POOLED, plan)
    seen = []
    visible = PooledMapMachine._visible
    monkeypatch.setattr(
        PooledMapMachine, "_visible", lambda self, hidden: seen.append(hidden.clone()) or visible(self, hidden)
    )
    for (batch,), _ in zip(stage.batches(0, 0), range(3), strict=False):
        stage.step((batch,))
    list(stage.validation("validation"))
    assert len(seen) > 3
    for hidden in seen:
        assert hidden.shape[1:] == (5, 6, 4)
        blocks = hidden.reshape(len(hidden), 5, 3, 2, 2, 2).sum(dim=(3, 5))
        assert set(blocks.unique().tolist()) == {0.0, 1.0}


def test_two_machines_learn_one_on_the_other(drawing, requested, script, losses):
    """A convolutional deep belief network: the second reads the pooling units of the first."""
    layers = (
        ("conv_rbm", {"hidden": 12, "kernel_size": (3, 3), "pool": 2}),
        ("conv_rbm", {"hidden": 8, "kernel_size": (2, 2), "pool": 2}),
    )
    stages = (
        ContrastiveDivergence("l0", epochs=12, learning_rate=1.0),
        ContrastiveDivergence("l1", epochs=8, learning_rate=0.5),
    )
    held = []
    request = requested(drawing(*layers, loss=None), *stages, batch_size=50)
    events = list(train(request, script(), on_session=held.append))
    assert isinstance(events[-1], Finished)
    ended = [event for event in events if isinstance(event, EpochEnded)]
    for stage, epochs, share in ((0, 12, 0.6), (1, 8, 0.9)):
        errors = [event.validation["reconstruction_error"] for event in ended if event.stage == stage]
        assert len(errors) == epochs
        assert errors[-1] < share * errors[0], errors
    specs = held[0].network.program.specs
    assert specs["l0/output"].per_sample == "12×3×3"
    assert specs["l1/output"].per_sample == "8×1×1"
    np.testing.assert_array_equal(losses(list(train(request, script()))), losses(events))


def test_a_run_that_goes_on_from_its_checkpoint_ends_at_the_same_bits(drawing, tmp_path):
    plan = ContrastiveDivergence("l0", epochs=2, persistent=True, learning_rate=0.05)
    assert_goes_on_at_the_same_bits(drawing(*POOLED, loss=None), plan, 25, str(tmp_path))


def test_validation_says_the_same_twice():
    plan = ContrastiveDivergence("l0")
    session, stage = opened(POOLED, plan)
    assert_validation_says_the_same_twice(session, stage)
