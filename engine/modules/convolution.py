"""Convolutions that PyTorch has no module for."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

LENET_TABLE = (
    (0, 1, 2),
    (1, 2, 3),
    (2, 3, 4),
    (3, 4, 5),
    (0, 4, 5),
    (0, 1, 5),
    (0, 1, 2, 3),
    (1, 2, 3, 4),
    (2, 3, 4, 5),
    (0, 3, 4, 5),
    (0, 1, 4, 5),
    (0, 1, 2, 5),
    (0, 1, 3, 4),
    (1, 2, 4, 5),
    (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)
"""Which of the 6 maps of S2 each of the 16 maps of C3 reads. LeCun et al. 1998, table I."""


class SeparableConv1d(nn.Module):
    """A filter for each channel, then a 1×1 convolution that mixes them; the bias is the second one's.

    Chollet, Xception: deep learning with depthwise separable convolutions, 2017.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: tuple[int],
        stride: tuple[int] = (1,),
        padding: str | tuple[int] = (0,),
        dilation: tuple[int] = (1,),
        multiplier: int = 1,
        bias: bool = True,
        padding_mode: Literal["zeros", "reflect", "replicate", "circular"] = "zeros",
    ) -> None:
        super().__init__()
        between = in_channels * multiplier
        self.depthwise = nn.Conv1d(
            in_channels, between, kernel_size, stride, padding, dilation, in_channels, False, padding_mode
        )
        self.pointwise = nn.Conv1d(between, out_channels, 1, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        """N×in_channels×length to N×out_channels×length′."""
        mixed: Tensor = self.pointwise(self.depthwise(input))
        return mixed


class SeparableConv2d(nn.Module):
    """A filter for each channel, then a 1×1 convolution that mixes them; the bias is the second one's.

    Chollet, Xception: deep learning with depthwise separable convolutions, 2017.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: tuple[int, int],
        stride: tuple[int, int] = (1, 1),
        padding: str | tuple[int, int] = (0, 0),
        dilation: tuple[int, int] = (1, 1),
        multiplier: int = 1,
        bias: bool = True,
        padding_mode: Literal["zeros", "reflect", "replicate", "circular"] = "zeros",
    ) -> None:
        super().__init__()
        between = in_channels * multiplier
        self.depthwise = nn.Conv2d(
            in_channels, between, kernel_size, stride, padding, dilation, in_channels, False, padding_mode
        )
        self.pointwise = nn.Conv2d(between, out_channels, 1, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        """N×in_channels×height×width to N×out_channels×height′×width′."""
        mixed: Tensor = self.pointwise(self.depthwise(input))
        return mixed


class TableConv2d(nn.Module):
    """A convolution whose maps each read only the input maps that a table links them to.

    `weight` holds one filter a link, links×height×width, in the order of the maps they lead to; `bias` one number a
    map. The table `lenet` is that of C3, 60 links from 6 maps to 16; `full` links every map to every other.
    LeCun et al., Gradient-based learning applied to document recognition, 1998.
    """

    places: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: tuple[int, int],
        stride: tuple[int, int] = (1, 1),
        padding: str | tuple[int, int] = (0, 0),
        bias: bool = True,
        table: Literal["LeNet", "full"] = "LeNet",
    ) -> None:
        super().__init__()
        if table == "LeNet" and (in_channels, out_channels) != (6, len(LENET_TABLE)):
            raise ValueError("the table of C3 links 6 maps to 16")
        rows = LENET_TABLE if table == "LeNet" else (tuple(range(in_channels)),) * out_channels
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding
        self.links = tuple(len(row) for row in rows)
        places = [out * in_channels + place for out, row in enumerate(rows) for place in row]
        self.register_buffer("places", torch.tensor(places), persistent=False)
        self.weight = nn.Parameter(torch.empty(len(places), *kernel_size))
        self.bias = nn.Parameter(torch.empty(out_channels)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """As nn.Conv2d: uniform within ±1/√fan_in, which counts the links of each map."""
        first = 0
        with torch.no_grad():
            for out, links in enumerate(self.links):
                bound = (links * self.kernel_size[0] * self.kernel_size[1]) ** -0.5
                self.weight[first : first + links].uniform_(-bound, bound)
                if self.bias is not None:
                    self.bias[out].uniform_(-bound, bound)
                first += links

    def forward(self, input: Tensor) -> Tensor:
        """N×in_channels×height×width to N×out_channels×height′×width′."""
        every = self.weight.new_zeros(self.out_channels * self.in_channels, *self.kernel_size)
        filters = every.index_copy(0, self.places, self.weight)
        filters = filters.reshape(self.out_channels, self.in_channels, *self.kernel_size)
        return functional.conv2d(input, filters, self.bias, self.stride, self.padding)
