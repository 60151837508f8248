"""Boltzmann machines in numpy: what the steps of several kinds of machine have in common."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch

from engine.graph.graph import Graph
from engine.training.commands import Stop
from engine.training.contrastive_divergence import ContrastiveDivergenceStage
from engine.training.evaluate import evaluate, through
from engine.training.events import Finished
from engine.training.loop import train
from engine.training.plan import ContrastiveDivergence
from engine.training.session import Session
from tests.engine.training.conftest import Script, losses_of, request_for


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def drawn(chances: np.ndarray) -> np.ndarray:
    """1 with these chances, else 0, by torch's random numbers."""
    return (torch.rand(chances.shape).double().numpy() < chances).astype(float)


def moved(values: Iterable[np.ndarray], velocities: list[np.ndarray], steps: Iterable[np.ndarray]) -> list[np.ndarray]:
    """The values after a step with momentum 0.5 and learning rate 0.3, which also changes the velocities."""
    found = []
    for value, velocity, step in zip(values, velocities, steps, strict=True):
        velocity *= 0.5
        velocity += 0.3 * step
        found.append(value + velocity)
    return found


def assert_rbm_has(module: torch.nn.Module, weight: np.ndarray, visible: np.ndarray, hidden: np.ndarray) -> None:
    """The parameters of an RBM are these, to 2e-5."""
    np.testing.assert_allclose(module.weight.detach().numpy(), weight, atol=2e-5)
    np.testing.assert_allclose(module.visible_bias.detach().numpy(), visible, atol=2e-5)
    np.testing.assert_allclose(module.hidden_bias.detach().numpy(), hidden, atol=2e-5)


def assert_goes_on_at_the_same_bits(graph: Graph, plan: ContrastiveDivergence, stop: int, folder: str) -> None:
    """A run that is stopped at a step and goes on from its checkpoint has the losses of one that was not."""
    whole = losses_of(list(train(request_for(graph, plan), Script())))
    kept = {"checkpoint_folder": folder}
    cut = list(train(request_for(graph, plan, **kept), Script({stop: (Stop(),)})))
    rest = list(train(request_for(graph, plan, weights=cut[-1].checkpoint, resume=True, **kept), Script()))
    assert isinstance(rest[-1], Finished)
    np.testing.assert_array_equal(np.concatenate((losses_of(cut), losses_of(rest))), whole)


def assert_validation_says_the_same_twice(session: Session, stage: ContrastiveDivergenceStage) -> None:
    """In the stage, again in it, and by `evaluate`."""
    told = [through(stage.validation("validation"))["reconstruction_error"] for _ in range(2)]
    assert told[0] == told[1] == evaluate(session, "validation")["reconstruction_error"]
