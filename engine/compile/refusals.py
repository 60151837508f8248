"""What modules refuse, told of the drawing: the numbers of a run written as the symbols that they stand for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from engine.compile.trials import BATCH, time_axes
from engine.graph.block_type import Inputs
from engine.graph.problem import Problem, Refused, fault_words


class Unfit(Exception):
    """A module refuses its inputs, for a `reason`, or with a `problem` that has words of its own."""

    def __init__(self, reason: str = "", problem: Problem | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.problem = problem


@contextmanager
def refusing(inputs: Inputs, symbolic: int | None = None) -> Iterator[None]:
    """Whatever is raised inside comes out as Unfit; `symbolic` is the T of these inputs that is no real one."""
    try:
        yield
    except Unfit:
        raise
    except Refused as fault:
        raise Unfit(problem=_with_symbols(fault.problem, symbolic, inputs)) from fault
    except Exception as fault:
        raise Unfit(_reason(fault, symbolic, inputs)) from fault


def _reason(fault: Exception, time: int | None, inputs: Inputs) -> str:
    """The first line of the message."""
    return _written(fault_words(fault), time, inputs).rstrip(".")


def _with_symbols(problem: Problem, time: int | None, inputs: Inputs) -> Problem:
    reason = problem.facts.get("reason")
    told = {"reason": _written(reason, time, inputs)} if isinstance(reason, str) else {}
    return msgspec.structs.replace(problem, facts={**problem.facts, **told})


def _written(text: str, time: int | None, inputs: Inputs) -> str:
    changed = {} if time is None else {axis.at(time): str(axis) for axis in time_axes(inputs) if axis.symbol == "T′"}
    return re.sub(r"\d+", lambda found: changed.get(int(found[0])) or _symbols(int(found[0]), time), text)


def _symbols(number: int, time: int | None) -> str:
    letters = ""
    for length, letter in ((BATCH, "N"), (time, "T")):
        if number and length and number % length == 0:
            number, letters = number // length, letters + letter
    return letters if letters and number == 1 else f"{number}{letters}"
