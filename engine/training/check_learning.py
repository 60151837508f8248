"""How the blocks of a drawing start and learn, as far as a file can say what no field takes. No torch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from engine.graph.block_type import BlockType
from engine.graph.graph import Block, Graph, Initialiser, Learning
from engine.graph.initialiser_kinds import INITIALISER_KINDS
from engine.graph.paths import bodies
from engine.graph.problem import Problem, Refused, block_words
from engine.graph.values import Value

_KINDS = {kind.id: kind for kind in INITIALISER_KINDS}
_UNTOUCHED = Learning()


def learning_problems(graph: Graph, types: Mapping[str, BlockType]) -> Iterator[Problem]:
    """What no block can start or learn by, at any depth."""
    for path, body in bodies(graph):
        for id, block in sorted(body.blocks.items()):
            type = types.get(block.type)
            if type is not None and block.learning != _UNTOUCHED:
                yield from _of_block(block, type.title, (*path, id))


def refuse_learning(graph: Graph, types: Mapping[str, BlockType]) -> None:
    """Raises Refused with the first of `learning_problems`: before the weights are drawn, which would fail."""
    for problem in learning_problems(graph, types):
        raise Refused(problem)


def _of_block(block: Block, title: str, path: tuple[str, ...]) -> Iterator[Problem]:
    learning, words = block.learning, block_words(title, block.name)
    for label, value in (("Rate factor", learning.rate_factor), ("Weight decay", learning.decay)):
        if value is not None and not (math.isfinite(value) and value >= 0):
            yield _out_of_range(f"{label} of {words}", value, "0 or more", path)
    for weight, start in sorted(learning.initialisers.items()):
        yield from _of_start(start, f"{weight} of {words}", path)


def _of_start(start: Initialiser, whose: str, path: tuple[str, ...]) -> Iterator[Problem]:
    kind = _KINDS.get(start.name)
    if kind is None:
        yield Problem(
            code="initialiser",
            path=path,
            facts={"name": start.name, "whose": f" for the {whose}", "known": ", ".join(_KINDS)},
        )
        return
    for argument, value in sorted(start.arguments.items()):
        if argument != kind.argument:
            hint = f"Give it {kind.argument}." if kind.argument else "Leave it out: it takes none."
            facts: dict[str, Value] = {"start": kind.title, "whose": whose, "argument": argument, "hint": hint}
            yield Problem(code="initialiser-argument", path=path, facts=facts)
        elif isinstance(value, bool) or not isinstance(value, (int, float)) or not kind.takes(value):
            yield _out_of_range(f"{kind.label} of the {whose}", value, kind.range_words, path)


def _out_of_range(label: str, value: Value, range: str, path: tuple[str, ...]) -> Problem:
    return Problem(code="setting-range", path=path, facts={"label": label, "value": value, "range": range})
