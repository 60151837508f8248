"""The stages of a plan: what one step does, what an epoch of it reports."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor

from engine.data.batches import permutation
from engine.graph.problem import refused
from engine.training.accuracy import AccuracyCounter
from engine.training.backward import Backward
from engine.training.contrastive_divergence import ContrastiveDivergenceStage
from engine.training.evaluate import evaluation, name_metrics, step_row, target_places
from engine.training.joint import Joint
from engine.training.late_relus import with_late_relus
from engine.training.memory_format import memory_format
from engine.training.minibatches import minibatches
from engine.training.optimisers import make_optimiser
from engine.training.plan import ContrastiveDivergence, Supervised
from engine.training.plan import Stage as StagePlan
from engine.training.pooled_convolutions import with_pooled_products
from engine.training.session import Session
from engine.training.whole_convolutions import with_products

Batch = tuple[Tensor, ...]


class Stage(Protocol):
    """One stage while it runs. It changes the session's network and nothing else."""

    @property
    def samples(self) -> int:
        """Samples an epoch."""
        ...

    @property
    def columns(self) -> int:
        """Numbers in a row that `step` gives."""
        ...

    def batches(self, epoch: int, first: int) -> Iterator[Batch]:
        """The batches of `epoch` (0-based, all stages of a plan draw alike) from number `first` on."""
        ...

    def step(self, batch: Batch) -> Tensor:
        """One step. The result is a row for a Recorder, its loss first; it lies on the device."""
        ...

    def metrics(self, means: list[float]) -> dict[str, float]:
        """The epoch's metrics from the means of the rows, and begin the next epoch."""
        ...

    def validation(self, part: str) -> Generator[None, None, dict[str, float]]:
        """Metrics on one part, a batch at a time."""
        ...

    def layer_in(self, epoch: int) -> int:
        """Which layer, from 1, `epoch` (0-based) begins with; 1 where all learn together."""
        ...

    def set_learning_rate(self, learning_rate: float) -> None:
        """From the next step on."""
        ...

    def state(self) -> dict[str, Tensor]:
        """What the next step depends on beside the weights; the tensors are the stage's own."""
        ...

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """What `state` gave, where it fits."""
        ...

    def counts(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Right predictions and predictions seen in the epoch so far."""
        ...

    def restore_counts(self, right: Sequence[int], seen: Sequence[int]) -> None:
        """The numbers that `counts` gave."""
        ...


def make_stage(session: Session, stage: StagePlan, *, begin: bool) -> Stage:
    """The running form of `stage`; `begin` tells that it starts now and is not continued.

    Raises Refused `no-loss`, `nothing-trains`, `optimiser`, `stage-input`.
    """
    if isinstance(stage, ContrastiveDivergence):
        return ContrastiveDivergenceStage(session, stage, begin=begin)
    return SupervisedStage(session, stage)


class SupervisedStage:
    """Gradient descent on Σ weight × loss over all loss blocks."""

    def __init__(self, session: Session, stage: Supervised) -> None:
        network, plan = session.network, session.request.plan
        if not network.losses:
            raise refused("no-loss")
        self._session = session
        self._losses = network.losses
        slice = network.training_slice()
        module = with_late_relus(slice.module)
        module = with_products(module if network.has_own_code else with_pooled_products(module))
        # fx wraps calls of a GraphModule to print its source where they fail; its forward alone costs less
        self._forward = module.forward
        self._inputs = slice.inputs
        self._targets = target_places(self._losses, slice.inputs)
        self._format = memory_format(network)
        self._batch_size, self._seed = plan.batch_size, plan.seed
        keys = {id(tensor): key for key, tensor in named_parameters(session)}
        groups = network.parameter_groups(stage.learning_rate, stage.weight_decay)
        if not groups:
            raise refused("nothing-trains")
        self._backward = Backward()
        self._joint = Joint(module)
        self._optimiser = make_optimiser(stage, groups, keys)
        self.set_learning_rate = self._optimiser.set_learning_rate
        self.state = self._optimiser.state
        self.load_state = self._optimiser.load_state
        self._accuracy = AccuracyCounter(self._losses, session.device)
        self.counts = self._accuracy.state
        self.restore_counts = self._accuracy.restore
        self.samples = session.count("train")
        self.columns = 1 if len(self._losses) == 1 else 1 + len(self._losses)

    def batches(self, epoch: int, first: int) -> Iterator[Batch]:
        """Rows of all fields that the losses need, in the order of (seed, epoch)."""
        session = self._session
        places = permutation(self.samples, self._seed, epoch).to(session.device)
        keys = self._inputs
        orders = [session.rows(key, "train").index_select(0, places) for key in keys]
        session.network.root.train()
        tensors = [session.tensor(key) for key in keys]
        return minibatches(tensors, orders, self._batch_size, first, self._format)

    def step(self, batch: Batch) -> Tensor:
        """Forward, backward, and a step of the optimiser: the row is the total, then each loss if there are several."""
        optimiser = self._optimiser
        optimiser.clear_gradients()
        found = self._joint(batch)
        if found is None:
            total, parts, predictions = self._forward(*batch)
            self._backward(total)
        else:
            total, parts, predictions = found
        optimiser.step()
        if self._accuracy.heads:
            self._accuracy.add(predictions, [batch[place] if place is not None else None for place in self._targets])
        return step_row(total, parts)

    def metrics(self, means: list[float]) -> dict[str, float]:
        """`loss` and `accuracy`, as `evaluate` names them, over the steps of the epoch."""
        return name_metrics(self._losses, means, self._accuracy.take())

    def layer_in(self, epoch: int) -> int:
        """All layers learn together."""
        return 1

    def validation(self, part: str) -> Generator[None, None, dict[str, float]]:
        """What `evaluate` tells of one part."""
        return evaluation(self._session, part)


def named_parameters(session: Session) -> Iterator[tuple[str, torch.nn.Parameter]]:
    """Every parameter of the network under its key of `Network.state()`."""
    network = session.network
    for call in network.program.all_calls:
        if call.owner:
            for name, parameter in network.own_parameters(call):
                yield f"{call.key}.{name}", parameter
