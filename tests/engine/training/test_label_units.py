"""An RBM with label units learns digits and their classes together, and says the class of a digit."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.modules.energy import RBM
from engine.project.drawing import Drawing
from engine.training.boltzmann import DenseMachine
from engine.training.contrastive_divergence import ContrastiveDivergenceStage
from engine.training.evaluate import through
from engine.training.events import EpochEnded, Failed
from engine.training.loop import train
from engine.training.plan import ContrastiveDivergence, DatasetRef, Plan, TrainingRequest
from engine.training.session import open_session


class Undisturbed:
    """A control that says nothing."""

    def take(self) -> tuple[()]:
        return ()

    def wait(self) -> tuple[()]:
        return ()


def request(wired: bool = True) -> TrainingRequest:
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("input", "input")
    drawing.add("flatten", "flatten")
    drawing.add("rbm", "rbm", hidden=128, labels=10)
    drawing.chain("input.image", "flatten", "rbm.input")
    if wired:
        drawing.wire("input.label", "rbm.label")
    stage = ContrastiveDivergence(block="rbm", epochs=30, learning_rate=0.1)
    plan = Plan(stages=(stage,), batch_size=32, device="cpu", threads=1)
    return TrainingRequest(run="r", graph=drawing.graph, plan=plan, datasets=(DatasetRef("digits"),))


def test_label_units_have_weights_of_their_own():
    analysis = Analyser(BLOCK_TYPES).analyse(request().graph)
    assert analysis.problems == ()
    assert analysis.total.parameters == 128 * 74 + 74 + 128


def test_digits_and_classes_are_learned_together():
    asked = request()
    session = open_session(asked, BLOCK_TYPES)
    events = list(train(asked, Undisturbed(), session))
    errors = [event.train["reconstruction_error"] for event in events if isinstance(event, EpochEnded)]
    assert errors[-1] < 0.6 * errors[0]
    module = session.network.block("rbm")
    assert isinstance(module, RBM)
    images, labels = session.gather(("input/image", "input/label"), "test", 0, session.count("test"))
    chances = module.class_probabilities(images.flatten(1))
    assert torch.allclose(chances.sum(dim=1), torch.ones(len(chances)), atol=1e-5)
    assert (chances.argmax(dim=1) == labels).float().mean() > 0.85


def two_points(kind: str) -> RBM:
    """Two visible units and three label units, with weights that are easy to multiply by hand."""
    module = RBM(2, 2, visible_units=kind, sigma=2.0, labels=3)
    with torch.no_grad():
        module.weight.copy_(torch.tensor([[1.0, -1.0, 0.5, 0.0, -0.5], [0.0, 2.0, 0.0, 1.0, -1.0]]))
        module.hidden_bias.copy_(torch.tensor([0.25, -0.5]))
    return module


@pytest.mark.parametrize("kind", ["bernoulli", "gaussian"])
def test_label_units_begin_at_the_logarithm_of_the_shares(kind: str):
    """A softmax of ln p is p; one of the logits ln p/(1 − p) is not."""
    module = two_points(kind)
    machine = DenseMachine(module, ContrastiveDivergence(block="rbm"))
    machine.begin(torch.tensor([0.2, 0.5, 0.6, 0.3, 0.1]))
    values = [0.2, 0.5] if kind == "gaussian" else [math.log(0.2 / 0.8), 0.0]
    expected = [*values, math.log(0.6), math.log(0.3), math.log(0.1)]
    assert module.visible_bias.tolist() == pytest.approx(expected, abs=1e-6)
    rebuilt = module.visible_given_hidden(torch.zeros(1, 2))[0, 2:]
    assert rebuilt.tolist() == pytest.approx([0.6, 0.3, 0.1], abs=1e-6)


def test_a_class_that_never_comes_begins_at_a_finite_number():
    module = two_points("bernoulli")
    DenseMachine(module, ContrastiveDivergence(block="rbm")).begin(torch.tensor([0.2, 0.5, 0.0, 1.0, 0.0]))
    assert module.visible_bias[2:].tolist() == pytest.approx([math.log(1e-3), 0.0, math.log(1e-3)], abs=1e-6)


@pytest.mark.parametrize(("kind", "sigma"), [("gaussian", 2.0), ("gaussian", 1.0), ("bernoulli", 1.0)])
def test_the_error_is_in_the_datas_units_and_labels_have_none(kind: str, sigma: float):
    """0.5 and −1 in units of σ, and labels 0.2, −0.3, 0.1 beside the truth: σ² (0.25 + 1) + 0.04 + 0.09 + 0.01."""
    module = RBM(2, 2, visible_units=kind, sigma=sigma, labels=3)
    machine = DenseMachine(module, ContrastiveDivergence(block="rbm"))
    off = torch.tensor([[0.5, -1.0, 0.2, -0.3, 0.1], [0.0, 0.0, 0.0, 0.0, 0.0]])
    assert float(machine.squared_error(off)) == pytest.approx(sigma**2 * 1.25 + 0.14, rel=1e-6)
    assert float(machine.squared_error(off.double())) == pytest.approx(sigma**2 * 1.25 + 0.14, rel=1e-6)


def test_steps_and_validation_tell_one_error():
    """Both against numpy: σ² on the values, none on the labels."""
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("input", "input")
    drawing.add("flatten", "flatten")
    drawing.add("rbm", "rbm", hidden=16, visible_units="gaussian", sigma=3.0, labels=10)
    drawing.chain("input.image", "flatten", "rbm.input")
    drawing.wire("input.label", "rbm.label")
    stage = ContrastiveDivergence(block="rbm", epochs=1, learning_rate=0.0)
    plan = Plan(stages=(stage,), batch_size=32, device="cpu", threads=1, seed=5)
    asked = TrainingRequest(run="r", graph=drawing.graph, plan=plan, datasets=(DatasetRef("digits"),))
    session = open_session(asked, BLOCK_TYPES)
    learning = ContrastiveDivergenceStage(session, stage, begin=True)
    module = session.network.block("rbm")
    assert isinstance(module, RBM)
    images, labels = session.gather(("input/image", "input/label"), "validation", 0, session.count("validation"))
    given = np.concatenate((images.flatten(1).numpy() / 3.0, np.eye(10)[labels.numpy()]), axis=1)
    tensors = (module.weight, module.visible_bias, module.hidden_bias)
    weight, bias, hidden_bias = (tensor.detach().double().numpy() for tensor in tensors)
    chances = 1 / (1 + np.exp(-(given @ weight.T + hidden_bias)))

    def error(sampled: np.ndarray) -> float:
        sums = sampled @ weight + bias
        said = np.exp(sums[:, 64:]) / np.exp(sums[:, 64:]).sum(axis=1, keepdims=True)
        off = 3.0 * given[:, :64] - 3.0 * sums[:, :64]
        return float((off**2).sum() + ((given[:, 64:] - said) ** 2).sum()) / len(given)

    generator = torch.Generator().manual_seed(5)
    drawn = (torch.empty(chances.shape).uniform_(generator=generator).numpy() < chances).astype(float)
    assert through(learning.validation("validation"))["reconstruction_error"] == pytest.approx(error(drawn), rel=1e-4)
    torch.manual_seed(7)
    row = float(learning.step((torch.from_numpy(given).float(),)))
    torch.manual_seed(7)
    drawn = (torch.rand(chances.shape).numpy() < chances).astype(float)
    assert row == pytest.approx(error(drawn), rel=1e-4)


def test_the_class_makes_a_difference_to_the_features():
    module = RBM(4, 3, labels=2)
    torch.nn.init.normal_(module.weight)
    values = torch.rand(5, 4)
    without, zero, one = module(values), *(module(values, torch.full((5,), label)) for label in (0, 1))
    assert without.shape == zero.shape == (5, 3)
    assert not torch.allclose(zero, one)
    assert torch.allclose(without, RBM.forward(module, values, None))


def test_free_energy_is_the_sum_over_all_hidden_states():
    module = RBM(3, 2, labels=2)
    torch.nn.init.normal_(module.weight)
    visible = module.joined(torch.rand(4, 3), torch.tensor([0, 1, 0, 1]))
    states = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    every = torch.stack([module.energy(visible, state.expand(4, 2)) for state in states], dim=1)
    assert torch.allclose(module.free_energy(visible), -torch.logsumexp(-every, dim=1), atol=1e-5)


def test_label_units_without_a_label_are_told():
    (failed,) = [event for event in train(request(wired=False), Undisturbed()) if isinstance(event, Failed)]
    assert failed.problem.sentence == "RBM receives nothing at its label. Wire an output to it."
    assert (failed.problem.path, failed.problem.port) == (("rbm",), "label")


@pytest.mark.parametrize("sigma", [1.0, 2.0])
def test_gaussian_units_stand_beside_label_units(sigma: float):
    module = RBM(4, 3, visible_units="gaussian", sigma=sigma, labels=2)
    means = module.means(torch.randn(5, 6))
    assert torch.allclose(means[:, 4:].sum(dim=1), torch.ones(5))
    assert module(torch.randn(5, 4), torch.zeros(5, dtype=torch.int64)).shape == (5, 3)


@pytest.mark.parametrize("sigma", [1.0, 2.0])
def test_label_units_know_no_sigma(sigma: float):
    module = RBM(3, 2, visible_units="gaussian", sigma=sigma, labels=2).double()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)
    values = torch.randn(4, 3, dtype=torch.float64) * sigma
    hidden = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], dtype=torch.float64)
    every = []
    for label in torch.eye(2, dtype=torch.float64):
        units = torch.cat((values / sigma, label.expand(4, 2)), dim=1)
        alone = 0.5 * (units[:, :3] - module.visible_bias[:3]).square().sum(dim=1) - label @ module.visible_bias[3:]
        meeting = units @ module.weight.t() @ hidden.t() + hidden @ module.hidden_bias
        every.append(torch.logsumexp(meeting - alone[:, None], dim=1))
    assert torch.allclose(module.class_probabilities(values), torch.softmax(torch.stack(every, dim=1), dim=1))
    rebuilt = module.visible_given_hidden(hidden)
    assert torch.allclose(rebuilt[:, 3:].sum(dim=1), torch.ones(4, dtype=torch.float64))
    assert torch.allclose(rebuilt[:, :3], sigma * (hidden @ module.weight + module.visible_bias)[:, :3])
