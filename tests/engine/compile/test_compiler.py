from __future__ import annotations

import threading

import pytest
import torch
from torch import nn

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.compile.compiler import compile_graph
from engine.graph import edits
from engine.graph.graph import Block, Graph, PortRef, Weights, Wire, sorted_wires
from engine.graph.paths import within
from engine.graph.problem import Refused
from engine.graph.scope import Scope
from engine.project.drawing import Drawing

SCOPE = Scope(types=BLOCK_TYPES)


def classifier(*names: str) -> Graph:
    """An MLP of dense blocks called `names`, on 8×8 digits."""
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input")
    drawn.add("flat", "flatten")
    ids = [drawn.add(f"d{number}", "dense", name=name, out_features=8) for number, name in enumerate(names)]
    drawn.add("last", "dense", name="Last", out_features=10)
    drawn.add("loss", "cross_entropy")
    drawn.chain("in.image", "flat", *ids, "last", "loss.logits")
    drawn.wire("in.label", "loss.target")
    return drawn.graph


HOSTILE = ("training", "forward", "type", "class", "a.b", "self", "torch", "0", "graph", "…", "_modules", "meta", "nn")


def test_names_that_python_or_fx_own_compile_train_and_can_be_exported() -> None:
    network = compile_graph(classifier(*HOSTILE), BLOCK_TYPES)
    part = network.training_slice()
    image, label = torch.rand(3, 1, 8, 8), torch.tensor([1, 2, 3])
    total, losses, predictions = part.module(image, label)
    total.backward()
    assert losses[0].item() == total.item()
    assert predictions[0].shape == (3, 10)
    assert all(weight.grad is not None for weight in network.root.parameters())
    assert network.root.training is True
    assert isinstance(network.root.block_forward, nn.Linear)
    inference = network.slice(("last/output",))
    exported = torch.export.export(inference.module.eval(), (image,))
    torch.testing.assert_close(exported.module()(image)[0], inference.module(image)[0])


@pytest.mark.parametrize("field", ["class", "self", "lambda", "input", "forward", "torch", "import"])
def test_fields_may_be_called_what_they_like(field: str) -> None:
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", fields=("image: 4", f"{field}: 3 classes"))
    drawn.add("other", "input", fields=("image: 4",))
    drawn.add("sum", "add")
    drawn.add("dense", "dense", out_features=3)
    drawn.add("loss", "cross_entropy")
    drawn.wire("in.image", "sum.a")
    drawn.wire("other.image", "sum.b")
    drawn.chain("sum", "dense", "loss.logits")
    drawn.wire(f"in.{field}", "loss.target")
    part = compile_graph(drawn.graph, BLOCK_TYPES).training_slice()
    assert set(part.inputs) == {"in/image", f"in/{field}", "other/image"}
    values = {"image": torch.rand(2, 4), field: torch.tensor([0, 2])}
    total, _, _ = part.module(*(values[key.partition("/")[2]] for key in part.inputs))
    assert total.isfinite()


def boxed(levels: int, leaf: Block) -> Graph:
    """`leaf` inside `levels` residuals, between digits as rows and a cross-entropy."""
    inner, ports = leaf, ("input", "output")
    for level in range(levels, 0, -1):
        entry, exit = Block(f"e{level}", "entry", "Entry"), Block(f"x{level}", "exit", "Exit")
        wires = [
            Wire(PortRef(entry.id, "output"), PortRef(inner.id, ports[0])),
            Wire(PortRef(inner.id, ports[1]), PortRef(exit.id, "input")),
        ]
        body = Graph(blocks={block.id: block for block in (entry, inner, exit)}, wires=sorted_wires(wires))
        inner, ports = Block(f"box{level}", "residual", f"Box {level}", body=body), (entry.id, exit.id)
    graph = classifier("Before")
    graph = edits.add_block(graph, SCOPE, inner)
    graph = edits.disconnect(graph, SCOPE, (PortRef("last", "input"),))
    graph = edits.connect(graph, SCOPE, PortRef("d0", "output"), PortRef(inner.id, ports[0]))
    return edits.connect(graph, SCOPE, PortRef(inner.id, ports[1]), PortRef("last", "input"))


def test_containers_nest_in_the_tree_and_the_program_is_flat() -> None:
    graph = boxed(3, Block("leaf", "dense", "Leaf", {"out_features": 8}))
    network = compile_graph(graph, BLOCK_TYPES)
    leaf = network.block("box1/box2/box3/leaf")
    assert network.root.get_submodule("box_1.box_2.box_3.leaf") is leaf
    assert network.block("box1/box2") is network.root.get_submodule("box_1.box_2")
    assert {name for name in network.state() if "leaf" in name} == {
        "box1/box2/box3/leaf.weight",
        "box1/box2/box3/leaf.bias",
    }
    assert "box_1.box_2.box_3.leaf.weight" in network.readable_state()
    part = network.slice(("d0/output", "box1/x1"))
    image = torch.rand(2, 1, 8, 8)
    given, made = part.module(image)
    expected = leaf(given) + given
    for _ in range(2):
        expected = expected + given
    torch.testing.assert_close(made, expected)
    assert [node.op for node in part.module.graph.nodes if node.op == "call_function"] == []


def test_thirty_two_containers_deep_compiles() -> None:
    network = compile_graph(boxed(32, Block("leaf", "relu", "Leaf")), BLOCK_TYPES)
    total, _, _ = network.training_slice().module(torch.rand(2, 1, 8, 8), torch.tensor([0, 1]))
    assert total.isfinite()


def test_a_bypassed_container_is_passed_over() -> None:
    graph = boxed(2, Block("leaf", "dense", "Leaf", {"out_features": 8}))
    network = compile_graph(edits.set_bypassed(graph, SCOPE, ("box1",), True), BLOCK_TYPES)
    given, made = network.slice(("d0/output", "box1/x1")).module(torch.rand(2, 1, 8, 8))
    assert given is made
    assert not [key for key in network.state() if "leaf" in key]


def test_the_first_error_is_refused() -> None:
    graph = edits.disconnect(classifier("One"), SCOPE, (PortRef("last", "input"),))
    with pytest.raises(Refused, match="Dense “Last” receives nothing at its input"):
        compile_graph(graph, BLOCK_TYPES)
    with pytest.raises(Refused, match="The drawing is empty"):
        compile_graph(Graph(), BLOCK_TYPES)


@pytest.mark.parametrize("inside", [False, True], ids=["beside", "in a container"])
def test_shared_weights_are_one_module_called_twice(inside: bool) -> None:
    shared = Block("twin", "dense", "Twin", {"out_features": 8}, weights=Weights("d1"))
    graph = classifier("First", "Second")
    if inside:
        graph = boxed(1, shared)
        graph = edits._with_block(graph, Block("d0", "dense", "Before", {"out_features": 8}))
        owner = Block("d1", "dense", "Second", {"out_features": 8})
        graph = edits.add_block(graph, SCOPE, owner)
        graph = edits.connect(graph, SCOPE, PortRef("box1", "x1"), PortRef("d1", "input"))
        graph = edits.move_wire(
            graph, SCOPE, PortRef("last", "input"), PortRef("d1", "output"), PortRef("last", "input")
        )
    else:
        graph = edits.insert_block(graph, SCOPE, shared, PortRef("last", "input"))
    network = compile_graph(graph, BLOCK_TYPES)
    key = "box1/twin" if inside else "twin"
    assert network.block(key) is network.block("d1")
    assert not [name for name in network.state() if "twin" in name]
    assert not [name for name in network.readable_state() if "twin" in name]
    calls: list[torch.Tensor] = []
    network.block("d1").register_forward_hook(lambda module, args, output: calls.append(output))
    image, label = torch.rand(4, 1, 8, 8), torch.tensor([0, 1, 2, 3])
    total, _, _ = network.training_slice().module(image, label)
    first, second = calls
    gradient = torch.autograd.grad(total, [first, second, network.block("d1").bias], retain_graph=True)
    total.backward()
    torch.testing.assert_close(network.block("d1").bias.grad, gradient[2])
    direct = gradient[1].sum(0)
    assert not torch.allclose(network.block("d1").bias.grad, direct), "the earlier call adds its gradient"
    torch.testing.assert_close(network.block("d1").bias.grad, gradient[0].sum(0) + direct)


def test_shared_weights_of_another_shape_are_refused() -> None:
    graph = classifier("First", "Second")
    with pytest.raises(Refused, match="It needs .* weights, and they are"):
        compile_graph(edits.set_weights(graph, SCOPE, "d1", Weights("d0")), BLOCK_TYPES)


def recurrent() -> Graph:
    """An LSTM and a Dense over a sequence."""
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", fields=("sequence: T×3",))
    drawn.add("lstm", "lstm", hidden_size=4)
    drawn.add("dense", "dense", out_features=2)
    drawn.chain("in.sequence", "lstm", "dense")
    return drawn.graph


def trained(analyse_beside: bool) -> list[torch.Tensor]:
    """Weights after 40 steps with dropout, while another thread analyses or not."""
    torch.manual_seed(5)
    graph = edits.insert_block(classifier("One"), SCOPE, Block("drop", "dropout", "Drop"), PortRef("last", "input"))
    network = compile_graph(graph, BLOCK_TYPES, seed=1)
    network.root.train()
    part = network.training_slice()
    optimiser = torch.optim.Adam(network.parameter_groups(1e-2, 0.0))
    stop = threading.Event()
    done = 0

    def analyse() -> None:
        nonlocal done
        while not stop.is_set() or not done:
            Analyser(BLOCK_TYPES).analyse(classifier(*HOSTILE))
            Analyser(BLOCK_TYPES).analyse(recurrent())
            done += 1

    thread = threading.Thread(target=analyse)
    if analyse_beside:
        thread.start()
    image, label = torch.rand(16, 1, 8, 8), torch.arange(16) % 10
    try:
        for _ in range(40):
            fresh = compile_graph(recurrent(), BLOCK_TYPES, seed=3).state()
            assert all(tensor.device.type == "cpu" and tensor.isfinite().all() for tensor in fresh.values())
            optimiser.zero_grad()
            part.module(image, label)[0].backward()
            optimiser.step()
    finally:
        stop.set()
    if analyse_beside:
        thread.join()
        assert done
    return [*network.state().values(), *fresh.values(), torch.rand(1)]


def test_analysis_on_another_thread_changes_no_bit_of_training() -> None:
    alone, beside = trained(False), trained(True)
    assert all(torch.equal(first, second) for first, second in zip(alone, beside, strict=True))


def test_a_body_edited_by_within_compiles_too() -> None:
    graph = boxed(1, Block("leaf", "dense", "Leaf", {"out_features": 8}))
    graph = within(graph, ("box1",), edits.set_parameter, SCOPE, "leaf", "bias", False)
    network = compile_graph(graph, BLOCK_TYPES)
    assert "box1/leaf.bias" not in network.state()
