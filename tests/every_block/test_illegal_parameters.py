"""A file may hold any value in any parameter: each that its declaration does not allow is told in words, none more."""

from __future__ import annotations

import math

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.block_type import BlockType, lenient_parameters
from engine.graph.edits import set_parameter
from engine.graph.graph import Block, Graph
from engine.graph.problem import Refused
from engine.graph.scope import Scope
from engine.graph.values import Formula, Value
from tests.every_block.exporting import ANALYSER

SCOPE = Scope(types=BLOCK_TYPES)
VALUES: tuple[Value, ...] = (
    *(-5, 0, 10**9, 10**30, 0.5, math.nan, math.inf, True, None, "abc", "", (), (0, 0), (1,) * 9, ((1, 2), (3,))),
    *(Formula(text) for text in ("1/0", "unknown", "10**100", "1.5", "((")),
)


@pytest.mark.parametrize("type", BLOCK_TYPES.values(), ids=lambda type: type.id)
def test_a_value_is_allowed_or_told_in_words(type: BlockType) -> None:
    numbers = iter(range(999))
    body = type.body(lambda: f"i{next(numbers)}") if type.body is not None else None
    for parameter in type.parameters:
        for value in VALUES:
            block = Block("b", type.id, type.title, {parameter.id: value}, body=body)
            problems = ANALYSER.analyse(Graph(blocks={"b": block})).problems
            told = [problem.sentence for problem in problems if "parameter" in problem.facts]
            assert not any("?" in sentence or "{" in sentence for sentence in told)
            plain = Graph(blocks={"b": Block("b", type.id, type.title, body=body)})
            refused = []
            try:
                set_parameter(plain, SCOPE, "b", parameter.id, value)
            except Refused as fault:
                refused.append(fault.problem.sentence)
            assert told == refused, (parameter.id, value)
            if refused:
                assert lenient_parameters(type, block, {})[parameter.id] == parameter.default
