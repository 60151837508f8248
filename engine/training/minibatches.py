"""Mini-batches of tensors that already lie on the device, gathered a few at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from engine.training.memory_format import laid_out

_CHUNK_BATCHES = 8
_CHUNK_BYTES = 32 << 20


def chunk_length(batch_bytes: int) -> int:
    """How many batches to gather at once: one gather for eight saves a few percent of a small step."""
    return max(1, min(_CHUNK_BATCHES, _CHUNK_BYTES // max(1, batch_bytes)))


def minibatches(
    tensors: Sequence[Tensor],
    orders: Sequence[Tensor],
    batch_size: int,
    first: int = 0,
    format: torch.memory_format = torch.contiguous_format,
) -> Iterator[tuple[Tensor, ...]]:
    """Batches of rows of `tensors` in the `orders` given (row numbers, one a tensor), from batch `first` on.

    The last batch may be short. Pictures come in the memory format `format`. Chunks begin at the same rows wherever
    `first` is: a kernel may sum in another order where its input is aligned otherwise, and a resumed epoch must give
    the same bits.
    """
    count = len(orders[0])
    batch_bytes = batch_size * sum(tensor[:1].numel() * tensor.element_size() for tensor in tensors)
    length = chunk_length(batch_bytes)
    chunk = first // length
    skip = first % length
    while chunk * length * batch_size < count:
        start = chunk * length * batch_size
        stop = min(count, start + length * batch_size)
        gathered = [
            torch.split(laid_out(tensor.index_select(0, order[start:stop]), format), batch_size)
            for tensor, order in zip(tensors, orders, strict=True)
        ]
        batches = zip(*gathered, strict=True)
        for _ in range(skip):
            next(batches, None)
        skip = 0
        yield from batches
        chunk += 1
