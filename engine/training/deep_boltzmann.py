"""How a deep Boltzmann machine learns: its layers one after the other, then all together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from engine.modules.energy import DeepBoltzmannMachine
from engine.training.boltzmann import logit, sample, sum_of_squares
from engine.training.plan import ContrastiveDivergence


class DeepMachine:
    """A deep Boltzmann machine: E = −vᵀW₁h₁ − h₁ᵀW₂h₂ − … − aᵀv − Σ bₗᵀhₗ.

    Without persistent chains each layer in turn learns by CD-k what the one below makes of the data; the epochs are
    shared out among the layers, from below. A unit that will hear from below and from above hears its one neighbour
    twice: p(h₁|v) = σ(2 W₁ᵀv + b₁), p(h₁|h₂) = σ(2 W₂h₂ + b₁), but p(v|h₁) = σ(W₁h₁ + a) and, at the top,
    p(h₂|h₁) = σ(W₂ᵀh₁ + b₂). A layer moves its own weights and biases, the lowest also a.

    With them all layers learn together: ΔWₗ ∝ ⟨μₗ₋₁ μₗᵀ⟩ − ⟨hₗ₋₁ hₗᵀ⟩, μ the mean field of the data, h the states of
    chains that go on from step to step, k times odd and even layers in turn.

    Salakhutdinov and Hinton, Deep Boltzmann machines, 2009.
    """

    sigma, gaussian = 1.0, False

    def __init__(self, module: DeepBoltzmannMachine, stage: ContrastiveDivergence) -> None:
        self.rate = stage.learning_rate
        self._module, self._stage = module, stage
        self._weights = [weight.detach() for weight in module.weights]
        self._biases = [module.visible_bias.detach(), *(bias.detach() for bias in module.hidden_biases)]
        self._to_weights = [torch.zeros_like(weight) for weight in self._weights]
        self._to_biases = [torch.zeros_like(bias) for bias in self._biases]
        self._chains: list[Tensor] = []
        self._learning = range(len(self._weights))

    @property
    def unset(self) -> bool:
        return not self._biases[0].any()

    def begin(self, mean: Tensor) -> None:
        self._biases[0].copy_(logit(mean))

    def begin_epoch(self, epoch: int) -> None:
        self._learning = self._layers_in(epoch)

    def layer_in(self, epoch: int) -> int:
        return 1 if self._stage.persistent else 1 + self._layers_in(epoch).start

    def _layers_in(self, epoch: int) -> range:
        layers, epochs = len(self._weights), self._stage.epochs
        # Epochs beyond the plan go on with the layer on top: those below it stay as it knows them.
        at = min(epoch, epochs - 1)
        first = at * layers // epochs
        return range(first, max(first + 1, (at + 1) * layers // epochs))

    def step(self, visible: Tensor) -> Tensor:
        return self._joint_step(visible) if self._stage.persistent else self._greedy_step(visible)

    def rebuilt(self, visible: Tensor, generator: torch.Generator | None = None) -> Tensor:
        if self._stage.persistent:
            return self._given_above(0, self._module.mean_field(visible)[0].detach())
        state = visible
        for layer in range(self._learning.stop):
            state = self._given_below(layer, state)
        return self._seen(self._learning.stop, sample(state, generator))

    def squared_error(self, difference: Tensor) -> Tensor:
        return sum_of_squares(difference)

    def state(self) -> dict[str, Tensor]:
        found = {f"weights.{layer}.velocity": tensor for layer, tensor in enumerate(self._to_weights)}
        found |= {f"biases.{layer}.velocity": tensor for layer, tensor in enumerate(self._to_biases)}
        return found | {f"chains.{layer}": tensor for layer, tensor in enumerate(self._chains)}

    def load_chains(self, chains: Mapping[str, Tensor]) -> None:
        found = [chains.get(f"chains.{layer}") for layer in range(len(self._biases))]
        kept = [
            chain.to(bias.device, copy=True)
            for chain, bias in zip(found, self._biases, strict=True)
            if chain is not None and chain.shape[1:] == bias.shape
        ]
        self._chains = kept if len(kept) == len(self._biases) else []

    def _greedy_step(self, visible: Tensor) -> Tensor:
        below = visible
        for layer in range(self._learning.start):
            below = self._given_below(layer, below)
        rebuilt = visible
        for layer in self._learning:
            hidden = self._given_below(layer, below)
            rebuilt = model = self._given_above(layer, sample(hidden))
            model_hidden = self._given_below(layer, model)
            for _ in range(self._stage.k - 1):
                model = self._given_above(layer, sample(model_hidden))
                model_hidden = self._given_below(layer, model)
            self._pull_weight(layer, (below, hidden), (model, model_hidden))
            self._pull_bias(layer + 1, hidden - model_hidden)
            if layer == 0:
                self._pull_bias(0, below - model)
            below = hidden
        return _error(visible, self._seen(self._learning.stop - 1, rebuilt))

    def _joint_step(self, visible: Tensor) -> Tensor:
        data = [visible, *(layer.detach() for layer in self._module.mean_field(visible))]
        if not self._chains or len(self._chains[0]) < len(visible):
            self._chains = [sample(layer) for layer in data]
        row = _error(visible, self._given_above(0, data[1]))
        chains = self._chains
        # Layers of one parity do not meet: given the others each unit of them can be drawn at once
        for start in (1, 0) * self._stage.k:
            for layer in range(start, len(chains), 2):
                chains[layer] = sample(self._given_both(chains, layer))
        model = [chain[: len(visible)] for chain in chains]
        for layer in range(len(self._weights)):
            self._pull_weight(layer, (data[layer], data[layer + 1]), (model[layer], model[layer + 1]))
        for layer, (ours, theirs) in enumerate(zip(data, model, strict=True)):
            self._pull_bias(layer, ours - theirs)
        return row

    def _given_below(self, layer: int, below: Tensor) -> Tensor:
        """p(hₗ₊₁ = 1 | hₗ), where nothing is known of what lies above."""
        twice = 1 if layer == len(self._weights) - 1 else 2
        return torch.addmm(self._biases[layer + 1], below, self._weights[layer].t(), alpha=twice).sigmoid_()

    def _given_above(self, layer: int, above: Tensor) -> Tensor:
        """p(hₗ = 1 | hₗ₊₁), where nothing is known of what lies below; h₀ is v."""
        twice = 1 if layer == 0 else 2
        return torch.addmm(self._biases[layer], above, self._weights[layer], alpha=twice).sigmoid_()

    def _given_both(self, states: Sequence[Tensor], layer: int) -> Tensor:
        """p(hₗ = 1 | hₗ₋₁, hₗ₊₁)."""
        sums = self._biases[layer].expand(len(states[layer]), -1)
        if layer > 0:
            sums = torch.addmm(sums, states[layer - 1], self._weights[layer - 1].t())
        if layer + 1 < len(states):
            sums = torch.addmm(sums, states[layer + 1], self._weights[layer])
        return torch.sigmoid(sums)

    def _seen(self, layer: int, state: Tensor) -> Tensor:
        """What hₗ says of v, from layer to layer."""
        for below in reversed(range(layer)):
            state = self._given_above(below, state)
        return state

    def _pull_weight(self, layer: int, data: tuple[Tensor, Tensor], model: tuple[Tensor, Tensor]) -> None:
        velocity, weight = self._to_weights[layer], self._weights[layer]
        rate = self.rate / len(data[0])
        velocity.addmm_(data[1].t(), data[0], beta=self._stage.momentum, alpha=rate)
        velocity.addmm_(model[1].t(), model[0], alpha=-rate)
        if self._stage.weight_decay:
            velocity.add_(weight, alpha=-self.rate * self._stage.weight_decay)
        weight.add_(velocity)

    def _pull_bias(self, layer: int, difference: Tensor) -> None:
        velocity = self._to_biases[layer]
        velocity.mul_(self._stage.momentum).add_(difference.mean(dim=0), alpha=self.rate)
        self._biases[layer].add_(velocity)


def _error(visible: Tensor, rebuilt: Tensor) -> Tensor:
    """The squared error, summed over units, a sample."""
    return (visible - rebuilt).square().sum() / len(visible)
