"""Optimisers: torch.optim's own fused kernels, called without its bookkeeping at every step.

At 3,000 small steps a second torch.optim's `step` costs a tenth of the whole loop; the numbers are its own to the bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import torch
from torch import Tensor

from engine.graph.problem import refused
from engine.training.plan import Supervised


class Optimiser(Protocol):
    """Changes parameters by their gradients."""

    def set_learning_rate(self, learning_rate: float) -> None:
        """The plan's rate; each group keeps its own factor."""
        ...

    def clear_gradients(self) -> None:
        """Forget the gradients of the last step."""
        ...

    def step(self) -> None:
        """One step along the gradients; parameters without one stay as they are."""
        ...

    def state(self) -> dict[str, Tensor]:
        """What the next step depends on besides the parameters, by parameter key and torch.optim's name."""
        ...

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """What `state` gave; entries that are absent or of another shape are left as they are."""
        ...


def make_optimiser(stage: Supervised, groups: Iterable[Mapping[str, Any]], keys: Mapping[int, str]) -> Optimiser:
    """The optimiser of `stage` over torch.optim groups (`params`, `lr`, `weight_decay`); raises Refused `optimiser`.

    `keys` names each parameter by its `id()`; the state is kept under these names.
    """
    made = [_Group(group, stage.learning_rate, keys) for group in groups]
    if stage.optimiser == "adam":
        return Adam([group for group in made if group.parameters])
    if stage.optimiser == "sgd":
        return Sgd([group for group in made if group.parameters], stage.momentum)
    raise refused("optimiser", name=str(stage.optimiser), known="adam, sgd")


class _Group:
    """Parameters that share a rate factor and a decay, and their state tensors by name."""

    def __init__(self, group: Mapping[str, Any], learning_rate: float, keys: Mapping[int, str]) -> None:
        self.parameters: list[Tensor] = list(group["params"])
        self.keys = [keys[id(parameter)] for parameter in self.parameters]
        self.learning_rate = float(group.get("lr", learning_rate))
        self.factor = self.learning_rate / learning_rate
        self.weight_decay = float(group.get("weight_decay", 0.0))
        self.slots: dict[str, list[Tensor]] = {}
        self.live: list[Tensor] | None = None

    def add_slot(self, name: str) -> None:
        self.slots[name] = [torch.zeros_like(parameter) for parameter in self.parameters]

    def gradients(self) -> list[Tensor]:
        """Gradients of the parameters that the loss reaches; which those are is seen at the first step."""
        if self.live is None:
            reached = [index for index, parameter in enumerate(self.parameters) if parameter.grad is not None]
            self._reached = [self.parameters[index] for index in reached]
            # Detached, they share their memory and may be changed without a switch of autograd at every step
            self.live = [parameter.detach() for parameter in self._reached]
            self.live_slots = {name: [slot[index] for index in reached] for name, slot in self.slots.items()}
        return [parameter.grad for parameter in self._reached]  # type: ignore[misc]

    def state(self) -> dict[str, Tensor]:
        return {
            f"{key}.{name}": tensor
            for name, slot in self.slots.items()
            for key, tensor in zip(self.keys, slot, strict=True)
        }

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        for name, tensor in self.state().items():
            if name in state and state[name].shape == tensor.shape:
                tensor.copy_(state[name])


class _Fused:
    def __init__(self, groups: list[_Group]) -> None:
        self._groups = groups
        self._all = [parameter for group in groups for parameter in group.parameters]

    def set_learning_rate(self, learning_rate: float) -> None:
        """The plan's rate; each group keeps its own factor."""
        for group in self._groups:
            group.learning_rate = learning_rate * group.factor

    def clear_gradients(self) -> None:
        """Forget the gradients of the last step."""
        for parameter in self._all:
            parameter.grad = None


class Adam(_Fused):
    """Adam with β 0.9 and 0.999, ε 1e-8, decay added to the gradient. Kingma and Ba, 2015, as in torch.optim.Adam."""

    def __init__(self, groups: list[_Group]) -> None:
        super().__init__(groups)
        for group in groups:
            group.add_slot("exp_avg")
            group.add_slot("exp_avg_sq")
        # All parameters have taken equally many steps, so one counter on each device serves them all.
        self._step = torch.zeros((), dtype=torch.float32, device=self._all[0].device if self._all else "cpu")
        # Adding the number 1 would make a tensor of it at every step, which takes as long again.
        self._one = torch.ones_like(self._step)

    def step(self) -> None:
        """One step along the gradients; parameters without one stay as they are."""
        self._step.add_(self._one)
        for group in self._groups:
            gradients = group.gradients()
            if not gradients:
                continue
            assert group.live is not None
            torch._fused_adam_(
                group.live,
                gradients,
                group.live_slots["exp_avg"],
                group.live_slots["exp_avg_sq"],
                [],
                [self._step] * len(gradients),
                lr=group.learning_rate,
                beta1=0.9,
                beta2=0.999,
                weight_decay=group.weight_decay,
                eps=1e-8,
                amsgrad=False,
                maximize=False,
                grad_scale=None,
                found_inf=None,
            )

    def state(self) -> dict[str, Tensor]:
        """First and second moments, and the number of steps."""
        moments = {name: tensor for group in self._groups for name, tensor in group.state().items()}
        return {**moments, "step": self._step}

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """What `state` gave; entries that are absent or of another shape are left as they are."""
        for group in self._groups:
            group.load_state(state)
        if "step" in state:
            self._step.copy_(state["step"])


class Sgd(_Fused):
    """v ← m v + g, w ← w − η v, decay added to the gradient, as in torch.optim.SGD."""

    def __init__(self, groups: list[_Group], momentum: float) -> None:
        super().__init__(groups)
        self._momentum = momentum
        if momentum:
            for group in groups:
                group.add_slot("momentum_buffer")

    def step(self) -> None:
        """One step along the gradients; parameters without one stay as they are."""
        for group in self._groups:
            gradients = group.gradients()
            if not gradients:
                continue
            assert group.live is not None
            torch._fused_sgd_(
                group.live,
                gradients,
                group.live_slots["momentum_buffer"] if self._momentum else [],
                weight_decay=group.weight_decay,
                momentum=self._momentum,
                lr=group.learning_rate,
                dampening=0.0,
                nesterov=False,
                maximize=False,
                is_first_step=False,
                grad_scale=None,
                found_inf=None,
            )

    def state(self) -> dict[str, Tensor]:
        """Velocities; nothing without momentum."""
        return {name: tensor for group in self._groups for name, tensor in group.state().items()}

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """What `state` gave; entries that are absent or of another shape are left as they are."""
        for group in self._groups:
            group.load_state(state)
