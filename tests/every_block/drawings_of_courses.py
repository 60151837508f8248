"""Networks that courses and papers draw, built from the blocks as a person builds them."""

from __future__ import annotations

from engine.blocks.containers_drawn import inception_body
from engine.graph.graph import Graph, Initialiser, Weights
from resources.reference_pictures import INCEPTIONS
from resources.reference_sketch import IMAGENET, Sketch


def googlenet_of_the_paper() -> Graph:
    """Szegedy et al. 2014 without its side branches: biases, local response normalisation, no batch normalisation."""
    net = Sketch.of("", IMAGENET)
    net.convolution(64, 7, stride=2, padding=3)
    net.add("relu")
    net.pool(3, 2, 1)
    net.add("local_response_norm")
    net.convolution(64, 1)
    net.add("relu")
    net.convolution(192, 3)
    net.add("relu")
    net.add("local_response_norm")
    net.pool(3, 2, 1)
    for name, widths in INCEPTIONS.items():
        if name in ("4a", "5a"):
            net.pool(3, 2, 1)
        numbers = iter(range(1, 100))
        body = inception_body(lambda name=name, numbers=numbers: f"i{name}-{next(numbers):02d}", widths, False)
        net.add("inception", f"Inception {name}", body=body)
    net.add("global_avg_pool2d")
    net.add("dropout", p=0.4)
    net.dense(1000, "Output")
    net.loss("cross_entropy", "input.label")
    return net.drawing.graph


CAPTION_FIELDS = ("image: 1×12×12 float32", "given: T int64", "following: T int64")


def captioner(words: int, kind: str = "lstm") -> Sketch:
    """A convnet looks, and what it saw is the state in which a recurrent layer begins to speak."""
    net = Sketch.of("made", CAPTION_FIELDS)
    for filters in (8, 16):
        net.convolution(filters, 3)
        net.add("batch_norm2d")
        net.add("relu")
        net.pool()
    net.add("flatten")
    net.dense(32)
    seen = net.add("tanh", "Seen")
    net.last = "input.given"
    net.add("embedding", num_embeddings=words, embedding_dim=16)
    spoken = net.add(kind, states=True, output="all steps")
    net.drawing.wire(seen, f"{spoken}.initial_state")
    if kind == "lstm":
        net.drawing.wire(seen, f"{spoken}.initial_cell")
    net.dense(words)
    net.add("permute")
    net.loss("cross_entropy", "input.following")
    return net


GESTURE_FIELDS = ("stroke: T×2 float32", "label: 4 classes")


def gestures() -> Sketch:
    """Which of four strokes a pen drew."""
    net = Sketch.of("made", GESTURE_FIELDS)
    net.add("gru", hidden_size=24)
    net.dense(4)
    net.loss("cross_entropy", "input.label")
    return net


def curve(width: int) -> Sketch:
    """One hidden layer of tanh, whose units begin at many places of the line."""
    net = Sketch.of("made", ("x: 1 float32", "y: 1 float32"))
    start = {"weight": Initialiser("normal", {"std": 5.0}), "bias": Initialiser("normal", {"std": 3.0})}
    net.add("dense", "Hidden", start=start, out_features=width)
    net.add("tanh")
    net.dense(1, "Output")
    net.loss("squared_error", "input.y")
    return net


def masked_digits(units: int, passes: int, p: float = 0.5) -> tuple[Graph, Graph]:
    """A net with dropout, and the same with a branch in which `passes` masks of a noise source are averaged."""
    net = Sketch.of("digits")
    net.add("flatten")
    net.dense(units)
    hidden = net.add("relu")
    net.add("dropout", p=p)
    output = net.dense(10, "Output")
    net.loss("cross_entropy", "input.label", weight=1.0)
    plain = net.drawing.graph
    net.last = hidden
    net.add("unsqueeze", dim=1)
    copies = net.add("tile", repeats=(passes, 1))
    net.add("noise_source", distribution="uniform", shape=(passes, units), scale=0.5)
    net.add("shift", offset=0.5 - p)
    net.add("heaviside")
    mask = net.add("scale", factor=1 / (1 - p))
    net.last = copies
    masked = net.add("dropout", "Masked", masked=True)
    net.drawing.wire(mask, f"{masked}.mask")
    net.dense(10, "Masked output", weights=Weights(output))
    net.add("softmax")
    net.add("reduce", "Mean of the passes", operation="mean", dims=(1,))
    net.add("log")
    net.loss("nll", "input.label", weight=0.0)
    return plain, net.drawing.graph


def masks_from_outside(units: int) -> Graph:
    """The same net, told its mask with every sample."""
    net = Sketch.of("", ("image: 1×8×8 float32", f"mask: {units} float32"))
    net.add("flatten")
    net.dense(units)
    net.add("relu")
    masked = net.add("dropout", masked=True)
    net.drawing.wire("input.mask", f"{masked}.mask")
    net.dense(10, "Output")
    return net.drawing.graph
