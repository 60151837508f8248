"""Boltzmann machines in numpy: what the steps of several kinds of machine have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
import torch

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.graph import Graph
from engine.training.commands import Stop
from engine.training.contrastive_divergence import ContrastiveDivergenceStage
from engine.training.evaluate import evaluate, through
from engine.training.events import Finished
from engine.training.loop import train
from engine.training.plan import ContrastiveDivergence
from engine.training.session import Session, open_session
from tests.engine.training.conftest import Script, draw, losses_of, request_for

Layers = tuple[str | tuple[str, dict], ...]
Rule = Callable[[np.ndarray], np.ndarray]


def opened(
    layers: Layers, stage: ContrastiveDivergence, begin: bool = True, **settings: Any
) -> tuple[Session, ContrastiveDivergenceStage]:
    """A session that trains these layers on the digits without a loss, and its stage."""
    session = open_session(request_for(draw(*layers, loss=None), stage, **settings), BLOCK_TYPES)
    return session, ContrastiveDivergenceStage(session, stage, begin=begin)


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


def correlated(pictures: np.ndarray, filters: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Σ_c Σ_y Σ_x v[c, i+y, j+x] W[k, c, y, x] + b[k] for every place i, j."""
    n, _, height, width = pictures.shape
    k, _, rows, columns = filters.shape
    out = np.zeros((n, k, height - rows + 1, width - columns + 1))
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            window = pictures[:, :, i : i + rows, j : j + columns]
            out[:, :, i, j] = np.tensordot(window, filters, ((1, 2, 3), (1, 2, 3)))
    return out + bias[:, None, None]


def spread(maps: np.ndarray, filters: np.ndarray, bias: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """What every hidden unit adds to the visible units under its filter."""
    out = np.zeros(shape)
    rows, columns = filters.shape[2:]
    for i in range(maps.shape[2]):
        for j in range(maps.shape[3]):
            out[:, :, i : i + rows, j : j + columns] += np.tensordot(maps[:, :, i, j], filters, (1, 0))
    return out + bias[:, None, None]


def met(pictures: np.ndarray, maps: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Σ over samples and places of h[k, i, j] v[c, i+y, j+x]: −∂E/∂W."""
    out = np.zeros(shape)
    for i in range(maps.shape[2]):
        for j in range(maps.shape[3]):
            window = pictures[:, :, i : i + shape[2], j : j + shape[3]]
            out += np.tensordot(maps[:, :, i, j], window, (0, 0))
    return out


def assert_steps_are_the_formula(layers: Layers, k: int, places: int, chances: Rule, draws: Rule) -> None:
    """Three steps of CD-k on the filters of `l0`, against loops over places in numpy.

    `chances` are those of the hidden units, from their summed inputs; `draws` takes states from chances.
    """
    plan = ContrastiveDivergence("l0", learning_rate=0.3, k=k, momentum=0.5, weight_decay=0.01)
    session, stage = opened(layers, plan)
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
        h0 = chances(correlated(v0, weight, hidden_bias))
        vk, hk, first = v0, h0, None
        for _ in range(k):
            vk = sigmoid(spread(draws(hk), weight, visible_bias, v0.shape))
            first = vk if first is None else first
            hk = chances(correlated(vk, weight, hidden_bias))
        assert row == pytest.approx(((v0 - first) ** 2).sum() / len(v0), rel=1e-4)
        assert h0.shape[2] * h0.shape[3] == places
        steps = (
            (met(v0, h0, weight.shape) - met(vk, hk, weight.shape)) / len(v0) / places - 0.01 * weight,
            (v0 - vk).mean(axis=(0, 2, 3)),
            (h0 - hk).mean(axis=(0, 2, 3)),
        )
        weight, visible_bias, hidden_bias = moved((weight, visible_bias, hidden_bias), velocities, steps)
        assert_rbm_has(module, weight, visible_bias, hidden_bias)


def assert_update_is_the_slope_of_the_free_energy(
    layers: Layers, units: dict[str, int], draws: Callable[[torch.Tensor], torch.Tensor]
) -> None:
    """Without decay, ΔW of `l0` is minus the derivative of F(v₀) − F(v_k), v_k held fixed, over so many `units`."""
    plan = ContrastiveDivergence("l0", learning_rate=1.0, momentum=0.0, weight_decay=0.0)
    session, stage = opened(layers, plan)
    module = session.network.block("l0")
    (batch,) = next(stage.batches(0, 0))
    before = {name: tensor.detach().clone() for name, tensor in module.named_parameters()}
    torch.manual_seed(5)
    with torch.no_grad():
        rebuilt = module.visible_given_hidden(draws(module.hidden_given_visible(batch)))
    gap = (module.free_energy(batch) - module.free_energy(rebuilt)).mean()
    slopes = dict(zip(before, torch.autograd.grad(gap, list(module.parameters())), strict=True))
    torch.manual_seed(5)
    stage.step((batch,))
    for name, tensor in module.named_parameters():
        assert torch.allclose(tensor - before[name], -slopes[name] / units[name], atol=1e-5), name


def assert_goes_on_at_the_same_bits(
    graph: Graph, plan: ContrastiveDivergence, stop: int, folder: str, **settings: Any
) -> None:
    """A run that is stopped at a step and goes on from its checkpoint has the losses of one that was not."""
    whole = losses_of(list(train(request_for(graph, plan, **settings), Script())))
    kept = {**settings, "checkpoint_folder": folder}
    cut = list(train(request_for(graph, plan, **kept), Script({stop: (Stop(),)})))
    rest = list(train(request_for(graph, plan, weights=cut[-1].checkpoint, resume=True, **kept), Script()))
    assert isinstance(rest[-1], Finished)
    np.testing.assert_array_equal(np.concatenate((losses_of(cut), losses_of(rest))), whole)


def assert_validation_says_the_same_twice(session: Session, stage: ContrastiveDivergenceStage) -> None:
    """In the stage, again in it, and by `evaluate`."""
    told = [through(stage.validation("validation"))["reconstruction_error"] for _ in range(2)]
    assert told[0] == told[1] == evaluate(session, "validation")["reconstruction_error"]
