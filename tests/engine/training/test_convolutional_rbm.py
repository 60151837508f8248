"""CD-k on a convolutional RBM against loops over places in numpy, and what it learns of digits."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.measurements.measure import measure
from engine.measurements.results import Ask
from engine.training.events import EpochEnded, Finished
from engine.training.loop import train
from engine.training.plan import ContrastiveDivergence, DatasetRef, Supervised
from tests.engine.training.machines import (
    assert_goes_on_at_the_same_bits,
    assert_steps_are_the_formula,
    assert_update_is_the_slope_of_the_free_energy,
    assert_validation_says_the_same_twice,
    drawn,
    opened,
    sigmoid,
)

CRBM = (("conv_rbm", {"hidden": 5, "kernel_size": (3, 2)}),)


@pytest.mark.parametrize("k", [1, 3])
def test_a_step_is_the_formula(k):
    assert_steps_are_the_formula(CRBM, k, 6 * 7, sigmoid, drawn)


def test_the_update_is_the_slope_of_the_free_energy():
    units = {"weight": 42, "hidden_bias": 42, "visible_bias": 64}
    assert_update_is_the_slope_of_the_free_energy(
        CRBM, units, lambda chances: (torch.rand_like(chances) < chances).float()
    )


def test_the_visible_bias_of_a_channel_starts_at_the_logit_of_its_mean():
    plan = ContrastiveDivergence("l0")
    session, _ = opened(CRBM, plan)
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


def test_validation_says_the_same_twice():
    plan = ContrastiveDivergence("l0")
    session, stage = opened(CRBM, plan)
    assert_validation_says_the_same_twice(session, stage)
