"""Contrastive divergence: a Boltzmann machine learns the distribution of what reaches it. Hinton, 2002, 2010."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence

import torch
from torch import Tensor, nn

from engine.compile.network import Network
from engine.data.batches import permutation
from engine.graph.problem import Fact, Problem, Refused, refused
from engine.modules.energy import RBM, ConvRBM, DeepBoltzmannMachine
from engine.training.boltzmann import DenseMachine, Machine, MapMachine
from engine.training.deep_boltzmann import DeepMachine
from engine.training.minibatches import minibatches
from engine.training.modes import EVALUATION_BATCH, evaluating
from engine.training.plan import ContrastiveDivergence
from engine.training.pooled_maps import PooledMapMachine
from engine.training.session import Session

_KEPT_BYTES = 1 << 30
"""What reaches the machine is computed once for all samples where it takes no more than this."""
_TOLERANCE = 1e-4


class ContrastiveDivergenceStage:
    """CD-k on one block: its data, its batches, what is told of it. `boltzmann`, `deep_boltzmann` have the updates.

    Errors are told in the data's own units. Where a machine's visible biases are all 0 and it `begin`s, they start at
    the logit of each unit's mean (of each channel's, if convolutional), at the mean itself if Gaussian; those of label
    units at the logarithm of the share that their class has.
    """

    def __init__(self, session: Session, stage: ContrastiveDivergence, *, begin: bool) -> None:
        network, plan = session.network, session.request.plan
        if not network.has_block(stage.block):
            raise refused("stage-block", stage=1 + _number(session, stage), id=stage.block)
        module = network.block(stage.block)
        machine = _machine(module, stage)
        if machine is None:
            raise _refused(network, "stage-kind", stage.block, {"stage": 1 + _number(session, stage)})
        self._session, self._machine, self._key = session, machine, stage.block
        wanted = [network.source_of(stage.block)]
        self._labelled = module if isinstance(module, RBM) and module.labels else None
        if self._labelled is not None:
            wanted.append(_label_of(network, stage.block))
        self._slice = network.slice(tuple(wanted))
        self._batch_size, self._seed = plan.batch_size, plan.seed
        self.samples, self.columns = session.count("train"), 1
        self._visible = self._all_visible()
        self._check_range()
        if begin and machine.unset:
            machine.begin(self._mean_visible())

    def batches(self, epoch: int, first: int) -> Iterator[tuple[Tensor, ...]]:
        """What reaches the machine, N×visible (maps N×visible×H×W), in the order of (seed, epoch)."""
        self._machine.begin_epoch(epoch)
        places = permutation(self.samples, self._seed, epoch).to(self._session.device)
        if self._visible is not None:
            return minibatches([self._visible], [places], self._batch_size, first)
        return self._computed_batches(places, first)

    def _computed_batches(self, places: Tensor, first: int) -> Iterator[tuple[Tensor, ...]]:
        session, keys = self._session, self._slice.inputs
        orders = [session.rows(key, "train").index_select(0, places) for key in keys]
        for batch in minibatches([session.tensor(key) for key in keys], orders, self._batch_size, first):
            yield (self._forward(batch),)

    @torch.no_grad()
    def step(self, batch: tuple[Tensor, ...]) -> Tensor:
        """One update; the row is the squared error of the first reconstruction, summed over units, a sample."""
        return self._machine.step(batch[0])

    def metrics(self, means: list[float]) -> dict[str, float]:
        """`reconstruction_error` over the steps of the epoch."""
        return {"reconstruction_error": means[0]} if means else {}

    def validation(self, part: str) -> Generator[None, None, dict[str, float]]:
        """`reconstruction_error` as in training; a generator of its own samples, the same numbers every time."""
        session, count = self._session, self._session.count(part)
        total = torch.zeros((), dtype=torch.float64, device=session.device)
        size = max(self._batch_size, EVALUATION_BATCH)
        generator = torch.Generator(device=session.device)
        generator.manual_seed(self._seed)
        for start in range(0, count, size):
            with torch.no_grad():
                visible = self._forward(session.gather(self._slice.inputs, part, start, min(count, start + size)))
                rebuilt = self._machine.rebuilt(visible, generator)
                total += self._machine.squared_error((visible - rebuilt).double())
            yield
        return {"reconstruction_error": float(total) / count} if count else {}

    def layer_in(self, epoch: int) -> int:
        """Which layer of the machine begins to learn, or goes on, in an epoch."""
        return self._machine.layer_in(epoch)

    def set_learning_rate(self, learning_rate: float) -> None:
        """From the next step on."""
        self._machine.rate = learning_rate

    def state(self) -> dict[str, Tensor]:
        """Velocities, by the key of what they move, and chains."""
        return {f"{self._key}.{name}": tensor for name, tensor in self._machine.state().items()}

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """What `state` gave, where it fits."""
        known = {name.removeprefix(f"{self._key}."): tensor for name, tensor in state.items()}
        for name, tensor in self._machine.state().items():
            if name in known and known[name].shape == tensor.shape:
                tensor.copy_(known[name])
        self._machine.load_chains(known)

    def counts(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Nothing is counted."""
        return (), ()

    def restore_counts(self, right: Sequence[int], seen: Sequence[int]) -> None:
        """Nothing is counted."""

    def _forward(self, batch: tuple[Tensor, ...]) -> Tensor:
        with evaluating(self._session.network), torch.no_grad():
            visible, *label = self._slice.module.forward(*batch)
        assert isinstance(visible, Tensor)
        sigma = self._machine.sigma
        scaled = visible / sigma if sigma != 1 else visible
        return self._labelled.joined(scaled, label[0]) if self._labelled is not None else scaled

    def _all_visible(self) -> Tensor | None:
        """What reaches the machine for every sample to train on, or None where that is too much to keep."""
        kept: Tensor | None = None
        for start in range(0, self.samples, 1024):
            stop = min(self.samples, start + 1024)
            visible = self._forward(self._session.gather(self._slice.inputs, "train", start, stop))
            if kept is None:
                if self.samples * visible[0].numel() * visible.element_size() > _KEPT_BYTES:
                    return None
                kept = visible.new_empty(self.samples, *visible.shape[1:])
            kept[start:stop] = visible
        return kept

    def _some_visible(self) -> Tensor:
        if self._visible is not None:
            return self._visible
        return self._forward(self._session.gather(self._slice.inputs, "train", 0, min(self.samples, 4096)))

    def _mean_visible(self) -> Tensor:
        return self._some_visible().mean(dim=0)

    def _check_range(self) -> None:
        if self._machine.gaussian:
            return
        low, high = (float(bound) for bound in torch.aminmax(self._some_visible()))
        if low < -_TOLERANCE or high > 1 + _TOLERANCE:
            facts = {"received": f"values from {low:.3g} to {high:.3g}"}
            raise _refused(self._session.network, "stage-input", self._key, facts)


def _machine(module: nn.Module, stage: ContrastiveDivergence) -> Machine | None:
    """What trains `module` by contrastive divergence; None where it is no Boltzmann machine."""
    match module:
        case RBM():
            return DenseMachine(module, stage)
        case ConvRBM():
            return MapMachine(module, stage) if module.pool == 1 else PooledMapMachine(module, stage)
        case DeepBoltzmannMachine():
            return DeepMachine(module, stage)
    return None


def _label_of(network: Network, key: str) -> str:
    """The key of what reaches the label units of the block at `key`. Raises Refused where nothing does."""
    if f"{key}/label" not in network.program.aliases:
        raise _refused(network, "input-open", key, {"port": "its label"}, port="label")
    return network.source_of(key, "label")


def _refused(network: Network, code: str, key: str, facts: Mapping[str, Fact], port: str | None = None) -> Refused:
    """A refusal that names the block at the path `key`."""
    call = network.call_of(key)
    told = {"title": call.type.title, "name": call.block.name, **facts}
    return Refused(Problem(code=code, path=tuple(key.split("/")), port=port, facts=told))


def _number(session: Session, stage: ContrastiveDivergence) -> int:
    stages = session.request.plan.stages
    return stages.index(stage) if stage in stages else 0
