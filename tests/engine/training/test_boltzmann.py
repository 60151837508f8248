"""Persistent chains of RBMs: the step in numpy, the exact likelihood, and what they need to go on."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from engine.blocks.catalogue import BLOCK_TYPES
from engine.modules.energy import RBM
from engine.training.boltzmann import DenseMachine
from engine.training.commands import Stop
from engine.training.contrastive_divergence import ContrastiveDivergenceStage
from engine.training.events import EpochEnded, Finished
from engine.training.loop import train
from engine.training.plan import ContrastiveDivergence, DatasetRef
from engine.training.session import open_session
from tests.engine.training.machines import drawn, sigmoid


@pytest.mark.parametrize("k", [1, 3])
def test_a_step_with_persistent_chains_is_the_formula(drawing, requested, k):
    plan = ContrastiveDivergence("l1", learning_rate=0.3, k=k, momentum=0.0, weight_decay=0.0, persistent=True)
    request = requested(drawing("flatten", ("rbm", {"hidden": 16}), loss=None), plan)
    session = open_session(request, BLOCK_TYPES)
    stage = ContrastiveDivergenceStage(session, plan, begin=True)
    module = session.network.block("l1")
    w, a, b = (
        tensor.detach().double().numpy().T.copy() for tensor in (module.weight, module.visible_bias, module.hidden_bias)
    )
    chain = None
    for epoch in range(3):
        (batch,) = next(stage.batches(epoch, 0))
        torch.manual_seed(5 + epoch)
        stage.step((batch,))
        torch.manual_seed(5 + epoch)
        v = batch.double().numpy()
        h = sigmoid(v @ w + b)
        drawn(h)
        chain = v if chain is None else chain
        for _ in range(k):
            chain = drawn(sigmoid(drawn(sigmoid(chain @ w + b)) @ w.T + a))
        model = sigmoid(chain @ w + b)
        w, a, b = (
            w + 0.3 * (v.T @ h - chain.T @ model) / len(v),
            a + 0.3 * (v - chain).mean(axis=0),
            b + 0.3 * (h - model).mean(axis=0),
        )
        np.testing.assert_allclose(module.weight.detach().numpy(), w.T, atol=2e-5)
        np.testing.assert_allclose(module.visible_bias.detach().numpy(), a, atol=2e-5)
        np.testing.assert_allclose(module.hidden_bias.detach().numpy(), b, atol=2e-5)


def test_persistent_chains_reach_the_likelihood_of_the_data():
    torch.manual_seed(1)
    patterns = torch.tensor([[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1], [1, 0, 1, 0, 1, 0], [0, 1, 0, 1, 0, 1]]).float()
    data = (patterns.repeat(50, 1) - (torch.rand(200, 6) < 0.1).float()).abs()
    module = RBM(6, 8)
    machine = DenseMachine(
        module, ContrastiveDivergence("x", learning_rate=0.1, k=3, weight_decay=0.0, persistent=True)
    )
    every = torch.tensor(list(itertools.product((0.0, 1.0), repeat=6)))
    with torch.no_grad():
        for _ in range(1000):
            machine.step(data)
        chances = torch.log_softmax(-module.free_energy(every), dim=0)
    told = float(chances[(data @ 2.0 ** torch.arange(5, -1, -1)).long()].mean())
    shares = torch.unique(data, dim=0, return_counts=True)[1] / len(data)
    best = float((shares * shares.log()).sum())
    assert best - 0.2 < told <= best


KINDS = {
    "label units": ("flatten", ("rbm", {"hidden": 16, "labels": 10})),
    "gaussian": ("flatten", ("rbm", {"hidden": 16, "visible_units": "gaussian"})),
    "convolutional": (("scale", {"factor": 1.0}), ("conv_rbm", {"hidden": 5})),
}


@pytest.mark.parametrize("kind", KINDS)
def test_chains_of_every_kind_learn_and_go_on_from_a_checkpoint(
    drawing, requested, script, losses, tmp_path, kind: str
):
    from engine.graph.graph import PortRef, Wire, sorted_wires

    graph = drawing(*KINDS[kind], loss=None)
    if kind == "label units":
        wires = sorted_wires((*graph.wires, Wire(PortRef("in", "label"), PortRef("l1", "label"))))
        graph = type(graph)(graph.blocks, wires)
    plan = ContrastiveDivergence("l1", epochs=3, learning_rate=0.02, persistent=True)
    datasets = (DatasetRef("digits", standardise=kind == "gaussian"),)
    settings = {"datasets": datasets, "checkpoint_folder": str(tmp_path)}
    whole = list(train(requested(graph, plan, datasets=datasets), script()))
    assert isinstance(whole[-1], Finished)
    errors = [event.train["reconstruction_error"] for event in whole if isinstance(event, EpochEnded)]
    assert errors[-1] < errors[0]
    cut = list(train(requested(graph, plan, **settings), script({25: (Stop(),)})))
    rest = list(train(requested(graph, plan, weights=cut[-1].checkpoint, resume=True, **settings), script()))
    np.testing.assert_array_equal(np.concatenate((losses(cut), losses(rest))), losses(whole))
