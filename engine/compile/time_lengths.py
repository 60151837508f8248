"""How long the sequences of a drawing's datasets are: T, and what differs from it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from engine.compile.records import Record
from engine.compile.trials import probe_times
from engine.data.catalogue import SEQUENCE_LENGTHS
from engine.graph.block_type import BlockType, Parameters, lenient_parameters
from engine.graph.graph import Graph
from engine.graph.tensor_spec import Dim, TensorSpec

replace = msgspec.structs.replace
FAR = 6
"""The `reach` of sequences from which windows take thousands of steps away, or that large strides round."""


class TimeLengths(msgspec.Struct, frozen=True):
    """The steps of T, None where no dataset tells, and by dataset how many more it has; `reach` as in probing."""

    time: int | None = None
    more: Mapping[str, int] = {}
    reach: int = 1

    def of_input(self, promised: Mapping[str, TensorSpec], parameters: Parameters) -> Mapping[str, TensorSpec]:
        """What an Input gives: T′ where its dataset has other lengths than the drawing's first."""
        more = self.more.get(_dataset(parameters))
        if more is None:
            return promised
        other = Dim("T′", steps=tuple((time, max(1, time + more)) for time in probe_times(self.time, self.reach)))
        return {
            port: replace(spec, shape=tuple(other if length == Dim("T") else length for length in spec.shape))
            for port, spec in promised.items()
        }


def time_lengths(graph: Graph, types: Mapping[str, BlockType], time: int | None = None) -> TimeLengths:
    """The lengths that the datasets of the drawing's Inputs are known to have; `time` instead of the first's."""
    known: dict[str, int] = {}
    kinds = {id for id, type in types.items() if type.role == "input"}
    inputs = [block for block in graph.blocks.values() if block.type in kinds]
    # A saved drawing has its blocks in this order: the first stays the first.
    for block in sorted(inputs, key=lambda block: block.id):
        name = _dataset(lenient_parameters(types[block.type], block, graph.variables))
        if name in SEQUENCE_LENGTHS:
            known[name] = SEQUENCE_LENGTHS[name]
    first = next(iter(known.values()), 0)
    more = {name: length - first for name, length in known.items() if length != first}
    return TimeLengths(time or first or None, more)


def may_fit_longer(record: Record, types: Mapping[str, BlockType], time_known: bool) -> bool:
    """Whether what is refused may run: it wants more steps than nobody said there are, or rounds by a large stride.

    Not the learner's own code, which runs at the same lengths however far others are tried.
    """
    type = types.get(record.block.type)
    if not record.problems or (type is not None and "own_code" in type.traits):
        return False
    lengths = (length for spec in record.inputs.values() for length in spec.shape if isinstance(length, Dim))
    times = {length for length in lengths if length.symbol != "N"}
    refused = any(problem.code == "module" for problem in record.problems)
    if len(times) > 1 or (times and refused and not time_known):
        return True
    inside = (*record.children.values(), *(child for copy in record.copies for child in copy.records.values()))
    return any(may_fit_longer(one, types, time_known) for one in inside)


def _dataset(parameters: Parameters) -> str:
    return str(parameters.get("dataset") or "")
