"""Contrastive divergence: an RBM block learns the distribution of what reaches it. Hinton, 2002, 2010."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence

import torch
from torch import Tensor

from engine.data.batches import permutation
from engine.graph.problem import refused
from engine.modules.energy import RBM
from engine.training.minibatches import minibatches
from engine.training.modes import EVALUATION_BATCH, evaluating
from engine.training.plan import ContrastiveDivergence
from engine.training.session import Session

_KEPT_BYTES = 1 << 30
"""What reaches the RBM is computed once for all samples where it takes no more than this."""
_SMALLEST_MEAN = 1e-3
_TOLERANCE = 1e-4


class ContrastiveDivergenceStage:
    """CD-k on one RBM: E(v, h) = −vᵀWh − aᵀv − bᵀh, W visible×hidden, a visible, b hidden.

    ΔW ∝ ⟨v₀ p(h|v₀)ᵀ⟩ − ⟨v_k p(h|v_k)ᵀ⟩, Δa ∝ ⟨v₀ − v_k⟩, Δb ∝ ⟨p(h|v₀) − p(h|v_k)⟩, averaged over the batch. Hidden
    units are sampled, visible units stay probabilities; velocity ← momentum × velocity + rate × (Δ − decay × W), decay
    on W only. Hinton, A practical guide to training restricted Boltzmann machines, 2010.

    Label units are visible units too; given the hidden ones they are a softmax.

    Gaussian visible units are taken in units of their σ, where E(v, h) = ½‖v − a‖² − vᵀWh − bᵀh: the same updates, and
    a rebuilt v is a + W h without a sigmoid. Errors are told in the data's own units.

    Where an RBM's visible biases are all 0 and it `begin`s, they start at the logit of each unit's mean, at the mean
    itself if Gaussian.
    """

    def __init__(self, session: Session, stage: ContrastiveDivergence, *, begin: bool) -> None:
        network, plan = session.network, session.request.plan
        if not network.has_block(stage.block):
            raise refused("stage-block", stage=1 + _number(session, stage), id=stage.block)
        module = network.block(stage.block)
        if not isinstance(module, RBM):
            call = network.call_of(stage.block)
            raise refused(
                "stage-kind",
                path=_path(stage.block),
                stage=1 + _number(session, stage),
                title=call.type.title,
                name=call.block.name,
            )
        self._session, self._stage = session, stage
        self._module = module
        wanted = [network.source_of(stage.block)]
        if module.labels:
            wanted.append(self._label_of(session, stage))
        self._slice = network.slice(tuple(wanted))
        self._key = stage.block
        self._gaussian, self._sigma = module.gaussian, module.sigma
        self._weight = module.weight.detach()
        self._visible_bias = module.visible_bias.detach()
        self._hidden_bias = module.hidden_bias.detach()
        self._velocities = [torch.zeros_like(tensor) for tensor in self._tensors]
        self._rate, self._momentum, self._decay = stage.learning_rate, stage.momentum, stage.weight_decay
        self._batch_size, self._seed = plan.batch_size, plan.seed
        self.samples = session.count("train")
        self._visible = self._all_visible("train")
        self._check_range()
        if begin and not self._visible_bias.any():
            mean = self._mean_visible()
            chances = mean.clamp(_SMALLEST_MEAN, 1 - _SMALLEST_MEAN)
            self._visible_bias.copy_(mean if self._gaussian else torch.logit(chances))

    @property
    def _tensors(self) -> tuple[Tensor, Tensor, Tensor]:
        return self._weight, self._visible_bias, self._hidden_bias

    def batches(self, epoch: int, first: int) -> Iterator[tuple[Tensor, ...]]:
        """What reaches the RBM, N×visible, in the order of (seed, epoch)."""
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
        (visible,) = batch
        weight, visible_bias, hidden_bias = self._tensors
        hidden = torch.addmm(hidden_bias, visible, weight.t()).sigmoid_()
        sampled = _sample(hidden)
        rebuilt = self._rebuilt(sampled)
        error = torch.sub(visible, rebuilt)
        row = error.flatten().dot(error.flatten()) / (len(visible) / self._sigma**2)
        model, model_hidden = rebuilt, torch.addmm(hidden_bias, rebuilt, weight.t()).sigmoid_()
        for _ in range(self._stage.k - 1):
            model = self._rebuilt(_sample(model_hidden))
            model_hidden = torch.addmm(hidden_bias, model, weight.t()).sigmoid_()
        rate = self._rate / len(visible)
        to_weight, to_visible, to_hidden = self._velocities
        to_weight.addmm_(hidden.t(), visible, beta=self._momentum, alpha=rate)
        to_weight.addmm_(model_hidden.t(), model, alpha=-rate)
        if self._decay:
            to_weight.add_(weight, alpha=-self._rate * self._decay)
        difference = error if self._stage.k == 1 else visible - model
        to_visible.mul_(self._momentum).add_(difference.sum(dim=0), alpha=rate)
        to_hidden.mul_(self._momentum).add_((hidden - model_hidden).sum(dim=0), alpha=rate)
        weight.add_(to_weight)
        visible_bias.add_(to_visible)
        hidden_bias.add_(to_hidden)
        return row

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
                hidden = torch.addmm(self._hidden_bias, visible, self._weight.t()).sigmoid_()
                rebuilt = self._rebuilt(_sample(hidden, generator))
                total += (visible - rebuilt).square().sum(dtype=torch.float64)
            yield
        return {"reconstruction_error": float(total) * self._sigma**2 / count} if count else {}

    def set_learning_rate(self, learning_rate: float) -> None:
        """From the next step on."""
        self._rate = learning_rate

    def state(self) -> dict[str, Tensor]:
        """Velocities, by the key of what they move."""
        names = ("weight", "visible_bias", "hidden_bias")
        return {f"{self._key}.{name}.velocity": tensor for name, tensor in zip(names, self._velocities, strict=True)}

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """What `state` gave, where it fits."""
        for name, tensor in self.state().items():
            if name in state and state[name].shape == tensor.shape:
                tensor.copy_(state[name])

    def counts(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Nothing is counted."""
        return (), ()

    def restore_counts(self, right: Sequence[int], seen: Sequence[int]) -> None:
        """Nothing is counted."""

    def _rebuilt(self, hidden: Tensor) -> Tensor:
        """The mean of the visible units given the hidden ones."""
        sums = torch.addmm(self._visible_bias, hidden, self._weight)
        if self._module.labels:
            return self._module.means(sums)
        return sums if self._gaussian else sums.sigmoid_()

    @staticmethod
    def _label_of(session: Session, stage: ContrastiveDivergence) -> str:
        """The key of what reaches the label units. Raises Refused where nothing does."""
        network, port = session.network, f"{stage.block}/label"
        if port not in network.program.aliases:
            call = network.call_of(stage.block)
            path = _path(stage.block)
            raise refused("input-open", path=path, title=call.type.title, name=call.block.name, port="its label")
        return network.source_of(stage.block, "label")

    def _forward(self, batch: tuple[Tensor, ...]) -> Tensor:
        with evaluating(self._session.network), torch.no_grad():
            visible, *label = self._slice.module.forward(*batch)
        assert isinstance(visible, Tensor)
        scaled = visible / self._sigma if self._sigma != 1 else visible
        return self._module.joined(scaled, label[0]) if label else scaled

    def _all_visible(self, part: str) -> Tensor | None:
        """What reaches the RBM for every sample of one part, or None where that is too much to keep."""
        visible = self._weight.shape[1]
        if self.samples * visible * self._weight.element_size() > _KEPT_BYTES:
            return None
        kept = torch.empty(self.samples, visible, dtype=self._weight.dtype, device=self._session.device)
        for start in range(0, self.samples, 1024):
            stop = min(self.samples, start + 1024)
            kept[start:stop] = self._forward(self._session.gather(self._slice.inputs, part, start, stop))
        return kept

    def _some_visible(self) -> Tensor:
        if self._visible is not None:
            return self._visible
        return self._forward(self._session.gather(self._slice.inputs, "train", 0, min(self.samples, 4096)))

    def _mean_visible(self) -> Tensor:
        return self._some_visible().mean(dim=0)

    def _check_range(self) -> None:
        if self._gaussian:
            return
        low, high = (float(bound) for bound in torch.aminmax(self._some_visible()))
        if low < -_TOLERANCE or high > 1 + _TOLERANCE:
            call = self._session.network.call_of(self._key)
            received = f"values from {low:.3g} to {high:.3g}"
            raise refused(
                "stage-input",
                path=_path(self._key),
                title=call.type.title,
                name=call.block.name,
                received=received,
            )


def _sample(probabilities: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """1 with the probability given, else 0; torch.bernoulli takes four times as long on a CPU, as long as a product."""
    chances = torch.empty_like(probabilities).uniform_(generator=generator)
    return torch.sub(probabilities, chances).ceil_()


def _path(key: str) -> tuple[str, ...]:
    return tuple(key.split("/"))


def _number(session: Session, stage: ContrastiveDivergence) -> int:
    stages = session.request.plan.stages
    return stages.index(stage) if stage in stages else 0
