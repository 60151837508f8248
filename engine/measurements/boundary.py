"""What a network with two inputs says of every point of the plane."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from engine.compile.network import NetworkLoss
from engine.graph.problem import refused
from engine.measurements.results import Ask
from engine.measurements.subject import Subject, data_of, spread
from engine.measurements.transforms import chosen_loss, transformed

Arrays = dict[str, np.ndarray]

_RESOLUTION = 80
_MARGIN = 0.1


def measure_boundary(subject: Subject, ask: Ask) -> Arrays:
    """The answer to a `boundary` ask. Raises Refused: `boundary`, `no-loss`, `no-dataset`."""
    network = subject.network
    loss = chosen_loss(network, ask.block)
    assert loss.prediction is not None
    cut = network.slice((loss.prediction,))
    read = {source.key: source for source in network.inputs if source.key in cut.inputs}
    specs = [network.program.specs[key] for key in cut.inputs]
    if len(specs) != 1 or specs[0].shape[1:] != (2,):
        received = " and ".join(f"{key.rpartition('/')[2]} {network.program.specs[key]}" for key in cut.inputs)
        raise refused("boundary", received=received or "nothing")
    source = read[cut.inputs[0]]
    data = data_of(subject, source)
    points = torch.from_numpy(data.dataset.arrays[source.field])
    low, high = points.amin(0), points.amax(0)
    margin = _MARGIN * (high - low).clamp_min(1e-6)
    low, high = low - margin, high + margin
    xs = torch.linspace(float(low[0]), float(high[0]), _RESOLUTION)
    ys = torch.linspace(float(low[1]), float(high[1]), _RESOLUTION)
    plane = torch.stack(torch.meshgrid(xs, ys, indexing="xy"), dim=-1).reshape(-1, 2)
    moments = data.dataset.moments.get(source.field)
    if moments is not None:
        mean, deviation = (torch.from_numpy(moment) for moment in moments)
        plane = (plane - mean) / deviation
    (prediction,) = cut.module(plane.to(data.device))
    rows = data.rows("train")[spread(len(data.rows("train")), ask.count).to(data.device)]
    shown = rows.cpu().numpy()
    label_field = data.dataset.label_field
    labels = data.dataset.arrays[label_field][shown] if label_field else np.full(len(shown), -1, np.int64)
    grid = _one_number(prediction, loss).reshape(_RESOLUTION, _RESOLUTION)
    return {
        "grid": grid.float().cpu().numpy(),
        "extent": np.array([low[0], high[0], low[1], high[1]], np.float32),
        "points": data.dataset.arrays[source.field][shown],
        "labels": labels,
    }


def _one_number(prediction: Tensor, loss: NetworkLoss) -> Tensor:
    values = transformed(prediction, loss).reshape(len(prediction), -1)
    if loss.transform == "softmax":
        return values[:, 1] if values.shape[1] == 2 else values.argmax(1)
    return values[:, 0] if values.shape[1] == 1 else values.argmax(1)
