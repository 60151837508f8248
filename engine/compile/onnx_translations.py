"""How ONNX spells what torch's own exporter spells wrongly."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import torch

_NO_OPERATOR = "ONNX has no such operator"
WITHOUT_OPERATOR: Mapping[str, str] = MappingProxyType(
    {
        "noise_source": "draws a tensor as large as the batch, which torch’s exporter takes for a fixed one",
        "adaptive_avg_pool3d": "has windows of several sizes: " + _NO_OPERATOR,
        "fractional_max_pool2d": "draws its windows: " + _NO_OPERATOR,
        "fractional_max_pool3d": "draws its windows: " + _NO_OPERATOR,
        "rrelu": "draws its slopes: " + _NO_OPERATOR,
    }
)
"""By block type: what keeps it out of a file, where the exporter gives up over a network that holds one."""


def translations() -> Mapping[Any, Callable[..., Any]]:
    """By operator, for `custom_translation_table` of `torch.onnx.export`. Needs onnxscript.

    Windows that are summed: the exporter drops the divisor of an average (onnxscript 0.7), and writes means.
    """
    from onnxscript import opset18
    from onnxscript.function_libs.torch_lib.ops import nn

    onnx: Any = opset18

    def divided(average: Callable[..., Any], axes: int) -> Callable[..., Any]:
        def translation(
            self: Any,
            kernel_size: Sequence[int],
            stride: Sequence[int] = (),
            padding: Sequence[int] = (0,) * axes,
            ceil_mode: bool = False,
            count_include_pad: bool = True,
            divisor_override: int | None = None,
        ) -> Any:
            mean = average(self, kernel_size, stride, padding, ceil_mode, count_include_pad)
            if divisor_override is None:
                return mean
            count = math.prod(kernel_size) if len(kernel_size) == axes else kernel_size[0] ** axes
            factor = onnx.CastLike(onnx.Constant(value_float=count / divisor_override), mean)
            return onnx.Mul(mean, factor)

        return translation

    return {
        torch.ops.aten.avg_pool2d.default: divided(nn.aten_avg_pool2d, 2),
        torch.ops.aten.avg_pool3d.default: divided(nn.aten_avg_pool3d, 3),
    }
