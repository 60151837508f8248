"""Mini-batches of tensors that already lie on the device, gathered a few at a time."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.training.memory_format import laid_out

_CHUNK_BATCHES = 8
_CHUNK_BYTES = 32 << 20
_SMALL_BYTES = 64 << 10
_REMEMBERED = 4


def chunk_length(batch_bytes: int) -> int:
    """How many batches to gather at once: one gather for eight saves a few percent of a small step."""
    return max(1, min(_CHUNK_BATCHES, _CHUNK_BYTES // max(1, batch_bytes)))


class Gatherer:
    """Gathers rows of one tensor into memory that it uses again when nobody holds a part of what lay there.

    What steps leave behind, such as predictions to be counted later, settles in the gap of a freed chunk: the next one
    would lie on fresh pages, and to be given those costs a small step a twentieth.
    """

    def __init__(self, tensor: Tensor) -> None:
        self._tensor = tensor
        self._own_memory = tensor.device.type == "cpu" and tensor.dtype is torch.float32
        self._lent: list[tuple[npt.NDArray[np.float32], weakref.ref[npt.NDArray[np.float32]]]] = []

    def __call__(self, rows: Tensor) -> Tensor:
        """The `rows` (int64) of the tensor, one below the other."""
        tensor = self._tensor
        if not self._own_memory or len(rows) * tensor[:1].nbytes < _SMALL_BYTES:
            return tensor.index_select(0, rows)
        return torch.index_select(tensor, 0, rows, out=self._lend((len(rows), *tensor.shape[1:])))

    def _lend(self, shape: tuple[int, ...]) -> Tensor:
        free = (buffer for buffer, lent in self._lent if lent() is None and buffer.shape == shape)
        chosen = next(free, None)
        if chosen is None:
            chosen = torch.empty(shape).numpy()
        others = [(buffer, lent) for buffer, lent in self._lent if buffer is not chosen]
        # A tensor made of an array keeps it alive for as long as one of its views lives
        array = chosen.view()
        self._lent = [*others, (chosen, weakref.ref(array))][-_REMEMBERED:]
        return torch.from_numpy(array)


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
    gatherers = [Gatherer(tensor) for tensor in tensors]
    chunk = first // length
    skip = first % length
    while chunk * length * batch_size < count:
        start = chunk * length * batch_size
        stop = min(count, start + length * batch_size)
        gathered = [
            torch.split(laid_out(gather(order[start:stop]), format), batch_size)
            for gather, order in zip(gatherers, orders, strict=True)
        ]
        batches = zip(*gathered, strict=True)
        for _ in range(skip):
            next(batches, None)
        skip = 0
        yield from batches
        chunk += 1
