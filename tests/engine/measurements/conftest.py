"""Drawings to measure, opened as the worker opens them, on real data."""

from collections.abc import Callable

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.graph import Block, Graph, PortRef, Wire, sorted_wires
from engine.training.plan import DatasetRef, Plan, TrainingRequest
from engine.training.session import Session, open_session

Open = Callable[..., Session]

DIGITS = {"dataset": "digits", "fields": ("image: 1×8×8 float32", "label: 10 classes")}


Blocks = dict[str, tuple[str, dict[str, object]] | tuple[str, dict[str, object], Graph]]


def make_drawing(blocks: Blocks, wires: str) -> Graph:
    """A drawing of (type, parameters, body) by id and "a.port>b.port" words; names are ids."""
    made = {
        id: Block(id=id, type=type, name=id, parameters=parameters, body=body[0] if body else None)
        for id, (type, parameters, *body) in blocks.items()
    }
    joined = []
    for word in wires.split():
        source, target = word.split(">")
        joined.append(Wire(PortRef(*source.split(".")), PortRef(*target.split("."))))
    return Graph(blocks=made, wires=sorted_wires(joined))


@pytest.fixture(scope="session")
def draw() -> Callable[[Blocks, str], Graph]:
    """Makes a drawing, or the body of a container."""
    return make_drawing


@pytest.fixture(scope="session")
def opened() -> Open:
    """Opens a drawing on the named datasets."""

    def open_drawing(blocks: Blocks, wires: str, **settings: object) -> Session:
        names = {str(block[1]["dataset"]) for block in blocks.values() if block[0] == "input"}
        refs = tuple(DatasetRef(name=name, **settings) for name in sorted(names))
        graph = make_drawing(blocks, wires)
        return open_session(TrainingRequest(run="r", graph=graph, plan=Plan(device="cpu"), datasets=refs), BLOCK_TYPES)

    return open_drawing


@pytest.fixture
def convnet(opened: Open) -> Session:
    """Convolution, batch norm, ReLU, dropout, pool, flatten, dense on digits."""
    return opened(
        {
            "in": ("input", DIGITS),
            "conv": ("conv2d", {"out_channels": 6, "kernel_size": (3, 3)}),
            "norm": ("batch_norm2d", {}),
            "relu": ("relu", {}),
            "drop": ("dropout", {}),
            "pool": ("max_pool2d", {}),
            "flat": ("flatten", {}),
            "hidden": ("dense", {"out_features": 20}),
            "out": ("dense", {"out_features": 10}),
            "loss": ("cross_entropy", {}),
        },
        "in.image>conv.input conv.output>norm.input norm.output>relu.input relu.output>drop.input "
        "drop.output>pool.input pool.output>flat.input flat.output>hidden.input hidden.output>out.input "
        "out.output>loss.logits in.label>loss.target",
    )


@pytest.fixture
def autoencoder(opened: Open) -> Session:
    """64-16-64 on flat, standardised digits, by squared error."""
    return opened(
        {
            "in": ("input", DIGITS),
            "flat": ("flatten", {}),
            "code": ("dense", {"out_features": 16}),
            "back": ("dense", {"out_features": 64}),
            "loss": ("squared_error", {}),
        },
        "in.image>flat.input flat.output>code.input code.output>back.input back.output>loss.prediction "
        "flat.output>loss.target",
        standardise=True,
    )
