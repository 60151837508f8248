"""The real datasets that come with scikit-learn, read from its files."""

from __future__ import annotations

import gzip
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32] | npt.NDArray[np.int64]

_SOURCES = {
    "digits": ("digits.csv.gz", "load_digits"),
    "iris": ("iris.csv", "load_iris"),
    "wine": ("wine_data.csv", "load_wine"),
    "breast-cancer": ("breast_cancer.csv", "load_breast_cancer"),
}
"""scikit-learn's file, and the function that loads it."""


def load_shipped(name: str) -> dict[str, Array]:
    """`image` float32 N×1×8×8 in 0…1, or `features` float32 N×columns as measured; `label` int64 N."""
    table = _table(name)
    label = table[:, -1].astype(np.int64)
    if name == "digits":
        return {"image": (table[:, :-1].reshape(-1, 1, 8, 8) / 16.0).astype(np.float32), "label": label}
    return {"features": table[:, :-1].astype(np.float32), "label": label}


def _table(name: str) -> npt.NDArray[np.float64]:
    """Rows of features with the class at the end, float64."""
    # Importing scikit-learn takes 0.9 s of the worker's start and 70 MB; its files are in the same place for years.
    file_name, loader = _SOURCES[name]
    spec = find_spec("sklearn")
    for folder in spec.submodule_search_locations or () if spec is not None else ():
        file = Path(folder) / "datasets" / "data" / file_name
        if file.is_file():
            content = file.read_bytes()
            text = (gzip.decompress(content) if file.suffix == ".gz" else content).decode("utf-8")
            lines = text.splitlines()[0 if name == "digits" else 1 :]
            return np.loadtxt(lines, delimiter=",", dtype=np.float64, ndmin=2)
    from sklearn import datasets

    features, label = getattr(datasets, loader)(return_X_y=True)
    return np.column_stack([features, label]).astype(np.float64)
