"""Accuracy: how many predictions are right, counted on the device."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from engine.compile.network import NetworkLoss

_HELD = 1 << 22
"""Predictions are held back up to this many numbers, and counted together: counting costs a step a few percent."""


def has_accuracy(loss: NetworkLoss) -> bool:
    """Whether a loss compares with classes: labels, or yes and no."""
    return loss.transform != "none" and loss.target_spec is not None and loss.target_spec.is_label


class AccuracyCounter:
    """Counts right predictions of the losses that have an accuracy, without waiting for the device."""

    def __init__(self, losses: Sequence[NetworkLoss], device: torch.device) -> None:
        self.heads = [(index, loss.transform) for index, loss in enumerate(losses) if has_accuracy(loss)]
        self._right = [torch.zeros((), dtype=torch.int64, device=device) for _ in self.heads]
        self._seen = [0] * len(self.heads)
        self._held: list[list[tuple[Tensor, Tensor]]] = [[] for _ in self.heads]
        self._numbers = 0

    def add(self, predictions: Sequence[Tensor | None], targets: Sequence[Tensor | None]) -> None:
        """The raw predictions and targets of one batch, one of each a loss; kept until `count`."""
        for held, (index, _) in zip(self._held, self.heads, strict=True):
            prediction, target = predictions[index], targets[index]
            if prediction is not None and target is not None:
                held.append((prediction.detach(), target))
                self._numbers += prediction.numel()
        if self._numbers > _HELD:
            self.count()

    @torch.no_grad()
    def count(self) -> None:
        """Count what was added since."""
        self._numbers = 0
        for head, (_, transform) in enumerate(self.heads):
            held = self._held[head]
            if not held:
                continue
            prediction = torch.cat([prediction for prediction, _ in held])
            target = torch.cat([target for _, target in held])
            held.clear()
            self._right[head] += right(prediction, target, transform).sum()
            self._seen[head] += target.numel()

    def state(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """How many were right and how many were seen, a number a head."""
        self.count()
        return tuple(int(number) for number in self._right), tuple(self._seen)

    def restore(self, right: Sequence[int], seen: Sequence[int]) -> None:
        """The numbers that `state` gave."""
        if len(right) == len(seen) == len(self.heads):
            for counter, number in zip(self._right, right, strict=True):
                counter.fill_(number)
            self._seen = list(seen)

    def take(self) -> dict[int, float]:
        """Accuracy in 0…1 by the index of the loss, and begin anew."""
        right_counts, seen = self.state()
        found = {
            index: number / count
            for (index, _), number, count in zip(self.heads, right_counts, seen, strict=True)
            if count
        }
        self.clear()
        return found

    def clear(self) -> None:
        """Begin anew."""
        self._numbers = 0
        for head, counter in enumerate(self._right):
            counter.zero_()
            self._seen[head] = 0
            self._held[head].clear()


def right(prediction: Tensor, target: Tensor, transform: str) -> Tensor:
    """Where a raw prediction names the target's class: bool, of the target's shape.

    Softmax reads N×classes×… against N×…, sigmoid any shape of logits against as many labels 0 and 1.
    """
    if transform == "softmax":
        return prediction.argmax(dim=1) == target
    return (prediction.reshape(target.shape) > 0) == (target > 0)
