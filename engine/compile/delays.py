"""Bodies that run over time: what one step of them receives, and what their Delays hold, found by trying."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from engine.compile.records import Inside, Record
from engine.graph.analysis import Cost, path_key
from engine.graph.block_type import BlockType, Inputs, Ports
from engine.graph.graph import Path
from engine.graph.problem import Fact, Problem
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.graph.traversal import DELAY

replace = msgspec.structs.replace

_MORE_PASSES = 4
"""How often a body is tried beyond once for each Delay, until what the Delays receive stays the same."""


class Delays:
    """What the Delays of the bodies being analysed hold, by path key.

    While `guessing`, blocks that merge take an unknown input for one of the shape of a known one: a loop is entered so.
    """

    def __init__(self) -> None:
        self.specs: dict[str, TensorSpec] = {}
        self.guessing = False

    def below(self, path: Path) -> dict[str, TensorSpec]:
        """Those inside the container at `path`."""
        if not self.specs:
            return {}
        inside = f"{path_key(path)}/"
        return {key: spec for key, spec in self.specs.items() if key.startswith(inside)}

    def guess(self, type: BlockType | None, ports: Ports, inputs: Inputs, wired: Mapping[str, object]) -> Inputs:
        """`inputs`, what is wired but unknown filled in for blocks that merge."""
        if type is None or type.family != "merge" or not inputs:
            return inputs
        known = next(iter(inputs.values()))
        return {port.id: inputs.get(port.id, known) for port in ports.inputs if port.id in wired}


class _Fed(NamedTuple):
    """One Delay: its path, its record, and what is led into it, None where that is unknown."""

    path: Path
    record: Record
    spec: TensorSpec | None


def settled(
    delays: Delays,
    path: Path,
    types: Mapping[str, BlockType],
    run: Callable[[bool], Inside],
) -> Inside:
    """What the body of the container at `path` comes to when its Delays give what they are fed.

    `run` analyses the body; told False, without what was remembered. At first nothing is known of what Delays hold:
    blocks that need none of it tell, and blocks that merge are taken to keep a shape. Then the body runs with that
    until it proves itself.
    """
    outside, was_guessing = dict(delays.specs), delays.guessing
    held: dict[str, TensorSpec] = {}
    try:
        delays.guessing = True
        passes = 0
        while True:
            delays.specs = {**outside, **held}
            fed = list(_fed(run(False).records, path, types))
            found = {path_key(one.path): one.spec for one in fed if one.spec is not None}
            passes += 1
            if found == held or passes > len(fed) + _MORE_PASSES:
                break
            held = found
        delays.guessing = was_guessing
        delays.specs = {**outside, **held}
        inside = run(True)
        if inside.problems:
            return inside
        return replace(inside, problems=tuple(_unsettled(_fed(inside.records, path, types), held, types)))
    finally:
        delays.specs, delays.guessing = outside, was_guessing


def _fed(records: Mapping[str, Record], path: Path, types: Mapping[str, BlockType]) -> Iterator[_Fed]:
    """The Delays of a body and of the containers in it, but for those that run over a time of their own."""
    for id, record in records.items():
        here = (*path, id)
        if record.block.type == DELAY:
            source = record.sources.get("input")
            giver = records.get(source.block) if source is not None else None
            yield _Fed(here, record, giver.outputs.get(source.port) if giver is not None and source else None)
            continue
        type = types.get(record.block.type)
        if type is None or type.runs_over_time:
            continue
        if record.copies:
            for index, copy in enumerate(record.copies):
                yield from _fed(copy.records, (*here, index), types)
        else:
            yield from _fed(record.children, here, types)


def _unsettled(
    fed: Iterator[_Fed], held: Mapping[str, TensorSpec], types: Mapping[str, BlockType]
) -> Iterator[Problem]:
    for path, record, spec in fed:
        facts: dict[str, Fact] = {"title": types[DELAY].title, "name": record.block.name}
        given = held.get(path_key(path))
        if given is None or spec is None:
            yield Problem(code="delay-shape", path=path, port="input", facts=facts)
        elif given != spec:
            yield Problem(
                code="delay-differs", path=path, port="input", facts={**facts, "first": given, "second": spec}
            )
        elif spec.has_time:
            yield Problem(code="delay-time", path=path, port="input", facts={**facts, "received": spec})


def one_step(spec: TensorSpec) -> TensorSpec:
    """What one time step of a sequence N×T×… is."""
    return replace(spec, shape=(spec.shape[0], *spec.shape[2:]))


def all_steps(spec: TensorSpec, length: int | Dim) -> TensorSpec:
    """The sequence that one such tensor for each time step makes."""
    return replace(spec, shape=(spec.shape[0], length, *spec.shape[1:]))


def cost_over_time(cost: Cost, length: int | Dim, time: int) -> Cost:
    """What a step that costs `cost` costs in a whole sequence, symbolic lengths at `time` steps."""
    steps = length.at(time) if isinstance(length, Dim) else length
    return Cost(cost.parameters, cost.multiply_adds * steps, cost.activation_bytes * steps)
