"""Checkpoints: all that a run needs to go on to the last bit, as one safetensors file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import torch
from torch import Tensor

from engine.compile.lent_weights import Lent, with_lent
from engine.graph.problem import fault_words, refused
from engine.graph.values import Plain
from engine.project.atomic_file import reason_of, write_atomically

# Ids of blocks hold no colon, so these names never meet a weight's.
OPTIMISER, RUN = "optimiser:", "run:"
_METADATA = "tensorloom"
VERSION = 3


class Position(Plain, frozen=True):
    """Where a run is: whole `epoch`s done in `stage`, `batch`es done in the next one, `step`s done in all."""

    stage: int = 0
    epoch: int = 0
    batch: int = 0
    step: int = 0


class RunFacts(Plain, frozen=True):
    """What a checkpoint says beside its tensors.

    `epochs` and `learning_rate` (of the running stage) are as steered and continued, `planned_epochs` and
    `planned_rate` as the plan had them; `right` and `seen` are counts over the epoch so far. `lent` tells who used
    whose weights: the drawing may have been changed since. `samples` of an epoch; None in files of before.
    `epochs_before`: how many of the running stage's epochs were trained before the plan's were added to them.
    """

    position: Position
    epochs: tuple[int, ...]
    planned_epochs: tuple[int, ...]
    learning_rate: float
    planned_rate: float
    threads: int
    device: str
    batch_size: int
    seed: int
    version: int = VERSION
    metrics: Mapping[str, float] = {}
    right: tuple[int, ...] = ()
    seen: tuple[int, ...] = ()
    lent: Lent = {}
    samples: int | None = None
    epochs_before: int = 0


@dataclass(frozen=True)
class Snapshot:
    """A run at a step boundary, in the memory of the CPU.

    `weights` by the keys of `Network.state()`, `optimiser` by those of `Optimiser.state()`, `run`: torch's `random`
    state (uint8), `random.cuda`, and `losses` of the epoch so far (float32 steps×columns). `facts` None: weights only.
    """

    weights: Mapping[str, Tensor]
    optimiser: Mapping[str, Tensor] = field(default_factory=dict)
    run: Mapping[str, Tensor] = field(default_factory=dict)
    facts: RunFacts | None = None

    @property
    def known_weights(self) -> Mapping[str, Tensor]:
        """`weights`, with those that blocks shared under their own keys too."""
        return self.weights if self.facts is None else with_lent(self.weights, self.facts.lent)


def on_cpu(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Copies in the memory of the CPU that later steps do not touch."""
    return {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()}


def random_state(device: torch.device) -> dict[str, Tensor]:
    """torch's random state on the CPU, and on `device` where that is a GPU."""
    state = {"random": torch.get_rng_state()}
    if device.type == "cuda":
        state["random.cuda"] = torch.cuda.get_rng_state(device)
    return state


def set_random_state(state: Mapping[str, Tensor], device: torch.device) -> None:
    """The random state that `random_state` gave."""
    torch.set_rng_state(state["random"])
    if device.type == "cuda" and "random.cuda" in state:
        torch.cuda.set_rng_state(state["random.cuda"], device)


def write_checkpoint(path: Path, snapshot: Snapshot) -> None:
    """Write one file, atomically. Weights keep their plain keys, so that any reader of weights can take them.

    Raises Refused `disk-full` or `save-failed`.
    """
    from safetensors.torch import save

    tensors = dict(snapshot.weights)
    tensors |= {OPTIMISER + name: tensor for name, tensor in snapshot.optimiser.items()}
    tensors |= {RUN + name: tensor for name, tensor in snapshot.run.items()}
    metadata = {} if snapshot.facts is None else {_METADATA: msgspec.json.encode(snapshot.facts).decode()}
    data = save({name: tensors[name] for name in sorted(tensors)}, metadata=metadata)
    write_atomically(path, lambda stream: _write(stream, data))


def _write(stream: object, data: bytes) -> None:
    stream.write(data)  # type: ignore[attr-defined]


def read_checkpoint(path: Path) -> Snapshot:
    """The checkpoint, or plain weights, in the safetensors file `path`.

    Raises Refused `file-missing`, `file-unreadable`, `damaged` or `newer`.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise refused("file-missing", file=str(path))
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 -- not a mapping
    except SafetensorError as fault:
        raise refused("damaged", file=path.name, reason=fault_words(fault)) from fault
    except OSError as fault:
        raise refused("file-unreadable", file=path.name, reason=reason_of(fault)) from fault
    facts = _facts(path, metadata[_METADATA]) if _METADATA in metadata else None
    parts: dict[str, dict[str, Tensor]] = {"": {}, OPTIMISER: {}, RUN: {}}
    for name, tensor in tensors.items():
        prefix = next((known for known in (OPTIMISER, RUN) if name.startswith(known)), "")
        parts[prefix][name.removeprefix(prefix)] = tensor
    return Snapshot(weights=parts[""], optimiser=parts[OPTIMISER], run=parts[RUN], facts=facts)


class _Version(msgspec.Struct):
    version: int = 0


def _facts(path: Path, text: str) -> RunFacts:
    try:
        version = msgspec.json.decode(text, type=_Version).version
        if version <= VERSION:
            return msgspec.json.decode(text, type=RunFacts)
    except (msgspec.MsgspecError, RecursionError) as fault:
        raise refused("damaged", file=path.name, reason=fault_words(fault)) from fault
    raise refused("newer", file=path.name, version=version, known=VERSION)
