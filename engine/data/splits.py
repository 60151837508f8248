"""Division of rows into train, validation and test: seeded, the same on every machine."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from engine.data.catalogue import OWN_VALIDATION_SHARE
from engine.data.split_counts import PARTS, own_test_counts, part_counts, split_words
from engine.graph.problem import refused

Rows = npt.NDArray[np.int64]


def split_rows(rows: int, split: tuple[float, float, float], seed: int) -> tuple[Rows, Rows, Rows]:
    """Row numbers (int64, ascending) of train, validation and test, drawn without regard to classes.

    Raises Refused `setting-range` for fractions that do not sum to 1, `split` where a part would be empty.
    """
    _check(split, seed)
    return _parts(rows, part_counts(rows, split), split, seed)


def split_training(rows: int, split: tuple[float, float, float] | None, seed: int) -> tuple[Rows, Rows]:
    """Row numbers of train and validation among the first `rows`, for a set whose test part is its own.

    `split` None leaves a twelfth for validation (55,000 and 5,000 of MNIST's 60,000); else its first two fractions
    stand in proportion. Raises Refused as `split_rows`.
    """
    told = (1 - OWN_VALIDATION_SHARE, OWN_VALIDATION_SHARE, 0.0)
    if split is not None:
        _check(split, seed)
        told = split
    train_rows, validation_rows, _ = _parts(rows, (*own_test_counts(rows, split), 0), told, seed, needed=2)
    return train_rows, validation_rows


def _check(split: tuple[float, float, float], seed: int) -> None:
    if not all(math.isfinite(part) and part >= 0 for part in split) or not math.isclose(sum(split), 1.0, abs_tol=1e-6):
        words = split_words(split)
        raise refused("setting-range", label="The split", value=words, range="three fractions that sum to 1")
    if seed < 0:
        raise refused("setting-range", label="The split’s seed", value=seed, range="0 or more")


def _parts(
    rows: int, counts: tuple[int, int, int], split: tuple[float, float, float], seed: int, needed: int = 3
) -> tuple[Rows, Rows, Rows]:
    for part, count in zip(PARTS[:needed], counts, strict=False):
        if count < 1:
            raise refused("split", split=split_words(split), whose="", part=part)
    order = stable_random(seed).permutation(rows).astype(np.int64)
    train, validation, test = np.split(order, np.cumsum(counts)[:2])
    return np.sort(train), np.sort(validation), np.sort(test)


def stable_random(seed: int) -> np.random.RandomState:
    """A generator whose numbers numpy promises never to change, unlike `default_rng`'s: rows stay what they were."""
    return np.random.RandomState(np.random.MT19937(np.random.SeedSequence(seed)))
