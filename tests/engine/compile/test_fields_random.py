"""Each number of random drawings sees what its gradient reaches."""

from __future__ import annotations

import math
import random

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.graph import Block, Graph, PortRef, Wire, sorted_wires
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.graph.values import Value
from tests.engine.compile.gradients import ANALYSER, Step, disagreements, is_drawable, told_sight

CUTTING = {"crop", "slice", "select", "split", "tile", "concat", "flatten"}
"""They bring borders into the middle of the picture."""


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
        ("softsign", {}),
        ("batch_norm2d", {}),
        ("group_norm", {"num_groups": 2}),
        ("split", {"dim": some.choice(sides)}),
    ]
    if axes == 2:
        kinds += [("pixel_shuffle", {}), ("pixel_unshuffle", {}), ("crop", {"size": numbers(2, 5)})]
        kinds += [("patch_embedding", {"patch_size": (2, 2)}), ("separable_conv2d", {"kernel_size": (3, 2)})]
    return some.choice(kinds)


def random_step_of_a_sequence(some: random.Random, spec: TensorSpec) -> Step:
    """A block that may well take N×T×features, or N×channels×T."""
    first: dict[str, Value] = {"kernel_size": (some.randint(1, 4),), "stride": (some.randint(1, 3),)}
    kinds: list[Step] = [
        ("permute", {"dims": (2, 1)}),
        ("permute", {"dims": (2, 1)}),
        ("conv1d", {"out_channels": 4, "groups": some.choice((1, 2)), "dilation": (some.randint(1, 3),), **first}),
        ("conv1d", {"out_channels": 4, "padding": "custom", "padding_size": (some.randint(0, 3),), **first}),
        ("conv_transpose1d", {"out_channels": 2, "padding": "none", **first}),
        ("avg_pool1d", first),
        ("unpool1d", {"kernel_size": (some.randint(2, 3),), "mode": some.choice(("nearest", "zeros"))}),
        ("upsample", {"mode": some.choice(("nearest", "linear")), "scale_factor": some.choice((1.5, 2.0))}),
        ("slice", {"dim": some.randint(1, 2), "start": some.randint(0, 2), "step": some.randint(1, 2)}),
        ("pad", {"padding": some_numbers(some, 4, 0, 2)}),
        ("flatten", {}),
        ("unsqueeze", {"dim": some.randint(1, 3)}),
        ("concat", {"dim": some.randint(1, 2)}),
        ("add", {}),
        ("dense", {}),
        ("softsign", {}),
        ("class_token", {}),
        ("reduce", {"dims": (some.randint(1, 2),), "keepdim": True}),
        ("select", {"dim": some.randint(1, 2), "index": 2}),
    ]
    return some.choice(kinds)


def random_drawing(some: random.Random, fields: tuple[str, ...]) -> tuple[Graph, tuple[str, str]]:
    """Two to five blocks with places, one behind the other or with branches that meet; and the last port."""
    field = some.choice(fields)
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
        if spec.rank < (2 if "T" in field else 3):
            continue
        type, parameters = (random_step_of_a_sequence if "T" in field else random_step)(some, spec)
        if type not in BLOCK_TYPES:
            continue
        block = Block(f"b{number}", type, f"b{number}", parameters)
        ports = BLOCK_TYPES[type].ports_of(block, {})
        wires = [Wire(source, PortRef(block.id, ports.inputs[0].id))]
        # What else fits: another branch, or the same again.
        others = [end for end in ends if type != "add" or specs[f"{end.block}/{end.port}"] == spec]
        wires += [Wire(some.choice(others), PortRef(block.id, port.id)) for port in ports.inputs[1:]]
        made = Graph(blocks={**graph.blocks, block.id: block}, wires=sorted_wires((*graph.wires, *wires)))
        if is_drawable(made) and is_small(ANALYSER.analyse(made).specs[f"{block.id}/{ports.outputs[0].id}"]):
            graph = made
            ends.append(PortRef(block.id, some.choice(ports.outputs).id))
    last = ends[-1]
    return graph, (last.block, last.port)


def is_small(spec: TensorSpec) -> bool:
    return math.prod(100 if isinstance(length, Dim) else length for length in spec.shape[1:]) < 40_000


@pytest.mark.parametrize("seed", range(300))
def test_every_number_of_a_random_drawing_sees_what_its_gradient_reaches(seed: int) -> None:
    fields = ("image: 4×36×35", "image: 2×25×24", "x: 4×48", "image: 1×27×39", "volume: 2×9×8×9")
    graph, (id, port) = random_drawing(random.Random(seed), fields)
    written = [(block.type, dict(block.parameters)) for block in graph.blocks.values()]
    if told_sight(graph, id, port) == "reshaped":
        assert {"flatten", "permute", "pixel_unshuffle"} & {type for type, _ in written}, written
        return
    cut = bool(CUTTING & {type for type, _ in written})
    assert not list(disagreements(graph, id, port, draws=3, bound=cut)), (written, graph.wires)


@pytest.mark.parametrize("seed", range(100))
def test_every_number_of_a_random_drawing_over_time_sees_what_its_gradient_reaches(seed: int) -> None:
    graph, (id, port) = random_drawing(random.Random(seed), ("x: T×6", "x: T×4"))
    written = [(block.type, dict(block.parameters)) for block in graph.blocks.values()]
    if told_sight(graph, id, port) in ("free-length", "reshaped"):
        assert {"concat", "flatten", "unsqueeze", "pad"} & {type for type, _ in written}, written
        return
    cut = bool(CUTTING & {type for type, _ in written})
    assert not list(disagreements(graph, id, port, draws=3, bound=cut)), (written, graph.wires)
