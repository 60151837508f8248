"""One harness over every block type: what it declares is what its PyTorch module does."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

import pytest
import torch
from PySide6.QtCore import QCoreApplication
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from engine.blocks.catalogue import BLOCK_TYPES, FAMILIES
from engine.compile.compiler import compile_graph
from engine.compile.probing import Probe, construct, probe
from engine.graph.block_type import BlockType, Parameter, Parameters
from engine.graph.connection_rules import mismatch_problem
from engine.graph.edits import add_block, connect
from engine.graph.graph import Block, Graph, PortRef, Wire, decode_graph, encode_graph, sorted_wires
from engine.graph.parameter_rules import parameter_problem
from engine.graph.scope import Scope
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.graph.values import Value
from engine.training.memory_format import laid_out
from graph_editor.theme import has_icon
from tests.every_block.exporting import ANALYSER

SCOPE = Scope(types=BLOCK_TYPES)
N, T = Dim("N"), Dim("T")
MODULES = [type for type in BLOCK_TYPES.values() if type.module and "own_code" not in type.traits]
"""All that need no file of the user's, which tests/engine/modules/test_own.py writes."""

SPECS: dict[str, TensorSpec] = {
    "rows": TensorSpec((N, 12), "float32"),
    "rows of 64": TensorSpec((N, 64), "float32"),
    "one number": TensorSpec((N, 1), "float32"),
    "scalars": TensorSpec((N,), "float32"),
    "pictures": TensorSpec((N, 4, 8, 8), "float32"),
    "six maps": TensorSpec((N, 6, 8, 8), "float32"),
    "small pictures": TensorSpec((N, 3, 1, 1), "float32"),
    "four numbers": TensorSpec((N, 4), "float32"),
    "sequence": TensorSpec((N, T, 6), "float32"),
    "fixed sequence": TensorSpec((N, 5, 6), "float32"),
    "channels by time": TensorSpec((N, 4, T), "float32"),
    "wide sequence": TensorSpec((N, T, 8), "float32"),
    "wide fixed sequence": TensorSpec((N, 5, 8), "float32"),
    "flat sequence": TensorSpec((N, Dim("T", 6)), "float32"),
    "labels": TensorSpec((N,), "int64"),
    "label rows": TensorSpec((N, 12), "int64"),
    "tokens": TensorSpec((N, T), "int64"),
    "volume": TensorSpec((N, 2, 4, 4, 4), "float32"),
}


PLACES: dict[str, dict[str, TensorSpec]] = {
    f"max_unpool{axes}d": {"places": TensorSpec(SPECS[name].shape, "int64")}
    for axes, name in ((1, "channels by time"), (2, "pictures"), (3, "volume"))
}
"""What only a few types take, and is tried on them alone."""


def values_of(parameter: Parameter) -> Iterator[Value]:
    """Some values that the declaration allows: its bounds, each choice, and another."""
    match parameter.kind:
        case "boolean":
            yield from (True, False)
        case "choice":
            yield from parameter.choices
        case "integer":
            low = int(parameter.minimum or 0)
            yield from (low, low + 1, low + 3)
        case "float":
            least = parameter.minimum or 0.0
            yield from (least, max(least, 0.25), 0.75 + least)[: 3 if (parameter.maximum or 9e9) >= 0.75 + least else 2]
            yield from [parameter.maximum] if (parameter.maximum or 9e9) <= 1 else []
        case "tuple":
            low = max(1, int(parameter.minimum or 1))
            if parameter.length is None:
                least, most = int(parameter.minimum or 0), int(parameter.maximum or 1_000_000)
                tuples = ((-1,), (2, -1), (4, 8, 8), (12,), (2, 1, 3))
                yield from (value for value in tuples if least <= min(value) and max(value) <= most)
            else:
                yield from ((low,) * parameter.length, (3,) * parameter.length, (3, 2, 1, 2)[: parameter.length])
    if parameter.optional:
        yield None


def parameter_sets(type: BlockType) -> Iterator[dict[str, Value]]:
    """The defaults, and each parameter by itself at each of its values."""
    defaults = {parameter.id: parameter.default for parameter in type.parameters}
    yield defaults
    for parameter in type.parameters:
        for value in values_of(parameter):
            if value != parameter.default:
                yield {**defaults, parameter.id: value}


def inputs_of(type: BlockType, parameters: Parameters) -> Iterator[dict[str, TensorSpec]]:
    """Every combination of the specs above at the needed ports, two different ones at most."""
    ports = [port.id for port in type.ports(parameters, None).inputs if not port.optional]
    specs = [*SPECS.values(), *PLACES.get(type.id, {}).values()]
    if len(ports) == 1:
        yield from ({ports[0]: spec} for spec in specs)
        return
    for first, second in itertools.product(specs, repeat=2):
        yield dict(zip(ports, itertools.chain([first], itertools.repeat(second)), strict=False))


def real_shape(spec: TensorSpec, batch: int, time: int) -> tuple[int, ...]:
    return tuple(length.at(time, batch) if isinstance(length, Dim) else length for length in spec.shape)


def real(spec: TensorSpec, batch: int, time: int) -> torch.Tensor:
    shape = real_shape(spec, batch, time)
    return torch.rand(shape) if spec.dtype == "float32" else torch.zeros(shape, dtype=torch.int64)


def words(type: BlockType, parameters: Parameters, inputs: Mapping[str, TensorSpec]) -> str:
    changed = {
        parameter.id: parameters[parameter.id]
        for parameter in type.parameters
        if parameters[parameter.id] != parameter.default
    }
    return f"{type.id} {changed} on { ({port: f'{spec} {spec.dtype}' for port, spec in inputs.items()}) }"


def cases(type: BlockType) -> list[tuple[dict[str, Value], dict[str, TensorSpec]]]:
    """What the type accepts: all parameter sets on all inputs."""
    return _cases(type.id)


@cache
def _cases(id: str) -> list[tuple[dict[str, Value], dict[str, TensorSpec]]]:
    type = BLOCK_TYPES[id]
    return [
        (parameters, inputs)
        for parameters in parameter_sets(type)
        for inputs in inputs_of(type, parameters)
        if type.expect(parameters, inputs) is None
    ]


def ordered(type: BlockType, parameters: Parameters, inputs: Mapping[str, TensorSpec]) -> list[TensorSpec]:
    return [inputs[port] for port in type.arguments_order(type.ports(parameters, None)) if port in inputs]


def run(module: nn.Module, *tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
    result = module(*tensors)
    return tuple(result) if isinstance(result, (tuple, list)) else (result,)


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


# They only count the samples of what comes in.
TAKES_ANYTHING = ("constant", "noise_source")


@pytest.mark.parametrize("type", MODULES, ids=lambda type: type.id)
def test_what_it_refuses_is_told_in_a_whole_sentence(type: BlockType) -> None:
    refused = 0
    for parameters in parameter_sets(type):
        for inputs in inputs_of(type, parameters):
            mismatch = type.expect(parameters, inputs)
            if mismatch is None:
                continue
            refused += 1
            assert mismatch.port in inputs
            source = PortRef("giver", "output")
            block = Block("b", type.id, "Some block")
            graph = Graph(blocks={"b": block, "giver": Block("giver", "relu", "Giver")})
            problem = mismatch_problem(mismatch, BLOCK_TYPES, graph, (), block, source)
            assert "?" not in problem.sentence, problem.sentence
            assert "{" not in problem.sentence
            assert problem.sentence.endswith(".")
            assert all("?" not in fix.label for fix in problem.fixes)
            assert all(repair.type in BLOCK_TYPES for repair in mismatch.repairs)
            for port in inputs:
                type.expect(parameters, {port: inputs[port]})
    assert type.expect({parameter.id: parameter.default for parameter in type.parameters}, {}) is None
    assert bool(refused) != (type.id in TAKES_ANYTHING), "something does not fit every other block"


# Values refused although torch has an answer for them.
TORCH_MISREADS = {
    "dense": "a matrix over the last axis of pictures",
    "bilinear": "products over the last axis of pictures",
    "maxout": "a matrix over the last axis of pictures",
    "rbf_layer": "distances over the last axis of pictures",
    "code_distance": "distances over the last axis of pictures",
    "dropout1d": "drops channels of what is no sequence",
    "dropout3d": "drops channels of what is no volume",
    "conv3d": "reads N×H×W×D as one volume where N is the number of channels",
    "conv_transpose3d": "reads N×H×W×D as one volume where N is the number of channels",
    **{
        f"{pool}_pool{axes}d": "reads N×… as one sample of N channels"
        for pool in ("max", "avg", "sum", "lp", "adaptive_avg", "adaptive_max")
        for axes in (1, 2, 3)
        if (pool, axes) not in {("sum", 1), ("lp", 1)}
    },
    **{f"global_{pool}_pool{axes}d": "pools over any axes" for pool in ("avg", "max") for axes in (1, 2, 3)},
    "fractional_max_pool2d": "leaves nothing of a single pixel",
    "unpool1d": "enlarges one axis of a picture",
    "unpool2d": "enlarges two axes of a volume",
    "pixel_shuffle": "shuffles volumes",
    "pixel_unshuffle": "unshuffles volumes",
    **dict.fromkeys(("glu", "rbm", "sinusoidal_encoding"), "N×C×T while T happens to be C or even"),
    "weight_norm_dense": "a matrix over the last axis of pictures",
    "spectral_norm_dense": "a matrix over the last axis of pictures",
    "instance_norm3d": "reads N×H×W×D as one volume where N is the number of channels",
    "group_norm": "normalises single numbers to 0",
    "winner_take_all": "all of too few units win",
    "add": "broadcasts",
    "cross_entropy": "takes probabilities as targets, and pictures of classes",
    "binary_cross_entropy": "reshapes the target",
    "lstm": "reads rows as one sequence",
    "softmax2d": "reads N×H×W as one picture",
    "multiply": "broadcasts",
    "subtract": "broadcasts",
    "divide": "broadcasts",
    "average": "broadcasts",
    "maximum": "broadcasts",
    "minimum": "broadcasts",
    "dot": "broadcasts",
    "l1_distance": "broadcasts",
    "l2_distance": "broadcasts",
    "cosine_distance": "broadcasts",
    "weighted_l1_distance": "broadcasts",
    "split": "makes pieces of different lengths",
    "squeeze": "leaves longer axes as they are",
    "tile": "repeats the samples",
    "reduce": "takes the mean of one number",
    "pad": "pads the samples",
    "crop": "crops to what is left",
    "unit_quaternion": "normalises rows of any length",
    "reconstruction_cross_entropy": "broadcasts",
    "kl_divergence": "broadcasts",
    "poisson_nll": "broadcasts",
    "contrastive": "broadcasts",
    "cosine_embedding": "broadcasts",
    "triplet": "measures along the last axis",
    "vae_kl": "broadcasts",
    "contractive": "sees no dependence between tensors given by hand",
    "style_loss": "multiplies any maps of as many channels",
    "total_variation": "reads two of three axes",
    "ctc": "reads values as symbols",
    "gru": "reads rows as one sequence",
    "rnn": "reads rows as one sequence",
    "multihead_attention": "takes values of another length than their keys",
    "cross_attention": "takes a picture for a sequence",
    "sinusoidal_encoding": "takes the axis of time for features",
    "learned_encoding": "broadcasts",
    "rotary_encoding": "turns along the last axis of anything",
    "gaussian_sample": "broadcasts",
    "deep_boltzmann_machine": "reads rows of any length that fits",
    "hopfield": "reads rows of any length that fits",
}


@pytest.mark.parametrize("type", MODULES, ids=lambda type: type.id)
def test_values_that_it_refuses_torch_refuses_or_misreads(type: BlockType) -> None:
    parameters = {parameter.id: parameter.default for parameter in type.parameters}
    taken = []
    for inputs in inputs_of(type, parameters):
        if type.expect(parameters, inputs) is None or any(spec.is_label for spec in inputs.values()):
            continue
        try:
            module = construct(type, parameters, inputs)
            with torch.no_grad():
                run(module, *(real(spec, 3, 4) for spec in ordered(type, parameters, inputs)))
        except (RuntimeError, ValueError, AssertionError, TypeError, IndexError, UserWarning):
            continue
        taken.append(words(type, parameters, inputs))
    assert bool(taken) == (type.id in TORCH_MISREADS), taken


def _drawn(type: BlockType) -> Graph:
    body = type.body(iter(f"{type.id}-{number}" for number in range(99)).__next__) if type.body else None
    values = {parameter.id: next(values_of(parameter), parameter.default) for parameter in type.parameters}
    block = Block("b", type.id, type.title, values, body=body)
    scope = Scope(types=BLOCK_TYPES, ancestors=(Graph(),)) if type.role == "boundary" else SCOPE
    return add_block(Graph(), scope, block)


@pytest.mark.parametrize("type", BLOCK_TYPES.values(), ids=lambda type: type.id)
def test_it_survives_json(type: BlockType) -> None:
    graph = _drawn(type)
    assert decode_graph(encode_graph(graph)) == graph
    assert encode_graph(decode_graph(encode_graph(graph))) == encode_graph(graph)


@pytest.mark.parametrize("type", BLOCK_TYPES.values(), ids=lambda type: type.id)
def test_what_people_read_is_whole(type: BlockType, qapp: QCoreApplication) -> None:
    assert type.icon
    assert has_icon(type.icon), type.icon
    assert type.title[0].isupper()
    assert type.purpose.endswith(".")
    assert type.formula
    assert type.family in {*dict(FAMILIES), "loss"}
    assert len(set(type.aliases)) == len(type.aliases)
    assert all(alias == alias.lower() for alias in type.aliases)
    for parameter in type.parameters:
        assert parameter.label[0].isupper()
        assert parameter.help.endswith(".")


@pytest.mark.parametrize("type", BLOCK_TYPES.values(), ids=lambda type: type.id)
def test_the_second_line_is_filled_for_all_parameters(type: BlockType) -> None:
    for parameters in parameter_sets(type):
        ports = type.ports(parameters, None).inputs
        inputs = {port.id: SPECS["rows"] for port in ports}
        line = type.second_line(parameters, inputs)
        assert "{" not in line
        changed = [name for name, value in parameters.items() if value != type.parameter(name).default]
        more = [template for template in type.summary_if_changed if any(f"{{{name}}}" in template for name in changed)]
        parts = len(type.summary) + len(more)
        assert len(line.split(" · ")) == parts if parts else line == ""


@pytest.mark.parametrize("type", BLOCK_TYPES.values(), ids=lambda type: type.id)
def test_defaults_and_bounds_are_allowed_values(type: BlockType) -> None:
    block = Block("b", type.id, type.title)
    assert len({parameter.id for parameter in type.parameters}) == len(type.parameters)
    for parameter in type.parameters:
        assert parameter_problem(type, block, parameter, parameter.default, {}) is None
        for value in values_of(parameter):
            assert parameter_problem(type, block, parameter, value, {}) is None, (parameter.id, value)


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


def test_the_catalogue_is_in_order() -> None:
    assert all(id == type.id for id, type in BLOCK_TYPES.items())
    assert len({type.title for type in BLOCK_TYPES.values()}) == len(BLOCK_TYPES)
    assert "lstm" in BLOCK_TYPES
    assert len(BLOCK_TYPES) >= 25
