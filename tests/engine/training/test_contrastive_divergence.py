"""CD-k against the formulas in numpy, and what an RBM learns."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.training.boltzmann import sigmoid_of_sums
from engine.training.events import EpochEnded, Finished
from engine.training.loop import train
from engine.training.plan import ContrastiveDivergence, DatasetRef, Supervised
from tests.engine.training.machines import (
    assert_goes_on_at_the_same_bits,
    assert_rbm_has,
    assert_validation_says_the_same_twice,
    drawn,
    moved,
    opened,
    sigmoid,
)

RBM = ("flatten", ("rbm", {"hidden": 16}))
LARGE = ("flatten", ("rbm", {"hidden": 700}))
"""With batches of 100 large enough for products with their sigmoid in one pass."""


@pytest.mark.parametrize(("layers", "k", "batch_size"), [(RBM, 1, 64), (RBM, 3, 64), (LARGE, 1, 100), (LARGE, 2, 100)])
def test_a_step_is_the_formula(layers, k, batch_size):
    plan = ContrastiveDivergence("l1", learning_rate=0.3, k=k, momentum=0.5, weight_decay=0.01)
    session, stage = opened(layers, plan, batch_size=batch_size)
    module = session.network.block("l1")
    weight, visible_bias, hidden_bias = (
        tensor.detach().double().numpy().T.copy() for tensor in (module.weight, module.visible_bias, module.hidden_bias)
    )
    velocities = [np.zeros_like(weight), np.zeros_like(visible_bias), np.zeros_like(hidden_bias)]
    batches = [next(stage.batches(epoch, 0)) for epoch in range(3)]
    for (batch,) in batches:
        torch.manual_seed(11)
        row = float(stage.step((batch,)))
        torch.manual_seed(11)
        v0 = batch.double().numpy()
        h0 = sigmoid(v0 @ weight + hidden_bias)
        vk, hk, first = v0, h0, None
        for _ in range(k):
            sampled = drawn(hk)
            vk = sigmoid(sampled @ weight.T + visible_bias)
            first = vk if first is None else first
            hk = sigmoid(vk @ weight + hidden_bias)
        assert row == pytest.approx(((v0 - first) ** 2).sum() / len(v0), rel=1e-4)
        steps = (
            (v0.T @ h0 - vk.T @ hk) / len(v0) - 0.01 * weight,
            (v0 - vk).mean(axis=0),
            (h0 - hk).mean(axis=0),
        )
        weight, visible_bias, hidden_bias = moved((weight, visible_bias, hidden_bias), velocities, steps)
        assert_rbm_has(module, weight.T, visible_bias, hidden_bias)


def test_visible_biases_start_at_the_logit_of_the_means():
    plan = ContrastiveDivergence("l1")
    session, _ = opened(RBM, plan)
    data = session.data["digits"]
    mean = data.fields("train")["image"].flatten(1).mean(dim=0)
    bias = session.network.block("l1").visible_bias
    assert torch.allclose(torch.sigmoid(bias), mean.clamp(1e-3, 1 - 1e-3), atol=1e-6)


def test_a_stage_that_goes_on_keeps_its_biases():
    plan = ContrastiveDivergence("l1")
    session, _ = opened(RBM, plan, begin=False)
    assert not session.network.block("l1").visible_bias.any()


def test_the_reconstruction_error_falls(drawing, requested, script, losses):
    plan = ContrastiveDivergence("l1", epochs=12)
    layers = ("flatten", ("rbm", {"hidden": 64}))
    events = list(train(requested(drawing(*layers, loss=None), plan, batch_size=50), script()))
    assert isinstance(events[-1], Finished)
    errors = [event.validation["reconstruction_error"] for event in events if isinstance(event, EpochEnded)]
    told = [event.train["reconstruction_error"] for event in events if isinstance(event, EpochEnded)]
    assert errors[-1] < 0.75 * errors[0]
    assert errors[-1] == pytest.approx(told[-1], rel=0.1)
    assert events[-1].test["reconstruction_error"] == pytest.approx(errors[-1], rel=0.2)
    assert all(set(event.train) == {"reconstruction_error"} for event in events if isinstance(event, EpochEnded))
    assert len(losses(events)) == 12 * 26


def test_a_large_rbm_goes_on_from_a_checkpoint_at_the_same_bits(drawing, tmp_path):
    plan = ContrastiveDivergence("l1", epochs=2)
    assert_goes_on_at_the_same_bits(drawing(*LARGE, loss=None), plan, 15, str(tmp_path), batch_size=100)


@pytest.mark.parametrize("rows", [1, 7, 100])
def test_sigmoids_of_large_and_small_products_are_alike_and_stay_in_0_to_1(rows):
    generator = torch.Generator().manual_seed(3)
    inputs = torch.randn(rows, 64, generator=generator)
    # of whole tensors, transposed ones and parts of larger ones; some sums are far beyond where a sigmoid is 0 or 1
    whole = 8 * torch.randn(64, 700, generator=generator)
    for weight in (whole, whole.t().contiguous().t(), torch.cat((whole, whole), dim=1)[:, :700]):
        bias = torch.randn(700, generator=generator)
        found = sigmoid_of_sums(bias, inputs, weight)
        expected = torch.sigmoid(bias.double() + inputs.double() @ weight.double())
        low, high = torch.aminmax(found)
        assert 0 <= low <= high <= 1
        torch.testing.assert_close(found, expected.float(), rtol=0, atol=2e-5)


def test_a_second_rbm_learns_from_the_first_kept_or_computed(drawing, requested, script, losses, monkeypatch):
    layers = (*RBM, ("rbm", {"hidden": 8}))
    stages = (ContrastiveDivergence("l1", epochs=2), ContrastiveDivergence("l2", epochs=2))
    request = requested(drawing(*layers, loss=None), *stages)
    kept = list(train(request, script()))
    from engine.training import contrastive_divergence

    monkeypatch.setattr(contrastive_divergence, "_KEPT_BYTES", 0)
    computed = list(train(request, script()))
    np.testing.assert_allclose(losses(computed), losses(kept), rtol=1e-4)


def test_only_the_block_itself_changes(drawing, requested, script):
    held = []
    layers = (*RBM, ("dense", {"out_features": 10}))
    request = requested(drawing(*layers), ContrastiveDivergence("l1", epochs=1))
    list(train(request, script(), on_session=held.append))
    state, initial = held[0].network.state(), held[0].initial_state
    assert torch.equal(state["l2.weight"], initial["l2.weight"])
    assert not torch.equal(state["l1.weight"], initial["l1.weight"])


def test_pretraining_then_fine_tuning_is_one_run(drawing, requested, script):
    layers = ("flatten", ("rbm", {"hidden": 64}), ("dense", {"out_features": 10}))
    stages = (ContrastiveDivergence("l1", epochs=5), Supervised(8, learning_rate=0.01))
    events = list(train(requested(drawing(*layers), *stages), script()))
    assert [event.stage for event in events if isinstance(event, EpochEnded)] == [0] * 5 + [1] * 8
    assert events[-1].test["accuracy"] > 0.93


@pytest.mark.parametrize(("block", "code"), [("nowhere", "stage-block"), ("l0", "stage-kind")])
def test_a_stage_that_names_no_rbm_is_refused(drawing, requested, script, block, code):
    events = list(train(requested(drawing(*RBM, loss=None), ContrastiveDivergence(block)), script()))
    assert events[-1].problem.code == code


def test_values_outside_0_to_1_are_refused(drawing, requested, script):
    datasets = (DatasetRef("digits", standardise=True),)
    request = requested(drawing(*RBM, loss=None), ContrastiveDivergence("l1"), datasets=datasets)
    events = list(train(request, script()))
    assert events[-1].problem.code == "stage-input"
    assert "values from -" in events[-1].problem.sentence


def test_validation_draws_no_random_number_and_says_the_same_twice():
    plan = ContrastiveDivergence("l1")
    session, stage = opened(RBM, plan)
    before = torch.get_rng_state()
    assert_validation_says_the_same_twice(session, stage)
    assert torch.equal(torch.get_rng_state(), before)


GAUSSIAN = ("flatten", ("rbm", {"hidden": 16, "visible_units": "gaussian", "sigma": 2.0}))


def test_gaussian_units_are_rebuilt_as_numbers():
    plan = ContrastiveDivergence("l1", learning_rate=0.01)
    datasets = (DatasetRef("digits", standardise=True),)
    session, stage = opened(GAUSSIAN, plan, datasets=datasets)
    module = session.network.block("l1")
    np.testing.assert_allclose(module.visible_bias.detach(), stage._mean_visible(), atol=1e-6)
    (batch,) = next(stage.batches(0, 0))
    assert batch.min() < 0
    torch.manual_seed(11)
    row = float(stage.step((batch,)))
    torch.manual_seed(11)
    fresh = opened(GAUSSIAN, plan, begin=False, datasets=datasets)[0].network.block("l1")
    with torch.no_grad():
        fresh.visible_bias.copy_(stage._mean_visible())
        hidden = fresh(batch * 2)
        sampled = (torch.rand(hidden.shape) < hidden).float()
        error = (batch * 2 - fresh.visible_given_hidden(sampled)).square().sum() / len(batch)
    assert row == pytest.approx(float(error), rel=1e-4)


def test_a_gaussian_rbm_learns_standardised_data(drawing, requested, script, losses):
    plan = ContrastiveDivergence("l1", learning_rate=0.05, epochs=3)
    layers = ("flatten", ("rbm", {"hidden": 64, "visible_units": "gaussian"}))
    request = requested(drawing(*layers, loss=None), plan, datasets=(DatasetRef("digits", standardise=True),))
    events = list(train(request, script()))
    assert isinstance(events[-1], Finished)
    errors = [event.validation["reconstruction_error"] for event in events if isinstance(event, EpochEnded)]
    assert errors[-1] < 0.8 * errors[0]
