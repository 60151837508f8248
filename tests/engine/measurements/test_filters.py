import numpy as np
import pytest
import torch

from engine.graph.problem import Refused
from engine.measurements.measure import measure
from engine.measurements.results import Ask
from engine.training.session import Session


def ask(block: str, count: int = 1000) -> Ask:
    return Ask(id="f", kind="filters", block=block, count=count)


def test_a_convolution_gives_its_kernels_and_how_far_they_moved(convnet: Session) -> None:
    weight = convnet.network.block("conv").weight
    before = measure(convnet, ask("conv"))
    np.testing.assert_array_equal(before["filters"], weight.detach()[:, 0])
    assert before["change"] == 0
    with torch.no_grad():
        weight *= 1.5
    after = measure(convnet, ask("conv"))
    assert after["change"] == pytest.approx(0.5, rel=1e-5)
    assert after["norm"] == pytest.approx(1.5 * before["norm"], rel=1e-5)
    assert after["limit"] == np.abs(after["filters"]).max()
    assert measure(convnet, ask("conv", 2))["filters"].shape == (2, 3, 3)


def test_a_dense_block_after_pictures_is_folded(convnet: Session, autoencoder: Session) -> None:
    hidden = measure(convnet, ask("hidden"))["filters"]
    weight = convnet.network.block("hidden").weight.detach()
    np.testing.assert_allclose(hidden, weight.reshape(20, 6, 4, 4).mean(1), atol=1e-7)
    assert measure(convnet, ask("out"))["filters"].shape == (10, 1, 20)
    np.testing.assert_array_equal(
        measure(autoencoder, ask("code"))["filters"],
        autoencoder.network.block("code").weight.detach().reshape(16, 8, 8),
    )
    assert measure(autoencoder, ask("back"))["filters"].shape == (64, 1, 16)


def test_an_rbm_is_folded_too_and_three_channels_are_colours(opened) -> None:
    fields = {"dataset": "digits", "fields": ("image: 1×8×8 float32", "label: 10 classes")}
    session = opened(
        {"in": ("input", fields), "flat": ("flatten", {}), "rbm": ("rbm", {"hidden": 12})},
        "in.image>flat.input flat.output>rbm.input",
    )
    assert measure(session, ask("rbm"))["filters"].shape == (12, 8, 8)
    session = opened(
        {"in": ("input", fields), "one": ("conv2d", {"out_channels": 3}), "two": ("conv2d", {"out_channels": 4})},
        "in.image>one.input one.output>two.input",
    )
    two = measure(session, ask("two"))["filters"]
    np.testing.assert_array_equal(two, session.network.block("two").weight.detach().permute(0, 2, 3, 1))


def test_filters_over_time_are_strips(opened) -> None:
    fields = {"dataset": "sine", "fields": ("sequence: T×1 float32", "next: 1 float32")}
    blocks = {
        "in": ("input", fields),
        "turn": ("permute", {}),
        "one": ("conv1d", {"out_channels": 4, "kernel_size": (5,)}),
        "two": ("conv1d", {"out_channels": 6}),
    }
    session = opened(blocks, "in.sequence>turn.input turn.output>one.input one.output>two.input")
    one = measure(session, ask("one"))["filters"]
    np.testing.assert_array_equal(one, session.network.block("one").weight.detach())
    two = measure(session, ask("two"))["filters"]
    np.testing.assert_allclose(two[:, 0], session.network.block("two").weight.detach().mean(1), atol=1e-7)


def test_label_units_are_no_part_of_a_filter(opened) -> None:
    fields = {"dataset": "digits", "fields": ("image: 1×8×8 float32", "label: 10 classes")}
    blocks = {"in": ("input", fields), "flat": ("flatten", {}), "rbm": ("rbm", {"hidden": 12, "labels": 10})}
    session = opened(blocks, "in.image>flat.input flat.output>rbm.input in.label>rbm.label")
    weight = session.network.block("rbm").weight
    before = measure(session, ask("rbm"))
    np.testing.assert_array_equal(before["filters"], weight.detach()[:, :64].reshape(12, 8, 8))
    with torch.no_grad():
        weight[:, :64] *= 1.5
        weight[:, 64:] *= 3
    assert measure(session, ask("rbm"))["change"] == pytest.approx(0.5, rel=1e-5)


def test_a_block_inside_a_container_is_found_by_its_path(opened, draw) -> None:
    body = draw(
        {"e": ("entry", {}), "c": ("conv2d", {"out_channels": 1}), "x": ("exit", {})},
        "e.output>c.input c.output>x.input",
    )
    fields = {"dataset": "digits", "fields": ("image: 1×8×8 float32", "label: 10 classes")}
    session = opened({"in": ("input", fields), "r": ("residual", {}, body)}, "in.image>r.e")
    assert measure(session, ask("r/c"))["filters"].shape == (1, 3, 3)
    with pytest.raises(Refused, match="“r” has no filters to show"):
        measure(session, ask("r"))
    whole = measure(session, Ask(id="v", kind="preview", block="r"))
    assert whole["pictures"].shape == (1, 8, 8)
    assert measure(session, Ask(id="l", kind="latent", block="r"))["points"].shape == (270, 2)
