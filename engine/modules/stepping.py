"""A drawn loop over time: one step of it, called for each."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import torch
from torch import Tensor, nn


class State(NamedTuple):
    """What one Delay holds: for how many steps, and its shape, where −1 is N and −4 is 4N."""

    steps: int
    shape: tuple[int, ...]
    dtype: torch.dtype

    def zeros(self, like: Tensor) -> Tensor:
        """What it gives before anything came in, for as many samples as `like` has."""
        shape = [-length * like.shape[0] if length < 0 else length for length in self.shape]
        return torch.zeros(shape, dtype=self.dtype, device=like.device)


class Stepper(nn.Module):
    """Runs the body of a Recurrent step by step; the modules of the body are its children.

    Each step computes y(t), s(t) = F(x(t), s(t − k)), with s = 0 before the first: the canonical form of a network
    with delays on its wires (Nerrand et al., Neural networks and nonlinear adaptive filtering, 1993).
    """

    _step: nn.Module
    _places: tuple[int, ...]
    _states: tuple[State, ...]
    _last: bool

    def forward(self, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Sequences N×T×… to the outputs N×T×…, or to those of the last step N×…; a tuple if there are several."""
        step = self._step
        held = [deque([state.zeros(inputs[0])] * state.steps) for state in self._states]
        # One split has one gradient; an index in each step would have a whole sequence of zeros in each.
        sequences = [sequence.unbind(1) for sequence in inputs]
        made: list[tuple[Tensor, ...]] = []
        for now in zip(*sequences, strict=True):
            given = (*now, *(queue.popleft() for queue in held))
            results = step(*(given[place] for place in self._places))
            outputs = len(results) - len(held)
            for queue, fed in zip(held, results[outputs:], strict=True):
                queue.append(fed)
            if self._last:
                made.clear()
            made.append(results[:outputs])
        if self._last:
            (found,) = made
        else:
            found = tuple(torch.stack(steps, 1) for steps in zip(*made, strict=True))
        return found if len(found) != 1 else found[0]


def bind(stepper: Stepper, step: nn.Module, places: tuple[int, ...], states: tuple[State, ...], last: bool) -> None:
    """Say what a step of `stepper` does: `step` takes the inputs and states at `places` of (*inputs, *states).

    It returns the outputs, then what each Delay is fed. It shares its modules with the children of `stepper`, so it is
    no child itself: every weight is held once. `last`: only the outputs of the last step are given.
    """
    # A function, as a public method would hide blocks of its name.
    object.__setattr__(stepper, "_step", step)
    stepper._places, stepper._states, stepper._last = places, states, last
