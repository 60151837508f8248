"""Convolutions whose filters cover all of a picture train as what they are: one matrix product."""

from __future__ import annotations

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from engine.training.called_modules import called, copied


def with_products(module: fx.GraphModule) -> fx.GraphModule:
    """The training slice with `convolved` in the place of each convolution that may cover all it sees; or as it was.

    oneDNN's three convolutions of 16×5×5 to 120 units take 4 times as long as the products: a tenth of a step of
    LeNet-5. On a CPU; last bits differ from those of the convolution.
    """
    graph = copied(module)
    found = [node for node in graph.nodes if may_cover(called(module, node))]
    for node in found:
        node.op, node.target = "call_function", convolved
    return fx.GraphModule(module, graph) if found else module


def convolved(convolution: nn.Conv2d, pictures: Tensor) -> Tensor:
    """What `convolution` gives, of N×C×H×W: a product where its filters are H×W large."""
    planes = pictures.permute(1, 2, 3, 0)
    samples_innermost = len(pictures) > 1 and planes.is_contiguous()
    if pictures.shape[2:] != convolution.kernel_size or pictures.dtype is not torch.float32:
        if samples_innermost:
            pictures = pictures.contiguous(memory_format=torch.channels_last)
        return convolution.forward(pictures)
    if samples_innermost:
        # As pooled convolutions leave them: nothing is copied.
        units = convolution.weight.flatten(1) @ planes.flatten(0, 2)
        units = units if convolution.bias is None else units + convolution.bias[:, None]
        return units.t()[:, :, None, None]
    # Elsewhere the channels of a pixel lie side by side while a network trains: only the weights are copied.
    rows = pictures.permute(0, 2, 3, 1).flatten(1)
    filters = convolution.weight.permute(0, 2, 3, 1).flatten(1)
    return functional.linear(rows, filters, convolution.bias)[:, :, None, None]


def may_cover(convolution: nn.Module | None) -> bool:
    """Whether it is a plain convolution without a border, on a CPU."""
    return (
        type(convolution) is nn.Conv2d
        and convolution.weight.device.type == "cpu"
        and convolution.padding in ((0, 0), "valid")
        and convolution.dilation == (1, 1)
        and convolution.groups == 1
    )
