"""Shapes with symbolic batch and time axes."""

from __future__ import annotations

from typing import Literal

from engine.graph.values import Plain


class Dim(Plain, frozen=True, tag="dim"):
    """A symbolic length: N samples, T steps, T′ steps after something changed them; `factor` 4 prints 4N."""

    symbol: Literal["N", "T", "T′"]
    factor: int = 1

    def __str__(self) -> str:
        return self.symbol if self.factor == 1 else f"{self.factor}{self.symbol}"


class TensorSpec(Plain, frozen=True, tag="spec"):
    """What is known of a tensor before it exists. Prints `N×6×28×28`; a scalar prints `scalar`."""

    shape: tuple[int | Dim, ...]
    dtype: str

    def __str__(self) -> str:
        return "×".join(str(length) for length in self.shape) or "scalar"

    @property
    def per_sample(self) -> str:
        """The shape without its batch axis, as wires show it: `6×28×28`, `10`; `1` for one number a sample."""
        shape = self.shape[1:] if self.shape and isinstance(self.shape[0], Dim) else self.shape
        return "×".join(str(length) for length in shape) or "1"

    @property
    def rank(self) -> int:
        """How many axes, the batch included."""
        return len(self.shape)

    @property
    def has_time(self) -> bool:
        """Whether any axis is T or T′."""
        return any(isinstance(length, Dim) and length.symbol != "N" for length in self.shape)

    @property
    def is_label(self) -> bool:
        """Whether it holds labels or token ids rather than values."""
        return self.dtype in ("int64", "int32", "bool")


BYTES = {"float64": 8, "int64": 8, "float32": 4, "int32": 4, "float16": 2, "bfloat16": 2, "int16": 2}


def bytes_per_sample(spec: TensorSpec, time: int = 100) -> int:
    """Bytes that one sample of the tensor takes, symbolic time at `time` steps."""
    size = BYTES.get(spec.dtype, 1)
    for length in spec.shape:
        if isinstance(length, Dim):
            size *= length.factor if length.symbol == "N" else length.factor * time
        else:
            size *= length
    return size
