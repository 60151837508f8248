import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from engine.data.toys import make_toy


@pytest.mark.parametrize("name", ["blobs", "moons", "circles", "spirals", "xor"])
def test_neighbours_tell_the_classes_and_the_same_rows_come_again(name: str) -> None:
    point, label = make_toy(name, 1000)
    assert point.shape == (1000, 2)
    assert point.dtype == np.float32
    assert np.abs(point).max() < 2
    assert np.bincount(label).min() >= 333
    learner = KNeighborsClassifier(5).fit(point[:700], label[:700])
    assert learner.score(point[700:], label[700:]) > 0.97
    again, _ = make_toy(name, 1000)
    np.testing.assert_array_equal(point, again)


@pytest.mark.parametrize(("name", "at_most"), [("circles", 0.7), ("spirals", 0.75), ("xor", 0.7), ("moons", 0.92)])
def test_no_straight_line_divides_them(name: str, at_most: float) -> None:
    point, label = make_toy(name, 1000)
    assert LogisticRegression().fit(point, label).score(point, label) < at_most
