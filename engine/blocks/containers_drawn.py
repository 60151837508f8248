"""Containers that come with a drawing: groups whose body is a well-known part of a network, free to be changed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from engine.blocks.containers import Layer, branches_body, container_ports, expect_anything
from engine.graph.block_type import BlockType
from engine.graph.graph import Graph
from engine.graph.values import Value

INCEPTION_WIDTHS = (16, 24, 32, 4, 8, 8)
"""Filters of the branches of a new Inception: 1×1; 3×3 reduced, 3×3; 5×5 reduced, 5×5; behind the pooling."""


def _convolution(size: int, filters: int, batch_norm: bool, name: str) -> tuple[Layer, ...]:
    parameters: dict[str, Value] = {"out_channels": filters, "kernel_size": (size, size)}
    if batch_norm:
        norm: Layer = ("batch_norm2d", f"Norm {name}", {"eps": 0.001})
        return ("conv2d", f"{name}", {**parameters, "bias": False}), norm, ("relu", f"ReLU {name}", {})
    return ("conv2d", name, parameters), ("relu", f"ReLU {name}", {})


def inception_body(
    new_id: Callable[[], str], widths: tuple[int, ...] = INCEPTION_WIDTHS, batch_norm: bool = True
) -> Graph:
    """Four branches side by side, with a real 5×5. `widths` as in INCEPTION_WIDTHS.

    Szegedy et al., Going deeper with convolutions, 2015; batch normalisation after Ioffe and Szegedy, 2015.
    """
    conv = partial(_convolution, batch_norm=batch_norm)
    one, reduce3, three, reduce5, five, pooled = widths
    pool: Layer = ("max_pool2d", "Pool", {"kernel_size": (3, 3), "stride": (1, 1), "padding": (1, 1)})
    return branches_body(
        new_id,
        conv(1, one, name="1×1"),
        (*conv(1, reduce3, name="Reduce 3×3"), *conv(3, three, name="3×3")),
        (*conv(1, reduce5, name="Reduce 5×5"), *conv(5, five, name="5×5")),
        (pool, *conv(1, pooled, name="Pool 1×1")),
    )


def _parallel_body(new_id: Callable[[], str]) -> Graph:
    return branches_body(new_id, *(_convolution(size, 8, False, f"{size}×{size}") for size in (1, 3, 5)))


def _dense_pair(name: str, units: int) -> tuple[Layer, ...]:
    return ("dense", "Dense", {"out_features": 128}), ("relu", "ReLU", {}), ("dense", name, {"out_features": units})


def _encoder_body(new_id: Callable[[], str]) -> Graph:
    return branches_body(new_id, _dense_pair("Code", 32))


def _decoder_body(new_id: Callable[[], str]) -> Graph:
    return branches_body(new_id, _dense_pair("Rebuilt", 64))


PARALLEL = BlockType(
    id="parallel",
    family="container",
    title="Parallel branches",
    aliases=("branches", "multi-scale", "concat", "container"),
    icon="ph.tree-structure",
    purpose="Several branches look at the same input, and their results are laid side by side.",
    formula="y = [F_1(x), …, F_n(x)]",
    parameters=(),
    role="container",
    ports=container_ports,
    expect=expect_anything,
    body=_parallel_body,
)

INCEPTION = BlockType(
    id="inception",
    family="container",
    title="Inception",
    aliases=("googlenet", "multi-scale", "mixed", "container"),
    icon="ph.squares-four",
    purpose="Looks at its input through windows of 1×1, 3×3 and 5×5 and a pooling at once, and joins what they see.",
    formula="y = [C_1(x), C_3(C_1(x)), C_5(C_1(x)), C_1(pool(x))]",
    parameters=(),
    role="container",
    ports=container_ports,
    expect=expect_anything,
    body=inception_body,
)

ENCODER = BlockType(
    id="encoder",
    family="container",
    title="Encoder",
    aliases=("autoencoder", "compress", "container"),
    icon="ph.arrows-in-line-horizontal",
    purpose="A group that squeezes its input into a short code.",
    formula="z = E(x)",
    parameters=(),
    role="container",
    ports=container_ports,
    expect=expect_anything,
    body=_encoder_body,
)

DECODER = BlockType(
    id="decoder",
    family="container",
    title="Decoder",
    aliases=("autoencoder", "rebuild", "generator", "container"),
    icon="ph.arrows-out-line-horizontal",
    purpose="A group that rebuilds something large from a short code.",
    formula="x' = D(z)",
    parameters=(),
    role="container",
    ports=container_ports,
    expect=expect_anything,
    body=_decoder_body,
)

TYPES = (PARALLEL, INCEPTION, ENCODER, DECODER)
