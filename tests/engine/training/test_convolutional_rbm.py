"""CD-k on a convolutional RBM against loops over places in numpy, and what it learns of digits."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.blocks.catalogue import BLOCK_TYPES
from engine.measurements.measure import measure
from engine.measurements.results import Ask
from engine.training.contrastive_divergence import ContrastiveDivergenceStage
from engine.training.events import EpochEnded, Finished
from engine.training.loop import train
from engine.training.plan import ContrastiveDivergence, DatasetRef, Supervised
from engine.training.session import open_session
from tests.engine.training.machines import (
    assert_goes_on_at_the_same_bits,
    assert_rbm_has,
    assert_validation_says_the_same_twice,
    drawn,
    moved,
    sigmoid,
)

CRBM = (("conv_rbm", {"hidden": 5, "kernel_size": (3, 2)}),)


def correlated(pictures, filters, bias):
    """Σ_c Σ_y Σ_x v[c, i+y, j+x] W[k, c, y, x] + b[k] for every place i, j."""
    n, _, height, width = pictures.shape
    k, _, rows, columns = filters.shape
    out = np.zeros((n, k, height - rows + 1, width - columns + 1))
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            window = pictures[:, :, i : i + rows, j : j + columns]
            out[:, :, i, j] = np.tensordot(window, filters, ((1, 2, 3), (1, 2, 3)))
    return out + bias[:, None, None]


def spread(maps, filters, bias, shape):
    """What every hidden unit adds to the visible units under its filter."""
    out = np.zeros(shape)
    rows, columns = filters.shape[2:]
    for i in range(maps.shape[2]):
        for j in range(maps.shape[3]):
            out[:, :, i : i + rows, j : j + columns] += np.tensordot(maps[:, :, i, j], filters, (1, 0))
    return out + bias[:, None, None]


def met(pictures, maps, shape):
    """Σ over samples and places of h[k, i, j] v[c, i+y, j+x]: −∂E/∂W."""
    out = np.zeros(shape)
    for i in range(maps.shape[2]):
        for j in range(maps.shape[3]):
            window = pictures[:, :, i : i + shape[2], j : j + shape[3]]
            out += np.tensordot(maps[:, :, i, j], window, (0, 0))
    return out


def opened(drawing, requested, stage, layers=CRBM, **settings):
    return open_session(requested(drawing(*layers, loss=None), stage, **settings), BLOCK_TYPES)


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
        h0 = sigmoid(correlated(v0, weight, hidden_bias))
        vk, hk, first = v0, h0, None
        for _ in range(k):
            sampled = drawn(hk)
            vk = sigmoid(spread(sampled, weight, visible_bias, v0.shape))
            first = vk if first is None else first
            hk = sigmoid(correlated(vk, weight, hidden_bias))
        assert row == pytest.approx(((v0 - first) ** 2).sum() / len(v0), rel=1e-4)
        places = h0.shape[2] * h0.shape[3]
        assert places == 6 * 7
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
        hidden = module(batch)
        rebuilt = module.visible_given_hidden((torch.rand(hidden.shape) < hidden).float())
    gap = (module.free_energy(batch) - module.free_energy(rebuilt)).mean()
    slopes = dict(zip(before, torch.autograd.grad(gap, list(module.parameters())), strict=True))
    torch.manual_seed(5)
    stage.step((batch,))
    units = {"weight": 42, "hidden_bias": 42, "visible_bias": 64}
    for name, tensor in module.named_parameters():
        assert torch.allclose(tensor - before[name], -slopes[name] / units[name], atol=1e-5), name


def test_the_visible_bias_of_a_channel_starts_at_the_logit_of_its_mean(drawing, requested):
    plan = ContrastiveDivergence("l0")
    session = opened(drawing, requested, plan)
    ContrastiveDivergenceStage(session, plan, begin=True)
    mean = session.data["digits"].fields("train")["image"].mean()
    bias = session.network.block("l0").visible_bias
    assert bias.shape == (1,)
    assert float(torch.sigmoid(bias.detach())) == pytest.approx(float(mean), abs=1e-5)


LAYERS = (("conv_rbm", {"hidden": 16}),)


def run(drawing, requested, script, layers=LAYERS, held=None, **stage):
    plan = ContrastiveDivergence("l0", **stage)
    request = requested(drawing(*layers, loss=None), plan, batch_size=50)
    return list(train(request, script(), on_session=held.append if held is not None else None))


def test_the_reconstruction_error_falls_and_the_same_seed_gives_the_same_bits(drawing, requested, script, losses):
    held = []
    events = run(drawing, requested, script, held=held, epochs=8, learning_rate=0.5)
    assert isinstance(events[-1], Finished)
    errors = [event.validation["reconstruction_error"] for event in events if isinstance(event, EpochEnded)]
    told = [event.train["reconstruction_error"] for event in events if isinstance(event, EpochEnded)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.6 * errors[0]
    assert errors[-1] == pytest.approx(told[-1], rel=0.1)
    assert events[-1].test["reconstruction_error"] == pytest.approx(errors[-1], rel=0.2)
    np.testing.assert_array_equal(losses(run(drawing, requested, script, epochs=8, learning_rate=0.5)), losses(events))
    shown = measure(held[0], Ask(id="f", kind="filters", block="l0", count=100))
    np.testing.assert_array_equal(shown["filters"], held[0].network.block("l0").weight.detach()[:, 0])
    assert shown["filters"].shape == (16, 3, 3)
    assert shown["change"] > 1


def test_a_second_machine_learns_from_maps_of_the_first_kept_or_computed(
    drawing, requested, script, losses, monkeypatch
):
    stages = (ContrastiveDivergence("l0", epochs=2), ContrastiveDivergence("l2", epochs=2))
    layers = (("conv_rbm", {"hidden": 4}), "max_pool2d", ("conv_rbm", {"hidden": 6, "kernel_size": (2, 2)}))
    request = requested(drawing(*layers, loss=None), *stages)
    kept = list(train(request, script()))
    assert isinstance(kept[-1], Finished)
    from engine.training import contrastive_divergence

    monkeypatch.setattr(contrastive_divergence, "_KEPT_BYTES", 0)
    np.testing.assert_allclose(losses(list(train(request, script()))), losses(kept), rtol=1e-4)


def test_features_learned_without_labels_serve_a_classifier(drawing, requested, script):
    layers = (("conv_rbm", {"hidden": 16}), "max_pool2d", "flatten", ("dense", {"out_features": 10}))
    stages = (ContrastiveDivergence("l0", epochs=5, learning_rate=0.5), Supervised(10, learning_rate=0.02))
    events = list(train(requested(drawing(*layers), *stages), script()))
    assert [event.stage for event in events if isinstance(event, EpochEnded)] == [0] * 5 + [1] * 10
    assert events[-1].test["accuracy"] > 0.93


def test_a_run_that_goes_on_from_its_checkpoint_ends_at_the_same_bits(drawing, tmp_path):
    plan = ContrastiveDivergence("l0", epochs=2)
    assert_goes_on_at_the_same_bits(drawing(*CRBM, loss=None), plan, 25, str(tmp_path))


def test_values_outside_0_to_1_are_refused(drawing, requested, script):
    datasets = (DatasetRef("digits", standardise=True),)
    request = requested(drawing(*CRBM, loss=None), ContrastiveDivergence("l0"), datasets=datasets)
    events = list(train(request, script()))
    assert events[-1].problem.code == "stage-input"


def test_validation_says_the_same_twice(drawing, requested):
    plan = ContrastiveDivergence("l0")
    session = opened(drawing, requested, plan)
    stage = ContrastiveDivergenceStage(session, plan, begin=True)
    assert_validation_says_the_same_twice(session, stage)
