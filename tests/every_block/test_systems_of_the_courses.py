"""What courses draw and no reference network shows is built from the same blocks: exact counts, a step, its Python."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.compiler import compile_graph
from engine.graph.graph import Graph, Weights
from resources.reference_pictures import head, resnet
from resources.reference_sketch import IMAGENET, Sketch
from tests.every_block.drawings_of_courses import captioner, gestures, googlenet_of_the_paper
from tests.every_block.exporting import ANALYSER, exported_equal, random_inputs

CHARACTERS = 30


def vgg_19() -> Graph:
    net = Sketch.of("", IMAGENET)
    for width, count in ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4)):
        for _ in range(count):
            net.convolution(width, 3)
            net.add("relu")
        net.pool()
    head(net, (4096, 4096))
    return net.drawing.graph


def autoencoder(tied: bool) -> Graph:
    widths = (1000, 500, 250, 2)
    net = Sketch.of("mnist")
    flat = net.add("flatten")
    owners = []
    for width in widths:
        owners.append(net.dense(width))
        net.add("sigmoid")
    for level, width in reversed(list(enumerate((784, *widths[:-1])))):
        weights = Weights(owners[level], transposed=True) if tied else None
        net.add("dense", out_features=width, weights=weights)
        net.add("sigmoid")
    net.loss("reconstruction_cross_entropy", flat)
    return net.drawing.graph


def one_layer(type: str, **parameters: object) -> Graph:
    net = Sketch.of("mnist")
    if type == "dense":
        net.add("flatten")
    net.add(type, **parameters)  # type: ignore[arg-type]
    return net.drawing.graph


@pytest.mark.parametrize(
    ("draw", "parameters"),
    [
        (vgg_19, 143_667_240),
        (googlenet_of_the_paper, 6_998_552),
        (lambda: resnet(34, (3, 4, 6, 3), "").graph, 21_797_672),
        (lambda: resnet(101, (3, 4, 23, 3), "").graph, 44_549_160),
        (lambda: autoencoder(tied=False), 2_823_286),
        (lambda: autoencoder(tied=True), 1_413_786),
        (lambda: one_layer("dense", out_features=24 * 24 * 6), 2_712_960),
        (lambda: one_layer("locally_connected2d", out_channels=6, kernel_size=(5, 5)), 89_856),
        (lambda: one_layer("conv2d", out_channels=6, kernel_size=(5, 5), padding="none"), 156),
    ],
    ids=["VGG-19", "GoogLeNet", "ResNet-34", "ResNet-101", "untied", "tied", "dense", "local", "shared"],
)
def test_the_weights_are_as_many_as_published(draw: Callable[[], Graph], parameters: int) -> None:
    analysis = ANALYSER.analyse(draw())
    assert [problem.sentence for problem in analysis.problems if problem.severity == "error"] == []
    assert analysis.total.parameters == parameters


def test_the_computation_graph_of_the_slide_has_its_numbers() -> None:
    net = Sketch.of("", ("x: 3 float32", "c: 1 float32"))
    net.add("constant", "W", values="-0.3999 0.15 0.3771", shape=(3,), learned=True)
    products = net.join("multiply", "input.x", net.last)
    sums = net.add("reduce", after=products, operation="sum", dims=(1,), keepdim=True)
    h = net.add("sigmoid")
    net.last = sums
    loss = net.loss("binary_cross_entropy", "input.c")
    network = compile_graph(net.drawing.graph, BLOCK_TYPES, analyser=ANALYSER)
    part = network.slice((f"{h}/output", f"{sums}/output", f"{loss}/loss"))
    ones = {"input/x": torch.ones(1, 3), "input/c": torch.ones(1, 1)}
    value, summed, cost = part.module(*(ones[key] for key in part.inputs))
    (gradient,) = torch.autograd.grad(cost, summed)
    found = (value.item(), cost.item(), gradient.item())
    assert found == pytest.approx((0.5318, 0.6316, -0.4682), abs=5e-5)


def segmentation() -> Sketch:
    """Farabet: every pixel a class."""
    net = Sketch.of("", ("image: 3×16×16 float32", "mask: 16×16 int64"))
    net.convolution(8, 3)
    wide = net.add("relu")
    net.pool()
    net.convolution(8, 3)
    back = net.add("conv_transpose2d", out_channels=8)
    net.join("concat", wide, back)
    net.convolution(2, 1)
    net.loss("cross_entropy", "input.mask")
    return net


def pose() -> Sketch:
    """PoseNet: a position and a unit quaternion from one picture."""
    net = Sketch.of("", ("image: 3×8×8 float32", "position: 3 float32", "rotation: 4 float32"))
    net.convolution(4, 3)
    net.add("flatten")
    features = net.dense(16)
    net.dense(3, "Position")
    net.loss("squared_error", "input.position")
    net.last = features
    net.dense(4, "Rotation")
    net.add("unit_quaternion")
    net.loss("squared_error", "input.rotation", weight=10.0)
    return net


def twins_on_strings() -> Sketch:
    """Two rows of characters, read by one network, and how far apart they end."""
    net = Sketch.of("", ("left: T int64", "right: T int64", "same: 1 float32"))
    owners: dict[str, str] = {}
    ends = []
    for side in ("left", "right"):
        net.last = f"input.{side}"
        for type, sizes in (("embedding", {"num_embeddings": CHARACTERS}), ("gru", {"hidden_size": 8})):
            shared = Weights(owners[type]) if type in owners else None
            owners.setdefault(type, net.add(type, f"{type} {side}", weights=shared, **sizes))
        ends.append(net.last)
    net.join("weighted_l1_distance", *ends)
    net.loss("binary_cross_entropy", "input.same")
    return net


def language_model() -> Sketch:
    """The next character at every step."""
    net = Sketch.of("", ("tokens: T int64", "following: T int64"))
    net.add("embedding", num_embeddings=CHARACTERS)
    net.add("lstm", hidden_size=8, output="all steps")
    net.dense(CHARACTERS)
    net.add("permute")
    net.loss("cross_entropy", "input.following")
    return net


def translation(kind: str) -> Sketch:
    """An encoder reads a date, a decoder writes it another way."""
    net = Sketch.of("", ("source: 9 int64", "given: 5 int64", "target: 5 int64"))
    net.last = "input.source"
    net.add("embedding", num_embeddings=CHARACTERS)
    if kind == "transformer":
        read = net.add("transformer_encoder_layer", dropout=0.0)
    else:
        read = net.add("gru", states=True) + ".last_state"
    net.last = "input.given"
    net.add("embedding", num_embeddings=CHARACTERS)
    if kind == "transformer":
        wrote = net.add("transformer_decoder_layer", dropout=0.0)
        net.drawing.wire(read, f"{wrote}.memory")
    else:
        wrote = net.add("gru", states=True, output="all steps")
        net.drawing.wire(read, f"{wrote}.initial_state")
    net.dense(CHARACTERS)
    net.add("permute")
    net.loss("cross_entropy", "input.target")
    return net


SYSTEMS: dict[str, Callable[[], Sketch]] = {
    "segmentation": segmentation,
    "pose": pose,
    "twins on strings": twins_on_strings,
    "language model": language_model,
    "translation by attention": lambda: translation("transformer"),
    "translation by states": lambda: translation("gru"),
    "captioning": lambda: captioner(CHARACTERS, "gru"),
    "gestures": gestures,
}


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_gradient_reaches_every_weight_and_the_python_is_equal(system: str) -> None:
    graph = SYSTEMS[system]().drawing.graph
    assert [problem.sentence for problem in ANALYSER.analyse(graph).problems if problem.severity == "error"] == []
    network = compile_graph(graph, BLOCK_TYPES, seed=1, analyser=ANALYSER)
    part = network.training_slice()
    total, *_ = part.module(*random_inputs(network, part.inputs))
    total.backward()
    for name, weight in network.root.named_parameters():
        assert weight.grad is not None, name
        assert bool(weight.grad.isfinite().all()), name
    exported_equal(graph)
