"""Pooling that PyTorch has no module for."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class _GlobalAvgPool(nn.Module):
    def forward(self, input: Tensor) -> Tensor:
        """N×C×… to N×C."""
        return input.mean(dim=tuple(range(2, input.dim())))


class _GlobalMaxPool(nn.Module):
    def forward(self, input: Tensor) -> Tensor:
        """N×C×… to N×C."""
        return input.amax(dim=tuple(range(2, input.dim())))


class GlobalAvgPool1d(_GlobalAvgPool):
    """The mean of each channel over the sequence: N×C×L to N×C."""


class GlobalAvgPool2d(_GlobalAvgPool):
    """The mean of each channel over the picture: N×C×H×W to N×C. Lin et al., Network in network, 2014."""


class GlobalAvgPool3d(_GlobalAvgPool):
    """The mean of each channel over the volume: N×C×D×H×W to N×C."""


class GlobalMaxPool1d(_GlobalMaxPool):
    """The largest value of each channel over the sequence: N×C×L to N×C; ties share the gradient."""


class GlobalMaxPool2d(_GlobalMaxPool):
    """The largest value of each channel over the picture: N×C×H×W to N×C; ties share the gradient."""


class GlobalMaxPool3d(_GlobalMaxPool):
    """The largest value of each channel over the volume: N×C×D×H×W to N×C; ties share the gradient."""


class _SumPool(nn.Module):
    def __init__(
        self, kernel_size: tuple[int, ...], stride: tuple[int, ...], padding: tuple[int, ...], ceil_mode: bool
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Tensor:
        """N×C×… to N×C×…, the sum of each window."""
        window, stride, padding = self.kernel_size, self.stride, self.padding
        match len(self.kernel_size):
            case 1:
                window, stride, padding = (1, *self.kernel_size), (1, *self.stride), (0, *self.padding)
                rows = input.unsqueeze(2)
                return functional.avg_pool2d(rows, window, stride, padding, self.ceil_mode, True, 1).squeeze(2)
            case 2:
                return functional.avg_pool2d(input, window, stride, padding, self.ceil_mode, True, 1)
            case _:
                return functional.avg_pool3d(input, window, stride, padding, self.ceil_mode, True, 1)


class _LPPool(_SumPool):
    def __init__(
        self,
        norm_type: float,
        kernel_size: tuple[int, ...],
        stride: tuple[int, ...],
        padding: tuple[int, ...],
        ceil_mode: bool,
    ) -> None:
        super().__init__(kernel_size, stride, padding, ceil_mode)
        self.norm_type = norm_type

    def forward(self, input: Tensor) -> Tensor:
        """N×C×… to N×C×…, (Σ |x|ᵖ)^(1/p) of each window; windows of zeros have the gradient 0."""
        total = super().forward(input.abs().pow(self.norm_type))
        silent = total <= 0
        return total.masked_fill(silent, 1.0).pow(1 / self.norm_type).masked_fill(silent, 0.0)


class SumPool1d(_SumPool):
    """The sum of each window of a sequence; padding counts as 0."""

    def __init__(
        self, kernel_size: tuple[int], stride: tuple[int], padding: tuple[int] = (0,), ceil_mode: bool = False
    ) -> None:
        super().__init__(kernel_size, stride, padding, ceil_mode)


class SumPool2d(_SumPool):
    """The sum of each window of a picture; padding counts as 0."""

    def __init__(
        self,
        kernel_size: tuple[int, int],
        stride: tuple[int, int],
        padding: tuple[int, int] = (0, 0),
        ceil_mode: bool = False,
    ) -> None:
        super().__init__(kernel_size, stride, padding, ceil_mode)


class SumPool3d(_SumPool):
    """The sum of each window of a volume; padding counts as 0."""

    def __init__(
        self,
        kernel_size: tuple[int, int, int],
        stride: tuple[int, int, int],
        padding: tuple[int, int, int] = (0, 0, 0),
        ceil_mode: bool = False,
    ) -> None:
        super().__init__(kernel_size, stride, padding, ceil_mode)


class LPPool1d(_LPPool):
    """The p-norm of each window of a sequence. nn.LPPool1d takes no padding, and its gradient at 0 is NaN.

    Sermanet, Chintala and LeCun, Convolutional neural networks applied to house numbers digit classification, 2012.
    """

    def __init__(
        self,
        norm_type: float,
        kernel_size: tuple[int],
        stride: tuple[int],
        padding: tuple[int] = (0,),
        ceil_mode: bool = False,
    ) -> None:
        super().__init__(norm_type, kernel_size, stride, padding, ceil_mode)


class LPPool2d(_LPPool):
    """The p-norm of each window of a picture. nn.LPPool2d takes no padding, and its gradient at 0 is NaN.

    Sermanet, Chintala and LeCun, Convolutional neural networks applied to house numbers digit classification, 2012.
    """

    def __init__(
        self,
        norm_type: float,
        kernel_size: tuple[int, int],
        stride: tuple[int, int],
        padding: tuple[int, int] = (0, 0),
        ceil_mode: bool = False,
    ) -> None:
        super().__init__(norm_type, kernel_size, stride, padding, ceil_mode)


class LPPool3d(_LPPool):
    """The p-norm of each window of a volume. nn.LPPool3d takes no padding, and its gradient at 0 is NaN.

    Sermanet, Chintala and LeCun, Convolutional neural networks applied to house numbers digit classification, 2012.
    """

    def __init__(
        self,
        norm_type: float,
        kernel_size: tuple[int, int, int],
        stride: tuple[int, int, int],
        padding: tuple[int, int, int] = (0, 0, 0),
        ceil_mode: bool = False,
    ) -> None:
        super().__init__(norm_type, kernel_size, stride, padding, ceil_mode)


class _FractionalMaxPool(nn.Module):
    def __init__(self, kernel_size: tuple[int, ...], output_ratio: float) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.output_ratio = output_ratio

    def samples(self, input: Tensor) -> Tensor:
        """Where the windows begin, N×C×axes in 0…1: drawn while training, the middle in eval mode."""
        shape = (*input.shape[:2], len(self.kernel_size))
        return (
            torch.rand(shape, device=input.device, dtype=input.dtype) if self.training else input.new_full(shape, 0.5)
        )


class FractionalMaxPool2d(_FractionalMaxPool):
    """Max pooling to a fraction of the size, in windows of random places; in eval mode the places are fixed.

    nn.FractionalMaxPool2d draws in eval mode too. Graham, Fractional max-pooling, 2014.
    """

    def __init__(self, kernel_size: tuple[int, int] = (2, 2), output_ratio: float = 0.7) -> None:
        super().__init__(kernel_size, output_ratio)

    def forward(self, input: Tensor) -> Tensor:
        """N×C×H×W to N×C×⌊ratio·H⌋×⌊ratio·W⌋."""
        made: Tensor = functional.fractional_max_pool2d(
            input, self.kernel_size, output_ratio=(self.output_ratio,) * 2, _random_samples=self.samples(input)
        )
        return made


class FractionalMaxPool3d(_FractionalMaxPool):
    """Max pooling to a fraction of the size, in windows of random places; in eval mode the places are fixed.

    nn.FractionalMaxPool3d draws in eval mode too. Graham, Fractional max-pooling, 2014.
    """

    def __init__(self, kernel_size: tuple[int, int, int] = (2, 2, 2), output_ratio: float = 0.7) -> None:
        super().__init__(kernel_size, output_ratio)

    def forward(self, input: Tensor) -> Tensor:
        """N×C×D×H×W to N×C×⌊ratio·D⌋×⌊ratio·H⌋×⌊ratio·W⌋."""
        made: Tensor = functional.fractional_max_pool3d(
            input, self.kernel_size, output_ratio=(self.output_ratio,) * 3, _random_samples=self.samples(input)
        )
        return made


class Subsampling(nn.Module):
    """LeNet's S2 and S4: y = w · Σ window + b with one w and one b for each map; at first the mean of the window.

    LeCun et al., Gradient-based learning applied to document recognition, 1998.
    """

    def __init__(self, channels: int, kernel_size: tuple[int, int] = (2, 2)) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.weight = nn.Parameter(torch.empty(channels))
        self.bias = nn.Parameter(torch.empty(channels))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weights of 1 / window, biases 0."""
        nn.init.constant_(self.weight, 1 / (self.kernel_size[0] * self.kernel_size[1]))
        nn.init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """N×C×H×W to N×C×⌊H / h⌋×⌊W / w⌋."""
        sums = functional.avg_pool2d(input, self.kernel_size, divisor_override=1)
        return sums * self.weight[:, None, None] + self.bias[:, None, None]


class Unpool2d(nn.Module):
    """Each number as a window: repeated (nearest), or in its upper left corner with zeros around it.

    Zeiler and Fergus, Visualizing and understanding convolutional networks, 2014; Dosovitskiy et al., Learning to
    generate chairs with convolutional neural networks, 2015, for the zeros.
    """

    def __init__(self, kernel_size: tuple[int, int] = (2, 2), mode: str = "nearest") -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.mode = mode

    def forward(self, input: Tensor) -> Tensor:
        """N×C×H×W to N×C×h·H×w·W."""
        height, width = self.kernel_size
        if self.mode == "nearest":
            return input.repeat_interleave(height, dim=2).repeat_interleave(width, dim=3)
        count, channels, rows, columns = input.shape
        windows = functional.pad(input[:, :, :, None, :, None], (0, width - 1, 0, 0, 0, height - 1))
        return windows.reshape(count, channels, rows * height, columns * width)
