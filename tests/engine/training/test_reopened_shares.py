"""A drawing whose sharing was ended after training is opened with what its blocks had learnt together."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.lent_weights import with_lent
from engine.graph.edits import connect, remove_blocks, set_weights
from engine.graph.graph import Graph, PortRef, Weights
from engine.graph.scope import Scope
from engine.project.drawing import Drawing
from engine.training.checkpoint import read_checkpoint
from engine.training.loop import train
from engine.training.plan import DatasetRef, Plan, Supervised, TrainingRequest
from engine.training.session import Session, open_session

SCOPE = Scope(types=BLOCK_TYPES)


def shared(transposed: bool) -> Graph:
    """An encoder, a decoder with its weights, and a head: 64 → 64 → 64 → 10."""
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", dataset="digits", fields=("image: 1×8×8 float32", "label: 10 classes"))
    drawn.add("flat", "flatten")
    drawn.add("enc", "dense", out_features=64)
    drawn.add("relu", "relu")
    drawn.add("dec", "dense", out_features=64)
    drawn.add("head", "dense", out_features=10)
    drawn.add("loss", "cross_entropy")
    drawn.chain("in.image", "flat", "enc", "relu", "dec", "head", "loss.logits")
    drawn.wire("in.label", "loss.target")
    return set_weights(drawn.graph, SCOPE, "dec", Weights("enc", transposed))


def trained(graph: Graph, folder: Path) -> str:
    plan = Plan(stages=(Supervised(2),), device="cpu", threads=1)
    request = TrainingRequest(
        run="r", graph=graph, plan=plan, datasets=(DatasetRef("digits"),), checkpoint_folder=str(folder)
    )
    return list(train(request, Quiet()))[-1].checkpoint


class Quiet:
    def take(self) -> tuple[()]:
        return ()

    def wait(self) -> tuple[()]:
        return ()


def opened(graph: Graph, weights: str) -> Session:
    plan = Plan(stages=(Supervised(2),), device="cpu", threads=1)
    return open_session(
        TrainingRequest(run="o", graph=graph, plan=plan, datasets=(DatasetRef("digits"),), weights=weights),
        BLOCK_TYPES,
    )


@pytest.mark.parametrize("transposed", [True, False])
def test_weights_of_its_own_are_those_that_were_shared(tmp_path: Path, transposed: bool) -> None:
    graph = shared(transposed)
    path = trained(graph, tmp_path)
    learnt = read_checkpoint(Path(path)).weights
    assert "dec.weight" not in learnt
    state = opened(set_weights(graph, SCOPE, "dec", None), path).network.state()
    wanted = learnt["enc.weight"].t() if transposed else learnt["enc.weight"]
    assert torch.equal(state["dec.weight"], wanted)
    assert torch.equal(state["dec.bias"], learnt["dec.bias" if transposed else "enc.bias"])


def test_the_heir_has_what_the_deleted_owner_had(tmp_path: Path) -> None:
    graph = shared(transposed=False)
    path = trained(graph, tmp_path)
    learnt = read_checkpoint(Path(path)).weights
    without = remove_blocks(graph, SCOPE, ("enc", "relu"))
    without = connect(without, SCOPE, PortRef("flat", "output"), PortRef("dec", "input"))
    assert without.blocks["dec"].weights is None
    state = opened(without, path).network.state()
    assert torch.equal(state["dec.weight"], learnt["enc.weight"])
    assert torch.equal(state["head.weight"], learnt["head.weight"])


def test_a_transposed_user_keeps_its_own_bias() -> None:
    state = {"a.weight": torch.ones(2, 3), "a.bias": torch.ones(2), "b.bias": torch.zeros(3)}
    found = with_lent(state, {"b": ("a", True)})
    assert found["b.weight"].shape == (3, 2)
    assert torch.equal(found["b.bias"], torch.zeros(3))
    assert set(found) == {*state, "b.weight"}
