"""A block's output on the validation part, seen along its two main directions."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from engine.compile.network import Network
from engine.measurements.results import Ask
from engine.measurements.subject import (
    Subject,
    block_refused,
    dataset_pictures,
    labels_and_data,
    outputs,
    part_length,
    spread,
)

Arrays = dict[str, np.ndarray]

_MOST_ROWS = 1000
_EXACT_UP_TO = 256  # columns; beyond, an eigenproblem of that size would hold up the training
_COLUMNS = 8
_ITERATIONS = 40

_axes_shown: WeakKeyDictionary[Network, dict[str, Tensor]] = WeakKeyDictionary()


def measure_latent(subject: Subject, ask: Ask) -> Arrays:
    """The answer to a `latent` ask.

    Raises Refused: `no-output`, `not-finite`, `too-large`, `no-dataset`, `bypassed`, `not-in-network`.
    """
    network = subject.network
    port = _port(network, ask.block)
    if port is None or len(network.program.specs[port].shape) < 1:
        raise block_refused("no-output", network, ask.block)
    positions = spread(part_length(subject, "validation"), min(max(ask.count, 1), _MOST_ROWS))
    (values,) = outputs(subject, (port,), "validation", positions)
    values = values.reshape(len(values), -1).float()
    if not bool(values.isfinite().all()):
        raise block_refused("not-finite", network, ask.block)
    if not bool((values - values.mean(0)).square().sum().isfinite()):
        raise block_refused("too-large", network, ask.block)
    kept = _axes_shown.setdefault(network, {})
    axes, explained = principal_axes(values, kept.get(ask.id))
    kept[ask.id] = axes
    points = (values - values.mean(0)) @ axes
    data, label_field = labels_and_data(subject)
    rows = data.rows("validation")[positions.to(data.device)]
    labels = data.tensors[label_field][rows] if label_field else torch.full_like(rows, -1)
    answer = {
        "points": points.cpu().numpy(),
        "labels": labels.cpu().numpy().astype(np.int64),
        "rows": rows.cpu().numpy(),
        "explained": explained.cpu().numpy().astype(np.float32),
    }
    pictures = dataset_pictures(data, rows)
    if pictures is not None:
        answer["pictures"] = pictures.numpy()
    return answer


def _port(network: Network, block: str) -> str | None:
    """What is shown of a block: of an Input its first field that is no label, else its first output."""
    fields = (source.key for source in network.inputs if source.block == block)
    values = (key for key in fields if not network.program.specs[key].is_label)
    return next(values, None) or network.output_of(block)


def principal_axes(values: Tensor, before: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """The two unit axes (D×2) along which `values` (M×D) vary most, and their shares of the variance (2).

    Each points as the one `before` did; without one its largest entry is positive. Missing axes (D = 1) are zero.
    Exact to float32 up to 256 columns, by subspace iteration beyond (Halko, Martinsson, Tropp 2011), started from
    `before`.
    """
    centred = values - values.mean(0)
    columns = values.shape[1]
    total = centred.square().sum()
    if columns <= _EXACT_UP_TO:
        _, vectors = torch.linalg.eigh(centred.T @ centred)
        axes = vectors.flip(1)[:, :2]
    else:
        axes = _iterated(centred, before)
    if axes.shape[1] < 2:
        axes = torch.cat([axes, torch.zeros_like(axes)], dim=1)
    if before is not None and before.shape == axes.shape:
        signs = torch.where((axes * before).sum(0) < 0, -1.0, 1.0)
    else:
        largest = axes.gather(0, axes.abs().argmax(0, keepdim=True))[0]
        signs = torch.where(largest < 0, -1.0, 1.0)
    axes = axes * signs
    explained = (centred @ axes).square().sum(0) / total.clamp_min(torch.finfo(total.dtype).tiny)
    return axes, explained


def _iterated(centred: Tensor, before: Tensor | None) -> Tensor:
    columns = centred.shape[1]
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(columns, min(_COLUMNS, columns), generator=generator).to(centred.device)
    if before is not None and before.shape == (columns, 2):
        start[:, :2] = before * columns**0.5
    basis: Tensor = torch.linalg.qr(start).Q
    found = torch.zeros(2, device=centred.device)
    axes = basis[:, :2]
    for _ in range(_ITERATIONS):
        projected = centred @ basis
        _, _, turned = torch.linalg.svd(projected, full_matrices=False)
        basis = basis @ turned.T
        axes, variance = basis[:, :2], (projected @ turned.T[:, :2]).square().sum(0)
        if bool(((variance - found).abs() <= 1e-5 * variance).all()):
            break
        found = variance
        basis = torch.linalg.qr(centred.T @ (centred @ basis)).Q
    return axes
