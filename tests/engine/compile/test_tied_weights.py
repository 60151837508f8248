"""Layers that hold the weight of another the other way round: tied autoencoders."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.compile.compiler import compile_graph
from engine.compile.network import Network
from engine.graph.edits import set_bypassed, set_learning, set_weights
from engine.graph.graph import Graph, Learning, Weights
from engine.graph.problem import Refused
from engine.graph.scope import Scope
from engine.project.drawing import Drawing

SCOPE = Scope(types=BLOCK_TYPES)


def autoencoder() -> Graph:
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", fields=("row: 12",))
    drawn.add("enc", "dense", name="Encoder", out_features=5)
    drawn.add("tanh", "tanh")
    drawn.add("dec", "dense", name="Decoder", out_features=12)
    drawn.add("loss", "squared_error")
    drawn.chain("in", "enc", "tanh", "dec", "loss.prediction")
    drawn.wire("in", "loss.target")
    return set_weights(drawn.graph, SCOPE, "dec", Weights("enc", transposed=True))


def convolutional() -> Graph:
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", fields=("image: 3×9×9",))
    drawn.add("enc", "conv2d", name="Encoder", out_channels=4, stride=(2, 2), padding="none")
    drawn.add(
        "dec", "conv_transpose2d", name="Decoder", out_channels=3, kernel_size=(3, 3), stride=(2, 2), padding="none"
    )
    drawn.chain("in", "enc", "dec")
    return set_weights(drawn.graph, SCOPE, "dec", Weights("enc", transposed=True))


def decoded(network: Network, *given: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    source = network.source_of("dec")
    code, rebuilt = network.slice((source, "dec/output")).module(*given)
    return code, rebuilt


def test_the_decoder_uses_the_encoders_weight_transposed_and_a_bias_of_its_own() -> None:
    analysis = Analyser(BLOCK_TYPES).analyse(autoencoder())
    assert not analysis.problems
    assert analysis.total.parameters == 12 * 5 + 5 + 12
    assert analysis.costs["dec"].parameters == 12
    network = compile_graph(autoencoder(), BLOCK_TYPES)
    code, rebuilt = decoded(network, torch.randn(3, 12))
    state = network.state()
    assert torch.allclose(rebuilt, code @ state["enc.weight"] + state["dec.bias"])
    assert list(state) == ["enc.weight", "enc.bias", "dec.bias"]
    assert list(network.readable_state()) == ["encoder.weight", "encoder.bias", "decoder.bias"]


def test_a_transposed_convolution_undoes_its_convolution() -> None:
    analysis = Analyser(BLOCK_TYPES).analyse(convolutional())
    assert not analysis.problems, [problem.sentence for problem in analysis.problems]
    assert analysis.total.parameters == 4 * 3 * 9 + 4 + 3
    network = compile_graph(convolutional(), BLOCK_TYPES)
    code, rebuilt = decoded(network, torch.randn(2, 3, 9, 9))
    state = network.state()
    wanted = torch.nn.functional.conv_transpose2d(code, state["enc.weight"], state["dec.bias"], stride=2)
    assert torch.equal(rebuilt, wanted)


def test_both_learn_the_one_weight() -> None:
    network = compile_graph(autoencoder(), BLOCK_TYPES)
    groups = network.parameter_groups(0.1, 0.0)
    assert sum(weight.numel() for group in groups for weight in group["params"]) == 77
    optimiser = torch.optim.SGD(groups)
    row = torch.randn(8, 12)
    first = network.training_slice().module(row)[0]
    first.backward()
    alone = network.state()["enc.weight"].clone()
    optimiser.step()
    assert not torch.equal(network.state()["enc.weight"], alone)
    assert network.block("dec").weight is network.block("enc").weight
    assert network.training_slice().module(row)[0] < first


def test_fresh_weights_loading_and_saving_keep_them_tied(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    network = compile_graph(autoencoder(), BLOCK_TYPES, seed=1)
    again = compile_graph(autoencoder(), BLOCK_TYPES, seed=2)
    save_file(network.state(), tmp_path / "weights.safetensors")
    loaded, missing = again.load_state(load_file(tmp_path / "weights.safetensors"))
    assert not missing
    row = torch.randn(3, 12)
    assert torch.equal(decoded(network, row)[1], decoded(again, row)[1])
    again.initialise(2)
    fresh = compile_graph(autoencoder(), BLOCK_TYPES, seed=2)
    assert all(torch.equal(tensor, fresh.state()[key]) for key, tensor in again.state().items())
    again.to("cpu")
    assert again.block("dec").weight is again.block("enc").weight


def test_a_frozen_decoder_keeps_its_bias_alone() -> None:
    graph = set_learning(autoencoder(), SCOPE, "dec", Learning(frozen=True))
    network = compile_graph(graph, BLOCK_TYPES)
    assert network.block("enc").weight.requires_grad
    assert not network.block("dec").bias.requires_grad


def test_a_tied_network_can_be_exported_by_torch() -> None:
    network = compile_graph(autoencoder(), BLOCK_TYPES)
    slice = network.slice(("dec/output",))
    row = torch.randn(3, 12)
    assert torch.equal(torch.export.export(slice.module, (row,)).module()(row)[0], slice.module(row)[0])


@pytest.mark.parametrize(
    ("owner", "reason"),
    [
        ("tanh", "It cannot use those of the type tanh transposed."),
        ("nobody", "It is not in this drawing."),
        ("loss", "It cannot use those of the type squared_error transposed."),
    ],
)
def test_only_layers_that_mirror_each_other_can_be_tied(owner: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        set_weights(autoencoder(), SCOPE, "dec", Weights(owner, transposed=True))
    assert refused.value.problem.advice == reason


def test_weights_that_do_not_fit_are_told() -> None:
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", fields=("row: 12",))
    drawn.add("enc", "dense", out_features=5)
    drawn.add("dec", "dense", out_features=11)
    drawn.chain("in", "enc", "dec")
    graph = set_weights(drawn.graph, SCOPE, "dec", Weights("enc", transposed=True))
    problem = Analyser(BLOCK_TYPES).analyse(graph).problems[0]
    assert (problem.path, problem.advice) == (("dec",), "It needs 11×5 weights, and they are 12×5.")
    assert not Analyser(BLOCK_TYPES).analyse(set_bypassed(graph, SCOPE, ("dec",), True)).problems
