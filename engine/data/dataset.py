"""A dataset in memory: named arrays, its parts, and the scale of its values."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.data.fields import Field

Rows = npt.NDArray[np.int64]
Moments = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]

_CHUNK_ROWS = 4096


@dataclass(frozen=True)
class Dataset:
    """Arrays by field name (float32 values, pictures in 0…1, int64 labels), equally long; nobody writes into them.

    `train`, `validation`, `test` are int64 row numbers, ascending, without a row in common. `moments` holds the mean
    and deviation of the training part of each field of values, ready to broadcast against a sample, or nothing where
    the values are used as they are.
    """

    name: str
    title: str
    fields: tuple[Field, ...]
    arrays: Mapping[str, npt.NDArray[Any]]
    train: Rows
    validation: Rows
    test: Rows
    moments: Mapping[str, Moments] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """The number of rows of all parts together."""
        return len(next(iter(self.arrays.values())))

    def part(self, name: str) -> Rows:
        """Row numbers of `train`, `validation` or `test`."""
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        return parts[name]

    @property
    def picture_field(self) -> str | None:
        """The first field whose samples are pictures."""
        return next((known.name for known in self.fields if known.is_picture), None)

    @property
    def label_field(self) -> str | None:
        """The first field of classes."""
        return next((known.name for known in self.fields if known.classes is not None), None)

    def content_hash(self) -> str:
        """SHA-256 over names, shapes, dtypes and bytes of all fields; parts and standardisation play no role."""
        digest = hashlib.sha256()
        for name in sorted(self.arrays):
            array = np.ascontiguousarray(self.arrays[name])
            little = array.astype(array.dtype.newbyteorder("<"), copy=False)
            digest.update(f"{name} {array.dtype.name} {array.shape}\n".encode())
            digest.update(little.reshape(-1).view(np.uint8).data)
        return digest.hexdigest()


def moments_of(values: npt.NDArray[Any], rows: Rows, described: Field) -> Moments:
    """Mean and deviation (population) over `rows`, per channel of a picture, else per entry of the last axis.

    A constant entry has deviation 1. Both float32, shaped to broadcast against a sample. Summed in float64.
    """
    rank = values.ndim
    kept = (1,) if described.is_picture else (rank - 1,) if rank > 1 else ()
    summed = tuple(axis for axis in range(rank) if axis not in kept)
    count = values[:1].size * len(rows) // max(1, int(np.prod([values.shape[axis] for axis in kept])))
    chunks = [rows[start : start + _CHUNK_ROWS] for start in range(0, len(rows), _CHUNK_ROWS)]
    mean = sum(values[chunk].sum(axis=summed, keepdims=True, dtype=np.float64) for chunk in chunks) / count
    squares = sum(np.square(values[chunk] - mean).sum(axis=summed, keepdims=True) for chunk in chunks)
    deviation = np.sqrt(squares / count)
    deviation = np.where(deviation > 1e-12, deviation, 1.0)
    return mean[0].astype(np.float32), deviation[0].astype(np.float32)
