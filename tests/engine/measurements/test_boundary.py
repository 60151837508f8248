import numpy as np
import pytest
import torch

from engine.measurements.measure import measure
from engine.measurements.results import Ask
from engine.training.session import Session


def net(opened, dataset: str, classes: int, units: int, loss: str, **settings: object) -> Session:
    return opened(
        {
            "in": ("input", {"dataset": dataset, "fields": ("point: 2 float32", f"label: {classes} classes")}),
            "out": ("dense", {"out_features": units}),
            "loss": (loss, {}),
        },
        "in.point>out.input out.output>loss.logits in.label>loss.target",
        **settings,
    )


def set_weights(session: Session, weight: list[list[float]], bias: list[float]) -> None:
    with torch.no_grad():
        session.network.block("out").weight.copy_(torch.tensor(weight))
        session.network.block("out").bias.copy_(torch.tensor(bias))


def at(answer: dict[str, np.ndarray], x: float, y: float) -> float:
    x0, x1, y0, y1 = answer["extent"]
    size = len(answer["grid"]) - 1
    return answer["grid"][round((y - y0) / (y1 - y0) * size), round((x - x0) / (x1 - x0) * size)]


def test_a_known_line_between_two_classes(opened) -> None:
    """Logit of class 1 is 20 (y − 0.5): certain above 0.5, whatever x."""
    session = net(opened, "moons", 2, 2, "cross_entropy")
    set_weights(session, [[0, 0], [0, 20]], [0, -10])
    answer = measure(session, Ask(id="b", kind="boundary"))
    assert answer["grid"].shape == (80, 80)
    assert at(answer, -1, 1) > 0.99
    assert at(answer, 1, 1) > 0.99
    assert at(answer, 1, 0) < 0.01
    assert answer["grid"].min() >= 0
    assert answer["grid"].max() <= 1
    dataset = session.data["moons"].dataset
    np.testing.assert_array_equal(answer["points"], dataset.arrays["point"][dataset.train])
    np.testing.assert_array_equal(answer["labels"], dataset.arrays["label"][dataset.train])
    x0, x1, y0, y1 = answer["extent"]
    assert x0 < answer["points"][:, 0].min() < answer["points"][:, 0].max() < x1
    assert y0 < answer["points"][:, 1].min() < answer["points"][:, 1].max() < y1


def test_standardised_data_is_shown_in_its_own_units(opened) -> None:
    session = net(opened, "moons", 2, 1, "binary_cross_entropy", standardise=True)
    mean, deviation = session.data["moons"].dataset.moments["point"]
    set_weights(session, [[50, 0]], [0])
    answer = measure(session, Ask(id="b", kind="boundary", block="loss"))
    assert at(answer, float(mean[0]) + 0.3, 0) > 0.9
    assert at(answer, float(mean[0]) - 0.3, 0) < 0.1
    assert answer["extent"][1] > 1.3
    assert deviation[0] != pytest.approx(1, abs=0.05)


def test_three_classes_give_their_number(opened) -> None:
    session = net(opened, "blobs", 3, 3, "cross_entropy")
    set_weights(session, [[-1, 0], [0, 0], [1, 0]], [-0.5, 0, -0.5])
    answer = measure(session, Ask(id="b", kind="boundary", count=50))
    assert [at(answer, x, 0) for x in (-1.2, 0, 1.2)] == [0, 1, 2]
    assert len(answer["points"]) == 50
