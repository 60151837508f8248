import numpy as np
import pytest

from engine.graph.problem import Refused
from engine.measurements.measure import measure
from engine.measurements.results import Ask
from engine.training.session import Session


def test_the_first_training_rows_in_zero_to_one(autoencoder: Session) -> None:
    answer = measure(autoencoder, Ask(id="s", kind="samples", block="in", count=12))
    dataset = autoencoder.data["digits"].dataset
    np.testing.assert_array_equal(answer["pictures"], dataset.arrays["image"][dataset.train[:12], 0])
    np.testing.assert_array_equal(answer["labels"], dataset.arrays["label"][dataset.train[:12]])


def test_data_without_pictures_is_refused(opened) -> None:
    session = opened(
        {
            "points": ("input", {"dataset": "xor", "fields": ("point: 2 float32", "label: 2 classes")}),
            "out": ("dense", {}),
        },
        "points.point>out.input",
    )
    with pytest.raises(Refused, match="Input “points” brings no pictures. Choose a dataset with pictures."):
        measure(session, Ask(id="s", kind="samples", block="points"))
