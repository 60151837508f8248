"""Dense layers and convolutions whose weights are normalised."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.blocks.convolution import CONV2D
from engine.blocks.dense import DENSE
from engine.graph.block_type import BlockType, Inputs, Parameter, Parameters, WeightGroups
from engine.graph.values import Value

_ITERATIONS = Parameter(
    "n_power_iterations",
    "Power iterations",
    "integer",
    1,
    "Steps a training step by which the largest singular value is followed.",
    1,
    1000,
    advanced=True,
)


def _bias(parameters: Parameters) -> WeightGroups:
    return (("Initial bias", ("bias",)),) if parameters.get("bias", True) else ()


def _lengths_and_directions(parameters: Parameters) -> WeightGroups:
    return (
        ("Initial lengths", ("parametrizations.weight.original0",)),
        ("Initial directions", ("parametrizations.weight.original1",)),
        *_bias(parameters),
    )


def _before_division(parameters: Parameters) -> WeightGroups:
    return (("Initial weights", ("parametrizations.weight.original",)), *_bias(parameters))


def _arguments(plain: BlockType) -> Callable[[Parameters, Inputs], Mapping[str, Value]]:
    def arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
        return {
            **plain.arguments(parameters, inputs),
            "n_power_iterations": parameters["n_power_iterations"],
        }

    return arguments


def _weight_norm(plain: BlockType, module: str) -> BlockType:
    return BlockType(
        id=f"weight_norm_{plain.id}",
        family="normalisation",
        title=f"{plain.title} with weight norm",
        aliases=("weight normalisation", "weightnorm", "reparameterisation"),
        icon=plain.icon,
        purpose=f"A {plain.title.lower()} layer that learns the length and the direction of each weight vector apart.",
        formula=f"{plain.formula}, W = g v / ‖v‖",
        parameters=plain.parameters,
        summary=plain.summary,
        module=f"engine.modules.normalised_weights:WeightNorm{module}",
        ports=plain.ports,
        expect=plain.expect,
        arguments=plain.arguments,
        weights=_lengths_and_directions,
    )


def _spectral_norm(plain: BlockType, module: str) -> BlockType:
    return BlockType(
        id=f"spectral_norm_{plain.id}",
        family="normalisation",
        title=f"{plain.title} with spectral norm",
        aliases=("spectral normalisation", "lipschitz", "gan"),
        icon=plain.icon,
        purpose=f"A {plain.title.lower()} layer of limited gain: weights are divided by their largest singular value.",
        formula=f"{plain.formula}, W = V / σ(V)",
        parameters=(*plain.parameters, _ITERATIONS),
        summary=plain.summary,
        module=f"engine.modules.normalised_weights:SpectralNorm{module}",
        ports=plain.ports,
        expect=plain.expect,
        arguments=_arguments(plain),
        weights=_before_division,
    )


TYPES = (
    _weight_norm(DENSE, "Linear"),
    _weight_norm(CONV2D, "Conv2d"),
    _spectral_norm(DENSE, "Linear"),
    _spectral_norm(CONV2D, "Conv2d"),
)
