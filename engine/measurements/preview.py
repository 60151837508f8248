"""A few small pictures of a block for the strip on the canvas."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from engine.measurements.filters import as_pictures, folded, limit_of, weight_of
from engine.measurements.results import Ask
from engine.measurements.subject import (
    Subject,
    block_refused,
    origin,
    outputs,
    picture_shape,
    unstandardised,
)

Arrays = dict[str, np.ndarray]

_LARGEST = 128  # entries of a matrix shown whole, each way


def measure_preview(subject: Subject, ask: Ask) -> Arrays:
    """The answer to a `preview` ask. Raises Refused: `no-output`, `no-dataset`, `bypassed`, `not-in-network`."""
    count = max(ask.count, 1)
    weight = weight_of(subject, ask.block)
    if weight is not None:
        shaped = folded(subject, ask.block, weight)
        if shaped.shape[2] > 1:
            pictures = as_pictures(shaped)
            return _answer(pictures[:count], signed=True) | {"limit": limit_of(pictures)}
        matrix = weight.reshape(len(weight), -1)
        return _answer(matrix[None, :_LARGEST, :_LARGEST], signed=True) | {"limit": limit_of(matrix)}
    network = subject.network
    port = network.output_of(ask.block)
    if port is None or len(network.program.specs[port].shape) < 1:
        raise block_refused("no-output", network, ask.block)
    (values,) = outputs(subject, (port,), "validation", torch.zeros(1, dtype=torch.int64))
    source = origin(network, port)
    if source is not None and values.is_floating_point():
        values = unstandardised(subject, source, values)
    pictures = _channels(values[0].float(), picture_shape(network, port))[:count]
    if source is None or pictures.shape[1] == 1:
        low, high = pictures.amin(), pictures.amax()
        pictures = (pictures - low) / (high - low).clamp_min(1e-12)
    return _answer(torch.nan_to_num(pictures).clamp(0, 1), signed=False)


def _channels(sample: Tensor, shape: tuple[int, int, int] | None) -> Tensor:
    """One sample as M×H×W: its channels, else all of it as one picture."""
    if shape is not None:
        return sample.reshape(shape)
    if sample.dim() == 2:
        return sample[None, :_LARGEST, :_LARGEST]
    return sample.reshape(1, 1, -1)[:, :, :_LARGEST]


def _answer(pictures: Tensor, *, signed: bool) -> Arrays:
    return {"pictures": pictures.contiguous().cpu().numpy(), "signed": np.asarray(int(signed), np.int64)}
