"""The way back through a pool: numbers at the places of the maxima, or repeated."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class _MaxUnpool(nn.Module):
    def __init__(self, kernel_size: tuple[int, ...], stride: tuple[int, ...], padding: tuple[int, ...]) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding

    def forward(self, input: Tensor, indices: Tensor, like: Tensor | None = None) -> Tensor:
        """N×C×… and the int64 places of the same shape to N×C×…, as large as `like` if that is given."""
        window = self.kernel_size, self.stride, self.padding
        size = None if like is None else list(like.shape[2:])
        match len(self.kernel_size):
            case 1:
                return functional.max_unpool1d(input, indices, *window, size)
            case 2:
                return functional.max_unpool2d(input, indices, *window, size)
            case _:
                return functional.max_unpool3d(input, indices, *window, size)


class MaxUnpool1d(_MaxUnpool):
    """Each number at the place where nn.MaxPool1d found it, zeros elsewhere; nn.MaxUnpool1d asks for a size as numbers.

    Zeiler and Fergus, Visualizing and understanding convolutional networks, 2014.
    """

    def __init__(self, kernel_size: tuple[int], stride: tuple[int], padding: tuple[int] = (0,)) -> None:
        super().__init__(kernel_size, stride, padding)


class MaxUnpool2d(_MaxUnpool):
    """Each number at the place where nn.MaxPool2d found it, zeros elsewhere; nn.MaxUnpool2d asks for a size as numbers.

    Zeiler and Fergus, Visualizing and understanding convolutional networks, 2014.
    """

    def __init__(
        self, kernel_size: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int] = (0, 0)
    ) -> None:
        super().__init__(kernel_size, stride, padding)


class MaxUnpool3d(_MaxUnpool):
    """Each number at the place where nn.MaxPool3d found it, zeros elsewhere; nn.MaxUnpool3d asks for a size as numbers.

    Zeiler and Fergus, Visualizing and understanding convolutional networks, 2014.
    """

    def __init__(
        self, kernel_size: tuple[int, int, int], stride: tuple[int, int, int], padding: tuple[int, int, int] = (0, 0, 0)
    ) -> None:
        super().__init__(kernel_size, stride, padding)


class _Unpool(nn.Module):
    def __init__(self, kernel_size: tuple[int, ...], mode: str) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.mode = mode

    def forward(self, input: Tensor) -> Tensor:
        """N×C×… to N×C× each side as often as its window is long."""
        for axis, times in enumerate(self.kernel_size, 2):
            if self.mode == "nearest":
                input = input.repeat_interleave(times, dim=axis)
            else:
                behind = (0, 0) * (input.dim() - axis - 1)
                input = functional.pad(input.unsqueeze(axis + 1), (*behind, 0, times - 1)).flatten(axis, axis + 1)
        return input


class Unpool1d(_Unpool):
    """Each number of a sequence as a window: repeated (nearest), or in its first place with zeros behind."""

    def __init__(self, kernel_size: tuple[int] = (2,), mode: str = "nearest") -> None:
        super().__init__(kernel_size, mode)


class Unpool3d(_Unpool):
    """Each number of a volume as a window: repeated (nearest), or in its first corner with zeros around it."""

    def __init__(self, kernel_size: tuple[int, int, int] = (2, 2, 2), mode: str = "nearest") -> None:
        super().__init__(kernel_size, mode)
