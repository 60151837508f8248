"""CD-k where at most one unit is on in a block: the draw, the step, what two machines learn of digits."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.blocks.catalogue import BLOCK_TYPES
from engine.training.contrastive_divergence import ContrastiveDivergenceStage
from engine.training.events import EpochEnded, Finished
from engine.training.loop import train
from engine.training.plan import ContrastiveDivergence
from engine.training.pooled_maps import PooledMapMachine, sample_blocks
from engine.training.session import open_session
from tests.engine.training.machines import (
    assert_goes_on_at_the_same_bits,
    assert_rbm_has,
    assert_validation_says_the_same_twice,
    moved,
    sigmoid,
)
from tests.engine.training.test_convolutional_rbm import correlated, met, spread

POOLED = (("conv_rbm", {"hidden": 5, "kernel_size": (3, 5), "pool": 2}),)


def opened(drawing, requested, stage, layers=POOLED, **settings):
    return open_session(requested(drawing(*layers, loss=None), stage, **settings), BLOCK_TYPES)


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
def test_a_step_is_the_formula(drawing, requested, k):
    plan = ContrastiveDivergence("l0", learning_rate=0.3, k=k, momentum=0.5, weight_decay=0.01)
    session = opened(drawing, requested, plan)
    stage = ContrastiveDivergenceStage(session, plan, begin=True)
    module = session.network.block("l0")
    with torch.no_grad():
        module.weight.mul_(30)
    weight, visible_bias, hidden_bias = (
        tensor.detach().double().numpy().copy() for tensor in (module.weight, module.visible_bias, module.hidden_bias)
    )
    velocities = [np.zeros_like(weight), np.zeros_like(visible_bias), np.zeros_like(hidden_bias)]
    batches = [next(stage.batches(epoch, 0)) for epoch in range(3)]
    for (batch,) in batches:
        torch.manual_seed(11)
        row = float(stage.step((batch,)))
        torch.manual_seed(11)
        v0 = batch.double().numpy()
        h0 = pooled_chances(correlated(v0, weight, hidden_bias))
        vk, hk, first = v0, h0, None
        for _ in range(k):
            vk = sigmoid(spread(drawn_blocks(hk), weight, visible_bias, v0.shape))
            first = vk if first is None else first
            hk = pooled_chances(correlated(vk, weight, hidden_bias))
        assert row == pytest.approx(((v0 - first) ** 2).sum() / len(v0), rel=1e-4)
        places = h0.shape[2] * h0.shape[3]
        assert places == 6 * 4
        steps = (
            (met(v0, h0, weight.shape) - met(vk, hk, weight.shape)) / len(v0) / places - 0.01 * weight,
            (v0 - vk).mean(axis=(0, 2, 3)),
            (h0 - hk).mean(axis=(0, 2, 3)),
        )
        weight, visible_bias, hidden_bias = moved((weight, visible_bias, hidden_bias), velocities, steps)
        assert_rbm_has(module, weight, visible_bias, hidden_bias)


def test_the_update_is_the_slope_of_the_free_energy(drawing, requested):
    """Without decay, ΔW is minus the derivative of F(v₀) − F(v_k), v_k held fixed."""
    plan = ContrastiveDivergence("l0", learning_rate=1.0, momentum=0.0, weight_decay=0.0)
    session = opened(drawing, requested, plan)
    stage = ContrastiveDivergenceStage(session, plan, begin=True)
    module = session.network.block("l0")
    (batch,) = next(stage.batches(0, 0))
    before = {name: tensor.detach().clone() for name, tensor in module.named_parameters()}
    torch.manual_seed(5)
    with torch.no_grad():
        hidden = sample_blocks(module.hidden_given_visible(batch), 2)
        rebuilt = module.visible_given_hidden(hidden)
    gap = (module.free_energy(batch) - module.free_energy(rebuilt)).mean()
    slopes = dict(zip(before, torch.autograd.grad(gap, list(module.parameters())), strict=True))
    torch.manual_seed(5)
    stage.step((batch,))
    units = {"weight": 24, "hidden_bias": 24, "visible_bias": 64}
    for name, tensor in module.named_parameters():
        assert torch.allclose(tensor - before[name], -slopes[name] / units[name], atol=1e-5), name


@pytest.mark.parametrize("persistent", [False, True])
def test_hidden_states_of_training_have_one_unit_a_block(drawing, requested, monkeypatch, persistent):
    """Also those of validation, and of chains that go on."""
    plan = ContrastiveDivergence("l0", learning_rate=0.1, k=2, persistent=persistent)
    session = opened(drawing, requested, plan)
    stage = ContrastiveDivergenceStage(session, plan, begin=True)
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


def test_validation_says_the_same_twice(drawing, requested):
    plan = ContrastiveDivergence("l0")
    session = opened(drawing, requested, plan)
    stage = ContrastiveDivergenceStage(session, plan, begin=True)
    assert_validation_says_the_same_twice(session, stage)
