"""Published networks that steer, compare, rebuild and attend."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from engine.graph.graph import Weights
from engine.project.project_file import Project
from engine.training.plan import ContrastiveDivergence, Supervised
from resources.reference_sketch import IMAGENET, Sketch

_CODER = (1000, 500, 250, 30)


def pilotnet() -> Project:
    """Bojarski et al. 2016: from the road to the steering wheel."""
    net = Sketch.of("", ("image: 3×66×200 float32", "angle: 1 float32"))
    net.add("batch_norm2d", "Normalise", affine=False)
    for number, (width, size) in enumerate(((24, 5), (36, 5), (48, 5), (64, 3), (64, 3)), 1):
        net.convolution(width, size, f"Convolution {number}", padding=0, **({"stride": 2} if size == 5 else {}))
        net.add("relu")
    net.add("flatten")
    for number, width in enumerate((100, 50, 10), 1):
        net.dense(width, f"Dense {number}")
        net.add("relu")
    net.dense(1, "Angle")
    net.loss("squared_error", "input.angle")
    return net.project(
        "PilotNet",
        "Reads the picture of a camera behind the windscreen and says how far to turn the wheel: 252,219 weights.",
        ("Select Convolution 5: what is left of the road there?",),
        stages=(Supervised(epochs=10, learning_rate=0.0001),),
    )


def siamese_convnet() -> Project:
    """Koch, Zemel, Salakhutdinov 2015: twins that share their weights."""
    fields = ("left: 1×105×105 float32", "right: 1×105×105 float32", "same: 1 float32")
    net = Sketch.of("", fields)
    owners: dict[str, str] = {}
    ends: list[str] = []
    for side in ("left", "right"):
        net.last = f"input.{side}"

        def shared(name: str) -> dict[str, Weights]:
            return {"weights": Weights(owners[name])} if name in owners else {}

        for number, (width, size) in enumerate(((64, 10), (128, 7), (128, 4), (256, 4)), 1):
            name = f"Convolution {number}"
            id = net.add(
                "conv2d", f"{name} {side}", out_channels=width, kernel_size=(size, size), padding="none", **shared(name)
            )
            owners.setdefault(name, id)
            net.add("relu")
            if number < 4:
                net.pool()
        net.add("flatten")
        id = net.add("dense", f"Features {side}", out_features=4096, **shared("features"))
        owners.setdefault("features", id)
        ends.append(net.add("sigmoid"))
    net.join("weighted_l1_distance", *ends, name="Distance")
    net.loss("binary_cross_entropy", "input.same")
    return net.project(
        "Siamese convnet",
        "Two twins with the same weights look at two characters; how much their features differ says whether they are "
        "the same.",
        ("Select a block of the right twin: it uses the weights of the left one.",),
        stages=(Supervised(epochs=10, learning_rate=0.0001),),
        batch_size=128,
    )


def _autoencoder(tied: bool) -> Project:
    net = Sketch.of("mnist")
    flat = net.add("flatten")
    owners: list[str] = []
    for number, width in enumerate(_CODER, 1):
        owners.append(net.dense(width, f"Encoder {number}"))
        if number < len(_CODER):
            net.add("sigmoid")
    code = net.last
    for number, width in enumerate((*reversed(_CODER[:-1]), 784)):
        level = len(_CODER) - number
        weights = Weights(owners[level - 1], transposed=True) if tied else None
        net.add("dense", f"Decoder {level}", out_features=width, weights=weights)
        if level > 1:
            net.add("sigmoid")
    net.loss("binary_cross_entropy", flat)
    count = "1,420,814" if tied else "2,837,314"
    title = "Deep autoencoder, tied" if tied else "Deep autoencoder"
    how = "the decoder’s weights are the encoder’s, turned round" if tied else "encoder and decoder have weights each"
    return net.project(
        title,
        f"Squeezes digits through 1000, 500 and 250 units into 30 numbers and rebuilds them; {how}: {count} weights.",
        ("Set the last Encoder to 2 units and watch the latent space.", "Compare the tied and the untied one."),
        stages=(Supervised(epochs=10, learning_rate=0.001),),
        batch_size=128,
        views=(("loss", None), ("latent", code)),
    )


def dbn() -> Project:
    """Hinton, Osindero, Teh 2006: RBMs trained one after the other, then the whole by its labels."""
    net = Sketch.of("mnist")
    net.add("flatten")
    machines = [net.add("rbm", f"RBM {number}", hidden=units) for number, units in enumerate((500, 500, 2000), 1)]
    net.dense(10, "Output")
    net.loss("cross_entropy", "input.label")
    stages = tuple(ContrastiveDivergence(block=id, epochs=10, learning_rate=0.1) for id in machines)
    return net.project(
        "Deep belief network",
        "Three RBMs learn from pictures alone, one after the other; then labels teach the whole: 784-500-500-2000-10.",
        (
            "Press Run: each stage trains one RBM on what the one below sees.",
            "Remove the contrastive stages from the plan. What does the pretraining bring?",
        ),
        stages=(*stages, Supervised(epochs=10, learning_rate=0.001)),
        batch_size=100,
        views=(("loss", None), ("filters", machines[0])),
    )


def vision_transformer() -> Project:
    """Dosovitskiy et al. 2021, base size: a transformer encoder 12 layers deep and 768 wide."""
    net = Sketch.of("", IMAGENET)
    net.add("patch_embedding", patch_size=(16, 16), embed_dim=768)
    net.add("class_token")
    net.add("learned_encoding", max_length=197, dropout=0.1)
    layer = Sketch("t-", inside=True)
    layer.add(
        "transformer_encoder_layer",
        "Encoder layer",
        num_heads=12,
        dim_feedforward=3072,
        activation="gelu",
        norm_first=True,
    )
    net.add("repeat", "Encoder", body=layer.body(), count=12)
    net.add("layer_norm")
    net.add("select", "Answer", dim=1, index=0)
    net.dense(1000, "Output")
    net.loss("cross_entropy", "input.label")
    return net.project(
        "Vision transformer",
        "Cuts a picture into 14×14 patches and lets each look at all others, twelve times: 86,567,656 weights.",
        (
            "Double-click Encoder: one layer stands for all twelve.",
            "Set the patches to 32×32: a quarter of the tokens, and how much less work?",
        ),
        stages=(Supervised(epochs=10, learning_rate=0.0003),),
        batch_size=128,
    )


OTHERS: dict[str, Callable[[], Project]] = {
    "pilotnet": pilotnet,
    "siamese-convnet": siamese_convnet,
    "deep-autoencoder": partial(_autoencoder, False),
    "deep-autoencoder-tied": partial(_autoencoder, True),
    "dbn": dbn,
    "vision-transformer": vision_transformer,
}
