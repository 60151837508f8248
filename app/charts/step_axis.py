"""Steps on an axis of epochs, where epochs need not have equally many steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class StepAxis:
    """A line of pieces: from step `steps[i]`, at `epochs[i]`, on, an epoch has `sizes[i]` steps.

    All three of equal length, one at least, rising and without a gap between pieces; the first and last piece go on
    beyond their ends. One piece costs one multiplication a point, several a binary search more.
    """

    def __init__(self, steps: Floats, epochs: Floats, sizes: Floats) -> None:
        assert len(steps) == len(epochs) == len(sizes) > 0, "pieces have a step, an epoch and a size each"
        assert sizes.min() > 0, "an epoch has steps"
        self._steps, self._epochs, self._sizes = steps, epochs, sizes

    @staticmethod
    def even(steps_per_epoch: float) -> StepAxis:
        """All epochs have `steps_per_epoch` steps."""
        return StepAxis(np.zeros(1), np.zeros(1), np.array([float(steps_per_epoch)]))

    @staticmethod
    def of_ends(
        ends: NDArray[np.int64], size: int, first_step: int = 0, first_epoch: int = 0, begun: int = 0
    ) -> StepAxis:
        """Epochs that ended at the steps `ends` (int64, rising), and after them epochs of `size` steps.

        The first of `ends` began at `first_step`, when `first_epoch` epochs were over. The epoch that is not over is
        to end `size` steps after `begun` or after the last end, whichever comes later.
        """
        size = max(size, 1)
        last = int(ends[-1]) if len(ends) else first_step
        steps = np.concatenate(([first_step], ends, [max(last, begun) + size])).astype(np.float64)
        epochs = first_epoch + np.arange(len(steps), dtype=np.float64)
        sizes = np.append(np.maximum(np.diff(steps), 1), size)
        if first_epoch and first_step:
            steps, epochs = np.append(0.0, steps), np.append(0.0, epochs)
            sizes = np.append(first_step / first_epoch, sizes)
        turns = np.append(True, np.diff(sizes) != 0)
        return StepAxis(steps[turns], epochs[turns], sizes[turns])

    def epochs_at(self, steps: Floats | float) -> Floats:
        """Where steps are, in epochs."""
        if len(self._sizes) == 1:
            return np.asarray(self._epochs[0] + (steps - self._steps[0]) / self._sizes[0])
        piece = np.maximum(np.searchsorted(self._steps, steps, side="right") - 1, 0)
        return np.asarray(self._epochs[piece] + (steps - self._steps[piece]) / self._sizes[piece])

    def step_at(self, epochs: float) -> float:
        """The step, seldom a whole one, that is at `epochs`."""
        piece = max(int(np.searchsorted(self._epochs, epochs, side="right")) - 1, 0)
        return float(self._steps[piece] + (epochs - self._epochs[piece]) * self._sizes[piece])
