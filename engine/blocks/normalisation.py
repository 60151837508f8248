"""Normalisation."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.blocks.shared import (
    EPS,
    FLATTEN,
    INPUT,
    channels,
    one_to_one,
    pictures,
    scale_and_shift,
    sizes_known,
    values_of_rank,
)
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters
from engine.graph.values import Value

_PARAMETERS = (
    Parameter("momentum", "Momentum", "float", 0.1, "How fast the running statistics follow the batches.", 0.0, 1.0),
    Parameter("affine", "Learned scale", "boolean", True, "Learns a scale γ and a shift β for each channel."),
    EPS,
)


def _arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
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


def _expect_pictures(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    return pictures(inputs) or sizes_known(inputs, (1,))


def _batch_norm(
    id: str, title: str, module: str, expect: Callable[[Parameters, Inputs], Mismatch | None], aliases: tuple[str, ...]
) -> BlockType:
    return BlockType(
        id=id,
        family="normalisation",
        title=title,
        aliases=("batch normalisation", "batchnorm", "bn", "normalise", *aliases),
        icon="ph.faders",
        purpose="Brings each channel of a batch to mean 0 and deviation 1, then scales and shifts it as it learns.",
        formula="y = γ (x − μ) / √(σ² + ε) + β",
        parameters=_PARAMETERS,
        summary=("batch",),
        module=module,
        ports=one_to_one,
        expect=expect,
        arguments=_arguments,
        weights=scale_and_shift,
        traits=frozenset({"batch_statistics"}),
    )


BATCH_NORM2D = _batch_norm("batch_norm2d", "Batch norm 2-D", "torch.nn:BatchNorm2d", _expect_pictures, ("pictures",))
BATCH_NORM1D = _batch_norm("batch_norm1d", "Batch norm 1-D", "torch.nn:BatchNorm1d", _expect_rows, ("features",))

TYPES = (BATCH_NORM2D, BATCH_NORM1D)
