"""How many rows each part of a dataset has, for who loads it and who only tells. No torch."""

from __future__ import annotations

from engine.data.catalogue import OWN_VALIDATION_SHARE, DatasetInfo
from engine.training.plan import DatasetRef

Split = tuple[float, float, float]
_DEFAULT_SPLIT = DatasetRef(name="").split


def part_counts(rows: int, split: Split) -> tuple[int, int, int]:
    """Rows of train, validation and test; what rounding leaves over is to train on."""
    validation, test = round(rows * split[1]), round(rows * split[2])
    return rows - validation - test, validation, test


def own_test_counts(rows: int, split: Split | None) -> tuple[int, int]:
    """Rows of train and validation among the `rows` that a set with a test part of its own has besides.

    `split` None leaves a twelfth for validation (5,000 of MNIST's 60,000), else its first two fractions in proportion.
    """
    share = OWN_VALIDATION_SHARE if split is None else split[1] / (split[0] + split[1] or 1.0)
    validation = round(rows * share)
    return rows - validation, validation


def chosen_split(ref: DatasetRef) -> Split | None:
    """The split that somebody chose for a set with a test part of its own; None where nobody did."""
    return None if ref.split == _DEFAULT_SPLIT else ref.split


def rows_to_train(info: DatasetInfo, ref: DatasetRef) -> int:
    """How many rows of a known set are to train on."""
    if info.own_test_rows:
        return own_test_counts(info.rows - info.own_test_rows, chosen_split(ref))[0]
    return part_counts(info.rows, ref.split)[0]
