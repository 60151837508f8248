import numpy as np
import pytest

from engine.measurements.measure import measure
from engine.measurements.results import Ask
from engine.training.session import Session
from tests.engine.measurements.conftest import DIGITS


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


def test_filters_look_on_the_block_as_they_do_where_weights_are_shown(opened) -> None:
    session = opened(
        {
            "in": ("input", DIGITS),
            "one": ("conv2d", {"out_channels": 3}),
            "two": ("conv2d", {"out_channels": 40}),
            "flat": ("flatten", {}),
            "deep": ("dense", {"out_features": 200}),
            "out": ("dense", {"out_features": 10}),
        },
        "in.image>one.input one.output>two.input two.output>flat.input flat.output>deep.input deep.output>out.input",
    )
    for block in ("deep", "one", "two"):
        strip = measure(session, Ask(id="s", kind="preview", block=block, count=4))
        weights = measure(session, Ask(id="w", kind="filters", block=block, count=32))
        np.testing.assert_array_equal(strip["pictures"], weights["filters"][:4])
        assert strip["limit"] == weights["limit"]
        assert strip["limit"] >= abs(measure(session, Ask(id="a", kind="filters", block=block))["filters"]).max()
    assert strip["pictures"].shape == (4, 3, 3, 3), "three channels are colours"
    assert measure(session, Ask(id="s", kind="preview", block="out"))["limit"] == pytest.approx(
        float(session.network.block("out").weight.detach().abs().max())
    )
