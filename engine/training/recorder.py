"""What the steps of a run leave behind, kept on the device until a tick asks for it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Rows = npt.NDArray[np.float32]


class Recorder:
    """Collects one row of numbers a step, its loss first, without waiting for the device.

    A row is a scalar or a vector tensor, already detached. Rows of the running epoch stay on the host until
    `end_epoch`, so that an epoch's mean is the same whenever the clock ticked.
    """

    def __init__(self) -> None:
        self._pending: list[Tensor] = []
        self._epoch: list[Rows] = []
        self.add = self._pending.append

    def take(self) -> Rows:
        """The rows since the last call: float32, steps×columns. Waits for the device once."""
        if not self._pending:
            return np.empty((0, 1), np.float32)
        rows: Rows = torch.stack(self._pending).float().cpu().numpy().reshape(len(self._pending), -1)
        self._pending.clear()
        self._epoch.append(rows)
        return rows

    def drop(self) -> None:
        """Forget what was collected, of this epoch too."""
        self._pending.clear()
        self._epoch.clear()

    @property
    def epoch_rows(self) -> Rows:
        """All rows of the running epoch that were taken: float32, steps×columns."""
        return np.concatenate(self._epoch) if self._epoch else np.empty((0, 1), np.float32)

    def restore(self, rows: Rows) -> None:
        """The rows of the running epoch as a checkpoint kept them."""
        self._epoch = [rows] if len(rows) else []

    def end_epoch(self, batch_size: int, samples: int) -> list[float]:
        """The mean of each column over the epoch's samples (its last batch may be short), and begin the next."""
        rows = self.epoch_rows.astype(np.float64)
        self._epoch.clear()
        if not len(rows):
            return []
        sizes = np.full(len(rows), batch_size, np.float64)
        sizes[-1] = samples - batch_size * (len(rows) - 1)
        return [float(mean) for mean in sizes @ rows / samples]
