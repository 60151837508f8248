"""Energy-based models."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional


class RBM(nn.Module):
    """Restricted Boltzmann machine: E(v, h) = −vᵀWh − aᵀv − bᵀh, all units 0 or 1.

    With Gaussian visible units E(v, h) = ½‖v/σ − a‖² − (v/σ)ᵀWh − bᵀh: v measured in units of a fixed σ.
    `weight` is Wᵀ (hidden×visible, as in nn.Linear), `visible_bias` a, `hidden_bias` b.
    Weights start at 0.01 · N(0, 1).
    Hinton, A practical guide to training restricted Boltzmann machines, 2010.

    With `labels` the last so many visible units say the class, one of them on, without a σ: the softmax group of
    Larochelle and Bengio, Classification using discriminative restricted Boltzmann machines, 2008.
    """

    def __init__(
        self,
        visible: int,
        hidden: int,
        visible_units: Literal["bernoulli", "gaussian"] = "bernoulli",
        sigma: float = 1.0,
        labels: int = 0,
    ) -> None:
        super().__init__()
        self.labels = labels
        visible += labels
        self.gaussian = visible_units == "gaussian"
        self.sigma = sigma if self.gaussian else 1.0
        self.weight = nn.Parameter(torch.empty(hidden, visible))
        self.visible_bias = nn.Parameter(torch.empty(visible))
        self.hidden_bias = nn.Parameter(torch.empty(hidden))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Small random weights, biases 0."""
        nn.init.normal_(self.weight, std=0.01)
        nn.init.zeros_(self.visible_bias)
        nn.init.zeros_(self.hidden_bias)

    def forward(self, input: Tensor, label: Tensor | None = None) -> Tensor:
        """p(h = 1 | v): N×visible, in 0…1 if Bernoulli, and N classes where there are label units, to N×hidden in 0…1.

        Without a label its units are all 0: they say nothing.
        """
        scaled = input / self.sigma if self.sigma != 1 else input
        if self.labels:
            scaled = self.joined(scaled, label)
        return torch.sigmoid(functional.linear(scaled, self.weight, self.hidden_bias))

    def joined(self, scaled: Tensor, label: Tensor | None) -> Tensor:
        """Visible units and label units side by side: N×visible and N classes (or none) to N×(visible + labels)."""
        if label is None:
            said = scaled.new_zeros(len(scaled), self.labels)
        else:
            said = functional.one_hot(label, self.labels).to(scaled.dtype)
        return torch.cat((scaled, said), dim=1)

    def visible_given_hidden(self, hidden: Tensor) -> Tensor:
        """The mean of v given h, p(v = 1 | h) if Bernoulli: N×hidden to N×visible, label units last."""
        means = self.means(functional.linear(hidden, self.weight.t(), self.visible_bias))
        if self.sigma == 1:
            return means
        values, said = self._values_and_labels(means)
        return torch.cat((values * self.sigma, said), dim=1)

    def means(self, sums: Tensor) -> Tensor:
        """What sums of inputs make of the visible units, in units of σ: N×visible, label units by softmax."""
        if not self.labels:
            return sums if self.gaussian else torch.sigmoid(sums)
        values, said = self._values_and_labels(sums)
        return torch.cat((values if self.gaussian else torch.sigmoid(values), torch.softmax(said, dim=1)), dim=1)

    def class_probabilities(self, visible: Tensor) -> Tensor:
        """p(class | v) ∝ exp(−F(v, class)): N×visible, without label units, to N×labels."""
        classes = torch.arange(self.labels, device=visible.device)
        every = [self.free_energy(self.joined(visible, number.expand(len(visible)))) for number in classes]
        return torch.softmax(-torch.stack(every, dim=1), dim=1)

    def energy(self, visible: Tensor, hidden: Tensor) -> Tensor:
        """E(v, h): N×visible, label units last, and N×hidden to N."""
        scaled = self._scaled(visible)
        meeting = (functional.linear(scaled, self.weight) * hidden).sum(dim=1) + hidden @ self.hidden_bias
        return self._alone(scaled) - meeting

    def free_energy(self, visible: Tensor) -> Tensor:
        """F(v) = −ln Σ exp(−E(v, h)) over all h: N×visible, label units last, to N."""
        scaled = self._scaled(visible)
        hidden = functional.softplus(functional.linear(scaled, self.weight, self.hidden_bias))
        return self._alone(scaled) - hidden.sum(dim=1)

    def _scaled(self, visible: Tensor) -> Tensor:
        """v in units of σ; label units have none."""
        if self.sigma == 1:
            return visible
        values, said = self._values_and_labels(visible)
        return torch.cat((values / self.sigma, said), dim=1)

    def _alone(self, scaled: Tensor) -> Tensor:
        """What the visible units cost by themselves."""
        if not self.gaussian:
            return -scaled @ self.visible_bias
        values, said = self._values_and_labels(scaled)
        rest, bias = self._values_and_labels(self.visible_bias[None])
        return 0.5 * (values - rest).square().sum(dim=1) - said @ bias[0]

    def _values_and_labels(self, visible: Tensor) -> tuple[Tensor, Tensor]:
        count = visible.shape[1] - self.labels
        return visible[:, :count], visible[:, count:]


class ConvRBM(nn.Module):
    """RBM whose features slide over a picture: E(v, h) = −Σ_k h_k · (W_k ∗ v) − Σ_k b_k Σ h_k − Σ_c a_c Σ v_c.

    `weight` is hidden×visible×kernel, ∗ the cross-correlation of nn.Conv2d without padding, so h is smaller than v.

    With `pool` C above 1 at most one unit is on in each block of C×C units of a map, and the block's pooling unit is on
    if one of them is: probabilistic max pooling. With I = W_k ∗ v + b_k a block has the C² + 1 states p(h_ij = 1 | v) =
    exp(I_ij) / (1 + Σ exp(I)) and p(all 0 | v) = 1 / (1 + Σ exp(I)), sums over the block.
    Lee et al., Convolutional deep belief networks, 2009.
    """

    def __init__(self, visible: int, hidden: int, kernel_size: Sequence[int], pool: int = 1) -> None:
        super().__init__()
        self.pool = pool
        self.weight = nn.Parameter(torch.empty(hidden, visible, *kernel_size))
        self.visible_bias = nn.Parameter(torch.empty(visible))
        self.hidden_bias = nn.Parameter(torch.empty(hidden))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Small random weights, biases 0."""
        nn.init.normal_(self.weight, std=0.01)
        nn.init.zeros_(self.visible_bias)
        nn.init.zeros_(self.hidden_bias)

    def forward(self, input: Tensor) -> Tensor:
        """p(h = 1 | v): N×visible×H×W in 0…1 to N×hidden×H′×W′ in 0…1; of the pooling units N×hidden×H′/C×W′/C."""
        sums = functional.conv2d(input, self.weight, self.hidden_bias)
        return torch.sigmoid(sums if self.pool == 1 else self.blocks(sums).logsumexp(dim=2))

    def blocks(self, maps: Tensor) -> Tensor:
        """The units of each block side by side: N×hidden×H′×W′ to N×hidden×C²×H′/C×W′/C."""
        return torch.unflatten(functional.pixel_unshuffle(maps, self.pool), 1, (-1, self.pool**2))

    def hidden_given_visible(self, visible: Tensor) -> Tensor:
        """p(h = 1 | v) of every unit, pooled or not: N×visible×H×W to N×hidden×H′×W′."""
        sums = functional.conv2d(visible, self.weight, self.hidden_bias)
        if self.pool == 1:
            return torch.sigmoid(sums)
        blocks = self.blocks(sums)
        every = functional.softplus(blocks.logsumexp(dim=2, keepdim=True))
        return functional.pixel_shuffle((blocks - every).exp().flatten(1, 2), self.pool)

    def visible_given_hidden(self, hidden: Tensor) -> Tensor:
        """p(v = 1 | h): N×hidden×H′×W′, pooled or not, to N×visible×H×W."""
        return torch.sigmoid(functional.conv_transpose2d(hidden, self.weight, self.visible_bias))

    def energy(self, visible: Tensor, hidden: Tensor) -> Tensor:
        """E(v, h): maps N×visible×H×W and N×hidden×H′×W′, at most one on in a block, to N."""
        meeting = (functional.conv2d(visible, self.weight, self.hidden_bias) * hidden).flatten(1).sum(dim=1)
        return -meeting - visible.sum(dim=(2, 3)) @ self.visible_bias

    def free_energy(self, visible: Tensor) -> Tensor:
        """F(v) = −ln Σ exp(−E(v, h)) over all h: N×visible×H×W to N."""
        sums = functional.conv2d(visible, self.weight, self.hidden_bias)
        hidden = functional.softplus(sums if self.pool == 1 else self.blocks(sums).logsumexp(dim=2))
        return -hidden.flatten(1).sum(dim=1) - visible.sum(dim=(2, 3)) @ self.visible_bias


class DeepBoltzmannMachine(nn.Module):
    """Layers of units 0 and 1, each joined to the next: E = −vᵀW₁h₁ − h₁ᵀW₂h₂ − … − aᵀv − Σ bₗᵀhₗ.

    `weights` are Wₗᵀ (above×below), `hidden_biases` bₗ, `visible_bias` a.
    Salakhutdinov and Hinton, Deep Boltzmann machines, 2009.
    """

    def __init__(self, visible: int, hidden: Sequence[int], steps: int = 10) -> None:
        super().__init__()
        sizes = (visible, *hidden)
        self.steps = steps
        self.weights = nn.ParameterList(torch.empty(above, below) for below, above in pairwise(sizes))
        self.visible_bias = nn.Parameter(torch.empty(visible))
        self.hidden_biases = nn.ParameterList(torch.empty(size) for size in hidden)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Small random weights, biases 0."""
        for weight in self.weights:
            nn.init.normal_(weight, std=0.01)
        for bias in (self.visible_bias, *self.hidden_biases):
            nn.init.zeros_(bias)

    def forward(self, input: Tensor) -> Tensor:
        """The mean field of the top layer given v: N×visible in 0…1 to N×units in 0…1."""
        return self.mean_field(input)[-1]

    def mean_field(self, visible: Tensor) -> list[Tensor]:
        """μₗ = σ(Wₗᵀ μₗ₋₁ + Wₗ₊₁ μₗ₊₁ + bₗ) for each layer in turn, `steps` times.

        Begins with one pass upwards in which what comes from below counts twice, as nothing comes from above yet.
        """
        layers: list[Tensor] = []
        below = visible
        for index, (weight, bias) in enumerate(zip(self.weights, self.hidden_biases, strict=True)):
            twice = 1 if index == len(self.weights) - 1 else 2
            below = torch.sigmoid(twice * functional.linear(below, weight) + bias)
            layers.append(below)
        for _ in range(self.steps):
            for index, (weight, bias) in enumerate(zip(self.weights, self.hidden_biases, strict=True)):
                sums = functional.linear(layers[index - 1] if index else visible, weight, bias)
                if index + 1 < len(layers):
                    sums = sums + functional.linear(layers[index + 1], self.weights[index + 1].t())
                layers[index] = torch.sigmoid(sums)
        return layers

    def energy(self, visible: Tensor, *hidden: Tensor) -> Tensor:
        """E(v, h₁, h₂ …): N×units of each layer to N."""
        total, below = -visible @ self.visible_bias, visible
        for weight, bias, layer in zip(self.weights, self.hidden_biases, hidden, strict=True):
            total = total - (functional.linear(below, weight, bias) * layer).sum(dim=1)
            below = layer
        return total


class Hopfield(nn.Module):
    """Brings a state nearer to the stored pattern it is like; the patterns are the parameter `weight`, count×features.

    Modern: x ← Pᵀ softmax(β P x), which lowers E = −ln Σ exp(β P x) / β + ½ xᵀx. Ramsauer et al., Hopfield networks
    is all you need, 2020. Classic: the signs of P are stored in W = PᵀP / features without diagonal, and x ← sign(W x),
    all units at once, E = −½ xᵀWx. Hopfield, Neural networks and physical systems, 1982. Signs pass gradients on as
    they come.
    """

    def __init__(
        self,
        features: int,
        patterns: int,
        kind: Literal["modern", "classic"] = "modern",
        beta: float = 1.0,
        steps: int = 1,
    ) -> None:
        super().__init__()
        self.kind = kind
        self.beta = beta
        self.steps = steps
        self.weight = nn.Parameter(torch.empty(patterns, features))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Normal random patterns."""
        nn.init.normal_(self.weight)

    def forward(self, input: Tensor) -> Tensor:
        """N×features to N×features after `steps` updates."""
        state = input if self.kind == "modern" else _signs(input)
        patterns = self.weight if self.kind == "modern" else _signs(self.weight)
        for _ in range(self.steps):
            fit = state @ patterns.t()
            if self.kind == "modern":
                state = torch.softmax(self.beta * fit, dim=1) @ patterns
            else:
                state = _signs((fit @ patterns - patterns.shape[0] * state) / patterns.shape[1])
        return state

    def energy(self, state: Tensor) -> Tensor:
        """E(x), up to a constant: N×features to N."""
        if self.kind == "modern":
            fit = torch.logsumexp(self.beta * state @ self.weight.t(), dim=1) / self.beta
            return 0.5 * state.square().sum(dim=1) - fit
        patterns = _signs(self.weight)
        fit = (state @ patterns.t()).square().sum(dim=1) - patterns.shape[0] * state.square().sum(dim=1)
        return -0.5 * fit / patterns.shape[1]


def _signs(values: Tensor) -> Tensor:
    """1 from 0 on, else −1; the gradient is that of the identity."""
    return torch.where(values >= 0, 1.0, -1.0).to(values.dtype) + (values - values.detach())
