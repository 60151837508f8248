from __future__ import annotations

import pytest

from engine.graph.tensor_spec import Dim, TensorSpec
from tests.engine.blocks.asking import expect, shape

N, T = Dim("N"), Dim("T")
PICTURE = TensorSpec((N, 4, 8, 8), "float32")


def test_same_padding_keeps_the_size_and_time() -> None:
    assert shape("conv1d", TensorSpec((N, 4, T), "float32"), kernel_size=(5,)) == "N×16×T"
    assert shape("conv1d", TensorSpec((N, 4, T), "float32"), padding="none") == "N×16×T′"
    assert shape("conv3d", TensorSpec((N, 2, 4, 4, 4), "float32"), kernel_size=(3, 2, 1)) == "N×16×4×4×4"
    assert shape("conv2d", PICTURE, kernel_size=(4, 4), dilation=(2, 1)) == "N×16×8×8"
    assert shape("depthwise_conv2d", PICTURE, multiplier=3) == "N×12×8×8"
    assert shape("separable_conv2d", PICTURE, stride=(2, 2)) == "N×16×4×4"


def test_a_sequence_with_its_steps_in_front_is_offered_a_permute_that_mends_it() -> None:
    for id in ("conv1d", "depthwise_conv1d", "separable_conv1d", "conv_transpose1d"):
        fault = expect(id, TensorSpec((N, T, 3), "float32"))
        assert fault is not None
        (repair,) = fault.repairs
        turned = shape(repair.type, TensorSpec((N, T, 3), "float32"), **dict(repair.parameters))
        assert turned == "N×3×T"
        assert expect(id, TensorSpec((N, 3, T), "float32")) is None
    both_vary = expect("conv1d", TensorSpec((N, T, Dim("T′")), "float32"))
    assert both_vary is not None
    assert both_vary.repairs == ()


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5, 7])
@pytest.mark.parametrize("step", [2, 3])
@pytest.mark.parametrize("gap", [1, 2])
def test_transposed_same_padding_multiplies_the_size_by_the_stride(kernel: int, step: int, gap: int) -> None:
    changed = {"kernel_size": (kernel,) * 2, "stride": (step,) * 2, "dilation": (gap,) * 2}
    assert shape("conv_transpose2d", PICTURE, **changed) == f"N×16×{8 * step}×{8 * step}"


def test_transposed_same_padding_needs_an_odd_kernel_at_stride_1() -> None:
    fault = expect("conv_transpose2d", PICTURE, kernel_size=(4, 3), stride=(1, 1))
    assert fault is not None
    assert fault.facts["reason"] == "where its stride is 1, a kernel of 4×3 cannot keep the size"
    assert shape("conv_transpose2d", PICTURE, kernel_size=(3, 3), stride=(1, 1)) == "N×16×8×8"
    fault = expect("conv_transpose1d", TensorSpec((N, 4, T), "float32"), padding="custom", output_padding=(2,))
    assert fault is not None
    assert fault.facts["reason"] == "its output padding of 2 is not below its stride of 2"


@pytest.mark.parametrize("id", ["conv2d", "conv_transpose2d"])
def test_groups_divide_the_channels_and_the_filters(id: str) -> None:
    assert expect(id, PICTURE, groups=4) is None
    for changed in ({"groups": 3}, {"groups": 4, "out_channels": 6}):
        fault = expect(id, PICTURE, **changed)
        assert fault is not None
        assert "do not divide" in str(fault.facts["reason"])


@pytest.mark.parametrize("id", ["conv2d", "depthwise_conv2d", "separable_conv2d"])
def test_a_border_can_only_reflect_what_is_there(id: str) -> None:
    spec = TensorSpec((N, 4, 3, 3), "float32")
    for mode, allowed in (("zeros", 9), ("replicate", 9), ("circular", 3), ("reflect", 2)):
        for pad in (2, 3, 4):
            changed = {"padding": "custom", "padding_size": (pad, pad), "padding_mode": mode}
            fault = expect(id, spec, **changed)
            assert (fault is None) == (pad <= allowed), (mode, pad)
            if fault is None:
                assert shape(id, spec, **changed)


def test_a_sequence_with_its_features_last_is_told_to_turn() -> None:
    fault = expect("conv1d", TensorSpec((N, T, 6), "float32"))
    assert fault is not None
    assert "Permute" in str(fault.facts["hint"])


def test_lenets_table_reads_6_maps_and_gives_16() -> None:
    maps = TensorSpec((N, 6, 14, 14), "float32")
    assert shape("table_conv2d", maps) == "N×16×10×10"
    for spec, changed in ((PICTURE, {}), (maps, {"out_channels": 8})):
        fault = expect("table_conv2d", spec, **changed)
        assert fault is not None
        assert "LeNet" in str(fault.facts["reason"])
    assert shape("table_conv2d", PICTURE, table="full", kernel_size=(3, 3), out_channels=8) == "N×8×6×6"


def test_a_histogram_needs_a_whole_block_of_cells() -> None:
    assert shape("hog", PICTURE) == "N×36×1×1"
    fault = expect("hog", PICTURE, cell_size=5)
    assert fault is not None
    assert (fault.code, fault.facts["window"]) == ("window", "10×10")
