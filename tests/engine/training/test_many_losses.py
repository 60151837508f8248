"""Several inputs, outputs and losses are one drawing and train together."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch.nn import functional

import engine.training.session as session_module
from engine.blocks.catalogue import BLOCK_TYPES
from engine.data.dataset import Dataset
from engine.data.datasets import load_dataset
from engine.data.fields import Field
from engine.graph.edits import set_weights
from engine.graph.graph import Graph, Weights
from engine.graph.scope import Scope
from engine.modules.losses_pairs import ContrastiveLoss
from engine.project.drawing import Drawing
from engine.training.evaluate import evaluate
from engine.training.events import EpochEnded, Finished
from engine.training.loop import train
from engine.training.plan import DatasetRef, Supervised
from engine.training.session import Session, open_session


def two_inputs(weights: Sequence[float] = (1.0, 0.25)) -> Graph:
    """Two Inputs on the digits, joined; from one fork a class and, by another loss, the picture again."""
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("one", "input", dataset="digits", fields=("image: 1×8×8", "label: 10 classes"))
    drawn.add("two", "input", dataset="digits", fields=("image: 1×8×8",))
    drawn.add("flat", "flatten")
    drawn.add("flat2", "flatten")
    drawn.add("half", "dense", out_features=24)
    drawn.add("join", "concat")
    drawn.add("fork", "dense", out_features=32)
    drawn.add("relu", "relu")
    drawn.add("class", "dense", out_features=10)
    drawn.add("back", "dense", out_features=64)
    drawn.add("digit", "cross_entropy", name="digit", weight=weights[0])
    drawn.add("picture", "squared_error", name="picture", weight=weights[1])
    drawn.chain("one.image", "flat", "join.a")
    drawn.chain("two.image", "flat2", "half", "join.b")
    drawn.chain("join", "fork", "relu", "class", "digit.logits")
    drawn.wire("one.label", "digit.target")
    drawn.chain("relu", "back", "picture.prediction")
    drawn.wire("flat2", "picture.target")
    return drawn.graph


def gradients(graph: Graph, requested) -> dict[str, torch.Tensor]:
    """Those of the first 64 digits, by weight."""
    session = open_session(requested(graph, Supervised(1)), BLOCK_TYPES)
    part = session.network.training_slice()
    total, *_ = part.module(*session.gather(part.inputs, "train", 0, 64))
    total.backward()
    return {name: weight.grad for name, weight in session.network.root.named_parameters() if weight.grad is not None}


def test_two_inputs_and_two_losses_learn(requested, script):
    events = list(train(requested(two_inputs(), Supervised(6, learning_rate=0.003)), script()))
    assert isinstance(events[-1], Finished), events[-1]
    assert set(events[-1].test) == {"loss", "loss.digit", "loss.picture", "accuracy.digit"}
    assert events[-1].test["accuracy.digit"] > 0.9
    epochs = [event for event in events if isinstance(event, EpochEnded)]
    for event in epochs:
        assert set(event.train) == set(event.validation) == set(events[-1].test)
    for name in ("loss", "loss.digit", "loss.picture"):
        assert epochs[-1].train[name] < epochs[0].train[name] * 0.8


@pytest.mark.parametrize("weights", [(1.0, 0.25), (0.5, 3.0)])
def test_the_loss_is_the_weighted_sum(requested, script, weights):
    session = open_session(requested(two_inputs(weights), Supervised(1)), BLOCK_TYPES)
    found = evaluate(session, "validation")
    parts = weights[0] * found["loss.digit"] + weights[1] * found["loss.picture"]
    assert found["loss"] == pytest.approx(parts, rel=1e-6)
    (epoch,) = (event for event in train(session.request, script()) if isinstance(event, EpochEnded))
    parts = weights[0] * epoch.train["loss.digit"] + weights[1] * epoch.train["loss.picture"]
    assert epoch.train["loss"] == pytest.approx(parts, rel=1e-6)


def test_the_gradient_at_a_fork_is_the_sum_of_its_branches(requested):
    both = gradients(two_inputs((1.0, 0.25)), requested)
    only_class = gradients(two_inputs((1.0, 0.0)), requested)
    only_picture = gradients(two_inputs((0.0, 0.25)), requested)
    assert both.keys() == only_class.keys()
    for name, gradient in both.items():
        torch.testing.assert_close(gradient, only_class[name] + only_picture[name], rtol=1e-5, atol=1e-7)
    fork = next(name for name, gradient in both.items() if gradient.shape == (32, 88))
    assert only_class[fork].abs().max() > 1e-6
    assert only_picture[fork].abs().max() > 1e-6


def test_the_losses_and_gradients_equal_those_written_by_hand(requested):
    session = open_session(requested(two_inputs((0.7, 2.0)), Supervised(1)), BLOCK_TYPES)
    part = session.network.training_slice()
    total, losses, _ = part.module(*session.gather(part.inputs, "train", 0, 64))
    total.backward()
    half, fork, out, back = (session.network.block(id) for id in ("half", "fork", "class", "back"))
    given = {module: module.weight.grad.clone() for module in (half, fork, out, back)}
    session.network.root.zero_grad()
    image, label = (session.gather((key,), "train", 0, 64)[0] for key in ("one/image", "one/label"))
    flat = image.flatten(1)
    hidden = torch.relu(fork(torch.cat([flat, half(flat)], 1)))
    expected = (functional.cross_entropy(out(hidden), label), functional.mse_loss(back(hidden), flat))
    assert [loss.item() for loss in losses] == pytest.approx([loss.item() for loss in expected], rel=1e-6)
    (0.7 * expected[0] + 2.0 * expected[1]).backward()
    for module, gradient in given.items():
        torch.testing.assert_close(gradient, module.weight.grad, rtol=1e-5, atol=1e-7)


def test_an_autoencoder_learns_its_input(drawing, requested, script):
    layers = ("flatten", ("dense", {"out_features": 16}), "tanh", ("dense", {"out_features": 64}))
    graph = drawing(*layers, ("reshape", {"shape": (1, 8, 8)}), loss="squared_error", target="image")
    events = list(train(requested(graph, Supervised(8, learning_rate=0.01)), script()))
    assert isinstance(events[-1], Finished), events[-1]
    assert set(events[-1].test) == {"loss"}
    assert events[-1].test["loss"] < 0.03  # the pictures' variance is 0.14


def test_a_loss_without_a_prediction_counts(drawing, requested, script):
    """Activity L1 on the hidden layer: more of it, less activity."""

    def hidden(weight: float) -> tuple[float, dict[str, float]]:
        drawn = Drawing(BLOCK_TYPES)
        drawn.add("in", "input", dataset="digits")
        drawn.add("flat", "flatten")
        drawn.add("dense", "dense", out_features=32)
        drawn.add("relu", "relu")
        drawn.add("out", "dense", out_features=10)
        drawn.add("loss", "cross_entropy", name="digit")
        drawn.add("l1", "activity_l1", name="activity", weight=weight)
        drawn.chain("in.image", "flat", "dense", "relu", "out", "loss.logits")
        drawn.wire("in.label", "loss.target")
        drawn.wire("relu", "l1")
        session = open_session(requested(drawn.graph, Supervised(4, learning_rate=0.003)), BLOCK_TYPES)
        events = list(train(session.request, script(), session))
        assert isinstance(events[-1], Finished), events[-1]
        part = session.network.slice(("relu/output",))
        with torch.no_grad():
            (active,) = part.module(*session.gather(part.inputs, "test", 0, 256))
        return active.abs().mean().item(), dict(events[-1].test)

    loud, _ = hidden(0.0)
    quiet, test = hidden(0.02)
    assert quiet < 0.7 * loud
    assert set(test) == {"loss", "loss.digit", "loss.activity", "accuracy.digit"}
    assert test["loss"] == pytest.approx(test["loss.digit"] + 0.02 * test["loss.activity"], rel=1e-5)


def pairs() -> Dataset:
    """Digits side by side with others: half of the pairs show the same one."""
    digits = load_dataset(DatasetRef("digits"))
    image, label = digits.arrays["image"], digits.arrays["label"]
    other = np.random.default_rng(4).permutation(len(label))
    for row in np.flatnonzero(np.arange(len(label)) % 2):
        other[row] = np.random.default_rng(row).choice(np.flatnonzero(label == label[row]))
    fields = (
        Field(name="left", shape=(1, 8, 8)),
        Field(name="right", shape=(1, 8, 8)),
        Field(name="same", dtype="int64", classes=2),
    )
    arrays = {"left": image, "right": image[other], "same": (label == label[other]).astype(np.int64)}
    return Dataset("pairs", "Pairs of digits", fields, arrays, digits.train, digits.validation, digits.test)


def twins() -> Graph:
    """Two pictures through one network; contrastive loss of the codes."""
    scope = Scope(types=BLOCK_TYPES)
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", dataset="pairs", fields=("left: 1×8×8", "right: 1×8×8", "same: 2 classes"))
    for side in ("left", "right"):
        drawn.add(f"flat-{side}", "flatten")
        drawn.add(f"hidden-{side}", "dense", out_features=32)
        drawn.add(f"relu-{side}", "relu")
        drawn.add(f"code-{side}", "dense", out_features=8)
        drawn.chain(f"in.{side}", f"flat-{side}", f"hidden-{side}", f"relu-{side}", f"code-{side}")
    drawn.add("loss", "contrastive", margin=1.0)
    drawn.wire("code-left", "loss.a")
    drawn.wire("code-right", "loss.b")
    drawn.wire("in.same", "loss.target")
    graph = set_weights(drawn.graph, scope, "hidden-right", Weights("hidden-left"))
    return set_weights(graph, scope, "code-right", Weights("code-left"))


def test_twins_with_shared_weights_learn_to_tell_pairs_apart(requested, script, monkeypatch):
    made = pairs()
    monkeypatch.setattr(session_module, "load_dataset", lambda ref: made)
    session = open_session(requested(twins(), Supervised(20, learning_rate=0.003)), BLOCK_TYPES)
    assert session.network.block("hidden-left").weight is session.network.block("hidden-right").weight
    assert sum(weight.numel() for weight in session.network.root.parameters()) == 64 * 32 + 32 + 32 * 8 + 8
    assert [key for key in session.network.state() if "right" in key] == []
    before = told_apart(session)
    events = list(train(session.request, script(), session))
    assert isinstance(events[-1], Finished), events[-1]
    assert set(events[-1].test) == {"loss"}
    assert told_apart(session) > max(0.85, before + 0.1)


def told_apart(session: Session) -> float:
    """The share of test pairs on the right side of the distance ½."""
    keys = ("code-left/output", "code-right/output")
    part = session.network.slice(keys)
    count = session.count("test")
    with torch.no_grad():
        left, right = part.module(*session.gather(part.inputs, "test", 0, count))
    (same,) = session.gather(("in/same",), "test", 0, count)
    near = (left - right).norm(dim=1) < 0.5
    return (near == same.bool()).double().mean().item()


def test_shared_weights_get_the_gradients_of_both_twins(requested, monkeypatch):
    made = pairs()
    monkeypatch.setattr(session_module, "load_dataset", lambda ref: made)
    session = open_session(requested(twins(), Supervised(1)), BLOCK_TYPES)
    part = session.network.training_slice()
    total, *_ = part.module(*session.gather(part.inputs, "train", 0, 64))
    total.backward()
    hidden, code = session.network.block("hidden-left"), session.network.block("code-left")
    given = hidden.weight.grad.clone()
    left, right, same = (session.gather((f"in/{name}",), "train", 0, 64)[0] for name in ("left", "right", "same"))
    sums = torch.zeros_like(given)
    for learning in ("left", "right"):
        # One twin with the weights, the other with a copy that does not learn.
        fixed = copy.deepcopy(hidden).requires_grad_(False)
        ways = {side: hidden if side == learning else fixed for side in ("left", "right")}
        codes = [code(torch.relu(ways[side](image.flatten(1)))) for side, image in (("left", left), ("right", right))]
        hidden.weight.grad = None
        ContrastiveLoss(1.0)(same, *codes).backward()
        sums += hidden.weight.grad
    torch.testing.assert_close(given, sums, rtol=1e-4, atol=1e-6)
