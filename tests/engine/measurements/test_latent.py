import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from engine.graph.problem import Refused
from engine.measurements.latent import principal_axes
from engine.measurements.measure import measure
from engine.measurements.results import Ask
from engine.measurements.subject import outputs
from engine.training.session import Session


def test_the_points_are_those_of_scikit_learn(convnet: Session) -> None:
    convnet.network.root.eval()
    with torch.no_grad():
        (values,) = outputs(convnet, ("hidden/output",), "validation")
    reference = PCA(2, svd_solver="full").fit(values.numpy())
    answer = measure(convnet, Ask(id="l", kind="latent", block="hidden"))
    expected = reference.transform(values.numpy())
    for axis in range(2):
        sign = np.sign((answer["points"][:, axis] * expected[:, axis]).sum())
        np.testing.assert_allclose(sign * answer["points"][:, axis], expected[:, axis], atol=1e-3)
    np.testing.assert_allclose(answer["explained"], reference.explained_variance_ratio_, rtol=1e-4)


def test_rows_labels_and_pictures_belong_together(convnet: Session) -> None:
    answer = measure(convnet, Ask(id="l", kind="latent", block="hidden", count=100))
    dataset = convnet.data["digits"].dataset
    rows = answer["rows"]
    assert len(set(rows)) == 100
    assert set(rows) <= set(dataset.validation)
    np.testing.assert_array_equal(answer["labels"], dataset.arrays["label"][rows])
    np.testing.assert_array_equal(answer["pictures"], dataset.arrays["image"][rows, 0])
    assert answer["points"].shape == (100, 2)


def test_an_input_shows_the_data_themselves(convnet: Session) -> None:
    answer = measure(convnet, Ask(id="l", kind="latent", block="in", count=200))
    data = convnet.data["digits"].dataset
    pictures = data.arrays["image"][answer["rows"]].reshape(200, -1)
    reference = PCA(2, svd_solver="full").fit(pictures)
    np.testing.assert_allclose(answer["explained"], reference.explained_variance_ratio_, rtol=1e-4)
    np.testing.assert_allclose(np.abs(answer["points"]), np.abs(reference.transform(pictures)), atol=1e-3)
    np.testing.assert_array_equal(answer["labels"], data.arrays["label"][answer["rows"]])


def test_a_point_keeps_its_side_from_answer_to_answer(convnet: Session) -> None:
    """Half the signs a solver returns are chance; the picture on the screen must not turn over."""
    ask = Ask(id="l", kind="latent", block="hidden")
    before = measure(convnet, ask)["points"]
    weight = convnet.network.block("hidden").weight
    generator = torch.Generator().manual_seed(0)
    for _ in range(10):
        with torch.no_grad():
            weight += 0.002 * torch.randn(weight.shape, generator=generator)
        after = measure(convnet, ask)["points"]
        for axis in range(2):
            assert np.corrcoef(before[:, axis], after[:, axis])[0, 1] > 0.9
        before = after


@pytest.mark.parametrize("columns", [3, 200, 900, 5000])
def test_axes_of_narrow_and_wide_outputs(columns: int) -> None:
    generator = torch.Generator().manual_seed(1)
    hidden = torch.randn(300, 3, generator=generator) * torch.tensor([5.0, 3.0, 1.0])
    values = hidden @ torch.randn(3, columns, generator=generator)
    values += 0.05 * torch.randn(300, columns, generator=generator)
    axes, explained = principal_axes(values)
    reference = PCA(2, svd_solver="full").fit(values.numpy())
    torch.testing.assert_close(axes.T @ axes, torch.eye(2), atol=1e-4, rtol=0)
    overlap = np.abs((reference.components_ * axes.T.numpy()).sum(1))
    np.testing.assert_allclose(overlap, 1, atol=1e-3)
    np.testing.assert_allclose(explained, reference.explained_variance_ratio_, rtol=1e-3)
    turned, _ = principal_axes(values, -axes)
    torch.testing.assert_close(turned, -axes, atol=2e-2, rtol=0)


def test_the_first_sign_is_a_convention() -> None:
    values = torch.randn(50, 4, generator=torch.Generator().manual_seed(3)) * torch.tensor([4.0, 2.0, 1.0, 0.5])
    axes, _ = principal_axes(values)
    mirrored, _ = principal_axes(-values)
    torch.testing.assert_close(axes, mirrored)
    assert axes.gather(0, axes.abs().argmax(0, keepdim=True)).min() > 0


def test_one_column_and_constant_outputs() -> None:
    axes, explained = principal_axes(torch.arange(5.0)[:, None])
    assert axes.tolist() == [[1.0, 0.0]]
    assert explained.tolist() == [1.0, 0.0]
    axes, explained = principal_axes(torch.ones(5, 3))
    assert explained.tolist() == [0.0, 0.0]
    assert axes.isfinite().all()


def test_an_output_gone_wrong_is_told(convnet: Session) -> None:
    with torch.no_grad():
        convnet.network.block("hidden").weight.fill_(float("nan"))
    with pytest.raises(Refused, match="“hidden” gives values that are no numbers any more"):
        measure(convnet, Ask(id="l", kind="latent", block="hidden"))


def test_data_without_classes_or_pictures(opened) -> None:
    session = opened(
        {
            "in": ("input", {"dataset": "sine", "fields": ("sequence: T×1 float32", "next: 1 float32")}),
            "lstm": ("lstm", {}),
        },
        "in.sequence>lstm.input",
    )
    answer = measure(session, Ask(id="l", kind="latent", block="lstm"))
    assert set(answer) == {"points", "labels", "rows", "explained"}
    assert set(answer["labels"]) == {-1}
    assert len(answer["points"]) == 300


@pytest.mark.parametrize("factor", [1e25, 1e37])
def test_what_is_finite_but_too_large_to_draw_is_told(convnet: Session, factor: float) -> None:
    with torch.no_grad():
        convnet.network.block("hidden").weight.mul_(factor)
    with pytest.raises(Refused) as caught:
        measure(convnet, Ask(id="l", kind="latent", block="hidden"))
    assert caught.value.problem.code == "too-large"
    assert "too large to draw" in caught.value.problem.sentence
