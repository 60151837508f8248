"""A compiled drawing: one tree of modules, and slices of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Literal

import msgspec
import torch
from torch import Tensor, nn

from engine.compile.build import build_module
from engine.compile.lent_weights import Lent
from engine.compile.program import Call, Program
from engine.compile.slices import LossTerm, Slice, cut, cut_training
from engine.graph.graph import Graph
from engine.graph.problem import refused
from engine.graph.tensor_spec import TensorSpec


class NetworkInput(msgspec.Struct, frozen=True):
    """One field that the network reads: the id of its Input block, the field, its key "block/field", the dataset."""

    block: str
    field: str
    key: str
    dataset: str


class NetworkLoss(msgspec.Struct, frozen=True):
    """One loss block: `prediction` and `target` are keys of the tensors it compares, None where it compares nothing."""

    path: str
    name: str
    weight: float
    transform: Literal["none", "softmax", "sigmoid"]
    prediction: str | None = None
    target: str | None = None
    target_spec: TensorSpec | None = None


class Network:
    """A drawing as PyTorch: `root` owns all modules; slices share them. Built by `compile_graph`."""

    def __init__(self, graph: Graph, program: Program, root: nn.Module, seed: int) -> None:
        self.graph = graph
        self.program = program
        self.root = root
        self.seed = seed
        self._slices: dict[tuple[str, ...], Slice] = {}
        self._training_slice: Slice | None = None
        calls = {call.key: call for call in program.all_calls}
        self._calls = {**{key: calls[first] for key, first in program.first_copies.items() if first in calls}, **calls}
        self._owners = tuple(call for call in program.all_calls if call.owner)

    @property
    def inputs(self) -> tuple[NetworkInput, ...]:
        """The fields that the drawing's Inputs bring, used or not."""
        return tuple(self._input(key) for key in self.program.fields)

    @property
    def losses(self) -> tuple[NetworkLoss, ...]:
        """The loss blocks in execution order."""
        return tuple(self._loss(call) for call in self.program.calls if call.type.role == "loss")

    @property
    def device(self) -> torch.device:
        """Where the weights are; the CPU where there are none."""
        weight = next(self.root.parameters(), None)
        return weight.device if weight is not None else torch.device("cpu")

    @cached_property
    def convolves_pictures(self) -> bool:
        """Whether some of its modules are convolutions over N×C×H×W, or such the other way round."""
        return any(isinstance(module, nn.Conv2d | nn.ConvTranspose2d) for module in self.root.modules())

    @cached_property
    def has_own_code(self) -> bool:
        """Whether some of its blocks are the user's own Python files."""
        return any("own_code" in call.type.traits for call in self.program.all_calls)

    def training_slice(self) -> Slice:
        """Returns (Σ weight × loss, (loss, …), (prediction, …)), one of each for every loss block.

        The prediction of a loss that compares nothing, such as a penalty on activities, is None. Kept, since every
        epoch's validation asks again.
        """
        if self._training_slice is not None:
            return self._training_slice
        terms = tuple(LossTerm(f"{loss.path}/loss", loss.prediction, loss.weight) for loss in self.losses)
        assert terms, "a drawing without a loss has no training slice"
        self._training_slice = cut_training(self.root, self.program, terms)
        return self._training_slice

    def slice(self, ports: tuple[str, ...]) -> Slice:
        """Returns the tensors that stand at the ports "path/port"; kept, so asking again costs nothing.

        Raises Refused for a port inside a Recurrent: there is one tensor there for each time step.
        """
        for port in ports:
            if port not in self.program.aliases:
                self._refuse_inside_steps(port)
        wanted = tuple(self.program.aliases[port] for port in ports)
        found = self._slices.get(wanted)
        if found is None:
            found = self._slices[wanted] = cut(self.root, self.program, wanted)
        return found

    def _refuse_inside_steps(self, port: str) -> None:
        container = next(
            (call for call in self.program.calls if call.steps is not None and port.startswith(f"{call.key}/")), None
        )
        call = self._calls.get(port.rpartition("/")[0])
        if container is not None:
            title, name = (call.type.title, call.block.name) if call is not None else ("This block", "This block")
            path = tuple(port.split("/")[:-1])
            raise refused("inside-steps", path=path, title=title, name=name, container=container.block.name)

    def block(self, key: str) -> nn.Module:
        """The module of the block at the path `key`; a container's is the tree of its body."""
        call = self._calls.get(key)
        if call is not None:
            return self.root.get_submodule(call.target)
        key = self.program.first_copies.get(key, key)
        inside = next(call for call in self._owners if call.key.startswith(f"{key}/"))
        depth = len(key.split("/"))
        return self.root.get_submodule(".".join(inside.target.split(".")[:depth]))

    def has_block(self, key: str) -> bool:
        """Whether a module stands at the path `key`."""
        return key in self._calls

    def call_of(self, key: str) -> Call:
        """The call of the block at the path `key`."""
        return self._calls[key]

    def source_of(self, key: str, port: str = "input") -> str:
        """The key of the tensor that reaches a port of a block. Raises Refused inside a Recurrent."""
        if f"{key}/{port}" not in self.program.aliases:
            self._refuse_inside_steps(f"{key}/{port}")
        return self.program.aliases[f"{key}/{port}"]

    def output_of(self, key: str) -> str | None:
        """The port key of the first tensor that the block at `key` gives, or None."""
        if key in self._calls:
            return next(iter(self._calls[key].outputs), None)
        depth = key.count("/") + 1
        return next(
            (
                port
                for port in self.program.aliases
                if port.startswith(f"{key}/")
                and port.count("/") == depth
                and port in self.program.specs
                and self._is_output(key, port)
            ),
            None,
        )

    def _is_output(self, key: str, port: str) -> bool:
        """Whether a port of a container is one of its Exits, or a port of an Input is a field."""
        return port in self.program.fields or f"{key}/{port.rpartition('/')[2]}/input" in self.program.aliases

    def state(self) -> dict[str, Tensor]:
        """Weights and buffers by id path, "k3f9.weight": what checkpoints hold. The tensors are the network's own."""
        return {f"{call.key}.{name}": tensor for call in self._owners for name, tensor in self._own_state(call).items()}

    @property
    def lent(self) -> Lent:
        """Which blocks use the weights of which others: see `with_lent`."""
        owners = {call.target: call.key for call in self._owners}
        return {
            call.key: (owners[call.tied or call.target], bool(call.tied))
            for call in self.program.all_calls
            if call.block.weights is not None
        }

    def load_state(self, state: Mapping[str, Tensor]) -> tuple[list[str], list[str]]:
        """Take over what fits by key and shape. Returns the keys loaded, and its own that were not."""
        loaded: list[str] = []
        missing: list[str] = []
        with torch.no_grad():
            for key, tensor in self.state().items():
                given = state.get(key)
                if given is not None and given.shape == tensor.shape:
                    tensor.copy_(given)
                    loaded.append(key)
                else:
                    missing.append(key)
        return loaded, missing

    def readable_state(self) -> dict[str, Tensor]:
        """Weights and buffers under the dotted names a person would have written: "residual.convolution.weight"."""
        return {
            f"{call.target}.{name}": tensor for call in self._owners for name, tensor in self._own_state(call).items()
        }

    def own_parameters(self, call: Call) -> Iterator[tuple[str, nn.Parameter]]:
        """The parameters of a module by name, without the weight that it only shares."""
        for name, parameter in self.root.get_submodule(call.target).named_parameters():
            if not (call.tied and name == "weight"):
                yield name, parameter

    def _own_state(self, call: Call) -> Mapping[str, Tensor]:
        """The weights and buffers of a module, without the weight that it only shares."""
        state = self.root.get_submodule(call.target).state_dict()
        return {name: tensor for name, tensor in state.items() if not (call.tied and name == "weight")}

    def initialise(self, seed: int) -> None:
        """Draw fresh weights from `seed`, in place, each block from its own path."""
        self.seed = seed
        for call in self._owners:
            fresh = build_module(call, seed).state_dict()
            with torch.no_grad():
                for name, tensor in self._own_state(call).items():
                    tensor.copy_(fresh[name])

    def parameter_groups(self, learning_rate: float, weight_decay: float) -> list[dict[str, Any]]:
        """What learns, grouped for an optimiser by rate and decay; `rate_factor` tells how `lr` was made."""
        groups: dict[tuple[float, float], list[nn.Parameter]] = {}
        for call in self._owners:
            learning = call.block.learning
            if learning.frozen:
                continue
            decay = weight_decay if learning.decay is None else learning.decay
            parameters = [parameter for _, parameter in self.own_parameters(call)]
            groups.setdefault((learning.rate_factor, decay), []).extend(parameters)
        return [
            {"params": parameters, "lr": learning_rate * factor, "weight_decay": decay, "rate_factor": factor}
            for (factor, decay), parameters in groups.items()
            if parameters
        ]

    def to(self, device: torch.device | str) -> Network:
        """The same network, moved."""
        self.root.to(device)
        return self

    def _input(self, key: str) -> NetworkInput:
        block, _, field = key.rpartition("/")
        drawn = self.graph.blocks[block]
        return NetworkInput(block, field, key, str(drawn.parameters.get("dataset", "digits")))

    def _loss(self, call: Call) -> NetworkLoss:
        prediction = call.type.prediction
        weight = call.parameters["weight"]
        assert isinstance(weight, (int, float))
        if prediction is None:
            return NetworkLoss(path=call.key, name=call.block.name, weight=float(weight), transform="none")
        return NetworkLoss(
            path=call.key,
            name=call.block.name,
            weight=float(weight),
            transform=prediction.transform,
            prediction=self.program.aliases[f"{call.key}/{prediction.port}"],
            target=self.program.aliases[f"{call.key}/{prediction.target}"],
            target_spec=self.program.specs[f"{call.key}/{prediction.target}"],
        )
