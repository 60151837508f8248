"""How a person writes the start of a weight: the same distribution, drawn by torch.nn.init."""

from __future__ import annotations

import math
from collections.abc import Mapping

from engine.compile.source_text import call
from engine.graph.graph import Initialiser

_BY_TORCH: Mapping[str, tuple[str, ...]] = {
    "he-normal": ("kaiming_normal_", 'nonlinearity="relu"'),
    "he-uniform": ("kaiming_uniform_", 'nonlinearity="relu"'),
    "glorot-normal": ("xavier_normal_",),
    "glorot-uniform": ("xavier_uniform_",),
    "orthogonal": ("orthogonal_",),
}


def initialiser_lines(target: str, shape: tuple[int, ...], initialiser: Initialiser) -> list[str]:
    """The line that starts `target`, a weight of `shape`, as `initialise` does; none where its name is unknown."""
    fan_in = max(1, math.prod(shape[1:]) if len(shape) > 1 else math.prod(shape))
    given = initialiser.arguments
    match initialiser.name:
        case name if name in _BY_TORCH and len(shape) > 1:
            function, *rest = _BY_TORCH[name]
        case "he-uniform" | "glorot-uniform":
            function, rest = "uniform_", _bounds(fan_in**-0.5)
        case "lecun-uniform":
            function, rest = "uniform_", _bounds((3.0 / fan_in) ** 0.5)
        case "inverse-root":
            function, rest = "uniform_", _bounds(fan_in**-0.5)
        case "identity" if len(shape) > 1:
            function, rest = ("eye_" if len(shape) == 2 else "dirac_"), []
        case "sparse":
            target += ".flatten(1)" if len(shape) > 2 else ".view(-1, 1)" if len(shape) == 1 else ""
            sparsity = min(max(_number(given.get("sparsity"), 0.9), 0.0), 1.0)
            function, rest = "sparse_", [f"sparsity={sparsity!r}"]
        case "uniform":
            function, rest = "uniform_", _bounds(_number(given.get("bound"), 0.1))
        case "he-normal" | "glorot-normal" | "lecun-normal" | "orthogonal":
            function, rest = "normal_", [f"std={fan_in}**-0.5"]
        case "normal":
            function, rest = "normal_", [f"std={_number(given.get('std'), 0.01)!r}"]
        case "constant":
            function, rest = "constant_", [repr(_number(given.get("value"), 0.0))]
        case "zeros" | "identity":
            function, rest = "zeros_", []
        case _:
            return []
    return call(f"nn.init.{function}", [target, *rest], indent=8)


def _bounds(bound: float) -> list[str]:
    return [repr(-bound), repr(bound)]


def _number(value: object, default: float) -> float:
    return float(value) if isinstance(value, (int, float)) else default
