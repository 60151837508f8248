from __future__ import annotations

import pytest
import torch

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.compiler import compile_graph
from engine.compile.network import Network
from engine.project.drawing import Drawing


@pytest.fixture
def network() -> Network:
    """Two branches from two fields; only one of them leads to the loss."""
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", fields=("image: 1×8×8", "other: 5", "label: 10 classes"))
    drawn.add("flat", "flatten")
    drawn.add("dense", "dense", out_features=10)
    drawn.add("drop", "dropout")
    drawn.add("loss", "cross_entropy")
    drawn.add("aside", "dense", out_features=2)
    drawn.chain("in.image", "flat", "dense", "drop", "loss.logits")
    drawn.wire("in.label", "loss.target")
    drawn.chain("in.other", "aside")
    return compile_graph(drawn.graph, BLOCK_TYPES)


def test_only_what_is_needed_is_asked_for_and_computed(network: Network) -> None:
    assert network.training_slice().inputs == ("in/image", "in/label")
    part = network.slice(("dense/output",))
    assert part.inputs == ("in/image",)
    assert [node.target for node in part.module.graph.nodes if node.op == "call_module"] == ["flatten", "dense"]
    assert network.slice(("aside/output",)).inputs == ("in/other",)


def test_ports_of_any_kind_may_be_wanted(network: Network) -> None:
    part = network.slice(("in/image", "dense/input", "dense/output"))
    image = torch.rand(2, 1, 8, 8)
    given, flat, made = part.module(image)
    assert given is image
    assert flat.shape == (2, 64)
    assert made.shape == (2, 10)


def test_slices_share_modules_and_mode(network: Network) -> None:
    part, whole = network.slice(("drop/output",)), network.training_slice()
    assert part.module.get_submodule("dense") is network.block("dense") is whole.module.get_submodule("dense")
    image = torch.rand(2, 1, 8, 8)
    network.root.eval()
    assert torch.equal(part.module(image)[0], part.module(image)[0])
    network.root.train()
    assert not torch.equal(part.module(image)[0], part.module(image)[0])
    with torch.no_grad():
        network.block("dense").weight.zero_()
        network.block("dense").bias.fill_(2.0)
    network.root.eval()
    assert part.module(image)[0].unique().tolist() == [2.0]


def test_training_passes_by_no_hook_that_waits_at_a_module(network: Network) -> None:
    seen: list[torch.Size] = []
    network.block("dense").register_forward_hook(lambda module, given, made: seen.append(made.shape))
    network.training_slice().module(torch.rand(3, 1, 8, 8), torch.zeros(3, dtype=torch.int64))
    assert seen == [(3, 10)]


def test_a_slice_is_made_once(network: Network) -> None:
    assert network.slice(("dense/output",)) is network.slice(("dense/output",))
    assert network.slice(("drop/input",)) is network.slice(("dense/output",)), "both ports carry the same tensor"


def test_a_slice_survives_torch_export_with_any_batch(network: Network) -> None:
    network.root.eval()
    part = network.slice(("drop/output",))
    batch = torch.export.Dim("batch")
    exported = torch.export.export(part.module, (torch.rand(4, 1, 8, 8),), dynamic_shapes=({0: batch},))
    image = torch.rand(7, 1, 8, 8)
    torch.testing.assert_close(exported.module()(image)[0], part.module(image)[0])


def test_a_port_that_is_not_there_is_a_fault_of_ours(network: Network) -> None:
    with pytest.raises(KeyError):
        network.slice(("gone/output",))
