from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.modules.arithmetic import Clamp, Log, Scale, Shift, Sqrt
from engine.modules.comparison import CosineDistance, Dot, L1Distance, L2Distance, WeightedL1Distance
from engine.modules.shape import Crop, GramMatrix, Pad, Permute, Reduce, Slice, Split, Tile, UnitQuaternion
from engine.modules.sources import Constant, NoiseSource

A, B = torch.randn(2, 5, 3, 4, generator=torch.Generator().manual_seed(0)).unbind(0)


def test_distances_are_those_of_numpy() -> None:
    a, b = A.flatten(1).numpy(), B.flatten(1).numpy()
    cosine = 1 - (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    for module, wanted in (
        (Dot(), (a * b).sum(1)),
        (L1Distance(), np.abs(a - b).sum(1)),
        (L2Distance(), np.linalg.norm(a - b, axis=1)),
        (CosineDistance(), cosine),
    ):
        made = module(A, B)
        assert made.shape == (5, 1)
        np.testing.assert_allclose(made[:, 0], wanted, rtol=1e-5, atol=1e-6)


def test_the_distance_of_a_tensor_to_itself_has_a_finite_gradient() -> None:
    a = A.clone().requires_grad_()
    L2Distance()(a, A).sum().backward()
    assert a.grad is not None
    assert a.grad.isfinite().all()


def test_the_weighted_distance_of_twins_is_its_bias() -> None:
    module = WeightedL1Distance(4)
    a, b = A[:, 0], B[:, 0]
    assert torch.equal(module(a, a), module.bias.expand(5, 1))  # type: ignore[union-attr]
    wanted = ((a - b).abs() * module.weight[0]).sum(1) + module.bias
    assert torch.allclose(module(a, b)[:, 0], wanted)


def test_roots_and_logarithms_stay_finite_at_zero() -> None:
    for module in (Log(), Sqrt()):
        x = torch.zeros(3, requires_grad=True)
        y = module(x)
        y.sum().backward()
        assert y.isfinite().all()
        assert x.grad is not None
        assert x.grad.isfinite().all()
    assert Clamp(max=1.0)(torch.tensor([-9.0, 9.0])).tolist() == [-9.0, 1.0]


def test_a_learned_factor_is_a_weight() -> None:
    for module in (Scale(3.0, learned=True), Shift(3.0, learned=True)):
        (weight,) = module.parameters()
        assert weight.item() == 3.0
    assert not list(Scale(3.0).parameters())


def test_pieces_and_stretches() -> None:
    x = torch.arange(12.0).reshape(1, 12)
    assert [piece.tolist() for piece in Split(3)(x)] == [[[0, 1, 2, 3]], [[4, 5, 6, 7]], [[8, 9, 10, 11]]]
    assert [piece.shape[1] for piece in Split(sizes=(2, 7, 3))(x)] == [2, 7, 3]
    assert Slice(1, 1, -1, 4)(x).tolist() == [[1, 5, 9]]
    assert torch.equal(Permute((3, 1, 2))(A[:, None]), A[:, None].permute(0, 3, 1, 2))
    assert torch.equal(Tile((2,))(x), torch.cat((x, x), dim=1))


@pytest.mark.parametrize("operation", ["mean", "sum", "max", "min", "norm"])
def test_reductions_are_those_of_numpy(operation: str) -> None:
    reference = {"mean": np.mean, "sum": np.sum, "max": np.max, "min": np.min}.get(operation)
    for dims in ((), (1,), (2, 1)):
        made = Reduce(operation, dims)(A)  # type: ignore[arg-type]
        axes = dims or (1, 2)
        values = A.numpy()
        wanted = reference(values, axis=axes) if reference else np.sqrt((values**2).sum(axis=axes))
        np.testing.assert_allclose(made, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("mode", "numpy_mode"),
    [("constant", "constant"), ("reflect", "reflect"), ("replicate", "edge"), ("circular", "wrap")],
)
def test_borders_are_those_of_numpy(mode: str, numpy_mode: str) -> None:
    x = torch.arange(24.0).reshape(1, 2, 3, 4)
    made = Pad((1, 2, 2, 1), mode)(x)  # type: ignore[arg-type]
    wanted = np.pad(x.numpy(), ((0, 0), (0, 0), (2, 1), (1, 2)), mode=numpy_mode)  # type: ignore[call-overload]
    np.testing.assert_array_equal(made, wanted)


def test_a_crop_is_in_the_middle_or_where_it_is_told() -> None:
    x = torch.arange(36.0).reshape(1, 1, 6, 6)
    assert torch.equal(Crop((2, 4))(x), x[:, :, 2:4, 1:5])
    assert torch.equal(Crop((2, 4), (0, 2))(x), x[:, :, 0:2, 2:6])


def test_the_gram_matrix_does_not_see_where() -> None:
    x = A[None].reshape(1, 5, 3, 4)
    flat = x[0].flatten(1)
    assert torch.allclose(GramMatrix(False)(x)[0], flat @ flat.T, atol=1e-6)
    assert torch.allclose(GramMatrix()(x)[0], flat @ flat.T / 60, atol=1e-6)
    assert torch.allclose(GramMatrix()(x), GramMatrix()(x.flip(2, 3)), atol=1e-6)


def test_unit_quaternions_have_length_one() -> None:
    assert torch.allclose(UnitQuaternion()(A[:, 0]).norm(dim=1), torch.ones(5))


def test_constants_fill_their_shape() -> None:
    batch = torch.zeros(3, 9)
    assert Constant((2.0,), (2, 2))(batch).tolist() == [[[2, 2], [2, 2]]] * 3
    assert Constant((1.0, 2.0), (2,), learned=True)(batch).tolist() == [[1, 2]] * 3
    assert not Constant((1.0,)).state_dict()


def test_noise_is_fresh_in_training_and_leaves_the_generator_alone_in_eval() -> None:
    batch = torch.zeros(2000, 9)
    for distribution, deviation in (("normal", 2.0), ("uniform", 2 / 3**0.5)):
        noise = NoiseSource((4,), distribution, 2.0)  # type: ignore[arg-type]
        first = noise(batch)
        assert not torch.equal(first, noise(batch))
        assert first.std().item() == pytest.approx(deviation, rel=0.05)
        assert first.mean().item() == pytest.approx(0, abs=0.1)
        noise.eval()
        state = torch.get_rng_state()
        assert torch.equal(noise(batch), noise(batch))
        assert torch.equal(torch.get_rng_state(), state)
