"""One harness over every block type: what it declares is what its PyTorch module does."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.compiler import compile_graph
from engine.compile.probing import Probe, construct, probe
from engine.graph.block_type import BlockType
from engine.graph.edits import add_block, connect
from engine.graph.graph import Block, Graph, PortRef, Wire, sorted_wires
from engine.graph.tensor_spec import TensorSpec
from engine.graph.values import Value
from engine.training.memory_format import laid_out
from tests.every_block.cases import MODULES, PLACES, SCOPE, cases, ordered, real, real_shape, run, words
from tests.every_block.exporting import ANALYSER


@pytest.mark.parametrize("type", MODULES, ids=lambda type: type.id)
def test_it_is_tried_on_something(type: BlockType) -> None:
    assert len(cases(type)) >= 1 + len(type.parameters)


# torch counts none for recurrent layers, products of three, and attention on the CPU: test_counting.py and
# test_attention_modules.py count them by hand.
UNCOUNTED = {
    "lstm",
    "bilinear",
    "self_attention",
    "multihead_attention",
    "cross_attention",
    "transformer_encoder_layer",
    "transformer_decoder_layer",
}

SIZES = ((2, 4), (3, 7))
"""Batches and numbers of steps that the modules really run at."""


class Tried(NamedTuple):
    """A case, what analysis says of it at 7 steps, and what the module does: shapes and dtypes at each of SIZES."""

    parameters: dict[str, Value]
    inputs: dict[str, TensorSpec]
    found: Probe
    refused: bool = False
    weights: int = 0
    made: tuple[tuple[tuple[tuple[int, ...], str], ...], ...] = ()
    multiply_adds: int | None = None


@cache
def tried(id: str) -> tuple[Tried, ...]:
    """All cases of a type, run once for all tests."""
    return tuple(_tried(BLOCK_TYPES[id], parameters, inputs) for parameters, inputs in cases(BLOCK_TYPES[id]))


def _tried(type: BlockType, parameters: dict[str, Value], inputs: dict[str, TensorSpec]) -> Tried:
    found = probe(type, parameters, inputs, SIZES[1][1])
    specs = ordered(type, parameters, inputs)
    if found.refusal:
        try:
            made = run(construct(type, parameters, inputs), *(real(spec, 2, 4) for spec in specs))
        except (RuntimeError, ValueError):
            return Tried(parameters, inputs, found, refused=True)
        is_empty = any(tensor.numel() == 0 for tensor in made)
        return Tried(parameters, inputs, found, refused=is_empty and found.refusal.startswith("nothing would be left"))
    module = construct(type, parameters, inputs).eval()
    shapes, total = [], None
    for batch, time in SIZES:
        tensors = [real(spec, batch, time) for spec in specs]
        with torch.no_grad():
            if (batch, time) == SIZES[1] and type.id not in UNCOUNTED:
                with FlopCounterMode(display=False) as counter:
                    results = run(module, *tensors)
                total = counter.get_total_flops() // 2 // batch
            else:
                results = run(module, *tensors)
        shapes.append(tuple((tuple(tensor.shape), str(tensor.dtype)) for tensor in results))
    weights = sum(weight.numel() for weight in module.parameters())
    return Tried(parameters, inputs, found, False, weights, tuple(shapes), total)


@pytest.mark.parametrize("type", MODULES, ids=lambda type: type.id)
def test_analysed_shapes_and_weights_are_the_real_ones(type: BlockType) -> None:
    for case in tried(type.id):
        found = case.found
        if found.refusal:
            assert case.refused, words(type, case.parameters, case.inputs)
            continue
        assert found.cost.parameters == case.weights
        for (batch, time), made in zip(SIZES, case.made, strict=True):
            for spec, (shape, dtype) in zip(found.outputs.values(), made, strict=True):
                assert 0 not in shape, words(type, case.parameters, case.inputs)
                for real_length, length in zip(shape, real_shape(spec, batch, time), strict=True):
                    # T′ is told for the steps that analysis was asked for.
                    other_time = time != SIZES[1][1] and any(str(axis) == "T′" for axis in spec.shape)
                    assert real_length == length or other_time, words(type, case.parameters, case.inputs)
                assert dtype == f"torch.{spec.dtype}"


@pytest.mark.parametrize("type", [type for type in MODULES if type.id not in UNCOUNTED], ids=lambda type: type.id)
def test_multiply_adds_are_those_that_torch_counts(type: BlockType) -> None:
    for case in tried(type.id):
        if not case.found.refusal:
            counted = case.found.cost.multiply_adds
            assert counted == case.multiply_adds, words(type, case.parameters, case.inputs)


# Inputs and weights that the forward pass does not depend on.
WITHOUT_GRADIENT: dict[str, tuple[str, ...]] = {
    "rbm": ("visible_bias",),
    "conv_rbm": ("visible_bias",),
    "deep_boltzmann_machine": ("visible_bias",),
    "constant": ("input",),
    "noise_source": ("input",),
    "contractive": ("input", "code"),
}


@pytest.mark.parametrize("type", MODULES, ids=lambda type: type.id)
def test_gradients_flow_to_every_input_and_weight(type: BlockType) -> None:
    torch.manual_seed(0)
    defaults = {parameter.id: parameter.default for parameter in type.parameters}
    for parameters, inputs, found, *_ in tried(type.id):
        if parameters != defaults or found.refusal:
            continue
        if "batch_statistics" in type.traits and inputs["input"].shape[2:] == (1, 1):
            continue
        module = construct(type, parameters, inputs).train()
        tensors = [real(spec, 3, 4) for spec in ordered(type, parameters, inputs)]
        named = dict(zip(type.arguments_order(type.ports(parameters, None)), tensors, strict=False))
        leaves = {port: tensor.requires_grad_() for port, tensor in named.items() if tensor.is_floating_point()}
        learned = {**leaves, **dict(module.named_parameters())}
        reached = {name: leaf for name, leaf in learned.items() if name not in WITHOUT_GRADIENT.get(type.id, ())}
        if not reached:
            continue
        total = sum((made * torch.rand_like(made)).sum() for made in run(module, *tensors))
        total.backward()
        for leaf in reached.values():
            assert leaf.grad is not None, words(type, parameters, inputs)
            assert leaf.grad.isfinite().all(), words(type, parameters, inputs)


# Max unpooling is left out: here all its places are 0, and which of several numbers stays there is open.
@pytest.mark.parametrize("type", [type for type in MODULES if type.id not in PLACES], ids=lambda type: type.id)
def test_pictures_may_lie_with_their_channels_side_by_side(type: BlockType) -> None:
    defaults = {parameter.id: parameter.default for parameter in type.parameters}
    for parameters, inputs, found, *_ in tried(type.id):
        if parameters != defaults or found.refusal or not any(len(spec.shape) == 4 for spec in inputs.values()):
            continue
        module = construct(type, parameters, inputs).eval()
        given = [real(spec, 3, 4) for spec in ordered(type, parameters, inputs)]
        results: list[list[torch.Tensor]] = []
        for format in (torch.contiguous_format, torch.channels_last):
            tensors = [laid_out(tensor, format).requires_grad_(tensor.is_floating_point()) for tensor in given]
            torch.manual_seed(0)
            made = [tensor for tensor in run(module, *tensors) if tensor.requires_grad]
            leaves = [leaf for leaf in (*tensors, *module.parameters()) if leaf.requires_grad]
            sums = [(tensor * torch.linspace(0, 1, tensor.numel()).reshape(tensor.shape)).sum() for tensor in made]
            slopes = torch.autograd.grad(sum(sums), leaves, allow_unused=True) if sums else ()
            results.append([*made, *(slope for slope in slopes if slope is not None)])
        torch.testing.assert_close(results[1], results[0], rtol=1e-4, atol=1e-5, msg=words(type, parameters, inputs))


@pytest.mark.parametrize("type", MODULES, ids=lambda type: type.id)
def test_it_compiles_and_runs_in_a_drawing(type: BlockType) -> None:
    """From Inputs to the block, through analysis and compiler, on the first inputs it accepts."""
    defaults = {parameter.id: parameter.default for parameter in type.parameters}
    inputs = next(
        inputs
        for parameters, inputs in cases(type)
        if parameters == defaults and all(spec.rank > 1 or spec.is_label for spec in inputs.values())
    )
    graph = add_block(Graph(), SCOPE, Block("b", type.id, "Block"))
    for port, spec in inputs.items():
        shape = "×".join(str(length) for length in spec.shape[1:]) or "1"
        promise = "x: 2 classes" if spec.dtype == "int64" and spec.rank == 1 else f"x: {shape} {spec.dtype}"
        graph = add_block(graph, SCOPE, Block(f"in-{port}", "input", "Input", {"fields": (promise,)}))
        graph = connect(graph, SCOPE, PortRef(f"in-{port}", "x"), PortRef("b", port))
    assert not ANALYSER.analyse(graph).problems
    output = type.ports(defaults, None).outputs[0].id
    part = compile_graph(graph, BLOCK_TYPES, analyser=ANALYSER).slice((f"b/{output}",))
    (made,) = part.module(*(real(inputs[key.split("/")[0].removeprefix("in-")], 3, 4) for key in part.inputs))
    assert made.isfinite().all()


def test_the_residual_trains_through_both_ways() -> None:
    type = BLOCK_TYPES["residual"]
    assert type.body is not None
    body = type.body(iter(f"i{number}" for number in range(99)).__next__)
    for skip, channels in (("identity", 16), ("projection", 3)):
        field = Block("in", "input", "Input", {"fields": (f"image: {channels}×8×8",)})
        box = Block("box", "residual", "Residual", {"skip": skip}, body=body)
        wire = Wire(PortRef("in", "image"), PortRef("box", "i0"))
        graph = Graph(blocks={"in": field, "box": box}, wires=sorted_wires([wire]))
        network = compile_graph(graph, BLOCK_TYPES)
        image = torch.rand(2, channels, 8, 8, requires_grad=True)
        (made,) = network.slice(("box/i4",)).module(image)
        made.sum().backward()
        assert image.grad is not None
        assert made.shape == (2, 16, 8, 8)
        assert all(weight.grad is not None for weight in network.root.parameters())
