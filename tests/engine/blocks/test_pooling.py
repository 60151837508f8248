from __future__ import annotations

import itertools

import pytest
import torch

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.probing import construct, probe
from engine.graph.block_type import Mismatch
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.graph.values import Value
from tests.engine.blocks.asking import defaults, expect, shape

N, T = Dim("N"), Dim("T")
PICTURE, SEQUENCE = TensorSpec((N, 4, 8, 8), "float32"), TensorSpec((N, 4, T), "float32")
VOLUME = TensorSpec((N, 2, 4, 4, 4), "float32")


@pytest.mark.parametrize(
    ("id", "spec", "changed", "expected"),
    [
        ("max_pool1d", SEQUENCE, {}, "N×4×T′"),
        ("avg_pool3d", VOLUME, {"kernel_size": (2, 1, 4)}, "N×2×2×4×1"),
        ("sum_pool2d", PICTURE, {"kernel_size": (3, 3), "stride": (2, 2)}, "N×4×3×3"),
        ("sum_pool2d", PICTURE, {"kernel_size": (3, 3), "stride": (2, 2), "ceil_mode": True}, "N×4×4×4"),
        ("global_max_pool1d", SEQUENCE, {}, "N×4"),
        ("global_avg_pool3d", VOLUME, {}, "N×2"),
        ("adaptive_avg_pool1d", SEQUENCE, {"output_size": (3,)}, "N×4×3"),
        ("adaptive_max_pool2d", PICTURE, {"output_size": (3, 5)}, "N×4×3×5"),
        ("fractional_max_pool2d", PICTURE, {"output_ratio": 0.7}, "N×4×5×5"),
        ("upsample", SEQUENCE, {"mode": "linear"}, "N×4×2T"),
        ("upsample", PICTURE, {"mode": "cubic"}, "N×4×16×16"),
        ("upsample", VOLUME, {"scale_factor": 3.0, "mode": "linear"}, "N×2×12×12×12"),
        ("unpool2d", PICTURE, {"kernel_size": (1, 3)}, "N×4×8×24"),
        ("unpool1d", SEQUENCE, {"kernel_size": (3,)}, "N×4×3T"),
        ("unpool3d", VOLUME, {"kernel_size": (1, 2, 3)}, "N×2×4×8×12"),
        ("pixel_shuffle", PICTURE, {}, "N×1×16×16"),
        ("pixel_unshuffle", PICTURE, {"downscale_factor": 4}, "N×64×2×2"),
        ("subsampling", PICTURE, {}, "N×4×4×4"),
    ],
)
def test_shapes(id: str, spec: TensorSpec, changed: dict[str, Value], expected: str) -> None:
    assert shape(id, spec, **changed) == expected


@pytest.mark.parametrize("id", ["max_pool2d", "avg_pool2d", "sum_pool2d", "lp_pool2d"])
def test_windows_and_padding_must_fit(id: str) -> None:
    fault = expect(id, PICTURE, kernel_size=(9, 2))
    assert fault is not None
    assert fault.code == "window"
    fault = expect(id, PICTURE, padding=(2, 0))
    assert fault is not None
    assert fault.facts["reason"] == "a padding of 2×0 is more than half its window"


def test_shuffles_need_channels_and_sides_that_divide() -> None:
    fault = expect("pixel_shuffle", PICTURE, upscale_factor=3)
    assert fault is not None
    assert fault.facts["expected"] == "a multiple of 9 channels"
    fault = expect("pixel_unshuffle", PICTURE, downscale_factor=3)
    assert fault is not None
    assert fault.facts["expected"] == "sides that 3 divides"


def test_cubic_interpolation_is_for_pictures() -> None:
    fault = expect("upsample", SEQUENCE, mode="cubic")
    assert fault is not None
    assert fault.code == "rank"


def unpooled(id: str, spec: TensorSpec, like: TensorSpec | None = None, **changed: Value) -> Mismatch | str:
    """What a Max unpool makes of numbers and places of this shape, or why it refuses them."""
    type, parameters = BLOCK_TYPES[id], defaults(id, **changed)
    inputs = {"input": spec, "indices": TensorSpec(spec.shape, "int64")} | ({} if like is None else {"like": like})
    fault = type.expect(parameters, inputs)
    found = probe(type, parameters, inputs, None)
    return fault or found.refusal or str(found.outputs["output"])


def test_a_max_pool_tells_the_places_only_if_asked() -> None:
    for dimensions in (1, 2, 3):
        type = BLOCK_TYPES[f"max_pool{dimensions}d"]
        assert [port.id for port in type.ports(defaults(type.id), None).outputs] == ["output"]
        asked = defaults(type.id, return_indices=True)
        assert [port.id for port in type.ports(asked, None).outputs] == ["output", "indices"]
    places = probe(BLOCK_TYPES["max_pool2d"], defaults("max_pool2d", return_indices=True), {"input": PICTURE}, None)
    assert {port: f"{spec} {spec.dtype}" for port, spec in places.outputs.items()} == {
        "output": "N×4×4×4 float32",
        "indices": "N×4×4×4 int64",
    }


def test_max_unpooling_reads_numbers_places_and_a_size() -> None:
    assert unpooled("max_unpool1d", SEQUENCE) == "N×4×2T"
    assert unpooled("max_unpool2d", PICTURE) == "N×4×16×16"
    assert unpooled("max_unpool2d", PICTURE, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1)) == "N×4×15×15"
    assert unpooled("max_unpool2d", PICTURE, like=TensorSpec((N, 4, 17, 16), "float32")) == "N×4×17×16"
    assert unpooled("max_unpool3d", VOLUME) == "N×2×8×8×8"
    far = unpooled("max_unpool2d", PICTURE, like=TensorSpec((N, 4, 40, 40), "float32"))
    assert isinstance(far, str)
    assert far.startswith("invalid output_size")
    fault = BLOCK_TYPES["max_unpool2d"].expect(defaults("max_unpool2d"), {"input": PICTURE, "indices": PICTURE})
    assert fault is not None
    assert (fault.code, fault.port) == ("dtype", "indices")
    assert "Switch on Places" in str(fault.facts["hint"])
    shorter = TensorSpec((N, 4, 4, 4), "int64")
    fault = BLOCK_TYPES["max_unpool2d"].expect(defaults("max_unpool2d"), {"input": PICTURE, "indices": shorter})
    assert fault is not None
    assert (fault.code, fault.port) == ("channels", "indices")
    other = unpooled("max_unpool2d", PICTURE, like=TensorSpec((N, 3, 16, 16), "float32"))
    assert isinstance(other, Mismatch)
    assert other.port == "like"


@pytest.mark.parametrize("dimensions", [2, 3])
def test_fractional_windows_without_room_are_refused_in_words_exactly_where_torch_refuses(dimensions: int) -> None:
    type = BLOCK_TYPES[f"fractional_max_pool{dimensions}d"]
    refused = 0
    for side, extent, ratio in itertools.product((1, 2, 3, 5, 8, 9), (1, 2, 3, 4, 7), (0.1, 0.3, 0.5, 0.7, 0.9, 0.99)):
        parameters = {"kernel_size": (extent,) * dimensions, "output_ratio": ratio}
        spec = TensorSpec((N, 2) + (side,) * dimensions, "float32")
        fault = type.expect(parameters, {"input": spec})
        if extent > side:
            assert fault is not None
            assert fault.code == "window"
            continue
        try:
            construct(type, parameters, {"input": spec})(torch.rand(2, 2, *(side,) * dimensions))
        except RuntimeError:
            assert fault is not None
            refused += 1
        else:
            assert fault is None
    assert refused > 20


def test_the_room_for_fractional_windows_is_told() -> None:
    volume = TensorSpec((N, 2, 8, 8, 5), "float32")
    fault = expect("fractional_max_pool3d", volume, output_ratio=0.7, kernel_size=(2, 2, 3))
    assert fault is not None
    assert fault.facts["reason"] == "an axis of 5 places is too short to shift 3 windows of 3 (it needs 6)"


def test_a_ratio_that_leaves_nothing_is_refused_in_words() -> None:
    type = BLOCK_TYPES["fractional_max_pool2d"]
    parameters = {"kernel_size": (1, 1), "output_ratio": 0.2}
    assert probe(type, parameters, {"input": PICTURE}, None).outputs["output"].shape[2:] == (1, 1)
    found = probe(type, {**parameters, "output_ratio": 0.1}, {"input": PICTURE}, None)
    assert found.refusal == "nothing would be left of it, N×4×0×0"
