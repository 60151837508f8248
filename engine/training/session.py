"""What the worker holds between and during runs: the network, its data on the device, and where training stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from engine.blocks.inputs import dataset_names
from engine.compile.analyse import Analyser
from engine.compile.compiler import compile_graph
from engine.compile.network import Network
from engine.data.batches import DeviceData
from engine.data.datasets import load_dataset
from engine.graph.block_type import BlockType
from engine.training.check_learning import refuse_learning
from engine.training.checkpoint import Position, Snapshot, on_cpu, read_checkpoint
from engine.training.devices import choose_device
from engine.training.plan import DatasetRef, TrainingRequest

PARTS = ("train", "validation", "test")


@dataclass(eq=False)
class Session:
    """A compiled drawing with its weights and data. One thread computes with it at a time.

    `data` by dataset name. `initial_state` are CPU copies of the weights that training began with, drawn from the seed
    or loaded, by the keys of `Network.state()`: views tell what changed since. `loaded` are the keys of weights that
    came from a file. `position` is where training stands, `epochs` how many each stage has; `snapshot` is the run as
    last kept, from which it can go on.
    """

    network: Network
    data: Mapping[str, DeviceData]
    request: TrainingRequest
    initial_state: Mapping[str, Tensor]
    types: Mapping[str, BlockType]
    device: torch.device
    position: Position = Position()
    epochs: tuple[int, ...] = ()
    loaded: frozenset[str] = frozenset()
    snapshot: Snapshot | None = None

    @property
    def needs_gradient(self) -> bool:
        """Whether some loss differentiates inside its forward function, so that validation needs gradients too."""
        return any("needs_gradient" in call.type.traits for call in self.network.program.calls)

    def tensor(self, key: str) -> Tensor:
        """All rows of the field "input block/field", on the device."""
        entry = self._input(key)
        return self.data[entry.dataset].tensors[entry.field]

    def rows(self, key: str, part: str) -> Tensor:
        """Row numbers of one part for the field `key`: int64, on the device."""
        return self.data[self._input(key).dataset].rows(part)

    def count(self, part: str) -> int:
        """Samples of one part; of several datasets the first speaks for all."""
        if not self.network.inputs:
            return 0
        return len(self.rows(self.network.inputs[0].key, part))

    def gather(self, keys: tuple[str, ...], part: str, start: int, stop: int) -> tuple[Tensor, ...]:
        """The samples `start` to `stop` of one part, in ascending rows, one tensor a key."""
        return tuple(self.tensor(key).index_select(0, self.rows(key, part)[start:stop]) for key in keys)

    def _input(self, key: str) -> _Entry:
        if key not in self._entries:
            entry = next(entry for entry in self.network.inputs if entry.key == key)
            self._entries[key] = _Entry(entry.dataset, entry.field)
        return self._entries[key]

    def __post_init__(self) -> None:
        self._entries: dict[str, _Entry] = {}


@dataclass(frozen=True)
class _Entry:
    dataset: str
    field: str


def dataset_refs(request: TrainingRequest, types: Mapping[str, BlockType]) -> tuple[DatasetRef, ...]:
    """The datasets that the drawing's Inputs name: as the request describes them, else by name alone."""
    described = {ref.name: ref for ref in request.datasets}
    return tuple(described.get(name, DatasetRef(name=name)) for name in dataset_names(request.graph, types))


def open_session(request: TrainingRequest, types: Mapping[str, BlockType], analyser: Analyser | None = None) -> Session:
    """Compile the drawing, move its data to the device, and take over the weights of `request.weights` where they fit.

    Trains nothing; an Input without a dataset stays without data. Weights that are not in the file are drawn from the
    plan's seed. Raises Refused: the drawing's first error, `device`, what `load_dataset` and `read_checkpoint` raise.
    """
    device = choose_device(request.plan.device)
    refuse_learning(request.graph, types)
    snapshot = read_checkpoint(Path(request.weights)) if request.weights is not None else None
    network = compile_graph(request.graph, types, seed=request.plan.seed, device=device, analyser=analyser)
    data = {ref.name: DeviceData(load_dataset(ref), device) for ref in dataset_refs(request, types)}
    facts = snapshot.facts if snapshot is not None else None
    # A run that goes on began with the weights of the seed, another one begins with those of the file.
    began = on_cpu(network.state()) if facts is not None else None
    loaded: list[str] = []
    if snapshot is not None:
        loaded, _ = network.load_state(snapshot.known_weights)
    return Session(
        network=network,
        data=data,
        request=request,
        initial_state=began if began is not None else on_cpu(network.state()),
        types=types,
        device=device,
        position=facts.position if facts is not None else Position(),
        epochs=facts.epochs if facts is not None else (),
        loaded=frozenset(loaded),
        snapshot=snapshot if facts is not None else None,
    )
