"""What one step of contrastive divergence does to each kind of Boltzmann machine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cache
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.grad import conv2d_weight

from engine.modules.energy import RBM, ConvRBM
from engine.training.plan import ContrastiveDivergence

_SMALLEST_MEAN = 1e-3
_FUSED_PRODUCTS = 4 << 20
"""Multiply-adds from which oneDNN saves more than the 12 µs that it takes longer to be called."""


class Machine(Protocol):
    """A machine that learns; its tensors are those of the module, changed in place.

    Visible units come in units of their `sigma`, which is 1 unless they are `gaussian`. `rate` may change between
    steps.
    """

    rate: float
    sigma: float
    gaussian: bool

    @property
    def unset(self) -> bool:
        """Whether all visible biases are 0."""
        ...

    def begin(self, mean: Tensor) -> None:
        """Start the visible biases at the `mean` of each visible unit over the data, of the shape of one sample."""
        ...

    def begin_epoch(self, epoch: int) -> None:
        """Number `epoch` of the stage comes now, 0-based."""
        ...

    def layer_in(self, epoch: int) -> int:
        """Which layer, from 1, epoch `epoch` of the stage begins with; 1 where all that there are learn together."""
        ...

    def step(self, visible: Tensor) -> Tensor:
        """One update from a batch; the squared error of a reconstruction, summed over units, a sample."""
        ...

    def rebuilt(self, visible: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """The batch as the hidden units tell it, whose samples come from `generator`."""
        ...

    def squared_error(self, difference: Tensor) -> Tensor:
        """The squares of a batch less what was rebuilt of it, in the data's own units, summed over all of it."""
        ...

    def state(self) -> dict[str, Tensor]:
        """What the next step depends on beside the weights; the tensors are the machine's own."""
        ...

    def load_chains(self, chains: Mapping[str, Tensor]) -> None:
        """Go on with the chains that `state` told of, if it did; all else of it is copied in place."""
        ...


class _TwoLayers(ABC):
    """CD-k on a machine of visible and hidden units, W visible×hidden, a visible, b hidden.

    ΔW ∝ ⟨v₀ p(h|v₀)ᵀ⟩ − ⟨v_k p(h|v_k)ᵀ⟩, Δa ∝ ⟨v₀ − v_k⟩, Δb ∝ ⟨p(h|v₀) − p(h|v_k)⟩, averaged over the batch. Hidden
    units are sampled, visible units stay probabilities; velocity ← momentum × velocity + rate × (Δ − decay × W), decay
    on W only. Hinton, A practical guide to training restricted Boltzmann machines, 2010.

    With persistent chains v_k are states of chains that go on from step to step, visible units sampled too. Tieleman,
    Training restricted Boltzmann machines using approximations to the likelihood gradient, 2008.
    """

    sigma, gaussian = 1.0, False

    def __init__(self, module: RBM | ConvRBM, stage: ContrastiveDivergence) -> None:
        self.rate = stage.learning_rate
        self._k, self._momentum, self._decay = stage.k, stage.momentum, stage.weight_decay
        self._persistent = stage.persistent
        self._chains: Tensor | None = None
        self._weight = module.weight.detach()
        self._visible_bias = module.visible_bias.detach()
        self._hidden_bias = module.hidden_bias.detach()
        self._velocities = [torch.zeros_like(tensor) for tensor in self._tensors]

    @property
    def _tensors(self) -> tuple[Tensor, Tensor, Tensor]:
        return self._weight, self._visible_bias, self._hidden_bias

    @property
    def unset(self) -> bool:
        return not self._visible_bias.any()

    def begin_epoch(self, epoch: int) -> None:  # noqa: B027 -- nothing to do, in any of them
        """All epochs are alike."""

    def layer_in(self, epoch: int) -> int:
        return 1

    def step(self, visible: Tensor) -> Tensor:
        weight, visible_bias, hidden_bias = self._tensors
        hidden = self._hidden(visible)
        rebuilt = self._visible(self._sample(hidden))
        error = torch.sub(visible, rebuilt)
        row = self.squared_error(error) / len(visible)
        if self._persistent:
            model = self._gone_on(visible)[: len(visible)]
            model_hidden = self._hidden(model)
        else:
            model, model_hidden = rebuilt, self._hidden(rebuilt)
            for _ in range(self._k - 1):
                model = self._visible(self._sample(model_hidden))
                model_hidden = self._hidden(model)
        self._pull(visible, hidden, model, model_hidden, error if model is rebuilt else visible - model)
        to_weight, to_visible, to_hidden = self._velocities
        if self._decay:
            to_weight.add_(weight, alpha=-self.rate * self._decay)
        weight.add_(to_weight)
        visible_bias.add_(to_visible)
        hidden_bias.add_(to_hidden)
        return row

    def rebuilt(self, visible: Tensor, generator: torch.Generator | None = None) -> Tensor:
        return self._visible(self._sample(self._hidden(visible), generator))

    def squared_error(self, difference: Tensor) -> Tensor:
        return sum_of_squares(difference)

    def state(self) -> dict[str, Tensor]:
        names = ("weight", "visible_bias", "hidden_bias")
        found = {f"{name}.velocity": tensor for name, tensor in zip(names, self._velocities, strict=True)}
        return found if self._chains is None else found | {"chains.0": self._chains}

    def load_chains(self, chains: Mapping[str, Tensor]) -> None:
        known = chains.get("chains.0")
        self._chains = known.to(self._weight.device, copy=True) if known is not None else None

    def _gone_on(self, visible: Tensor) -> Tensor:
        """The chains k steps on; they begin at a batch."""
        chains = self._chains
        if chains is None or chains.shape[1:] != visible.shape[1:] or len(chains) < len(visible):
            chains = visible
        for _ in range(self._k):
            chains = self._drawn(self._sample(self._hidden(chains)))
        self._chains = chains
        return chains

    @abstractmethod
    def _hidden(self, visible: Tensor) -> Tensor:
        """p(h = 1 | v)."""

    @abstractmethod
    def _visible(self, hidden: Tensor) -> Tensor:
        """The mean of the visible units given the hidden ones."""

    def _sample(self, hidden: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Hidden units drawn with the probabilities given."""
        return sample(hidden, generator)

    def _drawn(self, hidden: Tensor) -> Tensor:
        """A sample of the visible units given the hidden ones."""
        return sample(self._visible(hidden))

    @abstractmethod
    def _pull(self, visible: Tensor, hidden: Tensor, model: Tensor, model_hidden: Tensor, difference: Tensor) -> None:
        """Momentum, and what data and model say, into the velocities; `difference` is `visible` − `model`."""


class DenseMachine(_TwoLayers):
    """An RBM: E(v, h) = −vᵀWh − aᵀv − bᵀh.

    Label units are visible units too; given the hidden ones they are a softmax, so a = ln p begins at the shares p of
    the classes. Gaussian visible units are taken in units of their σ, where E(v, h) = ½‖v − a‖² − vᵀWh − bᵀh: the same
    updates, and a rebuilt v is a + W h without a sigmoid. Label units have no σ.
    """

    def __init__(self, module: RBM, stage: ContrastiveDivergence) -> None:
        super().__init__(module, stage)
        self._module = module
        self.gaussian, self.sigma = module.gaussian, module.sigma

    def begin(self, mean: Tensor) -> None:
        values, said = self._values_and_labels(mean)
        begun = values if self.gaussian else logit(values)
        self._visible_bias.copy_(torch.cat((begun, said.clamp(min=_SMALLEST_MEAN).log())))

    def squared_error(self, difference: Tensor) -> Tensor:
        if self.sigma == 1:
            return sum_of_squares(difference)
        values, said = self._values_and_labels(difference)
        return sum_of_squares(values) * self.sigma**2 + sum_of_squares(said)

    def _values_and_labels(self, visible: Tensor) -> tuple[Tensor, Tensor]:
        count = visible.shape[-1] - self._module.labels
        return visible[..., :count], visible[..., count:]

    def _hidden(self, visible: Tensor) -> Tensor:
        return sigmoid_of_sums(self._hidden_bias, visible, self._weight.t())

    def _visible(self, hidden: Tensor) -> Tensor:
        if not self.gaussian and not self._module.labels:
            return sigmoid_of_sums(self._visible_bias, hidden, self._weight)
        return self._module.means(torch.addmm(self._visible_bias, hidden, self._weight))

    def _drawn(self, hidden: Tensor) -> Tensor:
        values, said = self._values_and_labels(self._visible(hidden))
        drawn = torch.randn_like(values).add_(values) if self.gaussian else sample(values)
        if not self._module.labels:
            return drawn
        classes = torch.multinomial(said, 1).squeeze(1)
        return torch.cat((drawn, functional.one_hot(classes, self._module.labels).to(drawn.dtype)), dim=1)

    def _pull(self, visible: Tensor, hidden: Tensor, model: Tensor, model_hidden: Tensor, difference: Tensor) -> None:
        rate, momentum = self.rate / len(visible), self._momentum
        to_weight, to_visible, to_hidden = self._velocities
        to_weight.addmm_(hidden.t(), visible, beta=momentum, alpha=rate)
        to_weight.addmm_(model_hidden.t(), model, alpha=-rate)
        to_visible.mul_(momentum).add_(difference.sum(dim=0), alpha=rate)
        to_hidden.mul_(momentum).add_((hidden - model_hidden).sum(dim=0), alpha=rate)


class MapMachine(_TwoLayers):
    """A convolutional RBM: E(v, h) = −Σ_k h_k · (W_k ∗ v) − Σ_k b_k Σ h_k − Σ_c a_c Σ v_c.

    A filter meets the picture in many places: updates are averaged over those too, so that the rate of an RBM fits,
    and those of the biases over the units of a map. Lee et al., Convolutional deep belief networks, 2009, without
    their sparsity; `pooled_maps` has their probabilistic max pooling.
    """

    def begin(self, mean: Tensor) -> None:
        self._visible_bias.copy_(logit(mean.mean(dim=(1, 2))))

    def _hidden(self, visible: Tensor) -> Tensor:
        return functional.conv2d(visible, self._weight, self._hidden_bias).sigmoid_()

    def _visible(self, hidden: Tensor) -> Tensor:
        # With one channel conv_transpose2d takes up to four times as long as the same sums written as a convolution
        filters = self._weight.transpose(0, 1).flip(2, 3)
        border = (filters.shape[2] - 1, filters.shape[3] - 1)
        return functional.conv2d(hidden, filters, self._visible_bias, padding=border).sigmoid_()

    def _pull(self, visible: Tensor, hidden: Tensor, model: Tensor, model_hidden: Tensor, difference: Tensor) -> None:
        momentum, units = self._momentum, hidden[0, 0].numel() * len(hidden)
        to_weight, to_visible, to_hidden = self._velocities
        shape, rate = self._weight.shape, self.rate / units
        to_weight.mul_(momentum)
        to_weight.add_(conv2d_weight(visible, shape, hidden), alpha=rate)  # type: ignore[no-untyped-call]
        to_weight.add_(conv2d_weight(model, shape, model_hidden), alpha=-rate)  # type: ignore[no-untyped-call]
        to_visible.mul_(momentum).add_(difference.mean(dim=(0, 2, 3)), alpha=self.rate)
        to_hidden.mul_(momentum).add_((hidden - model_hidden).mean(dim=(0, 2, 3)), alpha=self.rate)


def sample(probabilities: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """1 with the probability given, else 0; torch.bernoulli takes four times as long on a CPU, as long as a product."""
    chances = torch.empty_like(probabilities).uniform_(generator=generator)
    return torch.sub(probabilities, chances).ceil_()


def sigmoid_of_sums(bias: Tensor, rows: Tensor, weight: Tensor) -> Tensor:
    """σ(bias + rows · weight): of N×in and in×out, to N×out in 0…1.

    Large ones are made by oneDNN where it has kernels of its own: with bias and sigmoid in the same pass a step of
    784-500 takes 0.96 to 0.99 times as long, on two threads 0.92 to 0.95.
    """
    if rows.numel() * weight.shape[1] >= _FUSED_PRODUCTS and _onednn_is_quick(rows, weight):
        fused: Tensor = torch.ops.mkldnn._linear_pointwise(rows, weight.t(), bias, "sigmoid", [], "")
        return fused
    return torch.addmm(bias, rows, weight).sigmoid_()


def _onednn_is_quick(rows: Tensor, weight: Tensor) -> bool:
    """Parts of larger tensors, and processors it has no product for, take it a thousand times as long."""
    whole = rows.is_contiguous() and (weight.is_contiguous() or weight.t().is_contiguous())
    usual = all(tensor.device.type == "cpu" and tensor.dtype is torch.float32 for tensor in (rows, weight))
    return whole and usual and _has_onednn()


@cache
def _has_onednn() -> bool:
    known = torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512")
    return known and torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")  # type: ignore[no-untyped-call]


def sum_of_squares(numbers: Tensor) -> Tensor:
    """Of all of them, as one number."""
    flat = numbers.flatten()
    return flat.dot(flat)


def logit(mean: Tensor) -> Tensor:
    """The bias at which a unit is on as often as `mean` says, kept finite."""
    return torch.logit(mean.clamp(_SMALLEST_MEAN, 1 - _SMALLEST_MEAN))
