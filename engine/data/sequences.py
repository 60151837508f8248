"""Sequences made by rule, the same on every machine: float32 N×T×C and what is to be predicted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.data.catalogue import SEQUENCE_LENGTHS
from engine.data.splits import stable_random

Array = npt.NDArray[np.float32] | npt.NDArray[np.int64]


def make_sequences(name: str, rows: int) -> dict[str, Array]:
    """The fields of the sequence set `name`, `rows` of each."""
    return _MAKERS[name](rows, SEQUENCE_LENGTHS[name])


def sine(rows: int, length: int) -> dict[str, Array]:
    """`sequence` N×T×1: sin(ωt + φ) without noise, 8 to 32 samples a period; `next` N×1, the value at t = T."""
    random = stable_random(11)
    step = 2 * np.pi / random.uniform(8.0, 32.0, (rows, 1))
    phase = random.uniform(0.0, 2 * np.pi, (rows, 1))
    wave = np.sin(step * np.arange(length + 1) + phase).astype(np.float32)
    return {"sequence": wave[:, :length, None].copy(), "next": wave[:, length:].copy()}


def adding(rows: int, length: int) -> dict[str, Array]:
    """`sequence` N×T×2: numbers in 0…1 and a mark, 1 at one step of each half; `sum` N×1 of the two marked numbers.

    Hochreiter and Schmidhuber, Long short-term memory, 1997. The best constant prediction has squared error 1/6.
    """
    random = stable_random(12)
    numbers = random.random_sample((rows, length)).astype(np.float32)
    marks = np.zeros_like(numbers)
    each = np.arange(rows)
    first = random.randint(0, length // 2, rows)
    second = random.randint(length // 2, length, rows)
    marks[each, first] = marks[each, second] = 1.0
    total = numbers[each, first] + numbers[each, second]
    return {"sequence": np.stack([numbers, marks], axis=2), "sum": total[:, None]}


def parity(rows: int, length: int) -> dict[str, Array]:
    """`sequence` N×T×1 of zeros and ones; `label` N, 1 where the number of ones is odd."""
    bits = stable_random(13).randint(0, 2, (rows, length))
    return {"sequence": bits[:, :, None].astype(np.float32), "label": (bits.sum(axis=1) % 2).astype(np.int64)}


_MAKERS = {"sine": sine, "adding": adding, "parity": parity}
