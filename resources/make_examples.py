"""Makes the example projects in `resources/examples/`: `python -m resources.make_examples`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.blocks.catalogue import BLOCK_TYPES
from engine.data.catalogue import DATASETS
from engine.graph.edits import set_parameter
from engine.graph.graph import Graph
from engine.graph.paths import within
from engine.graph.scope import Scope
from engine.project.drawing import Drawing
from engine.project.project_file import SUFFIX, Project, write_project
from engine.training.plan import ContrastiveDivergence, DatasetRef, Plan, Settings, Stage, Supervised, ViewSpec

FOLDER = Path(__file__).parent / "examples"


def _input(drawing: Drawing, dataset: str, at: tuple[int, int] = (0, 0)) -> None:
    fields = tuple(field.text for field in DATASETS[dataset].fields)
    drawing.add("input", "input", at, dataset=dataset, fields=fields)


def _example(
    graph: Graph,
    dataset: str,
    stage: Stage,
    *,
    views: tuple[tuple[str, str | None], ...],
    title: str,
    about: str,
    tries: tuple[str, ...],
    batch_size: int = 64,
) -> Project:
    settings = Settings(
        plan=Plan(stages=(stage,), batch_size=batch_size),
        datasets=(DatasetRef(dataset),),
        views=tuple(ViewSpec(f"view-{number}", kind, block) for number, (kind, block) in enumerate(views, 1)),
        title=title,
        about=about,
        tries=tries,
    )
    return Project(graph, settings)


def digits_convnet() -> Project:
    """The first network a student sees: convolution, residual block, dense, on 8×8 digits."""
    drawing = Drawing(BLOCK_TYPES)
    _input(drawing, "digits")
    drawing.add("conv", "conv2d", (240, 24), out_channels=16)
    drawing.add("relu", "relu", (480, 24))
    drawing.add("pool", "max_pool2d", (656, 24))
    drawing.add("residual", "residual", (0, 240))
    drawing.add("flatten", "flatten", (256, 240))
    drawing.add("dense", "dense", (448, 240), out_features=10)
    drawing.add("loss", "cross_entropy", (648, 192))
    drawing.chain("input.image", "conv", "relu", "pool", "residual", "flatten", "dense", "loss.logits")
    drawing.wire("input.label", "loss.target")
    return _example(
        drawing.graph,
        "digits",
        Supervised(epochs=20, learning_rate=0.003),
        views=(("loss", None), ("filters", "conv"), ("latent", "flatten")),
        title="Digits convnet",
        about="Reads 8×8 pictures of handwritten digits and says which digit each one is.",
        tries=(
            "Press Run. Watch the ten digits move apart in latent space.",
            "Drag Dropout onto a wire. Run again and compare the curves.",
            "Click Convolution, set the kernel to 1×1. What is lost?",
        ),
    )


def digits_dense() -> Project:
    """One hidden layer on digits, whose weights can be looked at as pictures."""
    drawing = Drawing(BLOCK_TYPES)
    _input(drawing, "digits")
    drawing.add("flatten", "flatten", (224, 24))
    drawing.add("hidden", "dense", (416, 24), "Hidden", out_features=64)
    drawing.add("relu", "relu", (608, 24))
    drawing.add("output", "dense", (768, 24), "Output", out_features=10)
    drawing.add("loss", "cross_entropy", (960, -24))
    drawing.chain("input.image", "flatten", "hidden", "relu", "output", "loss.logits")
    drawing.wire("input.label", "loss.target")
    return _example(
        drawing.graph,
        "digits",
        Supervised(epochs=20, learning_rate=0.003),
        views=(("loss", None), ("filters", "hidden"), ("predictions", "loss")),
        title="Dense digits",
        about="One hidden layer of 64 units reads 8×8 digits. Its weights show what each unit looks for.",
        tries=(
            "Press Run and watch the 64 weight pictures take shape.",
            "Set Hidden to 8 units. How many digits can it still tell apart?",
            "Remove ReLU with M. The network is now linear: compare the curves.",
        ),
    )


def digits_residual() -> Project:
    """Two residual blocks, the second with a projection."""
    drawing = Drawing(BLOCK_TYPES)
    _input(drawing, "digits")
    drawing.add("conv", "conv2d", (224, 24), out_channels=16)
    drawing.add("relu", "relu", (448, 24))
    drawing.add("first", "residual", (616, 24), "Residual")
    drawing.add("pool", "max_pool2d", (832, 24))
    drawing.add("second", "residual", (0, 240), "Residual 2")
    drawing.add("last", "relu", (248, 240), "ReLU 2")
    drawing.add("flatten", "flatten", (432, 240))
    drawing.add("dense", "dense", (624, 240), out_features=10)
    drawing.add("loss", "cross_entropy", (848, 192))
    drawing.chain("input.image", "conv", "relu", "first", "pool", "second", "last", "flatten", "dense", "loss.logits")
    drawing.wire("input.label", "loss.target")
    scope = Scope(types=BLOCK_TYPES)
    widened = set_parameter(drawing.graph, scope, "second", "skip", "projection")
    for child in ("second-2", "second-4"):
        widened = within(widened, ("second",), set_parameter, scope, child, "out_channels", 32)
    return _example(
        widened,
        "digits",
        Supervised(epochs=20, learning_rate=0.003),
        views=(("loss", None), ("accuracy", None), ("latent", "flatten")),
        title="Residual digits",
        about="Two residual blocks: each adds its input to what it computes, the second through a projection.",
        tries=(
            "Press Run, then double-click Residual to see what is inside.",
            "Set Skip of Residual 2 to identity. Read why it no longer fits.",
            "Copy Residual a few times. Deeper, and it still learns.",
        ),
    )


def digits_autoencoder() -> Project:
    """Squeezes digits through eight numbers and rebuilds them."""
    drawing = Drawing(BLOCK_TYPES)
    _input(drawing, "digits")
    drawing.add("flatten", "flatten", (224, 24))
    drawing.add("encoder", "dense", (416, 24), "Encoder", out_features=128)
    drawing.add("relu", "relu", (608, 24))
    drawing.add("code", "dense", (776, 24), "Code", out_features=8)
    drawing.add("decoder", "dense", (224, 216), "Decoder", out_features=128)
    drawing.add("relu2", "relu", (416, 216), "ReLU 2")
    drawing.add("rebuilt", "dense", (584, 216), "Rebuilt", out_features=64)
    drawing.add("loss", "squared_error", (776, 168))
    drawing.chain("input.image", "flatten", "encoder", "relu", "code", "decoder", "relu2", "rebuilt", "loss.prediction")
    drawing.wire("flatten", "loss.target")
    return _example(
        drawing.graph,
        "digits",
        Supervised(epochs=60, learning_rate=0.003),
        views=(("loss", None), ("predictions", "loss"), ("latent", "code")),
        title="Autoencoder",
        about="Squeezes each 8×8 digit through 8 numbers and rebuilds it from them. Nobody tells it the classes.",
        tries=(
            "Press Run and compare the digits with what is rebuilt from 8 numbers.",
            "Set Code to 2 units: now the latent space is the code itself.",
            "Drag Dropout behind the flattened picture. What does it do to the pictures?",
        ),
    )


def digits_rbm() -> Project:
    """An RBM that learns strokes of digits by contrastive divergence."""
    drawing = Drawing(BLOCK_TYPES)
    _input(drawing, "digits")
    drawing.add("flatten", "flatten", (224, 24))
    drawing.add("rbm", "rbm", (416, 24), hidden=64)
    drawing.chain("input.image", "flatten", "rbm")
    return _example(
        drawing.graph,
        "digits",
        ContrastiveDivergence(block="rbm", epochs=30, learning_rate=0.1),
        views=(("loss", None), ("filters", "rbm"), ("latent", "rbm")),
        title="RBM",
        about="A restricted Boltzmann machine learns the strokes of 8×8 digits without labels.",
        tries=(
            "Press Run and watch strokes appear in the 64 filters.",
            "Set the hidden units to 16. What happens to the reconstruction error?",
            "Select the stage in the inspector and raise k to 5.",
        ),
    )


def sequence_lstm() -> Project:
    """An LSTM that foretells the next value of a sine wave."""
    drawing = Drawing(BLOCK_TYPES)
    _input(drawing, "sine")
    drawing.add("lstm", "lstm", (240, 24), hidden_size=32)
    drawing.add("dense", "dense", (480, 24), out_features=1)
    drawing.add("loss", "squared_error", (672, -24))
    drawing.chain("input.sequence", "lstm", "dense", "loss.prediction")
    drawing.wire("input.next", "loss.target")
    return _example(
        drawing.graph,
        "sine",
        Supervised(epochs=20, learning_rate=0.005),
        views=(("loss", None), ("predictions", "loss"), ("latent", "lstm")),
        title="LSTM",
        about="Reads a sine wave step by step and says where it goes next.",
        tries=(
            "Press Run: predicted values move onto the diagonal.",
            "Set the LSTM to 2 units. Is that memory enough for a wave?",
            "Train with a learning rate of 0.1 and see what the loss does.",
        ),
        batch_size=32,
    )


def moons_boundary() -> Project:
    """Two classes in the plane, and the line between them as it bends."""
    drawing = Drawing(BLOCK_TYPES)
    _input(drawing, "moons")
    drawing.add("first", "dense", (224, 24), "Hidden", out_features=16)
    drawing.add("tanh", "tanh", (416, 24))
    drawing.add("second", "dense", (584, 24), "Hidden 2", out_features=16)
    drawing.add("tanh2", "tanh", (776, 24), "Tanh 2")
    drawing.add("output", "dense", (392, 216), "Output", out_features=1)
    drawing.add("loss", "binary_cross_entropy", (584, 168))
    drawing.chain("input.point", "first", "tanh", "second", "tanh2", "output", "loss.logits")
    drawing.wire("input.label", "loss.target")
    return _example(
        drawing.graph,
        "moons",
        Supervised(epochs=40, learning_rate=0.01),
        views=(("boundary", "loss"), ("loss", None), ("latent", "tanh2")),
        title="Decision boundary",
        about="Two interleaved half moons. Watch the boundary bend until it runs between them.",
        tries=(
            "Press Run and watch the boundary bend.",
            "Remove both Tanh with M: the boundary becomes a straight line.",
            "Choose Spirals in the Input’s Dataset menu. Does the network still cope?",
        ),
        batch_size=32,
    )


EXAMPLES: dict[str, Callable[[], Project]] = {
    "digits-convnet": digits_convnet,
    "digits-dense": digits_dense,
    "digits-residual": digits_residual,
    "digits-autoencoder": digits_autoencoder,
    "digits-rbm": digits_rbm,
    "sequence-lstm": sequence_lstm,
    "moons-boundary": moons_boundary,
}


def main() -> None:
    """Write every example beside this file."""
    FOLDER.mkdir(exist_ok=True)
    for id, make in EXAMPLES.items():
        write_project(FOLDER / f"{id}{SUFFIX}", make())


if __name__ == "__main__":
    main()
