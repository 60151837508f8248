"""How many rows each part of a dataset has, for who loads it and who only tells. No torch."""

from __future__ import annotations

import math

from engine.data.catalogue import OWN_VALIDATION_SHARE, DatasetInfo
from engine.graph.problem import Problem
from engine.training.plan import DatasetRef

Split = tuple[float, float, float]
PARTS = ("train", "validation", "test")
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


def split_words(split: Split) -> str:
    """The fractions as people write them: `0.7 / 0.15 / 0.15`."""
    return " / ".join(f"{part:g}" for part in split)


def split_problem(ref: DatasetRef, info: DatasetInfo | None) -> Problem | None:
    """Why a set cannot be divided as `ref` says, as far as that is told without its rows; None where it can be."""
    split, seed = ref.split, ref.split_seed
    if not all(math.isfinite(part) and part >= 0 for part in split) or not math.isclose(sum(split), 1.0, abs_tol=1e-6):
        return _out_of_range(ref, f"The split of {ref.name}", split_words(split), "three fractions that sum to 1")
    if seed < 0:
        return _out_of_range(ref, f"The split’s seed of {ref.name}", str(seed), "0 or more")
    if ref.folder is not None or info is None:
        return None
    if info.own_test_rows:
        counts: tuple[int, ...] = own_test_counts(info.rows - info.own_test_rows, chosen_split(ref))
    else:
        counts = part_counts(info.rows, split)
    empty = next((part for part, count in zip(PARTS, counts, strict=False) if count < 1), None)
    if empty is None:
        return None
    facts = {"dataset": ref.name, "split": split_words(split), "whose": f" of {ref.name}", "part": empty}
    return Problem(code="split", facts=facts)


def _out_of_range(ref: DatasetRef, label: str, value: str, range: str) -> Problem:
    return Problem(code="setting-range", facts={"dataset": ref.name, "label": label, "value": value, "range": range})
