"""Each number sees what its gradient reaches: of every block type, at borders and inside, and in random drawings."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.compile.compiler import compile_graph
from engine.compile.following import Follower
from engine.compile.sights import Sight, View
from engine.graph.graph import Block, Graph, PortRef, Wire, sorted_wires
from engine.graph.tensor_spec import TensorSpec
from engine.graph.values import Value

ANALYSER = Analyser(BLOCK_TYPES)
Step = tuple[str, dict[str, Value]]
Box = tuple[tuple[int, int], ...] | None
TIME = 24


def chain(field: str, *steps: Step) -> Graph:
    """An Input and blocks behind it; a block with several inputs has tanh of the same at the others."""
    blocks = {"input": Block("input", "input", "Input", {"fields": (field,)})}
    wires, source = [], PortRef("input", field.partition(":")[0])
    for number, (type, parameters) in enumerate(steps):
        id = f"b{number}"
        blocks[id] = Block(id, type, id, parameters)
        ports = BLOCK_TYPES[type].ports_of(blocks[id], {})
        first, *more = [port.id for port in ports.inputs if not port.optional]
        wires.append(Wire(source, PortRef(id, first)))
        if more:
            blocks[f"t{number}"] = Block(f"t{number}", "tanh", "Other")
            wires.append(Wire(source, PortRef(f"t{number}", "input")))
        wires += [Wire(PortRef(f"t{number}", "output"), PortRef(id, port)) for port in more]
        source = PortRef(id, ports.outputs[0].id)
    return Graph(blocks=blocks, wires=sorted_wires(wires))


def told_sight(graph: Graph, id: str, port: str) -> Sight | str:
    """What analysis follows that the numbers of a port see."""
    found = Follower(BLOCK_TYPES).follow(ANALYSER.records(graph), None)
    return found[id].outputs[port].sight


def is_drawable(graph: Graph) -> bool:
    return not any(problem.severity == "error" for problem in ANALYSER.analyse(graph).problems)


def said(sight: Sight, number: tuple[int, ...], lengths: Sequence[int]) -> Box:
    """First and last place by axis that the number sees, None for nothing; cut to the axes' lengths."""
    box = []
    for view, length in zip(sight, lengths, strict=True):
        low, high = _ends(view, number)
        if low > high:
            return None
        box.append((max(low, 0), min(high, length - 1)) if low >= 0 or not view.length else (0, length - 1))
    return tuple(box)


def _ends(view: View, number: tuple[int, ...]) -> tuple[int, int]:
    shape, shift = view.spans.shape, 0
    index = []
    for axis, (size, place) in enumerate(zip(shape, (0, *number), strict=True)):
        if axis == view.free:
            turn, place = divmod(place, size)
            shift = turn * view.span
        index.append(0 if size == 1 else place)
    return int(view.spans.low[tuple(index)]) + shift, int(view.spans.high[tuple(index)]) + shift


class Measured:
    """A network with positive weights, run on many positive inputs at once: all that a maximum may choose is chosen."""

    def __init__(self, graph: Graph, port: str, draws: int, train: bool = False) -> None:
        network = compile_graph(graph, BLOCK_TYPES)
        network.root.double().train(train)
        torch.manual_seed(0)
        with torch.no_grad():
            for weight in network.root.parameters():
                # Small sums: what saturates has no gradient.
                weight.uniform_(0.2, 0.4).div_(max(weight[0].numel(), 1) if weight.dim() > 1 else 1)
        cut = network.slice((port,))
        (key,) = cut.inputs
        spec: TensorSpec = network.program.specs[key]
        shape = [length if isinstance(length, int) else TIME for length in spec.shape[1:]]
        self.image = (0.1 + torch.rand([draws, *shape], dtype=torch.float64)).requires_grad_()
        made = cut.module(self.image)
        self.out: Tensor = made[0] if isinstance(made, tuple) else made

    def box(self, number: tuple[int, ...], axes: Sequence[int]) -> Box:
        """First and last place by axis of the input at which the number has a gradient."""
        one = self.out[(slice(None), *number)].sum()
        if not one.requires_grad:
            return None
        (slope,) = torch.autograd.grad(one, self.image, retain_graph=True, allow_unused=True)
        if slope is None or not slope.any():
            return None
        ends = []
        for axis in axes:
            (touched,) = np.nonzero(slope.abs().movedim(axis, 0).flatten(1).sum(1).numpy())
            ends.append((int(touched[0]), int(touched[-1])))
        return tuple(ends)

    def numbers(self, some: random.Random, count: int) -> list[tuple[int, ...]]:
        """The numbers at all corners, in the middle, and others."""
        shape = self.out.shape[1:]
        corners = itertools.product(*[sorted({0, length - 1}) for length in shape])
        found = {*itertools.islice(corners, 32), tuple(length // 2 for length in shape)}
        found |= {tuple(some.randrange(length) for length in shape) for _ in range(count)}
        return sorted(found)


def disagreements(
    graph: Graph, id: str, port: str = "output", *, draws: int = 1, train: bool = False, bound: bool = False
) -> Iterator[tuple[tuple[int, ...], Box, Box]]:
    """Numbers whose gradient reaches other places than told, both boxes; as a `bound`, such that reach outside it."""
    sight = told_sight(graph, id, port)
    assert not isinstance(sight, str), sight
    measured = Measured(graph, f"{id}/{port}", draws, train)
    axes = [view.axis for view in sight]
    lengths = [measured.image.shape[axis] for axis in axes]
    free = [view.free for view in sight if view.free >= 0]
    # Where the order along an axis of free length is not kept, sizes are; what sees up to itself is told to see all.
    if any(view.loose for view in sight):
        boxes = [measured.box(number, axes) for number in measured.numbers(random.Random(0), 12)]
        most = tuple((0, max(box[n][1] - box[n][0] for box in boxes if box)) for n in range(len(sight)))
        told = tuple((0, view.spans.most - 1) for view in sight)
        if most != told:
            yield (), told, most
        return
    bound = bound or any(not view.length and view.free < 0 for view in sight)
    for number in measured.numbers(random.Random(0), 12):
        told, real = said(sight, number, lengths), measured.box(number, axes)
        if sight == ():
            assert real is None
            continue
        # What a number at the end of an axis of free length sees may be told too large.
        at_end = any(abs(number[axis - 1] - measured.out.shape[axis] // 2) > 2 for axis in free)
        if told != real and not ((bound or at_end) and is_within(real, told)):
            yield number, told, real


def is_within(inner: Box, outer: Box) -> bool:
    """Whether a box lies in another."""
    if inner is None or outer is None:
        return inner is None
    return all(a[0] <= b[0] and b[1] <= a[1] for a, b in zip(outer, inner, strict=True))


FIELDS = ("image: 4×12×11", "x: 4×20", "x: T×6", "volume: 2×6×7×6", "video: T×2×6×7")
NO_SLOPE = {"heaviside", "sign", "bernoulli_unit", "embedding", "embedding_bag", "winner_take_all"}
"""Step functions have made-up gradients, winners pass on none of those that lost, tokens have none."""
NEED_PLACES = {"max_unpool1d", "max_unpool2d", "max_unpool3d"}
"""Tried in test_sights, behind their pools."""
VECTORS_ALONE = {
    "lstm_cell",
    "gru_cell",
    "rnn_cell",
    "unit_quaternion",
    "rbm",
    "deep_boltzmann_machine",
    "hopfield",
} | {"weighted_l1_distance"}
DRAWS = {"max": 300, "fractional": 900, "global_max": 600, "hog": 100, "maximum": 20, "minimum": 20, "maxout": 20}
NOT_ALL_SEEN = {"hardshrink", "threshold", "hardtanh", "softshrink", "relu6", "hardsigmoid"} | {
    "rotary_encoding",
    "gram_matrix",
}
"""Flat in places; the first step is turned by nothing; and an inner product is told by all rows, not by its two."""
IMAGE, ROW, STEPS = "image: 4×12×11", "x: 4×20", "x: T×6"
THREE: dict[str, Value] = {"kernel_size": (3, 3)}
CASES: Mapping[str, tuple[tuple[str, dict[str, Value]], ...]] = {
    "conv2d": (
        (IMAGE, {"kernel_size": (5, 2), "padding": "same", "dilation": (2, 3)}),
        (IMAGE, {"kernel_size": (3, 4), "padding": "custom", "padding_size": (2, 5), "stride": (2, 3)}),
        (IMAGE, {"kernel_size": (1, 1), "padding": "custom", "padding_size": (3, 0), "stride": (2, 2)}),
        (IMAGE, {"kernel_size": (3, 3), "padding": "custom", "padding_size": (4, 4), "dilation": (4, 5)}),
        (IMAGE, {"out_channels": 8, "groups": 2}),
        (IMAGE, {"padding": "custom", "padding_size": (2, 1), "padding_mode": "reflect"}),
        (IMAGE, {"padding": "custom", "padding_size": (2, 1), "padding_mode": "replicate"}),
        ("image: 1×4×1", {"kernel_size": (7, 3), "padding": "custom", "padding_size": (3, 1)}),
    ),
    "conv1d": (
        (ROW, {"kernel_size": (3,), "stride": (3,)}),
        (ROW, {"padding": "custom", "padding_size": (4,), "dilation": (5,)}),
    ),
    "conv_transpose2d": (
        (IMAGE, {"stride": (2, 3), "kernel_size": (3, 2)}),
        (IMAGE, {"stride": (3, 1), "kernel_size": (2, 4), "padding": "custom", "padding_size": (1, 2)}),
        (IMAGE, {"stride": (2, 2), "kernel_size": (3, 3), "dilation": (2, 3), "output_padding": (1, 1)}),
        (IMAGE, {"out_channels": 4, "groups": 4, "stride": (2, 2)}),
    ),
    "depthwise_conv2d": ((IMAGE, {"multiplier": 2}),),
    "separable_conv2d": ((IMAGE, {"kernel_size": (3, 5), "padding": "same"}),),
    "table_conv2d": (("image: 6×12×11", {}), ("image: 6×12×11", {"table": "full"})),
    "locally_connected2d": ((IMAGE, {"stride": (2, 1), "padding": (1, 2)}),),
    "weight_norm_conv2d": ((IMAGE, {"stride": (2, 2), "padding": "custom", "padding_size": (3, 3)}),),
    "gabor_filters": ((IMAGE, {"kernel_size": 4, "phase": "both"}),),
    "haar_filters": ((IMAGE, {"size": 4, "stride": 3}),),
    "hog": (("image: 2×12×13", {"cell_size": 3, "block_size": 1}),),
    "max_pool2d": ((IMAGE, {**THREE, "stride": (2, 2), "padding": (1, 1), "ceil_mode": True}),),
    "avg_pool2d": (
        (IMAGE, {**THREE, "stride": (2, 2), "padding": (1, 1)}),
        (IMAGE, {"kernel_size": (5, 3), "ceil_mode": True}),
    ),
    "sum_pool1d": ((ROW, {"kernel_size": (3,), "stride": (2,), "ceil_mode": True}),),
    "adaptive_avg_pool2d": ((IMAGE, {"output_size": (5, 11)}), (IMAGE, {"output_size": (1, 3)})),
    "adaptive_max_pool2d": ((IMAGE, {"output_size": (5, 20)}),),
    "fractional_max_pool2d": ((IMAGE, {"kernel_size": (3, 2), "output_ratio": 0.5}), (IMAGE, {"output_ratio": 0.1})),
    "upsample": (
        *((IMAGE, {"scale_factor": by, "mode": mode}) for by in (1.5, 2.7, 3.0) for mode in ("nearest", "linear")),
        (IMAGE, {"scale_factor": 2.0, "mode": "cubic"}),
        (IMAGE, {"scale_factor": 1.3, "mode": "cubic", "align_corners": True}),
        (IMAGE, {"scale_factor": 2.5, "mode": "linear", "align_corners": True}),
        ("x: 3×7", {"scale_factor": 2.2, "mode": "linear"}),
    ),
    "unpool2d": ((IMAGE, {"mode": "zeros", "kernel_size": (2, 3)}),),
    "unpool1d": ((ROW, {"mode": "zeros", "kernel_size": (3,)}),),
    "pixel_shuffle": (("image: 18×5×4", {"upscale_factor": 3}),),
    "pixel_unshuffle": (("image: 2×12×9", {"downscale_factor": 3}),),
    "patch_embedding": (("image: 2×12×9", {"patch_size": (4, 3)}), ("image: 2×4×4", {"patch_size": (4, 4)})),
    "reduce": (
        (IMAGE, {"dims": (2,)}),
        (IMAGE, {"dims": (3,), "keepdim": True, "operation": "norm"}),
        (IMAGE, {"dims": (1,), "operation": "max"}),
        (IMAGE, {}),
        (STEPS, {"dims": (2,)}),
        (STEPS, {"dims": (1,)}),
    ),
    "slice": (
        (IMAGE, {"dim": 2, "start": 3, "step": 2}),
        (IMAGE, {"dim": 3, "start": -4, "stop": -1}),
        (STEPS, {"dim": 1, "start": 2, "step": 3}),
        (STEPS, {"dim": 1, "start": -3}),
        (STEPS, {"dim": 1, "start": 1, "stop": 5}),
    ),
    "split": ((IMAGE, {"dim": 2}), (IMAGE, {"dim": 3, "sizes": (2, 9)})),
    "select": (
        (IMAGE, {"dim": 2, "index": -1}),
        (IMAGE, {"dim": 1}),
        (IMAGE, {"dim": 3, "index": 4}),
        (STEPS, {"dim": 2}),
        (STEPS, {"dim": 1, "index": 3}),
    ),
    "crop": ((IMAGE, {"size": (5, 4)}), (IMAGE, {"size": (5, 4), "offset": (6, 0)})),
    "pad": (
        (IMAGE, {"padding": (3, 1)}),
        (IMAGE, {"padding": (2, 0, 1, 4)}),
        (IMAGE, {"padding": (1, 0, 0, 1, 2, 1)}),
        (IMAGE, {"padding": (3, 2, 1, 2), "mode": "reflect"}),
        (IMAGE, {"padding": (3, 2, 1, 2), "mode": "replicate"}),
        (STEPS, {"padding": (0, 0, 2, 1)}),
    ),
    "permute": ((IMAGE, {"dims": (3, 1, 2)}), (STEPS, {"dims": (2, 1)})),
    "reshape": (
        (IMAGE, {"shape": (4, 132)}),
        (IMAGE, {"shape": (11, 12, 4)}),
        (IMAGE, {"shape": (2, 264)}),
        (IMAGE, {"shape": (2, 2, 6, 22)}),
    ),
    "unflatten": ((ROW, {"dim": 2, "unflattened_size": (4, 5)}), (ROW, {"dim": 1, "unflattened_size": (2, 2)})),
    "squeeze": (("image: 1×9×8", {}),),
    "unsqueeze": ((ROW, {"dim": 3}), (IMAGE, {"dim": 1}), (STEPS, {"dim": 2})),
    "tile": ((ROW, {"repeats": (1, 2)}), (IMAGE, {"repeats": (2, 2, 3)}), (STEPS, {"repeats": (1, 2)})),
    "concat": ((IMAGE, {"dim": 2}), (IMAGE, {"dim": 1}), (STEPS, {"dim": 2})),
    "glu": ((IMAGE, {"dim": 1}), ("image: 3×12×4", {"dim": 2})),
    "softmax": ((IMAGE, {"dim": 2}), (STEPS, {"dim": 2})),
    "group_norm": ((IMAGE, {"num_groups": 2}),),
    "local_response_norm": ((IMAGE, {"size": 3}),),
    "lstm": ((STEPS, {"output": "all steps"}), ("x: 7×5", {})),
    "self_attention": (("x: T×8", {"causal": True}), ("x: 6×8", {"causal": True})),
    "multihead_attention": (("x: T×8", {}), ("x: 6×8", {"causal": True})),
    "cross_attention": (("x: T×8", {}),),
    "transformer_encoder_layer": (("x: T×8", {}), ("x: 6×8", {})),
    "gram_matrix": ((IMAGE, {}),),
    "embedding": (),
}
"""Besides every type's defaults, what they are tried with and on what."""
EVERY = [
    type.id
    for type in BLOCK_TYPES.values()
    if type.role == "layer" and "own_code" not in type.traits and type.id not in NO_SLOPE | NEED_PLACES | VECTORS_ALONE
]


@pytest.mark.parametrize("id", EVERY)
def test_every_number_of_every_type_sees_what_its_gradient_reaches(id: str) -> None:
    draws = next((count for part, count in DRAWS.items() if part in id), 2)
    tried = 0
    for field, parameters in (*CASES.get(id, ()), *((field, {}) for field in FIELDS)):
        graph = chain(field, (id, parameters))
        drawable = is_drawable(graph)
        assert drawable or not parameters, [one.sentence for one in ANALYSER.analyse(graph).problems]
        if not drawable:
            continue
        port = BLOCK_TYPES[id].ports_of(graph.blocks["b0"], {}).outputs[0].id
        if isinstance(told_sight(graph, "b0", port), str):
            assert "T" in field, (field, parameters)
            continue
        tried += 1
        wrong = disagreements(graph, "b0", port, draws=draws, train="fractional" in id, bound=id in NOT_ALL_SEEN)
        assert not list(wrong), (field, parameters)
    assert tried


def some_numbers(some: random.Random, count: int, low: int, high: int) -> tuple[int, ...]:
    return tuple(some.randint(low, high) for _ in range(count))


def random_step(some: random.Random, spec: TensorSpec) -> Step:
    """A block and parameters that a tensor of this spec may well take."""
    axes = spec.rank - 2
    numbers = lambda low, high: some_numbers(some, axes, low, high)  # noqa: E731
    sides = range(2, spec.rank)
    kinds: list[Step] = [
        (
            f"conv{axes}d",
            {
                "out_channels": some.choice((2, 4)),
                "kernel_size": numbers(1, 4),
                "stride": numbers(1, 2),
                "dilation": numbers(1, 2),
                "padding": "custom",
                "padding_size": numbers(0, 4),
                "padding_mode": some.choice(("zeros", "zeros", "replicate")),
                "groups": some.choice((1, 1, 2)),
            },
        ),
        (
            f"conv_transpose{axes}d",
            {"out_channels": 4, "kernel_size": numbers(1, 3), "stride": numbers(1, 3), "padding": "none"},
        ),
        (f"avg_pool{axes}d", {"kernel_size": numbers(1, 3), "stride": numbers(1, 3)}),
        (f"sum_pool{axes}d", {"kernel_size": numbers(2, 3), "padding": numbers(0, 1), "ceil_mode": True}),
        (f"adaptive_avg_pool{axes}d", {"output_size": numbers(1, 6)}),
        (f"unpool{axes}d", {"kernel_size": numbers(1, 2), "mode": some.choice(("nearest", "zeros"))}),
        ("upsample", {"scale_factor": some.choice((1.5, 2.0)), "mode": some.choice(("nearest", "linear"))}),
        ("pad", {"padding": some_numbers(some, 2 * axes, 0, 4)}),
        ("slice", {"dim": some.choice(sides), "start": some.randint(0, 3), "step": some.randint(1, 2)}),
        ("slice", {"dim": some.choice(sides), "stop": some.randint(2, 6)}),
        ("select", {"dim": some.choice(sides), "index": some.choice((0, 1, -1))}),
        ("reduce", {"dims": (some.choice(sides),), "keepdim": some.random() < 0.5}),
        ("permute", {"dims": tuple(some.sample(range(1, spec.rank), axes + 1))}),
        ("flatten", {}),
        ("tile", {"repeats": (1, *numbers(1, 2))}),
        ("concat", {"dim": some.randint(1, spec.rank - 1)}),
        ("add", {}),
        ("tanh", {}),
        ("batch_norm2d", {}),
        ("group_norm", {"num_groups": 2}),
        ("split", {"dim": some.choice(sides)}),
    ]
    if axes == 2:
        kinds += [("pixel_shuffle", {}), ("pixel_unshuffle", {}), ("crop", {"size": numbers(2, 5)})]
        kinds += [("patch_embedding", {"patch_size": (2, 2)}), ("separable_conv2d", {"kernel_size": (3, 2)})]
    return some.choice(kinds)


def random_drawing(some: random.Random) -> tuple[Graph, tuple[str, str]]:
    """Two to five blocks with places, one behind the other or with branches that meet; and the last port."""
    field = some.choice(("image: 4×12×11", "image: 2×7×6", "x: 4×16", "image: 1×9×13"))
    blocks = {"input": Block("input", "input", "Input", {"fields": (field,)})}
    graph = Graph(blocks=blocks)
    ends = [PortRef("input", field.partition(":")[0])]
    aim = some.randint(2, 5)
    for number in range(60):
        specs = ANALYSER.analyse(graph).specs
        source = some.choice(ends[-2:])
        spec = specs[f"{source.block}/{source.port}"]
        if len(ends) > aim:
            break
        if spec.rank < 3:
            continue
        type, parameters = random_step(some, spec)
        if type not in BLOCK_TYPES:
            continue
        block = Block(f"b{number}", type, f"b{number}", parameters)
        ports = BLOCK_TYPES[type].ports_of(block, {})
        wires = [Wire(source, PortRef(block.id, ports.inputs[0].id))]
        # What else fits: another branch, or the same again.
        others = [end for end in ends if type != "add" or specs[f"{end.block}/{end.port}"] == spec]
        wires += [Wire(some.choice(others), PortRef(block.id, port.id)) for port in ports.inputs[1:]]
        made = Graph(blocks={**graph.blocks, block.id: block}, wires=sorted_wires((*graph.wires, *wires)))
        if (
            is_drawable(made)
            and np.prod(ANALYSER.analyse(made).specs[f"{block.id}/{ports.outputs[0].id}"].shape[1:]) < 9_000
        ):
            graph = made
            ends.append(PortRef(block.id, some.choice(ports.outputs).id))
    last = ends[-1]
    return graph, (last.block, last.port)


@pytest.mark.parametrize("seed", range(150))
def test_every_number_of_a_random_drawing_sees_what_its_gradient_reaches(seed: int) -> None:
    graph, (id, port) = random_drawing(random.Random(seed))
    written = [(block.type, dict(block.parameters)) for block in graph.blocks.values()]
    assert not list(disagreements(graph, id, port, draws=3)), (written, graph.wires)
