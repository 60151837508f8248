import msgspec
import numpy as np
import pytest
import torch

from engine.graph.problem import Refused
from engine.measurements.measure import measure
from engine.measurements.results import Ask
from engine.training.checkpoint import Position
from engine.training.session import Session

ASK = Ask(id="p", kind="predictions", block="loss")


def test_the_surest_wrong_ones_come_first_then_the_least_sure_right_ones(convnet: Session) -> None:
    answer = measure(convnet, ASK)
    dataset = convnet.data["digits"].dataset
    assert answer["count"] == len(dataset.validation) == len(answer["rows"])
    wrong = answer["true"] != answer["predicted"]
    count = int(answer["wrong"])
    assert 0 < count < len(wrong)
    assert wrong[:count].all()
    assert not wrong[count:].any()
    assert (np.diff(answer["probability"][:count]) <= 0).all()
    assert (np.diff(answer["probability"][count:]) >= 0).all()
    assert answer["probability"][count] < answer["probability"][-1]
    assert (answer["probability"] >= 0.1 - 1e-6).all()
    np.testing.assert_array_equal(answer["true"], dataset.arrays["label"][answer["rows"]])
    np.testing.assert_array_equal(answer["pictures"], dataset.arrays["image"][answer["rows"], 0])


def test_they_are_what_the_network_says(convnet: Session) -> None:
    answer = measure(convnet, ASK)
    convnet.network.root.eval()
    cut = convnet.network.slice(("out/output",))
    with torch.no_grad():
        (logits,) = cut.module(convnet.data["digits"].tensors["image"][answer["rows"]])
    np.testing.assert_array_equal(answer["predicted"], logits.argmax(1))
    np.testing.assert_allclose(answer["probability"], logits.softmax(1).amax(1), rtol=1e-4)


def test_the_test_part_is_opened_after_the_run_alone(convnet: Session) -> None:
    dataset = convnet.data["digits"].dataset
    convnet.epochs = (3,)
    convnet.position = Position(stage=0, epoch=2, batch=4)
    assert set(measure(convnet, ASK)["rows"]) == set(dataset.validation)
    convnet.position = Position(stage=0, epoch=3)
    assert set(measure(convnet, ASK)["rows"]) == set(dataset.test)
    few = measure(convnet, msgspec.structs.replace(ASK, count=5))
    assert len(few["rows"]) == 5
    assert few["count"] == len(dataset.test)


def test_two_classes_by_one_number(opened) -> None:
    session = opened(
        {
            "in": ("input", {"dataset": "xor", "fields": ("point: 2 float32", "label: 2 classes")}),
            "out": ("dense", {"out_features": 1}),
            "loss": ("binary_cross_entropy", {}),
        },
        "in.point>out.input out.output>loss.logits in.label>loss.target",
    )
    with torch.no_grad():
        session.network.block("out").weight.zero_()
        session.network.block("out").bias.fill_(2.0)
    answer = measure(session, ASK)
    assert set(answer["predicted"]) == {1}
    np.testing.assert_allclose(answer["probability"], 1 / (1 + np.exp(-2)), rtol=1e-5)
    assert answer["wrong"] == (answer["true"] == 0).sum()
    assert "pictures" not in answer
    points = session.data["xor"].dataset.arrays["point"]
    assert answer["values"].dtype == np.float32
    np.testing.assert_array_equal(answer["values"], points[answer["rows"]].astype(np.float32))


def test_sequences_are_told_as_they_were_read(opened) -> None:
    session = opened(
        {
            "in": ("input", {"dataset": "parity", "fields": ("sequence: T×1 float32", "label: 2 classes")}),
            "last": ("lstm", {"hidden_size": 4}),
            "out": ("dense", {"out_features": 2}),
            "loss": ("cross_entropy", {}),
        },
        "in.sequence>last.input last.output>out.input out.output>loss.logits in.label>loss.target",
    )
    answer = measure(session, msgspec.structs.replace(ASK, count=7))
    sequences = session.data["parity"].dataset.arrays["sequence"]
    assert answer["values"].shape == (7, 16, 1)
    np.testing.assert_array_equal(answer["values"], sequences[answer["rows"]])


def test_numbers_true_beside_predicted(opened) -> None:
    session = opened(
        {
            "in": ("input", {"dataset": "sine", "fields": ("sequence: T×1 float32", "next: 1 float32")}),
            "lstm": ("lstm", {}),
            "out": ("dense", {"out_features": 1}),
            "loss": ("squared_error", {}),
        },
        "in.sequence>lstm.input lstm.output>out.input out.output>loss.prediction in.next>loss.target",
        standardise=True,
    )
    answer = measure(session, ASK)
    dataset = session.data["sine"].dataset
    assert set(answer) == {"true", "predicted"}
    np.testing.assert_allclose(answer["true"], dataset.arrays["next"][dataset.validation, 0], atol=1e-6)
    assert answer["predicted"].shape == (300,)


def test_pictures_are_shown_beside_what_was_rebuilt(autoencoder: Session) -> None:
    with torch.no_grad():
        autoencoder.network.block("back").weight.zero_()
        autoencoder.network.block("back").bias.zero_()
    answer = measure(autoencoder, msgspec.structs.replace(ASK, count=30))
    dataset = autoencoder.data["digits"].dataset
    every = dataset.arrays["image"][:, 0]
    assert answer["pictures"].shape == answer["rebuilt"].shape == (30, 8, 8)
    assert all((np.abs(every[dataset.validation] - picture).max((1, 2)) < 1e-5).any() for picture in answer["pictures"])
    mean = dataset.moments["image"][0].item()
    np.testing.assert_allclose(answer["rebuilt"], mean, rtol=1e-5)
    assert len(answer["true"]) == len(answer["predicted"]) == 1000


def test_without_a_loss_there_is_nothing_to_tell(opened) -> None:
    session = opened(
        {
            "in": ("input", {"dataset": "xor", "fields": ("point: 2 float32", "label: 2 classes")}),
            "out": ("dense", {}),
        },
        "in.point>out.input",
    )
    with pytest.raises(Refused, match="Nothing tells the network what to learn"):
        measure(session, ASK)
