"""A dataset on the device: batches are indices into tensors that were moved once."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor

from engine.data.dataset import Dataset


class DeviceData:
    """Tensors of all rows by field name on `device`, standardised there by the dataset's moments.

    `tensors[field][rows]` is a batch. Standardised tensors are copies, others share memory with the dataset on the CPU.
    """

    def __init__(self, dataset: Dataset, device: torch.device | str = "cpu") -> None:
        self.dataset = dataset
        self.device = torch.device(device)
        self.tensors: dict[str, Tensor] = {}
        for name, array in dataset.arrays.items():
            tensor = torch.from_numpy(array).to(self.device)
            if name in dataset.moments:
                mean, deviation = (torch.from_numpy(moment).to(self.device) for moment in dataset.moments[name])
                tensor = (tensor - mean).div_(deviation)
            self.tensors[name] = tensor
        self._rows = {
            part: torch.from_numpy(dataset.part(part)).to(self.device) for part in ("train", "validation", "test")
        }

    def rows(self, part: str) -> Tensor:
        """Row numbers (int64, on the device, ascending) of `train`, `validation` or `test`."""
        return self._rows[part]

    def fields(self, part: str) -> dict[str, Tensor]:
        """All fields of one part, by name: a copy on the device."""
        return {name: tensor[self._rows[part]] for name, tensor in self.tensors.items()}

    def order(self, seed: int, epoch: int) -> Tensor:
        """Row numbers of the training part in the order of `epoch`: int64, on the device.

        Drawn from (seed, epoch) alone on the CPU, so that any device and any resumed run sees the same order.
        """
        return self._rows["train"][permutation(len(self.dataset.train), seed, epoch).to(self.device)]


def permutation(count: int, seed: int, epoch: int) -> Tensor:
    """A permutation of 0 … count − 1 (int64, CPU) that depends on (count, seed, epoch) alone."""
    digest = hashlib.sha256(f"{seed}/{epoch}".encode()).digest()
    generator = torch.Generator()
    generator.manual_seed(int.from_bytes(digest[:8], "little", signed=True))
    return torch.randperm(count, generator=generator)
