"""A Hopfield layer learns its patterns by gradient, as any layer of a supervised network."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.blocks.catalogue import BLOCK_TYPES
from engine.project.drawing import Drawing
from engine.training.events import EpochEnded, Finished
from engine.training.loop import train
from engine.training.plan import Supervised


def moved(session):
    """How far the patterns went, by their own norm."""
    module, before = session.network.block("l2"), session.initial_state["l2.weight"]
    return float((module.weight.detach() - before).norm() / before.norm())


@pytest.mark.parametrize(("kind", "accuracy"), [("modern", 0.9), ("classic", 0.75)])
def test_it_learns_inside_a_classifier_with_the_same_bits_twice(
    drawing, requested, script, losses, kind: str, accuracy: float
):
    layers = (
        "flatten",
        ("dense", {"out_features": 32}),
        ("hopfield", {"patterns": 16, "kind": kind}),
        ("dense", {"out_features": 10}),
    )
    request = requested(drawing(*layers), Supervised(8, learning_rate=0.01), batch_size=50)
    held = []
    events = list(train(request, script(), on_session=held.append))
    assert isinstance(events[-1], Finished)
    assert events[-1].test["accuracy"] > accuracy
    assert moved(held[0]) > 0.05
    np.testing.assert_array_equal(losses(list(train(request, script()))), losses(events))


def test_its_patterns_become_digits_where_it_has_to_mend_damaged_ones(requested, script):
    """No other block has weights: what is rebuilt is a mixture of the patterns alone."""
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("input", "input")
    drawing.add("flatten", "flatten")
    drawing.add("noise", "masking_noise", p=0.3)
    drawing.add("memory", "hopfield", patterns=64)
    drawing.add("loss", "squared_error")
    drawing.chain("input.image", "flatten", "noise", "memory", "loss.prediction")
    drawing.wire("flatten", "loss.target")
    held = []
    request = requested(drawing.graph, Supervised(20, learning_rate=0.01), batch_size=50)
    events = list(train(request, script(), on_session=held.append))
    errors = [event.validation["loss"] for event in events if isinstance(event, EpochEnded)]
    assert errors[-1] < 0.3 * errors[0]
    memory, data = held[0].network.block("memory"), held[0].data["digits"]
    digits, unseen = (data.fields(part)["image"].flatten(1) for part in ("train", "test"))
    middle = (unseen - digits.mean(dim=0)).square().mean()
    damaged = unseen * (torch.rand(unseen.shape, generator=torch.Generator().manual_seed(1)) > 0.3)
    with torch.no_grad():
        mended = (memory(damaged) - unseen).square().mean()
    assert mended < 0.75 * middle
    assert mended < (damaged - unseen).square().mean()
