"""How good the network is on one part of the data."""

from __future__ import annotations

from collections.abc import Generator

import torch
from torch import Tensor

from engine.compile.network import NetworkLoss
from engine.training.accuracy import AccuracyCounter
from engine.training.contrastive_divergence import ContrastiveDivergenceStage
from engine.training.memory_format import laid_out, memory_format
from engine.training.modes import EVALUATION_BATCH, evaluating
from engine.training.plan import ContrastiveDivergence
from engine.training.recorder import Recorder
from engine.training.session import Session


def evaluate(session: Session, part: str) -> dict[str, float]:
    """Metrics on `part` (`train`, `validation`, `test`): `loss`, `accuracy`, with several losses `loss.NAME` each.

    A drawing without a loss whose plan ends with contrastive divergence tells its `reconstruction_error`. In eval mode,
    batched; empty where there is nothing to tell. Leaves the mode of the modules, random state and running statistics
    as they were.
    """
    stages = session.request.plan.stages
    last = stages[-1] if stages else None
    if session.network.losses or not isinstance(last, ContrastiveDivergence):
        return through(evaluation(session, part))
    return through(ContrastiveDivergenceStage(session, last, begin=False).validation(part))


def through(steps: Generator[None, None, dict[str, float]]) -> dict[str, float]:
    """The value of `steps`, all of them done."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            metrics: dict[str, float] = done.value
            return metrics


def evaluation(session: Session, part: str) -> Generator[None, None, dict[str, float]]:
    """Metrics of the losses, a batch at a time, so that a caller can look at other things in between or give up."""
    network, count = session.network, session.count(part)
    losses = network.losses
    if not losses or not count:
        return {}
    slice = network.training_slice()
    targets = target_places(losses, slice.inputs)
    size = max(session.request.plan.batch_size, EVALUATION_BATCH)
    format = memory_format(network)
    recorder, accuracy = Recorder(), AccuracyCounter(losses, session.device)
    for start in range(0, count, size):
        rows = session.gather(slice.inputs, part, start, min(count, start + size))
        batch = [laid_out(field, format) for field in rows]
        with evaluating(network), torch.set_grad_enabled(session.needs_gradient):
            total, parts, predictions = slice.module.forward(*batch)
        recorder.add(step_row(total, parts))
        accuracy.add(predictions, [batch[place] if place is not None else None for place in targets])
        yield
    recorder.take()
    return name_metrics(losses, recorder.end_epoch(size, count), accuracy.take())


def step_row(total: Tensor, parts: tuple[Tensor, ...]) -> Tensor:
    """What a recorder keeps of a step: the sum, and each loss where there are several."""
    return total.detach() if len(parts) == 1 else torch.stack((total, *parts)).detach()


def target_places(losses: tuple[NetworkLoss, ...], inputs: tuple[str, ...]) -> list[int | None]:
    """Where among the slice's inputs each loss finds its target; None where it is computed."""
    return [inputs.index(loss.target) if loss.target in inputs else None for loss in losses]


def name_metrics(losses: tuple[NetworkLoss, ...], means: list[float], right: dict[int, float]) -> dict[str, float]:
    """Means of the recorded columns and shares of right predictions under the names that events tell."""
    if not means:
        return {}
    metrics = {"loss": means[0]}
    several = len(losses) > 1
    if several:
        metrics |= {f"loss.{loss.name}": mean for loss, mean in zip(losses, means[1:], strict=True)}
    for index, share in right.items():
        metrics[f"accuracy.{losses[index].name}" if several else "accuracy"] = share
    return metrics
