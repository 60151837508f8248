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


def test_a_batch_that_somebody_holds_is_never_gathered_over():
    values = torch.rand(4000, 784)
    order = torch.randperm(4000)
    held = []
    for index, (batch,) in enumerate(minibatches([values], [order], 64)):
        if index % 11 == 0:
            held.append((index, batch[:, 1:3]))
    for index, part in held:
        assert torch.equal(part, values[order[index * 64 : index * 64 + 64], 1:3])


def test_memory_of_batches_that_went_is_used_again():
    values, order = torch.rand(64 * 80, 784), torch.randperm(64 * 80)
    places = {batch.untyped_storage().data_ptr() for (batch,) in minibatches([values], [order], 64)}
    assert len(places) <= 3, "ten chunks, of which two live at once"


def test_pictures_of_one_channel_with_their_channels_last_are_gathered_over_only_when_they_went():
    values, order = torch.rand(3000, 1, 28, 28), torch.randperm(3000)
    batches = [batch for (batch,) in minibatches([values], [order], 64, 0, torch.channels_last)]
    assert torch.equal(torch.cat(batches), values[order])
    assert batches[0].is_contiguous(memory_format=torch.channels_last)
