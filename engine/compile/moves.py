"""The few moves that lead from the places of a block's input to those of its output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from engine.graph.tensor_spec import Dim, TensorSpec
from engine.graph.values import Plain

Reason = Literal["own-code", "free-length", "loop-in-loop", "reshaped", "too-large", "undeclared"]
"""Why it is not told what a block sees."""
FREE = 1_000_003
"""Stands for N, T and T′: a prime that no length of a drawing has as a factor."""
Lengths = tuple[int, ...]
"""How long the axes of a tensor are."""
Taps = tuple[Sequence[int], ...]


class Look(Plain, frozen=True):
    """Along an axis place p + q · len(taps) of `count` reads the places q · step + each of taps[p]."""

    axis: int
    count: int
    step: int = 1
    taps: Taps = ((0,),)


class All(Plain, frozen=True):
    """Each place sees all places along the axis, which then has length 1."""

    axis: int


class Turn(Plain, frozen=True):
    """The axes in another order: −1 is a new one, those not named are gone, of length 1 before."""

    axes: tuple[int, ...]


class Reshape(Plain, frozen=True):
    """The same numbers in reading order."""

    shape: Lengths


class Join(Plain, frozen=True):
    """All inputs in a row along the axis."""

    axis: int


class Nothing(Plain, frozen=True):
    """No number of the input counts."""


class Unknown(Plain, frozen=True):
    """It is not known what is seen."""

    reason: Reason = "undeclared"


Move = Look | All | Turn | Reshape | Join | Nothing | Unknown
Moves = tuple[Move, ...]


class Window(Plain, frozen=True):
    """How a block looks at each of its inputs: by these moves, one behind the other; without any each sees itself.

    `apart` are those of a port and an output number that look in another way, −1 any output, no port any port.
    """

    moves: Moves = ()
    apart: Mapping[tuple[str, int], Moves] = {}

    def of(self, port: str, output: int) -> Moves:
        """The moves from an input port to an output."""
        for key in ((port, output), (port, -1), ("", output)) if self.apart else ():
            if key in self.apart:
                return self.apart[key]
        return self.moves


def lengths(spec: TensorSpec) -> Lengths:
    """How long the axes are, a multiple of `FREE` in place of N, T and T′."""
    return tuple([length.factor * FREE if isinstance(length, Dim) else length for length in spec.shape])


def is_free(length: int) -> bool:
    """Whether it stands for one that is not fixed."""
    return length >= FREE and length % FREE == 0
