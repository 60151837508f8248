"""What a measurement looks at, and how: in eval mode, without gradients, drawing no random numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

import torch
from torch import Tensor

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.network import Network, NetworkInput
from engine.data.batches import DeviceData
from engine.graph.graph import Block, Graph
from engine.graph.problem import Fact, Problem, Refused, refused
from engine.graph.tensor_spec import Dim
from engine.training.checkpoint import Position

_BATCH_ON_CPU, _BATCH = 64, 1024  # a small one stays in the cache: up to three times as fast (measured)
_ONLY_SHAPE = ("flatten", "reshape")


class Subject(Protocol):
    """The part of a session that is measured: network, datasets by name, weights before the first step, progress."""

    @property
    def network(self) -> Network: ...
    @property
    def data(self) -> Mapping[str, DeviceData]: ...
    @property
    def initial_state(self) -> Mapping[str, Tensor]: ...
    @property
    def position(self) -> Position: ...
    @property
    def epochs(self) -> tuple[int, ...]: ...


@contextmanager
def quietly(network: Network) -> Iterator[None]:
    """Inside, every module is in eval mode and nothing is recorded; afterwards each has the mode it had."""
    modes = [(module, module.training) for module in network.root.modules()]
    network.root.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, mode in modes:
            module.training = mode


def outputs(subject: Subject, ports: tuple[str, ...], part: str, positions: Tensor | None = None) -> tuple[Tensor, ...]:
    """The tensors at `ports` "path/port" for the samples `positions` (None: all) of a part, in batches.

    Raises Refused `no-dataset`.
    """
    cut = subject.network.slice(ports)
    if positions is None:
        positions = torch.arange(part_length(subject, part))
    inputs = {source.key: source for source in subject.network.inputs}
    made: list[tuple[Tensor, ...]] = []
    size = _BATCH_ON_CPU if subject.network.device.type == "cpu" else _BATCH
    for batch in torch.split(positions, size):
        given = []
        for key in cut.inputs:
            data = data_of(subject, inputs[key])
            rows = data.rows(part).index_select(0, batch.to(data.device))
            given.append(data.tensors[inputs[key].field].index_select(0, rows))
        made.append(cut.module(*given))
    return tuple(torch.cat(tensors) for tensors in zip(*made, strict=True))


def is_finished(subject: Subject) -> bool:
    """Whether the run has done all epochs of its last stage, so that the test part may be looked at."""
    at, last = subject.position, len(subject.epochs) - 1
    return last >= 0 and (at.stage > last or (at.stage == last and at.epoch >= subject.epochs[last]))


def spread(length: int, count: int) -> Tensor:
    """At most `count` positions of 0 … length − 1 (int64, CPU), evenly spread, always the same."""
    if length <= count:
        return torch.arange(length)
    return torch.arange(max(count, 0)) * length // max(count, 1)


def part_length(subject: Subject, part: str) -> int:
    """Samples in a part of the data that the network reads."""
    return len(data_of(subject, any_input(subject.network)).rows(part))


def any_input(network: Network) -> NetworkInput:
    """The first field that the network reads; refuses `no-fields` where there is none."""
    if not network.inputs:
        raise refused("no-fields", title="Input", name="Input")
    return network.inputs[0]


def data_of(subject: Subject, source: NetworkInput) -> DeviceData:
    """The dataset that feeds `source`. Raises Refused: `no-dataset`, or `dataset-field` where a promise is broken."""
    data = subject.data.get(source.dataset)
    if data is None:
        raise block_refused("no-dataset", subject.network, source.block)
    promised, given = subject.network.program.specs[source.key], data.tensors.get(source.field)
    kept = given is not None and given.dim() == promised.rank
    if given is None or not kept or not all(map(_fits, promised.shape[1:], given.shape[1:])):
        words = f"{source.field} of {'×'.join(map(str, given.shape[1:]))}" if given is not None else "no such field"
        facts: dict[str, Fact] = {"promised": f"{source.field} {promised}", "given": words}
        raise block_refused("dataset-field", subject.network, source.block, dataset=data.dataset.title, **facts)
    return data


def labels_and_data(subject: Subject, block: str | None = None) -> tuple[DeviceData, str | None]:
    """The data to show samples with, of the Input `block` or the first that knows classes; its field of classes."""
    sources = [source for source in subject.network.inputs if block in (None, source.block)]
    known = [data_of(subject, source) for source in sources]
    if not known:
        raise refused("no-fields", title="Input", name="Input")
    chosen = next((data for data in known if data.dataset.label_field), known[0])
    return chosen, chosen.dataset.label_field


def picture_shape(network: Network, key: str) -> tuple[int, int, int] | None:
    """C, H, W of the pictures that the tensor `key` holds, be it flat by now; None where it holds none.

    Follows the tensor back through blocks that keep the number of values.
    """
    size = _sample_size(network, key)
    while True:
        shape = network.program.specs[key].shape[1:]
        if len(shape) == 3 and all(isinstance(length, int) for length in shape):
            channels, height, width = (int(str(length)) for length in shape)
            return channels, height, width
        before = _before(network, key)
        if before is None or size is None or _sample_size(network, before) != size:
            return None
        key = before


def origin(network: Network, key: str) -> NetworkInput | None:
    """The field whose values the tensor `key` holds, in whatever shape; None where they were computed."""
    inputs = {source.key: source for source in network.inputs}
    while key not in inputs:
        call = next((call for call in network.program.calls if key in call.outputs), None)
        if call is None or call.type.id not in _ONLY_SHAPE:
            return None
        key = call.sources[0]
    return inputs[key]


def unstandardised(subject: Subject, source: NetworkInput, values: Tensor) -> Tensor:
    """Values of a field in the units of the dataset; `values` are N×anything of the sample's size."""
    data = data_of(subject, source)
    moments = data.dataset.moments.get(source.field)
    if moments is None:
        return values
    mean, deviation = (torch.from_numpy(moment).to(values.device) for moment in moments)
    shaped = values.reshape(len(values), *data.tensors[source.field].shape[1:])
    return (shaped * deviation + mean).reshape(values.shape)


def grey(pictures: Tensor) -> Tensor:
    """M×C×H×W to M×H×W: the mean of the channels."""
    return pictures.mean(1) if pictures.shape[1] > 1 else pictures[:, 0]


def dataset_pictures(data: DeviceData, rows: Tensor) -> Tensor | None:
    """Pictures M×H×W float32 in 0…1 of dataset rows, on the CPU; None for data without pictures."""
    field = data.dataset.picture_field
    if field is None:
        return None
    return grey(torch.from_numpy(data.dataset.arrays[field][rows.cpu().numpy()])).clamp(0, 1)


def drawn_block(graph: Graph, key: str) -> Block | None:
    """The block at the path `key` of a drawing."""
    body: Graph | None = graph
    block = None
    for id in key.split("/"):
        block = body.blocks.get(id) if body is not None else None
        body = block.body if block is not None else None
    return block


def block_refused(code: str, network: Network, key: str, **facts: Fact) -> Refused:
    """A refusal that names the block at the path `key`: for `code`, or since it is `bypassed` or `not-in-network`."""
    if network.has_block(key):
        call = network.call_of(key)
        block, title = call.block, call.type.title
    else:
        drawn = drawn_block(network.graph, key)
        if drawn is None:
            return refused("not-in-network")
        type = BLOCK_TYPES.get(drawn.type)
        block, title = drawn, type.title if type is not None else drawn.type.capitalize()
        code = "bypassed" if drawn.bypassed else code
    return Refused(Problem(code=code, path=tuple(key.split("/")), facts={"title": title, "name": block.name, **facts}))


def _fits(promised: int | Dim, length: int) -> bool:
    return not isinstance(promised, int) or promised == length


def _sample_size(network: Network, key: str) -> int | None:
    shape = network.program.specs[key].shape[1:]
    lengths = [length for length in shape if isinstance(length, int)]
    return math.prod(lengths) if len(lengths) == len(shape) else None


def _before(network: Network, key: str) -> str | None:
    call = next((call for call in network.program.calls if key in call.outputs), None)
    return call.sources[0] if call is not None and len(call.sources) == 1 else None
