"""Shared weights stay what they learnt when their owner is deleted or the sharing ends, and the run goes on."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.edits import remove_blocks, set_weights
from engine.graph.graph import Graph, PortRef, Weights
from engine.graph.scope import Scope
from engine.project.drawing import Drawing
from engine.training.events import Finished, Losses, Started
from engine.worker.protocol import Run

from .conftest import Listener, request

SCOPE = Scope(types=BLOCK_TYPES)


def tied() -> Graph:
    drawn = Drawing(BLOCK_TYPES)
    fields = ("image: 1×8×8 float32", "label: 10 classes")
    drawn.add("in", "input", dataset="digits", fields=fields)
    drawn.add("flat", "flatten")
    drawn.add("enc", "dense", name="Encoder", out_features=16)
    drawn.add("dec", "dense", name="Decoder", out_features=64)
    drawn.add("loss", "squared_error")
    drawn.chain("in.image", "flat", "enc", "dec", "loss.prediction")
    drawn.wire("flat", "loss.target")
    return set_weights(drawn.graph, SCOPE, "dec", Weights("enc", transposed=True))


def twins() -> Graph:
    """Two classifiers side by side with one set of weights, the second of them alone behind the loss."""
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", dataset="digits", fields=("image: 1×8×8 float32", "label: 10 classes"))
    drawn.add("flat", "flatten")
    drawn.add("a", "dense", out_features=10)
    drawn.add("b", "dense", out_features=10)
    drawn.add("loss-a", "cross_entropy", name="Loss A")
    drawn.add("loss-b", "cross_entropy", name="Loss B")
    drawn.chain("in.image", "flat", "a", "loss-a.logits")
    drawn.chain("flat", "b", "loss-b.logits")
    drawn.wire("in.label", "loss-a.target")
    drawn.wire("in.label", "loss-b.target")
    return set_weights(drawn.graph, SCOPE, "b", Weights("a"))


def losses(worker: Listener, run: str) -> np.ndarray:
    parts = [message.values for message in worker.heard if isinstance(message, Losses) and message.run == run]
    return np.concatenate([np.frombuffer(part, np.float32) for part in parts])


def goes_on(worker: Listener, before: Graph, after: Graph) -> tuple[np.ndarray, np.ndarray, Started]:
    """The losses of 20 epochs of one drawing and of one more of another, and how the second run began."""
    worker.client.send(Run(msgspec.structs.replace(request("old", 20), graph=before)))
    worker.until(Finished, lambda m: m.run == "old")
    worker.client.send(Run(msgspec.structs.replace(request("new", 1), graph=after), fresh=False))
    started = worker.until(Started, lambda m: m.run == "new")
    worker.until(Finished, lambda m: m.run == "new")
    return losses(worker, "old"), losses(worker, "new"), started


@pytest.mark.parametrize("transposed", [True, False])
def test_weights_of_its_own_begin_as_the_shared_ones(worker: Listener, transposed: bool) -> None:
    before, id = (tied(), "dec") if transposed else (twins(), "b")
    old, new, started = goes_on(worker, before, set_weights(before, SCOPE, id, None))
    assert started.first_step == 20 * started.steps_per_epoch
    assert new[:5].mean() < old[-10:].mean() * 1.2
    assert new[:5].mean() < old[0] / 2


def test_the_heir_of_a_deleted_owner_keeps_what_was_learnt(worker: Listener) -> None:
    after = remove_blocks(twins(), SCOPE, ("a", "loss-a"))
    assert after.blocks["b"].weights is None
    assert all(PortRef("a", "output") != wire.source for wire in after.wires)
    old, new, started = goes_on(worker, twins(), after)
    assert started.first_step == 20 * started.steps_per_epoch
    # One of two equal losses is left.
    assert new[:5].mean() < old[-10:].mean() / 2 * 1.3
    assert new[:5].mean() < old[0] / 4
