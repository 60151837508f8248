"""How pictures lie in memory while a network trains on them: what convolutions on a CPU like best."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.compile.network import Network


def memory_format(network: Network) -> torch.memory_format:
    """`channels_last` where a CPU trains convolutions over pictures, `contiguous_format` elsewhere.

    With the channels of a pixel side by side, oneDNN's convolutions and torch's pools took 0.6 to 0.85 times as long
    on six convnets, and as long as before on two. Functions of the learner may rely on contiguous tensors.
    """
    fits = network.convolves_pictures and not network.has_own_code
    on_onednn: bool = network.device.type == "cpu" and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return torch.channels_last if fits and on_onednn else torch.contiguous_format


def laid_out(rows: Tensor, format: torch.memory_format) -> Tensor:
    """The same numbers; of N×channels×height×width in `format`, all others as they are."""
    if format is not torch.channels_last or rows.dim() != 4:
        return rows
    if rows.shape[1] > 1:
        return rows.contiguous(memory_format=format)
    # Of one channel both formats are the same bytes, and torch takes it for contiguous unless the strides say more.
    _, _, height, width = rows.shape
    return rows.contiguous().as_strided(rows.shape, (height * width, 1, width, 1))
