import numpy as np
import pytest

from engine.measurements.measure import measure
from engine.measurements.results import Ask
from engine.training.session import Session


@pytest.mark.parametrize(
    ("block", "shape", "signed"),
    [
        ("in", (1, 8, 8), 0),
        ("conv", (6, 3, 3), 1),
        ("norm", (6, 8, 8), 0),
        ("relu", (6, 8, 8), 0),
        ("pool", (6, 4, 4), 0),
        ("flat", (6, 4, 4), 0),
        ("hidden", (20, 4, 4), 1),
        ("out", (1, 10, 20), 1),
    ],
)
def test_every_block_shows_something(convnet: Session, block: str, shape: tuple[int, ...], signed: int) -> None:
    answer = measure(convnet, Ask(id="v", kind="preview", block=block))
    assert answer["pictures"].shape == shape
    assert answer["signed"] == signed
    if not signed:
        assert answer["pictures"].min() == 0
        assert answer["pictures"].max() == 1


def test_an_input_shows_a_row_as_it_is(autoencoder: Session) -> None:
    dataset = autoencoder.data["digits"].dataset
    answer = measure(autoencoder, Ask(id="v", kind="preview", block="in"))
    first = dataset.arrays["image"][dataset.validation[0], 0]
    np.testing.assert_allclose(answer["pictures"][0], first, atol=1e-6)


def test_no_more_than_asked_for(convnet: Session) -> None:
    assert measure(convnet, Ask(id="v", kind="preview", block="relu", count=4))["pictures"].shape == (4, 8, 8)
