"""Normalisation over the batch, or over each sample's channels by themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.blocks.shared import (
    EPS,
    FLATTEN,
    INPUT,
    channels,
    grid,
    one_to_one,
    scale_and_shift,
    sizes_known,
    values_of_rank,
)
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters
from engine.graph.values import Value

_MOMENTUM = Parameter(
    "momentum", "Momentum", "float", 0.1, "How fast the running statistics follow the batches.", 0.0, 1.0
)
AFFINE = Parameter("affine", "Learned scale", "boolean", True, "Learns a scale γ and a shift β for each channel.")


_INSTANCE_AFFINE = Parameter(
    "affine", "Learned scale", "boolean", False, "Learns a scale γ and a shift β for each channel."
)


def _batch_arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    return {
        "num_features": channels(inputs),
        "eps": parameters["eps"],
        "momentum": parameters["momentum"],
        "affine": parameters["affine"],
    }


def _expect_rows(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    spec = inputs.get(INPUT)
    repairs = (FLATTEN,) if spec is not None and spec.rank == 4 else ()
    hint = "Use Batch norm 2-D for pictures, or put a Flatten between them."
    fault = values_of_rank(inputs, INPUT, (2, 3), "N×features", hint, repairs)
    return fault or sizes_known(inputs, (1,))


def _expect_grid(dimensions: int) -> Callable[[Parameters, Inputs], Mismatch | None]:
    def expect(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
        return grid(inputs, dimensions) or sizes_known(inputs, (1,))

    return expect


def _batch_norm(
    dimensions: int, expect: Callable[[Parameters, Inputs], Mismatch | None], aliases: tuple[str, ...]
) -> BlockType:
    return BlockType(
        id=f"batch_norm{dimensions}d",
        family="normalisation",
        title=f"Batch norm {dimensions}-D",
        aliases=("batch normalisation", "batchnorm", "bn", "normalise", *aliases),
        icon="ph.faders",
        purpose="Brings each channel of a batch to mean 0 and deviation 1, then scales and shifts it as it learns.",
        formula="y = γ (x − μ) / √(σ² + ε) + β",
        parameters=(_MOMENTUM, AFFINE, EPS),
        summary=("batch",),
        module=f"torch.nn:BatchNorm{dimensions}d",
        ports=one_to_one,
        expect=expect,
        arguments=_batch_arguments,
        weights=scale_and_shift,
        traits=frozenset({"batch_statistics"}),
    )


def _expect_several_places(dimensions: int) -> Callable[[Parameters, Inputs], Mismatch | None]:
    def expect(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
        fault = grid(inputs, dimensions) or sizes_known(inputs, (1,))
        spec = inputs.get(INPUT)
        if fault is not None or spec is None or any(length != 1 for length in spec.shape[2:]):
            return fault
        hint = "Use a layer or group norm, or normalise earlier."
        return Mismatch("channels", INPUT, {"expected": "several places a channel", "received": spec, "hint": hint})

    return expect


def _instance_arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    return {"num_features": channels(inputs), "eps": parameters["eps"], "affine": parameters["affine"]}


def _instance_norm(dimensions: int) -> BlockType:
    return BlockType(
        id=f"instance_norm{dimensions}d",
        family="normalisation",
        title=f"Instance norm {dimensions}-D",
        aliases=("instance normalisation", "contrast normalisation", "style transfer"),
        icon="ph.faders",
        purpose="Brings each channel of each sample to mean 0 and deviation 1 by itself, and so removes its contrast.",
        formula="y = γ (x − μ) / √(σ² + ε) + β, μ and σ of one channel of one sample",
        parameters=(_INSTANCE_AFFINE, EPS),
        summary=("sample and channel",),
        module=f"torch.nn:InstanceNorm{dimensions}d",
        ports=one_to_one,
        expect=_expect_several_places(dimensions),
        arguments=_instance_arguments,
        weights=scale_and_shift,
    )


BATCH_NORM2D = _batch_norm(2, _expect_grid(2), ("pictures",))
BATCH_NORM1D = _batch_norm(1, _expect_rows, ("features",))
BATCH_NORM3D = _batch_norm(3, _expect_grid(3), ("volumes",))

TYPES = (BATCH_NORM2D, BATCH_NORM1D, BATCH_NORM3D, _instance_norm(2), _instance_norm(1), _instance_norm(3))
