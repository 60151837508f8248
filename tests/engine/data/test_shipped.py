"""The datasets that are read from scikit-learn's files are those that scikit-learn gives."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from engine.data import shipped
from engine.data.shipped import load_shipped


@pytest.mark.parametrize("name", ["iris", "wine", "breast-cancer"])
def test_a_table_is_that_of_scikit_learn(name: str) -> None:
    from sklearn import datasets

    loaders = {"iris": datasets.load_iris, "wine": datasets.load_wine, "breast-cancer": datasets.load_breast_cancer}
    features, label = loaders[name](return_X_y=True)
    found = load_shipped(name)
    assert np.array_equal(found["features"], features.astype(np.float32))
    assert np.array_equal(found["label"], label)
    assert (found["features"].dtype, found["label"].dtype) == (np.float32, np.int64)


def test_the_digits_are_those_of_scikit_learn() -> None:
    from sklearn import datasets

    digits = datasets.load_digits()
    found = load_shipped("digits")
    assert np.array_equal(found["image"][:, 0], (digits.images / 16).astype(np.float32))
    assert np.array_equal(found["label"], digits.target)
    assert found["image"].shape == (1797, 1, 8, 8)


def test_without_the_file_scikit_learn_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    read = load_shipped("digits")
    monkeypatch.setattr(shipped, "_SOURCES", {"digits": ("moved-away.csv", "load_digits")})
    asked = load_shipped("digits")
    assert all(np.array_equal(read[field], asked[field]) for field in read)


def test_reading_imports_no_scikit_learn() -> None:
    program = "import sys; from engine.data.shipped import load_shipped; load_shipped('digits'); load_shipped('iris')"
    program += "; assert 'sklearn' not in sys.modules; assert 'scipy' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
