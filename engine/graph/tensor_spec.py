"""Shapes with symbolic batch and time axes."""

from __future__ import annotations

from typing import Literal

from engine.graph.values import Plain, counted


class Dim(Plain, frozen=True, tag="dim"):
    """A symbolic length: N samples, T steps, T′ steps after something changed them; `factor` 4 prints 4N.

    `steps` of T′ are pairs (T, T′), the longest T first, that of the dataset last: they tell one T′ from another.
    """

    symbol: Literal["N", "T", "T′"]
    factor: int = 1
    steps: tuple[tuple[int, int], ...] = ()

    def __str__(self) -> str:
        return self.symbol if self.factor == 1 else f"{self.factor}{self.symbol}"

    def at(self, time: int, batch: int = 1) -> int:
        """How long it is for `batch` samples of `time` steps; T′ between two known T on a line, at least 1."""
        if self.symbol == "N":
            return self.factor * batch
        known = dict(self.steps)
        if time in known:
            return self.factor * known[time]
        if len(self.steps) < 2:
            return self.factor * time
        (far, most), (near, least) = self.steps[:2]
        return self.factor * max(1, least + (most - least) * (time - near) // (far - near))


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


def told_apart(*specs: TensorSpec) -> list[str]:
    """The specs as text, each T′ with its number of steps at a T where they differ: all print alike otherwise."""
    changed = [[length for length in spec.shape if isinstance(length, Dim) and length.steps] for spec in specs]
    all_changed = [length for lengths in changed for length in lengths]
    if len(specs) < 2 or not all_changed:
        return [str(spec) for spec in specs]
    times = [time for time, _ in all_changed[0].steps][::-1]
    time = next((time for time in times if len({length.at(time) for length in all_changed}) > 1), times[0])
    return [
        f"{spec} ({' and '.join(counted(length.at(time), 'steps') for length in lengths)} where T is {time})"
        if lengths
        else str(spec)
        for spec, lengths in zip(specs, changed, strict=True)
    ]


BYTES = {"float64": 8, "int64": 8, "float32": 4, "int32": 4, "float16": 2, "bfloat16": 2, "int16": 2}


def bytes_per_sample(spec: TensorSpec, time: int = 100) -> int:
    """Bytes that one sample of the tensor takes, symbolic time at `time` steps."""
    size = BYTES.get(spec.dtype, 1)
    for length in spec.shape:
        if isinstance(length, Dim):
            size *= length.at(time)
        else:
            size *= length
    return size
