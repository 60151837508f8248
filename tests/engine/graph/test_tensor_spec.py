import msgspec
import pytest

from engine.graph.tensor_spec import Dim, TensorSpec, bytes_per_sample

N, T, T2 = Dim("N"), Dim("T"), Dim("T′")


@pytest.mark.parametrize(
    ("shape", "whole", "sample"),
    [
        ((N, 6, 28, 28), "N×6×28×28", "6×28×28"),
        ((N, 10), "N×10", "10"),
        ((N,), "N", "1"),
        ((N, T, 32), "N×T×32", "T×32"),
        ((N, T2, 32), "N×T′×32", "T′×32"),
        ((Dim("N", 4), 8), "4N×8", "8"),
        ((3, 4), "3×4", "3×4"),
        ((), "scalar", "1"),
    ],
)
def test_shapes_print(shape: tuple[int | Dim, ...], whole: str, sample: str) -> None:
    spec = TensorSpec(shape, "float32")
    assert str(spec) == whole
    assert spec.per_sample == sample
    assert spec.rank == len(shape)


def test_time_and_labels_are_told_apart() -> None:
    assert TensorSpec((N, T, 3), "float32").has_time
    assert TensorSpec((N, T2), "float32").has_time
    assert not TensorSpec((N, 3), "float32").has_time
    assert TensorSpec((N,), "int64").is_label
    assert not TensorSpec((N,), "float32").is_label


@pytest.mark.parametrize(
    ("spec", "size"),
    [
        (TensorSpec((N, 6, 28, 28), "float32"), 6 * 28 * 28 * 4),
        (TensorSpec((N,), "int64"), 8),
        (TensorSpec((Dim("N", 4), 3), "float64"), 4 * 3 * 8),
        (TensorSpec((N, T, 5), "float32"), 20 * 5 * 4),
        (TensorSpec((N, Dim("T′", 2)), "bool"), 40),
        (TensorSpec((), "float32"), 4),
    ],
)
def test_bytes_per_sample(spec: TensorSpec, size: int) -> None:
    assert bytes_per_sample(spec, time=20) == size


def test_specs_survive_json_and_can_be_keys() -> None:
    spec = TensorSpec((N, 3, Dim("T′", 2)), "float32")
    assert msgspec.json.decode(msgspec.json.encode(spec), type=TensorSpec) == spec
    assert len({spec, TensorSpec((Dim("N"), 3, Dim("T′", 2)), "float32")}) == 1
