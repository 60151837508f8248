"""Batches hold every row once, in order, and begin at the same rows wherever one begins."""

from __future__ import annotations

import pytest
import torch

from engine.training.minibatches import chunk_length, minibatches


@pytest.mark.parametrize("rows", [1, 63, 64, 65, 1257])
@pytest.mark.parametrize("batch", [1, 10, 64])
def test_every_row_comes_once_in_order(rows, batch):
    values, labels = torch.rand(2000, 3), torch.arange(2000)
    order = torch.randperm(2000)[:rows]
    batches = list(minibatches([values, labels], [order, order], batch))
    assert [len(some) for _, some in batches] == [batch] * (rows // batch) + ([rows % batch] if rows % batch else [])
    assert torch.equal(torch.cat([some for _, some in batches]), order)
    assert torch.equal(torch.cat([some for some, _ in batches]), values[order])


@pytest.mark.parametrize("first", [0, 1, 7, 8, 9, 19])
def test_an_epoch_can_begin_anywhere_with_the_same_alignment(first):
    values = torch.rand(2000, 3)
    order = torch.randperm(2000)[:1257]
    whole = [batch for (batch,) in minibatches([values], [order], 64)]
    rest = [batch for (batch,) in minibatches([values], [order], 64, first)]
    assert len(rest) == 20 - first
    for expected, batch in zip(whole[first:], rest, strict=True):
        assert torch.equal(batch, expected)
        assert batch.storage_offset() == expected.storage_offset()


def test_nothing_is_left_after_the_last_batch():
    order = torch.arange(128)
    assert list(minibatches([order], [order], 64, 2)) == []


def test_large_batches_are_gathered_one_at_a_time():
    assert chunk_length(64 * 784 * 4) == 8
    assert chunk_length(100 << 20) == 1
