"""Claimed receptive fields are those that gradients have: of every block type, of chains, of the published networks."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

import msgspec
import pytest
import torch
from torch import Tensor

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.compile.compiler import compile_graph
from engine.graph.graph import Block, Graph, PortRef, Wire, sorted_wires
from engine.graph.values import Value
from engine.project.drawing import Drawing
from engine.project.examples import read_example

replace = msgspec.structs.replace
ANALYSER = Analyser(BLOCK_TYPES)
Step = tuple[str, dict[str, Value]]
Field = tuple[int | None, ...]
TIME = 12
FIRST = 5
"""Output places along each axis that are looked at, in the middle of the tensor."""


def chain(field: str, *steps: Step) -> Graph:
    blocks = {"input": Block("input", "input", "Input", {"fields": (field,)})}
    wires, source = [], PortRef("input", field.partition(":")[0])
    for number, (type, parameters) in enumerate(steps):
        blocks[f"b{number}"] = Block(f"b{number}", type, type, parameters)
        values = {parameter.id: parameter.default for parameter in BLOCK_TYPES[type].parameters} | parameters
        ports = BLOCK_TYPES[type].ports(values, None)
        first, *more = [port.id for port in ports.inputs if not port.optional]
        wires.append(Wire(source, PortRef(f"b{number}", first)))
        if more:
            # Something else than at the first port, or a difference would have no gradient.
            blocks[f"t{number}"] = Block(f"t{number}", "tanh", "Other")
            wires.append(Wire(source, PortRef(f"t{number}", "input")))
        wires += [Wire(PortRef(f"t{number}", "output"), PortRef(f"b{number}", port)) for port in more]
        source = PortRef(f"b{number}", ports.outputs[0].id)
    return Graph(blocks=blocks, wires=sorted_wires(wires))


def claimed(graph: Graph) -> Mapping[str, Field]:
    analysis = ANALYSER.analyse(graph)
    assert not [problem.sentence for problem in analysis.problems if problem.severity == "error"]
    return analysis.receptive_fields


def measured(graph: Graph, port: str, draws: int = 1, together: bool = True) -> Field:
    """How many places of the input the most-seeing output number has a gradient at, None where at all.

    Weights and inputs are positive, so that no gradients cancel; several `draws` show all that a maximum may choose.
    """
    network = compile_graph(graph, BLOCK_TYPES)
    network.root.double().eval()
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in network.root.parameters():
            weight.uniform_(0.1, 0.3)
    cut = network.slice((port,))
    (key,) = cut.inputs
    spec = network.program.specs[key]
    shape = [TIME if index and not isinstance(length, int) else length for index, length in enumerate(spec.shape)]
    axes = [1] if spec.has_time else list(range(2, spec.rank))
    spans: dict[tuple[int, ...], list[tuple[int, int]]] = {}
    for _ in range(draws):
        image = torch.rand([1, *(int(length) for length in shape[1:])], dtype=torch.float64).requires_grad_()
        (out,) = cut.module(image)
        # All channels of a place: each with a weight of its own, or a softmax would cancel itself out.
        weighted = (out * torch.rand_like(out)).sum(1) if together and out.dim() == spec.rank else out
        for place in places(weighted):
            (slope,) = torch.autograd.grad(weighted[place], image, retain_graph=True, allow_unused=True)
            if slope is None:
                continue
            for number, axis in enumerate(axes):
                touched = slope.abs().movedim(axis, 0).flatten(1).sum(1).nonzero()
                if len(touched):
                    ends = spans.setdefault((number, *place), [])
                    ends.append((int(touched.min()), int(touched.max())))
    most = [0] * len(axes)
    for (number, *_), ends in spans.items():
        wide = max(last for _, last in ends) - min(first for first, _ in ends) + 1
        most[number] = max(most[number], wide)
    return tuple(most)


def places(out: Tensor) -> Iterator[tuple[int, ...]]:
    middles = [range((n - min(n, FIRST)) // 2, (n + min(n, FIRST)) // 2) for n in out.shape[1:]]
    yield from itertools.product([0], *middles)


def assert_measured(graph: Graph, id: str, port: str = "output", draws: int = 1, together: bool = True) -> None:
    fields, (blocks, _) = claimed(graph), (graph.blocks, graph.wires)
    spec = next(block.parameters["fields"] for block in blocks.values() if block.type == "input")
    assert isinstance(spec, tuple)
    found = measured(graph, f"{id}/{port}", draws, together and "T" not in str(spec))
    lengths = [int(length) if length != "T" else TIME for length in str(spec[0]).split(":")[1].split()[0].split("×")]
    whole = lengths[:1] if "T" in str(spec[0]) else lengths[1:]
    sizes = tuple(size if size is not None else most for size, most in zip(fields[id], whole, strict=True))
    assert sizes == found, (spec, fields[id], found)


FIELDS = ("image: 4×20×20", "x: 4×20", "x: T×6", "volume: 2×12×12×12")
ON: dict[str, tuple[str, dict[str, Value]]] = {
    "table_conv2d": ("image: 6×20×20", {}),
    "reshape": ("image: 4×20×20", {"shape": (4, 400)}),
    "unflatten": ("x: 4×20", {"dim": 2, "unflattened_size": (4, 5)}),
    "squeeze": ("image: 1×20×20", {}),
    "tile": ("x: 4×20", {"repeats": (1, 2)}),
    "gram_matrix": ("image: 4×20×20", {}),
}
"""What those are tried on that do not take every tensor."""
ROWS_ALONE = {"lstm_cell", "gru_cell", "rnn_cell", "unit_quaternion", "rbm", "deep_boltzmann_machine", "hopfield"} | {
    "weighted_l1_distance"
}
SEES_NOTHING = {"constant", "noise_source"}
BY_CHANCE = {"fractional_max_pool2d", "fractional_max_pool3d"}
NO_SLOPE = {"heaviside", "sign", "bernoulli_unit", "winner_take_all", "embedding", "embedding_bag"}
"""Step functions have made-up gradients, winners pass on none of those that lost, tokens have none."""
FLAT_IN_PLACES = {"hardshrink", "threshold", "hardtanh", "softshrink", "relu6", "hardsigmoid"}
NEED_PLACES = {"max_unpool1d", "max_unpool2d", "max_unpool3d"}
EVERY = [
    type.id
    for type in BLOCK_TYPES.values()
    if type.role == "layer" and "own_code" not in type.traits and type.id not in NO_SLOPE | FLAT_IN_PLACES | NEED_PLACES
]


@pytest.mark.parametrize("id", EVERY)
def test_the_window_of_every_type_is_the_measured_one(id: str) -> None:
    tried = 0
    for field, parameters in [ON[id]] if id in ON else [(field, {}) for field in FIELDS]:
        graph = chain(field, (id, parameters))
        analysis = ANALYSER.analyse(graph)
        if tried == 2 or any(problem.severity == "error" for problem in analysis.problems):
            continue
        tried += 1
        if id in SEES_NOTHING:
            assert "b0" not in analysis.receptive_fields
            continue
        if id in BY_CHANCE:
            # Windows of 2 that lie one place further or not; measured over many draws in test_fields_measured.
            assert set(analysis.receptive_fields["b0"]) == {3}
            continue
        (port, *_) = BLOCK_TYPES[id].ports_of(graph.blocks["b0"], {}).outputs
        draws = 200 if "global_max" in id else 24 if "max_pool" in id else 3
        assert_measured(graph, "b0", port.id, draws, together=id not in ("permute", "pixel_unshuffle"))
    assert bool(tried) != (id in ROWS_ALONE)


def test_rows_have_no_places() -> None:
    for id in ROWS_ALONE:
        assert claimed(chain("x: 4", (id, {}))) == {}, id


CONV = "conv2d"
FOUR: Step = (CONV, {"out_channels": 4, "padding": "same"})
HALVED: Step = ("avg_pool2d", {})
CHAINS: dict[str, tuple[str, tuple[Step, ...]]] = {
    "padded and cropped": ("image: 1×24×24", (("pad", {}), FOUR, ("crop", {"size": (16, 16)}), HALVED, FOUR)),
    "one of several channels": ("image: 4×24×24", (FOUR, ("slice", {"start": 1, "stop": 3}), HALVED, FOUR)),
    "cut along a side": ("image: 1×24×24", (FOUR, ("slice", {"dim": 3, "start": 3, "step": 2}), FOUR, HALVED)),
    "a slice alone": ("image: 1×24×24", (FOUR, ("crop", {"size": (6, 4)}), ("flatten", {}), ("dense", {}))),
    "one column": ("image: 1×24×24", (FOUR, HALVED, ("select", {"dim": 3, "index": 5}), ("conv1d", {}))),
    "turned": ("image: 1×24×16", (FOUR, ("permute", {"dims": (1, 3, 2)}), (CONV, {"kernel_size": (5, 1)}))),
    "there and back": (
        "image: 1×24×24",
        (FOUR, ("reshape", {"shape": (4, 576)}), ("unflatten", {"dim": 2, "unflattened_size": (24, 24)}), HALVED, FOUR),
    ),
    "squeezed": ("x: 4×24", (("conv1d", {}), ("unsqueeze", {"dim": 2}), ("squeeze", {"dim": 2}), ("avg_pool1d", {}))),
    "shuffled": ("image: 1×24×24", (FOUR, ("pixel_shuffle", {}), FOUR, HALVED, HALVED)),
    "enlarged": ("image: 1×24×24", (HALVED, FOUR, ("upsample", {"mode": "linear"}), FOUR, HALVED)),
    "enlarged by a half": ("image: 1×24×24", (HALVED, ("upsample", {"scale_factor": 1.5}), FOUR)),
    "enlarged smoothly": ("image: 1×24×24", (HALVED, ("upsample", {"mode": "cubic"}), FOUR)),
    "corners aligned": ("image: 1×16×16", (HALVED, ("upsample", {"mode": "linear", "align_corners": True}), FOUR)),
    "transposed": ("image: 1×24×24", (HALVED, ("conv_transpose2d", {"stride": (2, 2), "kernel_size": (3, 3)}), FOUR)),
    "divisible": ("image: 1×24×24", (FOUR, ("adaptive_avg_pool2d", {"output_size": (8, 6)}), FOUR)),
    "not divisible": (
        "image: 1×24×24",
        (
            FOUR,
            ("adaptive_avg_pool2d", {"output_size": (7, 5)}),
        ),
    ),
    "grouped": ("image: 4×24×24", (FOUR, (CONV, {"out_channels": 4, "groups": 2, "dilation": (2, 2)}), HALVED)),
    "rows left": ("image: 1×24×24", (FOUR, HALVED, ("reduce", {"dims": (3,)}), ("conv1d", {}))),
    "all gone": ("image: 1×24×24", (FOUR, ("global_avg_pool2d", {}), ("flatten", {}), ("dense", {}))),
    "odd ends unseen": ("image: 1×21×21", (HALVED, ("flatten", {}), ("dense", {}))),
    "patches": ("image: 1×24×24", (FOUR, ("patch_embedding", {"patch_size": (4, 4)}), ("relu", {}))),
    "patches that attend": ("image: 1×16×16", (("patch_embedding", {"patch_size": (4, 4)}), ("self_attention", {}))),
    "a token more": ("x: T×6", (("class_token", {}), ("dense", {}))),
}


@pytest.mark.parametrize("name", CHAINS)
def test_chains_see_what_is_measured(name: str) -> None:
    field, steps = CHAINS[name]
    graph = chain(field, *steps)
    apart = {"permute", "unflatten", "unsqueeze", "reshape"} & {type for type, _ in steps}
    for number in range(len(steps)):
        assert_measured(graph, f"b{number}", together=not apart)


def narrowed(graph: Graph, field: str) -> Graph:
    """The network with two channels everywhere, means for maxima, and another input: its windows are the same."""
    blocks = {}
    for id, block in graph.blocks.items():
        parameters = dict(block.parameters)
        if block.type == "input":
            parameters = {"fields": (field, "label: 2 classes")}
        elif "out_channels" in parameters:
            parameters["out_channels"] = 2
        kind = "avg_pool2d" if block.type == "max_pool2d" else block.type
        body = narrowed(block.body, field) if block.body is not None else None
        blocks[id] = replace(block, type=kind, parameters=parameters, body=body)
    return replace(graph, blocks=blocks)


REFERENCES = {
    "lenet-5": ("C5", 32, 48),
    "alexnet": ("Max pool 3", 195, 256),
    "vgg-16": ("Stage 5", 212, 320),
    "googlenet": ("Inception 5b", 715, 832),
    "resnet-18": ("Stage 5", 435, 512),
    "resnet-50": ("Stage 5", 427, 512),
    "unet": ("Up 1", 204, 256),
}
"""By network: a block, its field, whatever the size of its input, and an input that holds it.

AlexNet 195, VGG-16 212 and ResNet-18 435 are published; the others are what these drawings are measured to have.
"""


@pytest.mark.parametrize("name", REFERENCES)
def test_reference_networks_see_what_is_measured(name: str) -> None:
    block, size, side = REFERENCES[name]
    original = read_example(name).graph
    ids = {one.name: id for id, one in original.blocks.items()}
    assert claimed(original)[ids[block]] == (size, size)
    colours = 1 if name in ("lenet-5", "unet") else 3
    graph = narrowed(original, f"image: {colours}×{side}×64")
    key = ids[block]
    cut = upstream(graph, key)
    (port, *_) = BLOCK_TYPES[cut.blocks[key].type].ports_of(cut.blocks[key], {}).outputs
    assert claimed(cut)[key] == (size, size)
    assert measured(cut, f"{key}/{port.id}")[0] == size
    for id, field in claimed(original).items():
        known = id in original.blocks and original.blocks[id].type in ("dense", "global_avg_pool2d")
        assert not known or field == (None, None), id


def upstream(graph: Graph, id: str) -> Graph:
    """The blocks that lead to this one."""
    reached = {id}
    for _ in graph.blocks:
        reached |= {wire.source.block for wire in graph.wires if wire.target.block in reached}
    wires = [wire for wire in graph.wires if wire.target.block in reached]
    return replace(graph, blocks={key: graph.blocks[key] for key in reached}, wires=sorted_wires(wires))


def test_the_whole_picture_is_seen_through_a_vision_transformer() -> None:
    graph = read_example("vision-transformer").graph
    fields = {graph.blocks[id].name: field for id, field in claimed(graph).items() if id in graph.blocks}
    assert fields["Patch embedding"] == fields["Class token"] == (16, 16)
    assert fields["Encoder"] == fields["Answer"] == fields["Output"] == (None, None)


def test_every_block_of_the_references_is_told() -> None:
    """All but losses and those that see only vectors or labels."""
    for name in ("resnet-152", "siamese-convnet", "pilotnet", "zfnet", "googlenet"):
        graph = read_example(name).graph
        told = claimed(graph)
        assert {id for id, one in graph.blocks.items() if BLOCK_TYPES[one.type].role != "loss"} <= set(told), name
    # Its strides leave three columns of 200 unseen.
    pilot = read_example("pilotnet").graph
    ids = {one.name: id for id, one in pilot.blocks.items()}
    assert claimed(pilot)[ids["Dense 1"]] == (61, 197)


def merged_branches(merge: str, **parameters: Value) -> Graph:
    """Two branches of windows 3 and 5 with a stride each, and what merges them."""
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("input", "input", fields=("image: 2×24×24",))
    drawing.add("a", CONV, out_channels=2, padding="same")
    drawing.add("b", CONV, out_channels=2, padding="same", kernel_size=(5, 1))
    drawing.add("merge", merge, **parameters)
    drawing.wire("input", "a")
    drawing.wire("input", "b")
    drawing.wire("a", "merge.a")
    drawing.wire("b", "merge.b")
    drawing.add("after", "avg_pool2d")
    drawing.wire("merge", "after")
    return drawing.graph


@pytest.mark.parametrize("merge", ["add", "concat", "multiply", "maximum", "subtract"])
def test_a_merge_sees_the_hull_of_its_branches(merge: str) -> None:
    graph = merged_branches(merge)
    ids = {block.type: id for id, block in graph.blocks.items()}
    assert claimed(graph)[ids[merge]] == (5, 3)
    assert claimed(graph)[ids["avg_pool2d"]] == (6, 4)
    if merge != "maximum":
        assert_measured(graph, ids["avg_pool2d"])


def test_a_concat_along_a_side_is_followed_across_its_seam() -> None:
    graph = merged_branches("concat", dim=2)
    ids = {block.type: id for id, block in graph.blocks.items()}
    fields = claimed(graph)
    assert fields[ids["concat"]] == (5, 3)
    assert fields[ids["avg_pool2d"]] == (6, 4), "the windows of the pool end at the seam"
    across = merged_branches("concat", dim=2)
    wider = {id: replace(one, parameters={"kernel_size": (5, 1)}) for id, one in across.blocks.items() if id == "after"}
    across = replace(across, blocks={**across.blocks, **wider})
    assert claimed(across)["after"] == (32, 3), (
        "one that lies over it sees both ends of the picture, and what its windows would have beyond them"
    )
    assert measured(across, "after/output", together=False) == (24, 3)


def test_each_output_of_a_split_is_followed() -> None:
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("input", "input", fields=("image: 2×24×24",))
    drawing.add("cut", "split", dim=2)
    drawing.add("difference", "subtract")
    drawing.wire("input", "cut")
    drawing.wire("cut.a", "difference.a")
    drawing.wire("cut.b", "difference.b")
    graph = drawing.graph
    ids = {block.type: id for id, block in graph.blocks.items()}
    assert claimed(graph)[ids["split"]] == (1, 1)
    assert claimed(graph)[ids["subtract"]] == (13, 1), "a pixel and the one half a picture below"
    assert_measured(graph, ids["subtract"])


@pytest.mark.parametrize(
    ("axes", "field"), [(1, "x: 2×24"), (2, "image: 2×16×17"), (3, "volume: 1×8×8×8")], ids=["1-D", "2-D", "3-D"]
)
def test_what_was_pooled_and_put_back_sees_the_window_of_its_pool(axes: int, field: str) -> None:
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("input", "input", fields=(field,))
    drawing.add("pool", f"max_pool{axes}d", return_indices=True)
    drawing.add("back", f"max_unpool{axes}d")
    drawing.add("after", f"avg_pool{axes}d", kernel_size=(3,) * axes, stride=(1,) * axes)
    drawing.chain("input", "pool", "back.input")
    drawing.wire("back", "after")
    drawing.wire("pool.indices", "back.indices")
    drawing.wire("input", "back.like")
    ids = {block.type: id for id, block in drawing.graph.blocks.items()}
    fields = claimed(drawing.graph)
    assert fields[ids[f"max_unpool{axes}d"]] == (2,) * axes
    assert fields[ids[f"avg_pool{axes}d"]] == (4,) * axes
    if axes == 1:
        assert changed_by(drawing.graph, "after/output", 24) == 4


def changed_by(graph: Graph, port: str, length: int) -> int:
    """From how far apart numbers of a 2-channel sequence change the number of `port` that most of them change.

    Where a maximum was has no gradient, and yet what comes out depends on it.
    """
    cut = compile_graph(graph, BLOCK_TYPES).slice((port,))
    torch.manual_seed(0)
    changes: dict[int, set[int]] = {}
    for _ in range(8):
        row = torch.rand(1, 2, length)
        (before,) = cut.module(row)
        for place in range(length):
            other = row.clone()
            other[..., place] += 2
            (after,) = cut.module(other)
            for changed in (after != before).any(1)[0].nonzero().flatten().tolist():
                changes.setdefault(changed, set()).add(place)
    return max(max(places) - min(places) + 1 for places in changes.values())
