"""The real datasets that come with scikit-learn."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32] | npt.NDArray[np.int64]


def load_shipped(name: str) -> dict[str, Array]:
    """`image` float32 N×1×8×8 in 0…1, or `features` float32 N×columns as measured; `label` int64 N."""
    from sklearn import datasets

    if name == "digits":
        digits = datasets.load_digits()
        return {
            "image": (digits.images[:, None] / 16.0).astype(np.float32),
            "label": digits.target.astype(np.int64),
        }
    table = {"iris": datasets.load_iris, "wine": datasets.load_wine, "breast-cancer": datasets.load_breast_cancer}
    features, label = table[name](return_X_y=True)
    return {"features": features.astype(np.float32), "label": label.astype(np.int64)}
