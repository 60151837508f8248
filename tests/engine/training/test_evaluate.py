"""Metrics on one part equal what numpy says of the same predictions, and leave no trace."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.block_type import BlockType
from engine.graph.graph import Block, Graph, PortRef, Wire, sorted_wires
from engine.training.evaluate import evaluate
from engine.training.plan import Supervised
from engine.training.session import open_session

LAYERS = ("flatten", ("dense", {"out_features": 16}), "batch_norm1d", "dropout", ("dense", {"out_features": 10}))


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_metrics_are_means_over_the_part(drawing, requested, part):
    session = open_session(requested(drawing(*LAYERS), Supervised(1)), BLOCK_TYPES)
    session.network.root.train()
    random, before = torch.get_rng_state(), {k: v.clone() for k, v in session.network.state().items()}
    metrics = evaluate(session, part)
    assert session.network.block("l3").training
    assert torch.equal(torch.get_rng_state(), random)
    assert all(torch.equal(tensor, before[key]) for key, tensor in session.network.state().items())

    fields = session.data["digits"].fields(part)
    session.network.root.eval()
    with torch.no_grad():
        (logits,) = session.network.slice((session.network.losses[0].prediction,)).module(fields["image"])
    assert metrics["loss"] == pytest.approx(float(functional.cross_entropy(logits, fields["label"])), rel=1e-5)
    assert metrics["accuracy"] == float((logits.argmax(1) == fields["label"]).double().mean())


def test_yes_or_no_has_an_accuracy(drawing, requested):
    graph = drawing(
        ("dense", {"out_features": 1}),
        loss="binary_cross_entropy",
        dataset="moons",
        fields=("point: 2 float32", "label: 2 classes"),
        source="point",
    )
    session = open_session(requested(graph, Supervised(1)), BLOCK_TYPES)
    metrics = evaluate(session, "train")
    fields = session.data["moons"].fields("train")
    with torch.no_grad():
        logits = session.network.block("l0")(fields["point"])
    assert metrics["accuracy"] == float(((logits[:, 0] > 0) == (fields["label"] == 1)).double().mean())


def test_numbers_have_a_loss_only(drawing, requested):
    layers = ("flatten", ("dense", {"out_features": 64}), ("reshape", {"shape": (1, 8, 8)}))
    graph = drawing(*layers, loss="squared_error", target="image")
    session = open_session(requested(graph, Supervised(1)), BLOCK_TYPES)
    assert set(evaluate(session, "test")) == {"loss"}


def test_without_a_loss_there_is_nothing_to_tell(drawing, requested):
    session = open_session(requested(drawing(*LAYERS, loss=None), Supervised(1)), BLOCK_TYPES)
    assert evaluate(session, "test") == {}


def test_a_loss_that_differentiates_is_evaluated_with_gradients(drawing, requested, monkeypatch):
    asked: list[bool] = []

    class Watching(torch.nn.ReLU):
        def forward(self, input: torch.Tensor) -> torch.Tensor:
            asked.append(torch.is_grad_enabled())
            return super().forward(input)

    monkeypatch.setattr(torch.nn, "ReLU", Watching)
    for traits, expected in ((frozenset(), False), (frozenset({"needs_gradient"}), True)):
        relu = BLOCK_TYPES["relu"]
        changed = {field: getattr(relu, field) for field in BlockType.__struct_fields__}
        types = {**BLOCK_TYPES, "relu": BlockType(**{**changed, "traits": traits})}
        graph = drawing("flatten", "relu", ("dense", {"out_features": 10}))
        session = open_session(requested(graph, Supervised(1)), types)
        asked.clear()
        evaluate(session, "test")
        assert set(asked) == {expected}


def test_a_penalty_has_a_loss_of_its_own_and_no_accuracy(drawing, requested):
    graph = drawing(("flatten", {}), ("dense", {"out_features": 16}), "sigmoid", ("dense", {"out_features": 10}))
    penalty = Block("kl", "kl_sparsity", "Sparsity")
    wire = Wire(PortRef("l2", "output"), PortRef("kl", "input"))
    graph = Graph({**graph.blocks, "kl": penalty}, sorted_wires([*graph.wires, wire]))
    session = open_session(requested(graph, Supervised(1)), BLOCK_TYPES)
    found = evaluate(session, "validation")
    assert set(found) == {"loss", "loss.loss", "loss.Sparsity", "accuracy.loss"}
    assert found["loss.Sparsity"] > 0.1
    assert found["loss"] == pytest.approx(found["loss.loss"] + 0.1 * found["loss.Sparsity"], rel=1e-5)
