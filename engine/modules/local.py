"""Local connections: windows as in a convolution, but weights of their own at every place."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class _LocallyConnected(nn.Module):
    """`weight` is places×(in_channels · window)×out_channels, `bias` places×out_channels; places in reading order."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        input_size: tuple[int, ...],
        kernel_size: tuple[int, ...],
        stride: tuple[int, ...],
        padding: tuple[int, ...],
        bias: bool,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding
        grid = zip(input_size, kernel_size, stride, padding, strict=True)
        self.places = tuple((length + 2 * pad - extent) // step + 1 for length, extent, step, pad in grid)
        taps, places = in_channels, 1
        for extent, count in zip(kernel_size, self.places, strict=True):
            if count < 1:
                raise ValueError("the window is larger than the padded input")
            taps, places = taps * extent, places * count
        self.weight = nn.Parameter(torch.empty(places, taps, out_channels))
        self.bias = nn.Parameter(torch.empty(places, out_channels)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """As nn.Conv2d: uniform within ±1/√fan_in."""
        bound = self.weight.shape[1] ** -0.5
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        """N×in_channels×input_size to N×out_channels×places."""
        axes = len(self.places)
        if any(self.padding):
            input = functional.pad(input, [pad for pad in reversed(self.padding) for _ in range(2)])
        for axis in range(axes):
            input = input.unfold(2 + axis, self.kernel_size[axis], self.stride[axis])
        order = (*range(2, 2 + axes), 0, 1, *range(2 + axes, 2 + 2 * axes))
        windows = input.permute(order).reshape(self.weight.shape[0], -1, self.weight.shape[1])
        if self.bias is None:
            result = torch.bmm(windows, self.weight)
        else:
            result = torch.baddbmm(self.bias.unsqueeze(1), windows, self.weight)
        return result.permute(1, 2, 0).reshape(input.shape[0], -1, *self.places)


class LocallyConnected1d(_LocallyConnected):
    """A window at every place of a sequence with weights and bias of its own; `input_size` is (length,).

    LeCun, Generalization and network design strategies, 1989.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        input_size: tuple[int],
        kernel_size: tuple[int],
        stride: tuple[int] = (1,),
        padding: tuple[int] = (0,),
        bias: bool = True,
    ) -> None:
        super().__init__(in_channels, out_channels, input_size, kernel_size, stride, padding, bias)


class LocallyConnected2d(_LocallyConnected):
    """A window at every place of a picture with weights and bias of its own; `input_size` is (height, width).

    LeCun, Generalization and network design strategies, 1989.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        input_size: tuple[int, int],
        kernel_size: tuple[int, int],
        stride: tuple[int, int] = (1, 1),
        padding: tuple[int, int] = (0, 0),
        bias: bool = True,
    ) -> None:
        super().__init__(in_channels, out_channels, input_size, kernel_size, stride, padding, bias)
