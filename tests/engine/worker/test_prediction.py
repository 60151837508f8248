"""What `predict` gives of a network whose losses predict nothing."""

from __future__ import annotations

import numpy as np
import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.compiler import compile_graph
from engine.graph.problem import Refused
from engine.project.drawing import Drawing
from engine.worker.prediction import needed_inputs, predict, predicted_ports


@pytest.mark.parametrize("loss", ["contrastive", "cosine_embedding"])
def test_without_a_loss_that_predicts_it_gives_what_only_losses_read(loss: str) -> None:
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("input", "input", dataset="moons", fields=("point: 2 float32", "label: 2 classes"))
    drawing.add("hidden", "dense", out_features=5)
    for side, width in (("left", 3), ("right", 3)):
        drawing.add(side, "dense", name=side, out_features=width)
        drawing.wire("hidden", side)
    drawing.wire("input.point", "hidden")
    drawing.add("loss", loss)
    drawing.wire("left", "loss.a")
    drawing.wire("right", "loss.b")
    drawing.wire("input.label", "loss.target")
    drawing.add("sparse", "activity_l1", name="Sparse")
    drawing.wire("hidden", "sparse")
    network = compile_graph(drawing.graph, BLOCK_TYPES)
    assert predicted_ports(network) == {"left": ("left/output", "none"), "right": ("right/output", "none")}
    assert needed_inputs(network) == ("input/point",)
    found = predict(network, {}, {"input/point": np.zeros((4, 2), np.float32)})
    assert {name: rows.shape for name, rows in found.items()} == {"left": (4, 3), "right": (4, 3)}


def test_a_block_that_fails_without_a_word_is_refused_by_the_kind_of_its_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("input", "input", dataset="moons", fields=("point: 2 float32", "label: 2 classes"))
    drawing.add("hidden", "dense", out_features=5)
    drawing.wire("input.point", "hidden")
    network = compile_graph(drawing.graph, BLOCK_TYPES)

    def fail(rows: object) -> None:
        raise ValueError

    monkeypatch.setattr(network.root.get_submodule("dense"), "forward", fail)
    with pytest.raises(Refused) as refused:
        predict(network, {}, {"input/point": np.zeros((4, 2), np.float32)})
    assert refused.value.problem.facts["reason"] == "ValueError"
