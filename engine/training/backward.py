"""Backward through a step's loss, straight into autograd's engine."""

from __future__ import annotations

from torch import Tensor
from torch.autograd import Variable

run_engine = Variable._execution_engine.run_backward


class Backward:
    """`loss.backward()` for losses of one shape: the same gradients, to the bit.

    torch checks the shape of a seed that it has made itself, and copies the context of compiled code for the threads
    of devices: together a twentieth of a small step. The seed is made once here, and no compiled code runs.
    """

    def __init__(self) -> None:
        self._seed: Tensor | None = None

    def __call__(self, loss: Tensor) -> None:
        """Add the gradients of `loss`, a single number, to the `grad` of all leaves that it depends on.

        Raises RuntimeError where nothing that it depends on asks for a gradient, as torch does.
        """
        if self._seed is None:
            self._seed = loss.new_ones(loss.shape)
        run_engine((loss,), (self._seed,), False, False, (), allow_unreachable=True, accumulate_grad=True)
