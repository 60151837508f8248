"""Published convolutional networks that say what a picture shows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from engine.blocks.containers_drawn import inception_body
from engine.project.project_file import Project
from engine.training.plan import Supervised
from resources.reference_sketch import IMAGENET, Sketch, he_start


def lenet_5() -> Project:
    """LeNet-5 as it is built today; C5 is a convolution, so that larger pictures pass."""
    net = Sketch.of("mnist")
    first = net.convolution(6, 5, "C1")
    net.add("tanh", "Tanh")
    net.pool(type="avg_pool2d")
    net.convolution(16, 5, "C3", padding=0)
    net.add("tanh", "Tanh 2")
    net.pool(type="avg_pool2d")
    net.convolution(120, 5, "C5", padding=0)
    net.add("tanh", "Tanh 3")
    net.add("flatten")
    net.dense(84, "F6")
    net.add("tanh", "Tanh 4")
    net.dense(10, "Output")
    net.loss("cross_entropy", "input.label")
    return net.project(
        "LeNet-5",
        "Convolution, pooling, convolution, pooling, convolution, dense: 61,706 weights that read handwritten digits.",
        (
            "Get MNIST in the Input, press Run: 99 % after a few epochs.",
            "Change the average poolings to max poolings. Does it learn faster?",
            "Look at C1’s six filters while they form.",
        ),
        stages=(Supervised(epochs=6, learning_rate=0.002),),
        views=(("loss", None), ("filters", first)),
    )


def lenet_5_published() -> Project:
    """LeNet-5 with the connection table, trainable subsampling, scaled tanh and fixed codes of 1998."""
    net = Sketch.of("mnist")
    net.convolution(6, 5, "C1")
    net.add("scaled_tanh")
    net.add("subsampling", "S2")
    net.add("scaled_tanh")
    net.add("table_conv2d", "C3", out_channels=16)
    net.add("scaled_tanh")
    net.add("subsampling", "S4")
    net.add("scaled_tanh")
    net.convolution(120, 5, "C5", padding=0)
    net.add("scaled_tanh")
    net.add("flatten")
    net.dense(84, "F6")
    net.add("scaled_tanh")
    net.add("code_distance", "Output", out_features=10)
    net.loss("cross_entropy", "input.label")
    return net.project(
        "LeNet-5 as published",
        "LeCun’s network of 1998 with its table of 60 links, trainable subsampling and fixed output codes: 60,000 "
        "weights.",
        (
            "Select C3: each filter reads only some of the six maps.",
            "Compare its weights with those of LeNet-5: 1,516 against 2,416 in C3.",
        ),
        stages=(Supervised(epochs=6, learning_rate=0.001),),
    )


def head(net: Sketch, widths: tuple[int, ...], classes: int = 1000, dropout: bool = True) -> None:
    net.add("flatten")
    for number, width in enumerate(widths, 6):
        if dropout:
            net.add("dropout")
        net.dense(width, f"Dense {number}")
        net.add("relu")
    net.dense(classes, "Output")
    net.loss("cross_entropy", "input.label")


def _alexnet(columns: bool) -> Sketch:
    net = Sketch.of("", IMAGENET)
    widths = (96, 256, 384, 384, 256) if columns else (64, 192, 384, 256, 256)
    groups = (1, 2, 1, 2, 2) if columns else (1,) * 5
    for number, (width, group) in enumerate(zip(widths, groups, strict=True), 1):
        more = {"groups": group} if group > 1 else {}
        if number == 1:
            net.convolution(width, 11, "Convolution 1", stride=4, padding=2)
        else:
            net.convolution(width, 5 if number == 2 else 3, f"Convolution {number}", **more)
        net.add("relu")
        if number in (1, 2, 5):
            net.pool(3, 2)
        if number in (1, 2) and columns:
            net.add("local_response_norm")
    head(net, (4096, 4096))
    return net


def alexnet() -> Project:
    """Krizhevsky, Sutskever, Hinton 2012: two columns, kept here as groups."""
    return _alexnet(True).project(
        "AlexNet",
        "The network that won ImageNet in 2012: five convolutions in two columns, three dense layers, 60,965,224 "
        "weights.",
        ("Look where its weights are: nearly all in the first Dense.", "Set the groups to 1: 62,378,344 weights."),
        batch_size=128,
    )


def alexnet_one_column() -> Project:
    """Krizhevsky 2014: the later variant in one column."""
    return _alexnet(False).project(
        "AlexNet, one column",
        "The later AlexNet for one graphics card, without normalisation: 61,100,840 weights.",
        ("Compare it with AlexNet: fewer filters, no groups, and hardly more weights.",),
        batch_size=128,
    )


def zfnet() -> Project:
    """Zeiler and Fergus 2013: smaller first filters, wider layers."""
    net = Sketch.of("", IMAGENET)
    net.convolution(96, 7, "Convolution 1", stride=2, padding=1)
    net.add("relu")
    net.pool(3, 2, 1)
    net.add("local_response_norm")
    net.convolution(256, 5, "Convolution 2", stride=2, padding=0)
    net.add("relu")
    net.pool(3, 2, 1)
    net.add("local_response_norm")
    for number, width in enumerate((512, 1024, 512), 3):
        net.convolution(width, 3, f"Convolution {number}")
        net.add("relu")
    net.pool(3, 2)
    head(net, (4096, 4096))
    return net.project(
        "ZFNet",
        "The winner of 2013: AlexNet with filters of 7×7 that move by 2, found by looking at what each layer sees; "
        "107,627,624 weights.",
        ("Compare the first convolution with AlexNet’s: 7×7 by 2 against 11×11 by 4.",),
        batch_size=128,
    )


def vgg_16() -> Project:
    """Simonyan and Zisserman 2014: nothing but 3×3."""
    net = Sketch.of("", IMAGENET)
    for stage, (width, count) in enumerate(((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)), 1):
        inner = Sketch(f"s{stage}-", inside=True)
        for number in range(1, count + 1):
            inner.convolution(width, 3, f"Convolution {number}")
            inner.add("relu", f"ReLU {number}")
        inner.pool()
        net.add("group", f"Stage {stage}", body=inner.body())
    head(net, (4096, 4096))
    return net.project(
        "VGG-16",
        "Thirteen convolutions of 3×3 in five stages and three dense layers: 138,357,544 weights.",
        (
            "Double-click a stage: two 3×3 windows see as much as one 5×5.",
            "Select the first Dense: it alone holds 102,764,544 weights.",
        ),
        stages=(Supervised(epochs=10, learning_rate=0.0001),),
    )


INCEPTIONS = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


def googlenet() -> Project:
    """Szegedy et al. 2014, with a real 5×5 and batch normalisation."""
    net = Sketch.of("", IMAGENET)
    stem = Sketch("stem-", inside=True)
    for number, (width, size, stride) in enumerate(((64, 7, 2), (64, 1, 1), (192, 3, 1)), 1):
        more = {"stride": stride, "padding": size // 2} if stride > 1 else {}
        stem.convolution(width, size, f"Convolution {number}", bias=False, **more)
        stem.add("batch_norm2d", f"Norm {number}", eps=0.001)
        stem.add("relu", f"ReLU {number}")
        if number != 2:
            stem.pool(3, 2, 1)
    net.add("group", "Stem", body=stem.body())
    for name, widths in INCEPTIONS.items():
        if name in ("4a", "5a"):
            net.pool(3, 2, 1)
        numbers = iter(range(1, 100))
        body = inception_body(lambda name=name, numbers=numbers: f"i{name}-{next(numbers):02d}", widths)
        net.add("inception", f"Inception {name}", body=body)
    net.add("global_avg_pool2d")
    net.add("dropout", p=0.4)
    net.dense(1000, "Output")
    net.loss("cross_entropy", "input.label")
    return net.project(
        "GoogLeNet",
        "Nine Inception modules look through windows of 1×1, 3×3 and 5×5 at once: 7,005,832 weights, a twentieth of "
        "VGG-16.",
        ("Double-click an Inception: the 1×1 convolutions before 3×3 and 5×5 save most of the work.",),
    )


def _residual_stage(
    prefix: str, width: int, count: int, stride: int, bottleneck: bool, projected: bool, name: str
) -> Callable[[Sketch], None]:
    """A stage of `count` residual blocks, the first with a projection where the shape changes."""

    def block(inner: Sketch, stride: int, project: bool, label: str) -> None:
        body = Sketch(f"{inner._prefix}{label}", inside=True)
        layers = (
            ((width, 1, 1), (width, 3, stride), (4 * width, 1, 1))
            if bottleneck
            else (
                (width, 3, stride),
                (width, 3, 1),
            )
        )
        for number, (filters, size, step) in enumerate(layers, 1):
            more = {"stride": step, "padding": size // 2} if step > 1 else {}
            body.convolution(filters, size, f"Convolution {number}", bias=False, **more)
            body.add("batch_norm2d", f"Norm {number}")
            if number < len(layers):
                body.add("relu", f"ReLU {number}")
        skip = {"skip": "projection", "projection_norm": True} if project else {}
        inner.add("residual", body=body.body(), **skip)
        inner.add("relu")

    def draw(net: Sketch) -> None:
        stage = Sketch(f"{prefix}-", inside=True)
        if projected:
            block(stage, stride, True, "p")
        rest = Sketch(f"{prefix}r-", inside=True)
        block(rest, 1, False, "b")
        copies = count - projected
        stage.add("repeat", "Blocks", body=rest.body(), count=copies)
        net.add("group", name, body=stage.body())

    return draw


def resnet(depth: int, counts: tuple[int, ...], parameters: str) -> Project:
    bottleneck = depth >= 50
    net = Sketch.of("", IMAGENET)
    net.convolution(64, 7, "Convolution", stride=2, padding=3, bias=False)
    net.add("batch_norm2d", "Norm")
    net.add("relu")
    net.pool(3, 2, 1)
    for number, count in enumerate(counts):
        stride = 2 if number else 1
        projected = bottleneck or number > 0
        _residual_stage(f"s{number + 2}", 64 * 2**number, count, stride, bottleneck, projected, f"Stage {number + 2}")(
            net
        )
    net.add("global_avg_pool2d")
    net.dense(1000, "Output")
    net.loss("cross_entropy", "input.label")
    return net.project(
        f"ResNet-{depth}",
        f"{depth} layers with weights, and beside every two or three of them the signal also passes unchanged: "
        f"{parameters} weights.",
        (
            "Double-click a stage, then Blocks: one residual block stands for all its copies.",
            "Set the copies of a stage higher. Deeper, and the weights grow only a little.",
        ),
        stages=(Supervised(epochs=10, optimiser="sgd", learning_rate=0.1),),
    )


def highway_50() -> Project:
    """Srivastava, Greff, Schmidhuber 2015: 48 highway layers between two dense ones."""
    net = Sketch.of("mnist")
    net.add("flatten")
    net.add("dense", "First", start=he_start(), out_features=50)
    net.add("relu")
    stack = Sketch("h-", inside=True)
    layer = Sketch("l-", inside=True)
    layer.add("dense", "Transform", start=he_start(), out_features=50)
    layer.add("relu")
    stack.add("highway", body=layer.body())
    net.add("repeat", "Highways", body=stack.body(), count=48)
    net.dense(10, "Output")
    net.loss("cross_entropy", "input.label")
    return net.project(
        "Highway network",
        "Fifty layers of fifty units. Gates let the signal pass at first, so that even the first layer learns.",
        (
            "Press Run, then open Highways and look at the gate.",
            "Set the gate’s bias to 3: the gates stand open and the network is plain. Does it still learn?",
        ),
        stages=(Supervised(epochs=2, learning_rate=0.001),),
        batch_size=100,
    )


def unet() -> Project:
    """Ronneberger, Fischer, Brox 2015, padded so that the mask is as large as the picture."""
    net = Sketch.of("", ("image: 1×128×128 float32", "mask: 1×128×128 float32"))

    def pair(name: str, width: int, prefix: str) -> str:
        inner = Sketch(f"{prefix}-", inside=True)
        for number in (1, 2):
            inner.convolution(width, 3, f"Convolution {number}")
            inner.add("relu", f"ReLU {number}")
        return net.add("group", name, body=inner.body())

    skips: list[str] = []
    for level in range(4):
        skips.append(pair(f"Down {level + 1}", 64 * 2**level, f"d{level + 1}"))
        net.pool()
    pair("Bottom", 1024, "m")
    for level in reversed(range(4)):
        up = net.add(
            "conv_transpose2d", f"Enlarge {level + 1}", out_channels=64 * 2**level, kernel_size=(2, 2), stride=(2, 2)
        )
        net.join("concat", skips[level], up, name=f"Join {level + 1}")
        pair(f"Up {level + 1}", 64 * 2**level, f"u{level + 1}")
    net.convolution(1, 1, "Mask")
    net.loss("binary_cross_entropy", "input.mask")
    return net.project(
        "U-Net",
        "Says for every pixel whether it belongs to the object: down to what there is, up again to where it is.",
        ("Follow a wire from Down to Join: it brings back the detail that pooling lost.",),
        batch_size=8,
    )


PICTURES: dict[str, Callable[[], Project]] = {
    "lenet-5": lenet_5,
    "lenet-5-published": lenet_5_published,
    "alexnet": alexnet,
    "alexnet-one-column": alexnet_one_column,
    "zfnet": zfnet,
    "vgg-16": vgg_16,
    "googlenet": googlenet,
    "resnet-18": partial(resnet, 18, (2, 2, 2, 2), "11,689,512"),
    "resnet-50": partial(resnet, 50, (3, 4, 6, 3), "25,557,032"),
    "resnet-152": partial(resnet, 152, (3, 8, 36, 3), "60,192,808"),
    "highway-50": highway_50,
    "unet": unet,
}
