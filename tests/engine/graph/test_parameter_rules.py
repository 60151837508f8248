from __future__ import annotations

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.block_type import Parameter
from engine.graph.graph import Block
from engine.graph.parameter_rules import nearest_choice, parameter_problem, range_words
from engine.graph.values import Formula, Value

DENSE = BLOCK_TYPES["dense"]
BLOCK = Block("b", "dense", "B")


def test_a_list_out_of_range_is_told_as_a_list() -> None:
    for listed, words in ((False, "2×0"), (True, "2, 0")):
        problem = parameter_problem(
            DENSE, BLOCK, declared(kind="tuple", minimum=1, default=(2, 1), listed=listed), (2, 0), {}
        )
        assert problem is not None
        assert problem.facts["value"] == words


def declared(**facts: object) -> Parameter:
    given: dict[str, object] = {"id": "p", "label": "P", "kind": "integer", "default": 1, "help": "", **facts}
    return Parameter(**given)  # type: ignore[arg-type]


def code(parameter: Parameter, value: Value, variables: dict[str, Value] | None = None) -> str | None:
    problem = parameter_problem(DENSE, BLOCK, parameter, value, variables or {})
    return problem.code if problem is not None else None


@pytest.mark.parametrize(
    ("facts", "value", "expected"),
    [
        ({}, 3, None),
        ({}, 3.0, None),
        ({}, 3.5, "parameter-type"),
        ({}, float("inf"), "parameter-type"),
        ({"kind": "float"}, 10**400, "parameter-type"),
        ({}, None, "parameter-type"),
        ({"optional": True}, None, None),
        ({"minimum": 1}, 0, "parameter-range"),
        ({"minimum": 1, "maximum": 3}, 3, None),
        ({"maximum": 3}, 4, "parameter-range"),
        ({"kind": "float"}, 1, None),
        ({"kind": "float"}, float("nan"), "parameter-type"),
        ({"kind": "float"}, True, "parameter-type"),
        ({"kind": "float", "minimum": 0, "maximum": 1}, 1.0000001, "parameter-range"),
        ({"kind": "boolean"}, True, None),
        ({"kind": "boolean"}, "yes", "parameter-type"),
        ({"kind": "choice", "choices": ("a", "b")}, "b", None),
        ({"kind": "choice", "choices": ("a", "b")}, "c", "parameter-choice"),
        ({"kind": "choice", "choices": ("a", "b")}, "B", "parameter-spelling"),
        ({"kind": "choice", "choices": ("a", "b")}, ("a",), "parameter-type"),
        ({"kind": "tuple", "length": 2, "minimum": 1}, (1, 2), None),
        ({"kind": "tuple", "length": 2}, (1, 2, 3), "parameter-type"),
        ({"kind": "tuple"}, (), None),
        ({"kind": "tuple"}, (1, 2.5), "parameter-type"),
        ({"kind": "tuple", "minimum": 1}, (1, 0), "parameter-range"),
        ({"kind": "text"}, "words", None),
        ({"kind": "text"}, ("one", "two"), None),
        ({"kind": "text"}, ("one", 2), "parameter-type"),
        ({"kind": "text"}, 5, "parameter-type"),
    ],
)
def test_values_are_judged_by_kind_and_range(facts: dict[str, object], value: Value, expected: str | None) -> None:
    assert code(declared(**facts), value) == expected


def test_formulas_are_computed_before_they_are_judged() -> None:
    parameter = declared(minimum=1, maximum=100)
    assert code(parameter, Formula("k * 2"), {"k": 50}) is None
    assert code(parameter, Formula("k * 2"), {"k": 51}) == "parameter-range"
    assert code(parameter, Formula("k / 4"), {"k": 50}) == "parameter-type"
    assert code(parameter, Formula("q"), {"k": 50}) == "formula"
    assert code(declared(kind="tuple", length=2), (Formula("k"), 3), {"k": 50}) is None


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (1, 65_536, "1 to 65\u2009536"),
        (0.0, 1.0, "0 to 1"),
        (1, None, "at least 1"),
        (None, 9, "at most 9"),
        (None, None, "any number"),
        (1e-12, 1.0, "1e-12 to 1"),
    ],
)
def test_ranges_read_as_words(low: float | None, high: float | None, words: str) -> None:
    assert range_words(declared(minimum=low, maximum=high)) == words


@pytest.mark.parametrize(
    ("text", "nearest"),
    [("lenet", "LeNet"), ("LENET ", "LeNet"), ("ful", "full"), ("full", "full"), ("circular", None), ("", None)],
)
def test_a_choice_is_found_by_what_is_written_like_it(text: str, nearest: str | None) -> None:
    assert nearest_choice(declared(kind="choice", choices=("LeNet", "full")), text) == nearest
