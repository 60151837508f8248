"""Containers and losses in every parameter set: what a drawing with them computes, their written Python computes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
import torch

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.compiler import compile_graph
from engine.compile.python_source import write_source
from engine.graph.block_type import BlockType
from engine.graph.graph import Graph, PortRef, Wire, decode_graph, encode_graph, sorted_wires
from engine.graph.tensor_spec import TensorSpec
from engine.graph.values import Value
from tests.every_block.cases import cases
from tests.every_block.exporting import (
    ANALYSER,
    container_cases,
    drawing_of,
    exported_equal,
    first_drawing,
    has_errors,
    loaded,
    random_inputs,
    with_weights,
)

CONTAINERS = [type.id for type in BLOCK_TYPES.values() if type.role == "container"]
LOSSES = [type.id for type in BLOCK_TYPES.values() if type.role == "loss"]
WITHIN = {
    "contractive": "it differentiates a code by what the code was made of, so it needs a network between its inputs",
}
"""Losses that cannot stand alone between Inputs."""

Case = tuple[dict[str, Value], dict[str, TensorSpec]]


def drawn_once(type: BlockType, all_cases: Iterable[Case]) -> Iterator[tuple[*Case, Graph]]:
    """Each parameter set on the first inputs that it takes, drawn."""
    seen: list[object] = []
    for parameters, inputs in all_cases:
        if parameters in seen:
            continue
        graph = drawing_of(type, parameters, inputs)
        if graph is None or has_errors(graph):
            continue
        seen.append(parameters)
        yield parameters, inputs, graph


@pytest.mark.parametrize("id", CONTAINERS)
def test_the_written_container_gives_the_same_bits(id: str) -> None:
    type = BLOCK_TYPES[id]
    drawn = [graph for _, _, graph in drawn_once(type, container_cases(type))]
    for graph in drawn:
        exported_equal(graph)
        exported_equal(graph, training=True)
    assert len(drawn) >= 1 + sum(parameter.kind == "choice" for parameter in type.parameters) or id == "residual"


@pytest.mark.parametrize("id", CONTAINERS)
def test_gradients_flow_through_the_container(id: str) -> None:
    network = compile_graph(first_drawing(id), BLOCK_TYPES, seed=1, analyser=ANALYSER)
    source = write_source(network.graph, BLOCK_TYPES, "Container", ANALYSER)
    part = network.slice(source.outputs)
    inputs = tuple(tensor.requires_grad_() for tensor in random_inputs(network, part.inputs))
    sum((made * torch.rand_like(made)).sum() for made in part.module(*inputs)).backward()
    for leaf in (*inputs, *network.root.parameters()):
        assert leaf.grad is not None
        assert leaf.grad.isfinite().all()
        assert leaf.grad.any()


@pytest.mark.parametrize("id", CONTAINERS)
def test_a_container_with_its_body_and_wires_is_saved_and_read(id: str) -> None:
    graph = first_drawing(id)
    assert len(graph.wires) >= 1
    again = decode_graph(encode_graph(graph))
    assert again == graph
    first, second = (compile_graph(drawn, BLOCK_TYPES, seed=7).state() for drawn in (graph, again))
    assert first.keys() == second.keys()
    assert all(torch.equal(tensor, second[key]) for key, tensor in first.items())


@pytest.mark.parametrize("id", [id for id in LOSSES if id not in WITHIN])
def test_the_written_loss_gives_the_same_bits(id: str) -> None:
    """`compute_loss` of the file and the training slice of the program, for the defaults and each other value."""
    type = BLOCK_TYPES[id]
    some = False
    for parameters, inputs, graph in drawn_once(type, cases(type)):
        some = True
        network = compile_graph(graph, BLOCK_TYPES, seed=3, analyser=ANALYSER)
        source = write_source(graph, BLOCK_TYPES, "Loss", ANALYSER)
        part = network.training_slice()
        given = dict(zip(part.inputs, random_inputs(network, part.inputs, classes=1), strict=True))
        module = loaded(source.text)
        outputs = with_weights(source, network)(*(given[key] for key in source.inputs))
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        others = [f"in-{port}/x" for port in type.arguments_order(type.ports(parameters, None)) if port in inputs]
        told = [given[key] for key in others if key not in source.outputs]
        total, losses, _ = part.module(*(given[key] for key in part.inputs))
        assert torch.equal(module.compute_loss(*outputs, *told), total), parameters
        assert total.shape == ()
        assert total.item() == pytest.approx(parameters["weight"] * losses[0].item(), rel=1e-6, nan_ok=True)
    assert some


@pytest.mark.parametrize("id", WITHIN)
def test_what_cannot_stand_alone_is_written_within_a_network(id: str) -> None:
    from engine.project.drawing import Drawing

    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", fields=("x: 12 float32",))
    drawn.add("code", "dense", out_features=5)
    drawn.add("loss", id)
    drawn.wire("in.x", "loss.input")
    drawn.chain("in", "code", "loss.code")
    network = compile_graph(drawn.graph, BLOCK_TYPES, seed=3)
    assert not has_errors(drawn.graph)
    source = write_source(drawn.graph, BLOCK_TYPES, "Loss")
    part = network.training_slice()
    (x,) = random_inputs(network, part.inputs)
    total, *_ = part.module(x.clone().requires_grad_())
    given = x.clone().requires_grad_()
    code = with_weights(source, network)(given)
    assert torch.equal(loaded(source.text).compute_loss(code, given), total)
    assert Wire(PortRef("in", "x"), PortRef("loss", "input")) in sorted_wires(drawn.graph.wires)
