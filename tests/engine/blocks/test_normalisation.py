from __future__ import annotations

import pytest
import torch

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.probing import construct
from engine.graph.tensor_spec import Dim, TensorSpec
from tests.engine.blocks.asking import defaults, expect

N, T = Dim("N"), Dim("T")
ROWS, STEPS = TensorSpec((N, 12), "float32"), TensorSpec((N, T, 6), "float32")
PICTURE, POINT = TensorSpec((N, 8, 4, 4), "float32"), TensorSpec((N, 8, 1, 1), "float32")


@pytest.mark.parametrize("id", ["layer_norm", "rms_norm"])
@pytest.mark.parametrize(
    ("spec", "over", "shape"),
    [
        (ROWS, "automatic", (12,)),
        (STEPS, "automatic", (6,)),
        (PICTURE, "automatic", (8, 4, 4)),
        (PICTURE, "last axis", (4,)),
        (TensorSpec((N, 5, 6), "float32"), "whole sample", (5, 6)),
    ],
)
def test_what_is_normalised_together(id: str, spec: TensorSpec, over: str, shape: tuple[int, ...]) -> None:
    assert expect(id, spec, over=over) is None
    assert BLOCK_TYPES[id].arguments(defaults(id, over=over), {"input": spec})["normalized_shape"] == shape


def test_a_whole_sample_of_unknown_length_cannot_be_scaled() -> None:
    assert expect("layer_norm", STEPS, over="whole sample") is not None


def test_single_numbers_have_no_deviation() -> None:
    fault = expect("instance_norm2d", POINT)
    assert fault is not None
    assert fault.facts["expected"] == "several places a channel"
    assert expect("group_norm", POINT, num_groups=8) is not None
    assert expect("group_norm", POINT, num_groups=4) is None
    assert expect("group_norm", PICTURE, num_groups=8) is None
    fault = expect("group_norm", PICTURE, num_groups=3)
    assert fault is not None
    assert "divide" in str(fault.facts["expected"])


def test_the_default_response_norm_is_alexnets() -> None:
    """Krizhevsky et al. 2012: b = a / (2 + 10⁻⁴ Σ a²)^0.75 over 5 neighbouring channels."""
    type = BLOCK_TYPES["local_response_norm"]
    module = construct(type, defaults(type.id), {"input": PICTURE})
    input = torch.randn(2, 8, 4, 4) * 50
    expected = torch.empty_like(input)
    for channel in range(8):
        near = input[:, max(0, channel - 2) : channel + 3].square().sum(1)
        expected[:, channel] = input[:, channel] / (2 + 1e-4 * near) ** 0.75
    torch.testing.assert_close(module(input), expected)


def test_wrapped_layers_refuse_what_the_plain_ones_refuse() -> None:
    for id in ("weight_norm_dense", "spectral_norm_dense"):
        fault = expect(id, PICTURE)
        assert fault is not None
        assert fault.repairs[0].type == "flatten"
    assert expect("spectral_norm_conv2d", ROWS) is not None
    names = {name for _, group in BLOCK_TYPES["weight_norm_conv2d"].weights({"bias": True}) for name in group}
    module = construct(BLOCK_TYPES["weight_norm_conv2d"], defaults("weight_norm_conv2d"), {"input": PICTURE})
    assert names == dict(module.named_parameters()).keys()
