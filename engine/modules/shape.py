"""Cutting, turning and laying out tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional


class Split(nn.Module):
    """Pieces along axis `dim`: `parts` of equal length, or one of each of `sizes`."""

    def __init__(self, parts: int = 2, dim: int = 1, sizes: Sequence[int] | None = None) -> None:
        super().__init__()
        self.parts = parts
        self.dim = dim
        self.sizes = list(sizes) if sizes is not None else None

    def forward(self, input: Tensor) -> Tensor | tuple[Tensor, ...]:
        """N×… to the pieces in order, which share the input's memory; a single piece comes by itself."""
        if self.sizes is not None:
            pieces = torch.split(input, self.sizes, self.dim)
        else:
            pieces = torch.chunk(input, self.parts, self.dim)
        return pieces if len(pieces) > 1 else pieces[0]


class Slice(nn.Module):
    """x[start:stop:step] along axis `dim`."""

    def __init__(self, dim: int = 1, start: int = 0, stop: int | None = None, step: int = 1) -> None:
        super().__init__()
        self.index = (*(slice(None) for _ in range(dim)), slice(start, stop, step))

    def forward(self, input: Tensor) -> Tensor:
        """N×… to N×… with a shorter axis; it shares the input's memory."""
        return input[self.index]


class Select(nn.Module):
    """x[index] along axis `dim`; −1 is the last."""

    def __init__(self, dim: int = 1, index: int = 0) -> None:
        super().__init__()
        self.dim = dim
        self.index = index

    def forward(self, input: Tensor) -> Tensor:
        """N×… to one axis fewer."""
        return input.select(self.dim, self.index)


class Permute(nn.Module):
    """The axes of a sample in the order `dims`, counted from N as 0; N stays in front."""

    def __init__(self, dims: Sequence[int]) -> None:
        super().__init__()
        self.dims = tuple(dims)

    def forward(self, input: Tensor) -> Tensor:
        """N×… to N×… in another order."""
        return input.permute(0, *self.dims)


class Squeeze(nn.Module):
    """Without axis `dim`, which has length 1."""

    def __init__(self, dim: int = 1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """N×…×1×… to N×…"""
        return input.squeeze(self.dim)


class Unsqueeze(nn.Module):
    """With a new axis `dim` of length 1."""

    def __init__(self, dim: int = 1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """N×… to N×…×1×…"""
        return input.unsqueeze(self.dim)


class Tile(nn.Module):
    """A sample repeated `repeats` times along each of its axes."""

    def __init__(self, repeats: Sequence[int]) -> None:
        super().__init__()
        self.repeats = tuple(repeats)

    def forward(self, input: Tensor) -> Tensor:
        """N×a×b to N×(a·repeats[0])×(b·repeats[1])."""
        return input.repeat(1, *self.repeats)


class Reduce(nn.Module):
    """Mean, sum, largest, smallest or Euclidean norm over axes `dims`, counted from N as 0; none means all but N."""

    def __init__(
        self,
        operation: Literal["mean", "sum", "max", "min", "norm"] = "mean",
        dims: Sequence[int] = (),
        keepdim: bool = False,
    ) -> None:
        super().__init__()
        self.operation = operation
        self.dims = tuple(dims)
        self.keepdim = keepdim

    def forward(self, input: Tensor) -> Tensor:
        """N×… to N×… without those axes, or with length 1 there."""
        dims = self.dims or tuple(range(1, input.dim()))
        match self.operation:
            case "mean":
                return input.mean(dims, self.keepdim)
            case "sum":
                return input.sum(dims, self.keepdim)
            case "max":
                return input.amax(dims, self.keepdim)
            case "min":
                return input.amin(dims, self.keepdim)
            case "norm":
                norm: Tensor = torch.linalg.vector_norm(input, dim=dims, keepdim=self.keepdim)
                return norm


class Pad(nn.Module):
    """Numbers added around a sample: `padding` is (left, right, top, bottom …), the last axis first as in PyTorch."""

    def __init__(
        self,
        padding: Sequence[int],
        mode: Literal["constant", "reflect", "replicate", "circular"] = "constant",
        value: float = 0.0,
    ) -> None:
        super().__init__()
        self.padding = tuple(padding)
        self.mode = mode
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        """N×… to longer last axes."""
        if self.mode == "constant":
            return functional.pad(input, self.padding, value=self.value)
        return functional.pad(input, self.padding, self.mode)


class Crop(nn.Module):
    """A window of `size` (height, width) at `offset` (top, left), or in the middle."""

    def __init__(self, size: Sequence[int], offset: Sequence[int] | None = None) -> None:
        super().__init__()
        self.size = tuple(size)
        self.offset = tuple(offset) if offset is not None else None

    def forward(self, input: Tensor) -> Tensor:
        """N×C×H×W to N×C×size."""
        height, width = self.size
        top, left = self.offset or ((input.shape[2] - height) // 2, (input.shape[3] - width) // 2)
        return input[:, :, top : top + height, left : left + width]


class GramMatrix(nn.Module):
    """F Fᵀ, where row c of F holds channel c; `normalise` divides by C·H·W.

    Gatys, Ecker and Bethge, Image style transfer using convolutional neural networks, 2016.
    """

    def __init__(self, normalise: bool = True) -> None:
        super().__init__()
        self.normalise = normalise

    def forward(self, input: Tensor) -> Tensor:
        """N×C×… to N×C×C."""
        features = input.flatten(2)
        gram = features @ features.transpose(1, 2)
        return gram / (features.shape[1] * features.shape[2]) if self.normalise else gram


class UnitQuaternion(nn.Module):
    """q / ‖q‖: four numbers as a rotation. Kendall, Grimes and Cipolla, PoseNet, 2015."""

    def forward(self, input: Tensor) -> Tensor:
        """N×4 to N×4 of length 1."""
        return functional.normalize(input, dim=-1)
