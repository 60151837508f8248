"""Repairs for sequences of different lengths: the convolution that took steps away may pad instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from engine.compile.records import Record
from engine.graph.block_type import BlockType
from engine.graph.graph import Path, PortRef
from engine.graph.problem import Fix, Problem
from engine.graph.tensor_spec import Dim, TensorSpec

replace = msgspec.structs.replace

_Time = tuple[Dim, ...]


class _Change(NamedTuple):
    """Where the time of what reaches a port was changed last."""

    record: Record
    before: _Time


def with_time_repairs(
    record: Record, records: Mapping[str, Record], types: Mapping[str, BlockType], path: Path
) -> Record:
    """The record of a block of the body at `path`; a problem of lengths that differ gets the repairs that mend it."""
    if not any(problem.code == "time-differs" and not problem.fixes for problem in record.problems):
        return record
    fixes = tuple(_fixes(record, records, types, path))
    here = (*path, record.block.id)

    def repaired(problem: Problem) -> Problem:
        return replace(problem, fixes=fixes) if problem.code == "time-differs" and problem.path == here else problem

    return replace(record, problems=tuple(map(repaired, record.problems)))


def _fixes(record: Record, records: Mapping[str, Record], types: Mapping[str, BlockType], path: Path) -> Iterator[Fix]:
    times = {port: _time(spec) for port, spec in record.inputs.items()}
    for port, time in times.items():
        wanted = {other for other in times.values() if other != time}
        change = _last_change(record.sources[port], records) if len(wanted) == 1 else None
        if change is None or change.before not in wanted:
            continue
        block, parameters = change.record.block, change.record.parameters
        padding, stride = types[block.type].parameter("padding"), parameters.get("stride")
        if padding is None or "same" not in padding.choices or parameters["padding"] == "same":
            continue
        if isinstance(stride, tuple) and all(step == 1 for step in stride):
            yield Fix(
                edit="set_parameter",
                arguments=(block.id, "padding", "same"),
                body=tuple(step for step in path if isinstance(step, str)),
                facts={"label": f"{padding.label} of {block.name}", "value": "same"},
                key="P",
            )


def _last_change(at: PortRef, records: Mapping[str, Record]) -> _Change | None:
    """Follows a way back through blocks of one sequence that keep its time."""
    for _ in records:
        record = records.get(at.block)
        if record is None or at.port not in record.outputs or record.block.bypassed or record.block.body is not None:
            return None
        timed = {port: time for port, spec in record.inputs.items() if (time := _time(spec))}
        if len(timed) != 1:
            return None
        ((port, before),) = timed.items()
        if before != _time(record.outputs[at.port]):
            return _Change(record, before)
        if port not in record.sources:
            return None
        at = record.sources[port]
    return None


def _time(spec: TensorSpec) -> _Time:
    return tuple(length for length in spec.shape if isinstance(length, Dim) and length.symbol != "N")
