from __future__ import annotations

import pytest
import torch
from torch import nn

from engine.modules.convolution import LENET_TABLE, SeparableConv1d, SeparableConv2d, TableConv2d

# Table I of LeCun et al. 1998, a row for each map of S2: the maps of C3 that read it.
READERS = (
    (0, 4, 5, 6, 9, 10, 11, 12, 14, 15),
    (0, 1, 5, 6, 7, 10, 11, 12, 13, 15),
    (0, 1, 2, 6, 7, 8, 11, 13, 14, 15),
    (1, 2, 3, 6, 7, 8, 9, 12, 14, 15),
    (2, 3, 4, 7, 8, 9, 10, 12, 13, 15),
    (3, 4, 5, 8, 9, 10, 11, 13, 14, 15),
)


def test_the_table_is_the_published_one() -> None:
    readers = tuple(tuple(out for out, row in enumerate(LENET_TABLE) if place in row) for place in range(6))
    assert readers == READERS
    assert sum(len(row) for row in LENET_TABLE) == 60


def test_c3_has_1516_weights() -> None:
    layer = TableConv2d(6, 16, (5, 5))
    assert sum(weight.numel() for weight in layer.parameters()) == 1_516


def test_each_map_reads_only_its_links() -> None:
    torch.manual_seed(0)
    layer = TableConv2d(6, 16, (3, 3), (2, 1), (1, 0))
    input = torch.randn(2, 6, 9, 8)
    made, first = layer(input), 0
    for out, row in enumerate(LENET_TABLE):
        filters = layer.weight[first : first + len(row)].unsqueeze(0)
        first += len(row)
        expected = nn.functional.conv2d(input[:, list(row)], filters, layer.bias[out : out + 1], (2, 1), (1, 0))
        torch.testing.assert_close(made[:, out : out + 1], expected)


def test_the_full_table_is_a_convolution() -> None:
    torch.manual_seed(0)
    layer = TableConv2d(3, 4, (3, 3), padding=(1, 1), bias=False, table="full")
    input = torch.randn(2, 3, 6, 6)
    expected = nn.functional.conv2d(input, layer.weight.reshape(4, 3, 3, 3), padding=1)
    torch.testing.assert_close(layer(input), expected)


def test_lenets_table_needs_its_maps() -> None:
    with pytest.raises(ValueError, match="6 maps to 16"):
        TableConv2d(3, 16, (5, 5))


def test_a_separable_convolution_is_a_convolution_of_rank_one() -> None:
    torch.manual_seed(0)
    layer = SeparableConv2d(3, 5, (3, 3), padding=(1, 1), multiplier=2)
    input = torch.randn(2, 3, 6, 6)
    mix = layer.pointwise.weight.reshape(5, 3, 2)
    filters = torch.einsum("ocm,cmhw->ochw", mix, layer.depthwise.weight.reshape(3, 2, 3, 3))
    expected = nn.functional.conv2d(input, filters, layer.pointwise.bias, padding=1)
    torch.testing.assert_close(layer(input), expected, rtol=1e-4, atol=1e-5)
    one = SeparableConv1d(3, 5, (3,), padding="same", padding_mode="circular")
    assert one(torch.randn(2, 3, 6)).shape == (2, 5, 6)
    assert sum(weight.numel() for weight in one.parameters()) == 3 * 3 + 3 * 5 + 5
