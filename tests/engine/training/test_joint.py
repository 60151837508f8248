"""Steps without a graph for autograd: who takes them, that the bits are autograd's, and who goes the ordinary way."""

from __future__ import annotations

import pytest
import torch

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.graph import Learning
from engine.project.examples import read_example
from engine.training import joint
from engine.training.loop import train
from engine.training.plan import Supervised
from engine.training.session import open_session

ADAM = Supervised(epochs=2, optimiser="adam", learning_rate=1e-3)
PERCEPTRON = ("flatten", ("dense", {"out_features": 32}), "relu", ("dense", {"out_features": 10}))
MANY = (
    "flatten",
    ("dense", {"out_features": 24}),
    "layer_norm",
    "gelu",
    ("dense", {"out_features": 16, "bias": False}),
    "tanh",
    ("dense", {"out_features": 16}),
    "sigmoid",
    ("dense", {"out_features": 10}),
)
DROPS = ("flatten", ("dense", {"out_features": 32}), "relu", "dropout", ("dense", {"out_features": 10}))
CONVOLVES = (
    ("conv2d", {"out_channels": 4, "kernel_size": (3, 3), "padding": "same"}),
    "relu",
    "max_pool2d",
    ("conv2d", {"out_channels": 8, "kernel_size": (3, 3)}),
    "avg_pool2d",
    "flatten",
    ("dense", {"out_features": 10}),
)
COVERS = (
    ("conv2d", {"out_channels": 4, "kernel_size": (3, 3), "padding": "same"}),
    "relu",
    "max_pool2d",
    ("conv2d", {"out_channels": 16, "kernel_size": (4, 4), "padding": "none"}),
    "relu",
    "flatten",
    ("dense", {"out_features": 10}),
)
POOLS = (
    ("conv2d", {"out_channels": 4, "kernel_size": (3, 3), "padding": "same"}),
    "relu",
    "max_pool2d",
    ("conv2d", {"out_channels": 8, "kernel_size": (3, 3), "padding": "none"}),
    "relu",
    "max_pool2d",
    "flatten",
    ("dense", {"out_features": 10}),
)
NORMALISES = ("flatten", ("dense", {"out_features": 32}), "batch_norm1d", "relu", ("dense", {"out_features": 10}))


@pytest.fixture
def steps(monkeypatch):
    """How many steps were taken (jointly, by autograd); the first may be joint already."""
    taken = [0, 0]
    ordinary = joint.Joint.__call__

    def counted(self, batch):
        found = ordinary(self, batch)
        taken[found is None] += 1
        return found

    monkeypatch.setattr(joint.Joint, "__call__", counted)
    monkeypatch.setattr(joint, "_AFTER_STEPS", 0)
    return taken


def run(request, script, losses):
    session = open_session(request, BLOCK_TYPES)
    told = losses(train(request, script(), session))
    return told, session.network.state()


@pytest.mark.parametrize(
    "layers",
    [PERCEPTRON, MANY, CONVOLVES, COVERS, POOLS],
    ids=["perceptron", "many", "convolves", "covers", "pools"],
)
@pytest.mark.parametrize("threads", [1, 2])
def test_the_bits_are_those_of_autograd(drawing, requested, script, losses, monkeypatch, steps, layers, threads):
    request = requested(drawing(*layers), ADAM, threads=threads)
    told, weights = run(request, script, losses)
    assert steps == [2 * 19, 2], "all but the short last batch of each epoch"
    monkeypatch.setattr(joint, "_is_plain", lambda module: False)
    expected, expected_weights = run(request, script, losses)
    assert steps == [2 * 19, 2 + 2 * 20]
    assert told.tobytes() == expected.tobytes()
    assert weights.keys() == expected_weights.keys()
    assert all(torch.equal(weights[key], expected_weights[key]) for key in weights)


def test_frozen_blocks_are_taken_too(drawing, requested, script, losses, monkeypatch, steps):
    request = requested(drawing(*PERCEPTRON, learning={"l1": Learning(frozen=True)}), ADAM)
    told, weights = run(request, script, losses)
    assert steps[0] == 2 * 19
    monkeypatch.setattr(joint, "_is_plain", lambda module: False)
    expected, expected_weights = run(request, script, losses)
    assert told.tobytes() == expected.tobytes()
    assert all(torch.equal(weights[key], expected_weights[key]) for key in weights)


def test_two_classes_told_by_one_number_are_taken_too(requested, script, losses, monkeypatch, steps):
    request = requested(read_example("moons-boundary").graph, ADAM)
    told, weights = run(request, script, losses)
    assert steps[0] > 2 * steps[1] > 0
    monkeypatch.setattr(joint, "_is_plain", lambda module: False)
    expected, expected_weights = run(request, script, losses)
    assert told.tobytes() == expected.tobytes()
    assert all(torch.equal(weights[key], expected_weights[key]) for key in weights)


@pytest.mark.parametrize("layers", [DROPS, NORMALISES], ids=["drops", "normalises"])
def test_other_networks_are_left_to_autograd(drawing, requested, script, losses, steps, layers):
    run(requested(drawing(*layers), ADAM), script, losses)
    assert steps == [0, 2 * 20]


def test_the_first_steps_go_the_ordinary_way(drawing, requested, script, losses, monkeypatch, steps):
    monkeypatch.setattr(joint, "_AFTER_STEPS", 7)
    run(requested(drawing(*PERCEPTRON), ADAM), script, losses)
    assert steps == [2 * 19 - 7, 2 + 7]


def test_a_short_last_batch_is_none_to_record(drawing, requested, script, losses, monkeypatch, steps):
    monkeypatch.setattr(joint, "_AFTER_STEPS", 8)
    request = requested(drawing(*PERCEPTRON), ADAM, batch_size=157)
    told, _ = run(request, script, losses)
    assert steps == [8, 8 + 2], "nine steps an epoch: the first that is not waited for is short"
    monkeypatch.setattr(joint, "_is_plain", lambda module: False)
    expected, _ = run(request, script, losses)
    assert told.tobytes() == expected.tobytes()


def test_what_gives_other_numbers_is_not_used(drawing, requested, script, losses, monkeypatch, steps):
    recorded = joint.recorded

    def wrong(forward, parameters, batch):
        function = recorded(forward, parameters, batch)

        def run(*given):
            total, parts, predictions, gradients = function(*given)
            return total, parts, predictions, (*gradients[:-1], gradients[-1].nextafter(torch.tensor(1.0)))

        return run

    monkeypatch.setattr(joint, "recorded", wrong)
    run(requested(drawing(*PERCEPTRON), ADAM), script, losses)
    assert steps == [0, 2 * 20]


def test_what_fails_is_done_by_autograd_from_then_on(drawing, requested, script, losses, monkeypatch, steps):
    expected, _ = run(requested(drawing(*PERCEPTRON), ADAM), script, losses)
    recorded = joint.recorded

    def fragile(forward, parameters, batch):
        function, calls = recorded(forward, parameters, batch), []

        def run(*given):
            calls.append(None)
            if len(calls) > 5:
                raise MemoryError
            return function(*given)

        return run

    steps[:] = 0, 0
    monkeypatch.setattr(joint, "recorded", fragile)
    told, _ = run(requested(drawing(*PERCEPTRON), ADAM), script, losses)
    assert steps == [4, 36]
    assert told.tobytes() == expected.tobytes()


def test_large_steps_are_left_to_autograd(drawing, requested, script, losses, monkeypatch, steps):
    monkeypatch.setattr(joint, "_LARGE_BYTES", 50_000)
    run(requested(drawing(*PERCEPTRON), ADAM), script, losses)
    assert steps == [0, 2 * 20]
