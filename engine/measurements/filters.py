"""Weights as pictures."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from engine.measurements.results import Ask
from engine.measurements.subject import Subject, block_refused, picture_shape
from engine.modules.energy import RBM, DeepBoltzmannMachine

Arrays = dict[str, np.ndarray]


def measure_filters(subject: Subject, ask: Ask) -> Arrays:
    """The answer to a `filters` ask. Raises Refused: `no-filters`, `bypassed`, `not-in-network`."""
    weight = weight_of(subject, ask.block)
    if weight is None:
        raise block_refused("no-filters", subject.network, ask.block)
    shown = as_pictures(folded(subject, ask.block, weight))
    before = _before_training(subject, ask.block, weight)
    norm = weight.norm()
    change = (weight - before).norm() / before.norm() if before is not None else torch.zeros(())
    return {
        "filters": shown[: max(ask.count, 1)].contiguous().cpu().numpy(),
        "limit": limit_of(shown),
        "norm": _scalar(norm),
        "change": _scalar(torch.nan_to_num(change, posinf=0.0)),
    }


def as_pictures(filters: Tensor) -> Tensor:
    """F×C×H×W as F×H×W×3 where C is 3, else the mean of the channels, F×H×W."""
    return filters.movedim(1, -1) if filters.shape[1] == 3 else filters.mean(1)


def limit_of(pictures: Tensor) -> np.ndarray:
    """The largest magnitude: of all pictures of a block, so that each looks alike wherever some of them are shown."""
    return _scalar(pictures.abs().max())


def weight_of(subject: Subject, key: str) -> Tensor | None:
    """The weight of a convolution (F×C×H×W or F×C×steps), dense block or RBM (F×inputs) at the path `key`; else None.

    Of a deep Boltzmann machine, that of its lowest layer.
    """
    if not subject.network.has_block(key):
        return None
    block = subject.network.block(key)
    weight = block.weights[0] if isinstance(block, DeepBoltzmannMachine) else getattr(block, "weight", None)
    if not isinstance(weight, Tensor) or weight.dim() not in (2, 3, 4):
        return None
    return torch.nan_to_num(_of_values(block, weight).detach().float())


def _of_values(block: nn.Module, weight: Tensor) -> Tensor:
    """The part of a weight that reads what comes in: an RBM's without its label units."""
    return weight[:, : -block.labels] if isinstance(block, RBM) and block.labels else weight


def folded(subject: Subject, key: str, weight: Tensor) -> Tensor:
    """`weight` as F×C×H×W: as it is, F×C×1×steps, folded like the pictures that the block reads, or F×1×1×inputs."""
    if weight.dim() == 4:
        return weight
    if weight.dim() == 3:
        return weight[:, :, None, :]
    shape = picture_shape(subject.network, subject.network.call_of(key).sources[0])
    if shape is not None and shape[0] * shape[1] * shape[2] == weight.shape[1]:
        return weight.reshape(len(weight), *shape)
    return weight[:, None, None, :]


def _before_training(subject: Subject, key: str, weight: Tensor) -> Tensor | None:
    target = subject.network.call_of(key).target
    owner = next(call for call in subject.network.program.all_calls if call.owner and call.target == target)
    block = subject.network.block(key)
    name = "weights.0" if isinstance(block, DeepBoltzmannMachine) else "weight"
    before = subject.initial_state.get(f"{owner.key}.{name}")
    if before is None or _of_values(block, before).shape != weight.shape:
        return None
    return _of_values(block, before).to(weight.device).float()


def _scalar(value: Tensor) -> np.ndarray:
    return np.asarray(float(value), np.float32)
