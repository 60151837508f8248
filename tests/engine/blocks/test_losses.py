from __future__ import annotations

import pytest
import torch

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.compile.compiler import compile_graph
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.project.drawing import Drawing
from tests.engine.blocks.asking import defaults

N = Dim("N")
ROWS, OTHER_ROWS = TensorSpec((N, 12), "float32"), TensorSpec((N, 11), "float32")
LABELS, MAPS = TensorSpec((N,), "int64"), TensorSpec((N, 4, 8, 8), "float32")


@pytest.mark.parametrize("id", ["cross_entropy", "nll", "kl_divergence"])
@pytest.mark.parametrize("shape", [(N, 3), (N, 3, Dim("T")), (N, 3, 16, 16)])
def test_classes_are_counted_along_their_axis_alone(id: str, shape: tuple[int | Dim, ...]) -> None:
    type = BLOCK_TYPES[id]
    assert type.prediction is not None
    prediction = {type.prediction.port: TensorSpec(shape, "float32")}
    assert type.second_line(defaults(id), prediction) == "3 classes"
    assert type.second_line(defaults(id), {}) == ""


def test_class_weights_are_one_a_class() -> None:
    type, inputs = BLOCK_TYPES["cross_entropy"], {"logits": TensorSpec((N, 3), "float32"), "target": LABELS}
    assert type.expect(defaults("cross_entropy", class_weights=(1, 2, 3)), inputs) is None
    assert type.expect(defaults("cross_entropy", class_weights=(1, 2)), inputs) is not None
    assert type.expect(defaults("cross_entropy", class_weights=(0, 0, 0)), inputs) is not None
    assert type.arguments(defaults("cross_entropy"), inputs) == {"label_smoothing": 0.0}


@pytest.mark.parametrize(
    ("id", "inputs"),
    [
        ("contrastive", {"target": LABELS, "a": ROWS, "b": OTHER_ROWS}),
        ("contrastive", {"target": ROWS, "a": ROWS, "b": ROWS}),
        ("contrastive", {"target": LABELS, "a": MAPS, "b": MAPS}),
        ("triplet", {"anchor": ROWS, "positive": ROWS, "negative": OTHER_ROWS}),
        ("vae_kl", {"mean": ROWS, "log_variance": OTHER_ROWS}),
        ("kl_divergence", {"log_probabilities": ROWS, "target": LABELS}),
        ("hinge", {"scores": MAPS, "target": TensorSpec((N, 8, 8), "int64")}),
        ("style_loss", {"features": MAPS, "target": ROWS}),
        ("ctc", {"target": LABELS, "log_probabilities": TensorSpec((N, Dim("T"), 5), "float32")}),
    ],
)
def test_it_refuses(id: str, inputs: dict[str, TensorSpec]) -> None:
    assert BLOCK_TYPES[id].expect(defaults(id), inputs) is not None


def contractive_autoencoder() -> Drawing:
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", dataset="", fields=("x: 6 float32",))
    drawn.add("code", "dense", out_features=3)
    drawn.add("act", "sigmoid")
    drawn.add("out", "dense", out_features=6)
    drawn.add("error", "squared_error")
    drawn.add("penalty", "contractive", weight=0.1)
    drawn.chain("in.x", "code", "act", "out", "error.prediction")
    drawn.wire("in.x", "error.target")
    drawn.wire("in.x", "penalty.input")
    drawn.wire("act", "penalty.code")
    return drawn


def test_a_contractive_autoencoder_trains_on_data_that_asks_for_no_gradient() -> None:
    graph = contractive_autoencoder().graph
    assert not Analyser(BLOCK_TYPES).analyse(graph).problems
    network = compile_graph(graph, BLOCK_TYPES)
    slice = network.training_slice()
    total, losses, _ = slice.module(torch.rand(8, 6))
    assert losses[1].item() > 0
    assert torch.allclose(total, losses[0] + 0.1 * losses[1])
    total.backward()
    first = dict(network.root.named_parameters())["dense.weight"]
    assert first.grad is not None
    assert first.grad.abs().sum() > 0


def test_the_blank_of_a_ctc_is_one_of_the_symbols() -> None:
    given = {"log_probabilities": TensorSpec((N, Dim("T"), 5), "float32")}
    parameters = {parameter.id: parameter.default for parameter in BLOCK_TYPES["ctc"].parameters}
    assert BLOCK_TYPES["ctc"].expect({**parameters, "blank": 4}, given) is None
    fault = BLOCK_TYPES["ctc"].expect({**parameters, "blank": 5}, given)
    assert fault is not None
    assert fault.facts["reason"] == "there is no symbol 5 among 5"
