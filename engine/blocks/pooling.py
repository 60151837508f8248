"""Pooling in windows of sequences, pictures and volumes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.blocks.shared import AXES, INPUT, OUTPUT, fits_window, grid, impossible, one_to_one, pair, tuple_parameter
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters, Port, Ports
from engine.graph.graph import Graph
from engine.graph.values import Value, format_value

KINDS = {1: "a sequence", 2: "a picture", 3: "a volume"}
_CEIL = Parameter(
    "ceil_mode", "Keep the rest", "boolean", False, "Also pools what is left at the border.", advanced=True
)
_INDICES = Parameter(
    "return_indices", "Places", "boolean", False, "A second output tells where each maximum was.", advanced=True
)
_NORM = Parameter("norm_type", "Norm p", "float", 2.0, "1 sums, 2 is the length, a large p the largest.", 1.0, 100.0)


def _expect(dimensions: int) -> Callable[[Parameters, Inputs], Mismatch | None]:
    def expect(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
        fault = grid(inputs, dimensions)
        if fault is not None or INPUT not in inputs:
            return fault
        window, amount = pair(parameters, "kernel_size"), pair(parameters, "padding")
        return padding_fits(parameters) or fits_window(parameters, inputs, window, amount)

    return expect


def padding_fits(parameters: Parameters) -> Mismatch | None:
    """A Mismatch where a window could lie in the padding alone."""
    window, amount = pair(parameters, "kernel_size"), pair(parameters, "padding")
    if all(2 * pad <= extent for pad, extent in zip(amount, window, strict=True)):
        return None
    return impossible(f"a padding of {format_value(amount)} is more than half its window", "Pad less.")


def stride_of(parameters: Parameters) -> tuple[int, ...]:
    """How far a window moves along each axis: by its own size where no stride is given."""
    return pair(parameters, "kernel_size" if parameters["stride"] is None else "stride")


def _arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    return {
        **({"norm_type": parameters["norm_type"]} if "norm_type" in parameters else {}),
        "kernel_size": pair(parameters, "kernel_size"),
        "stride": stride_of(parameters),
        "padding": pair(parameters, "padding"),
        "ceil_mode": parameters["ceil_mode"],
        **({"return_indices": True} if parameters.get("return_indices") else {}),
    }


def _max_ports(parameters: Parameters, body: Graph | None) -> Ports:
    if not parameters.get("return_indices"):
        return one_to_one(parameters, body)
    return Ports(inputs=(Port(INPUT, ""),), outputs=(Port(OUTPUT, ""), Port("indices", "places")))


def _pool(
    kind: str,
    title: str,
    module: str,
    purpose: str,
    formula: str,
    aliases: tuple[str, ...],
    dimensions: int,
    more: tuple[Parameter, ...] = (),
) -> BlockType:
    flat = dimensions == 2
    return BlockType(
        id=f"{kind}_pool{dimensions}d",
        family="pooling",
        title=title if flat and kind in ("max", "avg") else f"{title} {dimensions}-D",
        aliases=(*aliases, "pooling", "subsample", "downsample", *(("max",) if flat and kind == "max" else ())),
        icon="ph.arrows-in-simple",
        purpose=purpose,
        formula=formula,
        parameters=(
            tuple_parameter(
                "kernel_size", "Window", (2,) * dimensions, f"{AXES[dimensions]} of the window.", dimensions
            ),
            tuple_parameter(
                "stride",
                "Stride",
                None,
                "How far the window moves; none: its own size.",
                dimensions,
                absent="kernel_size",
            ),
            *more,
            tuple_parameter(
                "padding", "Padding", (0,) * dimensions, "How much is added at each side.", dimensions, 0, True
            ),
            _CEIL,
            *((_INDICES,) if kind == "max" else ()),
        ),
        summary=("{kernel_size}", *("p {norm_type}" for _ in more)),
        module=f"{module}{dimensions}d",
        ports=_max_ports if kind == "max" else one_to_one,
        expect=_expect(dimensions),
        arguments=_arguments,
    )


def _max(dimensions: int) -> BlockType:
    purpose = f"Keeps the largest value of each window of {KINDS[dimensions]}, so that small shifts no longer matter."
    return _pool("max", "Max pool", "torch.nn:MaxPool", purpose, "y[i] = max x[window i]", ("maxpool",), dimensions)


def _average(dimensions: int) -> BlockType:
    purpose = f"Replaces each window of {KINDS[dimensions]} by its mean."
    aliases = ("avgpool", "mean pool")
    return _pool("avg", "Average pool", "torch.nn:AvgPool", purpose, "y[i] = mean x[window i]", aliases, dimensions)


def _sum(dimensions: int) -> BlockType:
    purpose = f"Replaces each window of {KINDS[dimensions]} by its sum."
    module, aliases = "engine.modules.pooling:SumPool", ("sumpool", "add pool")
    return _pool("sum", "Sum pool", module, purpose, "y[i] = Σ x[window i]", aliases, dimensions)


def _lp(dimensions: int) -> BlockType:
    purpose = f"Replaces each window of {KINDS[dimensions]} by its p-norm, between the sum and the maximum."
    module, aliases = "engine.modules.pooling:LPPool", ("lppool", "l2 pool", "norm pool", "power average")
    formula = "y[i] = (Σ |x[window i]|ᵖ)^(1/p)"
    return _pool("lp", "Lp pool", module, purpose, formula, aliases, dimensions, (_NORM,))


MAX_POOL2D, AVG_POOL2D = _max(2), _average(2)

TYPES = (
    MAX_POOL2D,
    AVG_POOL2D,
    _max(1),
    _max(3),
    _average(1),
    _average(3),
    _sum(2),
    _sum(1),
    _sum(3),
    _lp(2),
    _lp(1),
    _lp(3),
)
