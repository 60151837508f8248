from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.compiler import compile_graph
from engine.compile.network import Network
from engine.graph import edits
from engine.graph.graph import Block, Graph, Initialiser, Learning, PortRef, Weights
from engine.graph.scope import Scope
from engine.project.drawing import Drawing

SCOPE = Scope(types=BLOCK_TYPES)


def drawing() -> Graph:
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input")
    drawn.add("conv", "conv2d", name="Edges")
    drawn.add("norm", "batch_norm2d", name="Norm")
    drawn.add("flat", "flatten")
    drawn.add("one", "dense", name="Hidden", out_features=32)
    drawn.add("two", "dense", name="Last", out_features=10)
    drawn.add("loss", "cross_entropy", name="Loss")
    drawn.chain("in.image", "conv", "norm", "flat", "one", "two", "loss.logits")
    drawn.wire("in.label", "loss.target")
    return drawn.graph


def network(graph: Graph | None = None, seed: int = 0) -> Network:
    return compile_graph(graph or drawing(), BLOCK_TYPES, seed=seed)


def test_inputs_and_losses_are_told() -> None:
    net = network()
    assert [(given.block, given.field, given.key, given.dataset) for given in net.inputs] == [
        ("in", "image", "in/image", "digits"),
        ("in", "label", "in/label", "digits"),
    ]
    (loss,) = net.losses
    assert (loss.path, loss.name, loss.weight, loss.transform) == ("loss", "Loss", 1.0, "softmax")
    assert (loss.prediction, loss.target, str(loss.target_spec)) == ("two/output", "in/label", "N")
    assert net.source_of("one") == "flat/output"
    assert net.source_of("loss", "target") == "in/label"
    assert net.output_of("conv") == "conv/output"
    assert net.has_block("conv")
    assert not net.has_block("in")


def test_state_keys_are_ids_and_survive_renaming() -> None:
    graph = drawing()
    before = network(graph)
    assert list(before.state()) == [
        "conv.weight",
        "conv.bias",
        "norm.weight",
        "norm.bias",
        "norm.running_mean",
        "norm.running_var",
        "norm.num_batches_tracked",
        "one.weight",
        "one.bias",
        "two.weight",
        "two.bias",
    ]
    assert "hidden.weight" in before.readable_state()
    renamed = network(edits.rename(graph, SCOPE, "one", "Something else"), seed=9)
    loaded, missing = renamed.load_state(before.state())
    assert loaded == list(before.state())
    assert missing == []
    assert torch.equal(renamed.state()["one.weight"], before.state()["one.weight"])
    assert "something_else.weight" in renamed.readable_state()


def test_state_shows_the_networks_own_tensors() -> None:
    net = network()
    net.state()["one.bias"].fill_(3.0)
    assert net.block("one").bias.detach().unique().tolist() == [3.0]


def test_what_fits_is_loaded_and_the_rest_is_named() -> None:
    before = network(seed=1)
    wider = network(edits.set_parameter(drawing(), SCOPE, "one", "out_features", 40), seed=2)
    fresh = wider.state()["one.weight"].clone()
    loaded, missing = wider.load_state({**before.state(), "gone.weight": torch.zeros(1)})
    assert missing == ["one.weight", "one.bias", "two.weight"]
    assert set(loaded) == set(wider.state()) - set(missing)
    assert torch.equal(wider.state()["conv.weight"], before.state()["conv.weight"])
    assert torch.equal(wider.state()["one.weight"], fresh)


def test_weights_travel_through_safetensors(tmp_path: Path) -> None:
    graph = edits.add_block(drawing(), SCOPE, Block("twin", "dense", "Twin", {"out_features": 32}, Weights("one")))
    graph = edits.connect(graph, SCOPE, PortRef("flat", "output"), PortRef("twin", "input"))
    net = network(graph)
    save_file(net.state(), tmp_path / "weights.safetensors")
    other = network(graph, seed=5)
    loaded, missing = other.load_state(load_file(tmp_path / "weights.safetensors"))
    assert missing == []
    assert len(loaded) == len(net.state())
    image = torch.rand(2, 1, 8, 8)
    port = ("two/output",)
    assert torch.equal(net.slice(port).module(image)[0], other.slice(port).module(image)[0])


def test_groups_honour_frozen_rate_and_decay() -> None:
    graph = edits.set_learning(drawing(), SCOPE, "conv", Learning(frozen=True))
    graph = edits.set_learning(graph, SCOPE, "one", Learning(rate_factor=0.1))
    graph = edits.set_learning(graph, SCOPE, "two", Learning(decay=0.0))
    net = network(graph)
    groups = net.parameter_groups(0.01, 0.05)
    by_size = {
        tuple(sorted(weight.numel() for weight in group["params"])): (group["lr"], group["weight_decay"])
        for group in groups
    }
    assert by_size == {
        (16, 16): (0.01, 0.05),
        (32, 16 * 64 * 32): (pytest.approx(0.001), 0.05),
        (10, 320): (0.01, 0.0),
    }
    assert [group["rate_factor"] for group in groups] == [1.0, 0.1, 1.0]
    assert not any(weight.requires_grad for weight in net.block("conv").parameters())
    total, _, _ = net.training_slice().module(torch.rand(3, 1, 8, 8), torch.tensor([0, 1, 2]))
    total.backward()
    torch.optim.SGD(groups).step()
    assert net.block("conv").weight.grad is None
    assert net.block("one").weight.grad is not None


def test_everything_frozen_leaves_no_group() -> None:
    graph = drawing()
    for id in ("conv", "norm", "one", "two"):
        graph = edits.set_learning(graph, SCOPE, id, Learning(frozen=True))
    assert network(graph).parameter_groups(0.1, 0.0) == []


def test_fresh_weights_are_those_of_a_network_made_from_that_seed() -> None:
    net = network(seed=3)
    with torch.no_grad():
        for tensor in net.state().values():
            tensor.zero_()
    place = net.state()["one.weight"].data_ptr()
    net.initialise(4)
    other = network(seed=4)
    assert all(torch.equal(net.state()[key], other.state()[key]) for key in other.state())
    assert net.state()["one.weight"].data_ptr() == place
    assert not torch.equal(network(seed=3).state()["one.weight"], net.state()["one.weight"])


def test_initialisers_are_obeyed() -> None:
    start = {"weight": Initialiser("constant", {"value": 0.25}), "bias": Initialiser("normal", {"std": 2.0})}
    net = network(edits.set_learning(drawing(), SCOPE, "one", Learning(initialisers=start)))
    assert net.state()["one.weight"].unique().tolist() == [0.25]
    assert 1.0 < net.state()["one.bias"].std() < 3.0


def test_losses_are_weighted_and_summed() -> None:
    graph = edits.set_parameter(drawing(), SCOPE, "loss", "weight", 0.5)
    second = Block("mse", "squared_error", "Second", {"weight": 2.0})
    graph = edits.add_block(graph, SCOPE, second)
    graph = edits.connect(graph, SCOPE, PortRef("two", "output"), PortRef("mse", "prediction"))
    graph = edits.connect(graph, SCOPE, PortRef("two", "output"), PortRef("mse", "target"))
    graph = edits.move_wire(graph, SCOPE, PortRef("mse", "target"), PortRef("one", "output"), PortRef("mse", "target"))
    graph = edits.set_parameter(graph, SCOPE, "one", "out_features", 10)
    net = network(graph)
    assert [loss.weight for loss in net.losses] == [0.5, 2.0]
    image, label = torch.rand(3, 1, 8, 8), torch.tensor([0, 1, 2])
    total, losses, predictions = net.training_slice().module(image, label)
    logits, hidden = net.slice(("two/output", "one/output")).module(image)
    assert len(losses) == len(predictions) == 2
    torch.testing.assert_close(predictions[0], logits)
    torch.testing.assert_close(losses[0], nn.functional.cross_entropy(logits, label))
    torch.testing.assert_close(losses[1], nn.functional.mse_loss(logits, hidden))
    torch.testing.assert_close(total, 0.5 * losses[0] + 2.0 * losses[1])


def test_a_penalty_is_summed_but_predicts_nothing() -> None:
    graph = edits.add_block(drawing(), SCOPE, Block("l1", "activity_l1", "Sparse", {"weight": 0.5}))
    graph = edits.connect(graph, SCOPE, PortRef("one", "output"), PortRef("l1", "input"))
    net = network(graph)
    penalty = next(loss for loss in net.losses if loss.path == "l1")
    assert (penalty.prediction, penalty.target, penalty.target_spec, penalty.transform) == (None, None, None, "none")
    image, label = torch.rand(3, 1, 8, 8), torch.tensor([0, 1, 2])
    total, losses, predictions = net.training_slice().module(image, label)
    (hidden,) = net.slice(("one/output",)).module(image)
    by_name = {loss.name: value for loss, value in zip(net.losses, losses, strict=True)}
    torch.testing.assert_close(by_name["Sparse"], hidden.abs().sum(dim=1).mean())
    torch.testing.assert_close(total, by_name["Loss"] + 0.5 * by_name["Sparse"])
    assert [value is None for value in predictions] == [loss.path == "l1" for loss in net.losses]


def test_containers_have_outputs_and_modules() -> None:
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input")
    drawn.add("box", "residual", skip="projection")
    body = drawn.graph.blocks["box"].body
    entry, exit = (next(id for id, b in body.blocks.items() if b.type == type) for type in ("entry", "exit"))
    drawn.wire("in.image", f"box.{entry}")
    net = network(drawn.graph)
    assert net.output_of("box") == f"box/{exit}"
    assert isinstance(net.block("box"), nn.Module)
    assert [name for name, _ in net.block("box").named_children()] == [
        "convolution",
        "relu",
        "convolution_2",
        "projection",
        "add",
    ]
    (made,) = net.slice((f"box/{exit}",)).module(torch.rand(2, 1, 8, 8))
    assert made.shape == (2, 16, 8, 8)
    assert "box/projection.weight" in net.state()


def test_a_network_without_weights_is_on_the_cpu() -> None:
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input")
    drawn.add("relu", "relu")
    drawn.chain("in.image", "relu")
    net = network(drawn.graph)
    assert net.device == torch.device("cpu")
    assert net.state() == {}
    assert net.to("cpu") is net
