"""A deep Boltzmann machine against the formulas in numpy, its exact likelihood, and what it learns of digits."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from engine.blocks.catalogue import BLOCK_TYPES
from engine.measurements.measure import measure
from engine.measurements.results import Ask
from engine.modules.energy import DeepBoltzmannMachine
from engine.training.contrastive_divergence import ContrastiveDivergenceStage
from engine.training.deep_boltzmann import DeepMachine
from engine.training.events import EpochEnded, Finished, Marked
from engine.training.loop import train
from engine.training.plan import ContrastiveDivergence, DatasetRef, Supervised
from engine.training.session import open_session
from tests.engine.training.machines import (
    assert_goes_on_at_the_same_bits,
    assert_validation_says_the_same_twice,
    drawn,
    sigmoid,
)

DEEP = ("flatten", ("deep_boltzmann_machine", {"hidden": (12, 9, 7), "steps": 4}))
TWO = ("flatten", ("deep_boltzmann_machine", {"hidden": (64, 32)}))


def opened(drawing, requested, *stages, layers=DEEP, **settings):
    return open_session(requested(drawing(*layers, loss=None), *stages, **settings), BLOCK_TYPES)


class Reference:
    """W of below×above, biases of v, h₁ …, their velocities."""

    def __init__(self, module):
        self.weights = [weight.detach().double().numpy().T.copy() for weight in module.weights]
        biases = (module.visible_bias, *module.hidden_biases)
        self.biases = [bias.detach().double().numpy().copy() for bias in biases]
        self.to_weights = [np.zeros_like(weight) for weight in self.weights]
        self.to_biases = [np.zeros_like(bias) for bias in self.biases]

    def pull(self, layer, data, model):
        step = (data[0].T @ data[1] - model[0].T @ model[1]) / len(data[0]) - 0.01 * self.weights[layer]
        self.to_weights[layer] = 0.5 * self.to_weights[layer] + 0.3 * step
        self.weights[layer] = self.weights[layer] + self.to_weights[layer]

    def pull_bias(self, layer, data, model):
        self.to_biases[layer] = 0.5 * self.to_biases[layer] + 0.3 * (data - model).mean(axis=0)
        self.biases[layer] = self.biases[layer] + self.to_biases[layer]

    def same_as(self, module):
        for ours, theirs in zip(self.weights, module.weights, strict=True):
            np.testing.assert_allclose(theirs.detach().numpy().T, ours, atol=3e-5)
        for ours, theirs in zip(self.biases, (module.visible_bias, *module.hidden_biases), strict=True):
            np.testing.assert_allclose(theirs.detach().numpy(), ours, atol=3e-5)


def louder(module):
    """Weights large enough to tell formulas apart."""
    with torch.no_grad():
        for weight in module.weights:
            weight.mul_(20)
        for bias in module.hidden_biases:
            bias.normal_()


@pytest.mark.parametrize("k", [1, 2])
def test_a_greedy_step_is_the_formula(drawing, requested, k):
    """Three epochs, three layers: the lowest, the middle and the top layer learn in turn."""
    plan = ContrastiveDivergence("l1", epochs=3, learning_rate=0.3, k=k, momentum=0.5, weight_decay=0.01)
    session = opened(drawing, requested, plan)
    module = session.network.block("l1")
    louder(module)
    stage = ContrastiveDivergenceStage(session, plan, begin=True)
    net = Reference(module)
    up, down = (2, 2, 1), (1, 2, 2)
    for layer in range(3):
        (batch,) = next(stage.batches(layer, 0))
        torch.manual_seed(11)
        row = float(stage.step((batch,)))
        torch.manual_seed(11)

        def above(state, at):
            return sigmoid(up[at] * state @ net.weights[at] + net.biases[at + 1])

        def below(state, at):
            return sigmoid(down[at] * state @ net.weights[at].T + net.biases[at])

        visible = state = batch.double().numpy()
        for at in range(layer):
            state = above(state, at)
        hidden = above(state, layer)
        model, model_hidden, first = state, hidden, None
        for _ in range(k):
            model = below(drawn(model_hidden), layer)
            first = model if first is None else first
            model_hidden = above(model, layer)
        seen = first
        for at in reversed(range(layer)):
            seen = below(seen, at)
        assert row == pytest.approx(((visible - seen) ** 2).sum() / len(visible), rel=1e-4)
        net.pull(layer, (state, hidden), (model, model_hidden))
        net.pull_bias(layer + 1, hidden, model_hidden)
        if layer == 0:
            net.pull_bias(0, state, model)
        net.same_as(module)


@pytest.mark.parametrize("k", [1, 2])
def test_a_joint_step_is_the_formula(drawing, requested, k):
    """Mean field on the data's side, chains that go on from step to step on the model's."""
    plan = ContrastiveDivergence("l1", learning_rate=0.3, k=k, momentum=0.5, weight_decay=0.01, persistent=True)
    session = opened(drawing, requested, plan)
    module = session.network.block("l1")
    louder(module)
    stage = ContrastiveDivergenceStage(session, plan, begin=True)
    net = Reference(module)
    chains = None
    for epoch in range(3):
        (batch,) = next(stage.batches(epoch, 0))
        torch.manual_seed(11 + epoch)
        row = float(stage.step((batch,)))
        torch.manual_seed(11 + epoch)
        w, b = net.weights, net.biases
        v = batch.double().numpy()
        m1 = sigmoid(2 * v @ w[0] + b[1])
        m2 = sigmoid(2 * m1 @ w[1] + b[2])
        m3 = sigmoid(m2 @ w[2] + b[3])
        for _ in range(4):
            m1 = sigmoid(v @ w[0] + m2 @ w[1].T + b[1])
            m2 = sigmoid(m1 @ w[1] + m3 @ w[2].T + b[2])
            m3 = sigmoid(m2 @ w[2] + b[3])
        data = (v, m1, m2, m3)
        chains = [drawn(layer) for layer in data] if chains is None else chains
        for _ in range(k):
            chains[1] = drawn(sigmoid(chains[0] @ w[0] + chains[2] @ w[1].T + b[1]))
            chains[3] = drawn(sigmoid(chains[2] @ w[2] + b[3]))
            chains[0] = drawn(sigmoid(chains[1] @ w[0].T + b[0]))
            chains[2] = drawn(sigmoid(chains[1] @ w[1] + chains[3] @ w[2].T + b[2]))
        assert row == pytest.approx(((v - sigmoid(m1 @ w[0].T + b[0])) ** 2).sum() / len(v), rel=1e-4)
        for layer in range(3):
            net.pull(layer, data[layer : layer + 2], chains[layer : layer + 2])
        for layer in range(4):
            net.pull_bias(layer, data[layer], chains[layer])
        net.same_as(module)


@torch.no_grad()
def log_likelihood(module, visible):
    """The exact mean of ln p(v): all states of a small machine."""
    sizes = [len(module.visible_bias), *(len(bias) for bias in module.hidden_biases)]
    hidden = torch.tensor(list(itertools.product((0.0, 1.0), repeat=sum(sizes[1:]))))
    seen = torch.tensor(list(itertools.product((0.0, 1.0), repeat=sizes[0])))
    layers = hidden.split(sizes[1:], dim=1)
    every = [torch.logsumexp(-module.energy(state.expand(len(hidden), -1), *layers), dim=0) for state in seen]
    chances = torch.log_softmax(torch.stack(every), dim=0)
    places = visible @ 2.0 ** torch.arange(sizes[0] - 1, -1, -1)
    return float(chances[places.long()].mean())


def test_learning_raises_the_exact_likelihood_and_learning_together_raises_it_further():
    """Four patterns of six units, a tenth of them flipped: free units say −4.16 nats a sample."""
    torch.manual_seed(1)
    patterns = torch.tensor([[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1], [1, 0, 1, 0, 1, 0], [0, 1, 0, 1, 0, 1]]).float()
    data = (patterns.repeat(50, 1) - (torch.rand(200, 6) < 0.1).float()).abs()
    module = DeepBoltzmannMachine(6, (5, 3))
    assert log_likelihood(module, data) == pytest.approx(-4.16, abs=0.01)
    greedy = DeepMachine(module, ContrastiveDivergence("x", epochs=2, weight_decay=0.0))
    with torch.no_grad():
        for epoch in range(2):
            greedy.begin_epoch(epoch)
            for _ in range(100):
                greedy.step(data)
        pretrained = log_likelihood(module, data)
        joint = ContrastiveDivergence("x", learning_rate=0.02, k=5, weight_decay=0.0, persistent=True)
        together = DeepMachine(module, joint)
        for _ in range(400):
            together.step(data)
    assert pretrained > -3.8
    assert log_likelihood(module, data) > max(-3.4, pretrained + 0.1)


def run(drawing, requested, script, *stages, layers=TWO, loss=None, held=None, **more):
    request = requested(drawing(*layers, loss=loss), *stages, batch_size=50, **more)
    return list(train(request, script(), on_session=held.append if held is not None else None))


def errors_of(events):
    ended = [event for event in events if isinstance(event, EpochEnded)]
    return [event.validation["reconstruction_error"] for event in ended], [
        event.train["reconstruction_error"] for event in ended
    ]


def test_the_reconstruction_error_falls_layer_by_layer_then_together(drawing, requested, script, losses):
    stages = (
        ContrastiveDivergence("l1", epochs=16),
        ContrastiveDivergence("l1", epochs=6, learning_rate=0.01, persistent=True),
    )
    held = []
    events = run(drawing, requested, script, *stages, held=held)
    assert isinstance(events[-1], Finished)
    errors, told = errors_of(events)
    assert errors[7] < 0.6 * errors[0], "the lowest layer"
    assert errors[15] < 0.75 * errors[8], "the one above, seen through both"
    assert errors[21] < errors[15], "both together"
    assert told[21] == pytest.approx(errors[21], rel=0.2)
    assert events[-1].test["reconstruction_error"] == pytest.approx(errors[21], rel=0.2)
    np.testing.assert_array_equal(losses(run(drawing, requested, script, *stages)), losses(events))
    shown = measure(held[0], Ask(id="f", kind="filters", block="l1", count=100))
    assert shown["filters"].shape == (64, 8, 8)
    assert shown["change"] > 1


def test_layers_share_the_epochs_and_one_epoch_is_enough_for_all(drawing, requested, script):
    for epochs, moves in ((1, [(0, 1, 2)]), (2, [(0,), (1, 2)]), (6, [(0,), (0,), (1,), (1,), (2,), (2,)])):
        plan = ContrastiveDivergence("l1", epochs=epochs)
        session = opened(drawing, requested, plan)
        module = session.network.block("l1")
        stage = ContrastiveDivergenceStage(session, plan, begin=True)
        for epoch in range(2 * epochs):
            before = [weight.detach().clone() for weight in module.weights]
            stage.step(next(stage.batches(epoch, 0)))
            moved = [not torch.equal(was, now) for was, now in zip(before, module.weights, strict=True)]
            assert tuple(layer for layer in range(3) if moved[layer]) == moves[min(epoch, epochs - 1)], (epochs, epoch)


def test_where_the_next_layer_begins_is_marked(drawing, requested, script):
    def marks(*stages):
        events = run(drawing, requested, script, *stages)
        steps = {event.step: event.epoch for event in events if isinstance(event, EpochEnded) and event.stage == 0}
        return [(event.name, event.value, steps.get(event.step)) for event in events if isinstance(event, Marked)]

    apart = ContrastiveDivergence("l1", epochs=5)
    assert marks(apart) == [("layer", 2.0, 3)]
    assert marks(ContrastiveDivergence("l1", epochs=1)) == []
    together = ContrastiveDivergence("l1", epochs=3, learning_rate=0.01, persistent=True)
    assert marks(apart, together) == [("layer", 2.0, 3)]


@pytest.mark.parametrize("persistent", [False, True])
def test_a_run_that_goes_on_from_its_checkpoint_ends_at_the_same_bits(drawing, tmp_path, persistent):
    plan = ContrastiveDivergence("l1", epochs=4, persistent=persistent)
    assert_goes_on_at_the_same_bits(drawing(*DEEP, loss=None), plan, 50, str(tmp_path))


def test_a_machine_that_learned_alone_helps_a_classifier_above_it(drawing, requested, script):
    layers = (*TWO, ("dense", {"out_features": 10}))
    stages = (ContrastiveDivergence("l1", epochs=10), Supervised(12, learning_rate=0.01))
    events = run(drawing, requested, script, *stages, layers=layers, loss="cross_entropy")
    assert [event.stage for event in events if isinstance(event, EpochEnded)] == [0] * 10 + [1] * 12
    assert events[-1].test["accuracy"] > 0.9


def test_values_outside_0_to_1_are_refused(drawing, requested, script):
    datasets = (DatasetRef("digits", standardise=True),)
    events = run(drawing, requested, script, ContrastiveDivergence("l1"), datasets=datasets)
    assert events[-1].problem.code == "stage-input"


@pytest.mark.parametrize("persistent", [False, True])
def test_validation_says_the_same_twice(drawing, requested, persistent):
    plan = ContrastiveDivergence("l1", persistent=persistent)
    session = opened(drawing, requested, plan)
    stage = ContrastiveDivergenceStage(session, plan, begin=True)
    assert_validation_says_the_same_twice(session, stage)
