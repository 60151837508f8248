import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.splits import split_rows, split_training
from engine.graph.problem import Refused


@given(st.integers(10, 3000), st.integers(0, 2**70))
def test_parts_cover_all_rows_once(rows: int, seed: int) -> None:
    train, validation, test = split_rows(rows, (0.7, 0.15, 0.15), seed)
    np.testing.assert_array_equal(np.sort(np.concatenate([train, validation, test])), np.arange(rows))
    assert len(validation) == len(test) == round(rows * 0.15)
    assert train.dtype == np.int64
    assert (np.diff(train) > 0).all()


def test_the_seed_decides() -> None:
    first, again, other = (split_rows(100, (0.7, 0.15, 0.15), seed)[2] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("rows", "split", "part"),
    [
        (100, (1.0, 0.0, 0.0), "validation"),
        (100, (0.9, 0.1, 0.0), "test"),
        (100, (0.0, 0.5, 0.5), "train"),
        (2, (0.7, 0.15, 0.15), "validation"),
    ],
)
def test_empty_parts_are_refused(rows: int, split: tuple[float, float, float], part: str) -> None:
    with pytest.raises(Refused, match=f"leaves no samples for {part}. Give every part some."):
        split_rows(rows, split, 0)


@pytest.mark.parametrize("split", [(0.7, 0.2, 0.2), (float("nan"), 0.5, 0.5), (1.5, -0.25, -0.25)])
def test_fractions_must_sum_to_one(split: tuple[float, float, float]) -> None:
    with pytest.raises(Refused, match="out of range: three fractions that sum to 1"):
        split_rows(100, split, 0)
    with pytest.raises(Refused, match="out of range"):
        split_rows(100, (0.7, 0.15, 0.15), -1)


def test_a_set_with_a_test_part_divides_the_rest() -> None:
    train, validation = split_training(60_000, None, 0)
    assert (len(train), len(validation)) == (55_000, 5_000)
    train, validation = split_training(60, (0.5, 0.25, 0.25), 0)
    assert (len(train), len(validation)) == (40, 20)
    with pytest.raises(Refused, match="no samples for validation"):
        split_training(60, (0.5, 0.0, 0.5), 0)
    with pytest.raises(Refused, match="no samples for train"):
        split_training(3, (0.0, 0.5, 0.5), 0)
