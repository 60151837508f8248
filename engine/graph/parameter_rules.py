"""Which values a parameter takes."""

from __future__ import annotations

import math
from collections.abc import Mapping

from engine.graph.block_type import BlockType, Parameter
from engine.graph.graph import Block
from engine.graph.problem import Fact, Problem
from engine.graph.values import FormulaError, Value, format_value, resolve

_EXPECTED = {
    "integer": "a whole number",
    "float": "a number",
    "choice": "one of its choices",
    "boolean": "yes or no",
    "tuple": "whole numbers such as 3×3",
    "text": "text",
}


def parameter_problem(
    type: BlockType, block: Block, parameter: Parameter, value: Value, variables: Mapping[str, Value]
) -> Problem | None:
    """Why `value` cannot be `parameter` of `block`, formulas computed first; None where it can."""
    facts: dict[str, Fact] = {
        "title": type.title,
        "name": block.name,
        "label": parameter.label,
        "parameter": parameter.id,
    }

    def problem(code: str, **more: Fact) -> Problem:
        return Problem(code=code, path=(block.id,), facts={**facts, **more})

    try:
        number = resolve(value, variables)
    except FormulaError as fault:
        return problem("formula", reason=str(fault))
    if number is None and parameter.optional:
        return None
    if not _of_kind(parameter, number):
        return problem("parameter-type", expected=_EXPECTED[parameter.kind], value=format_value(value))
    if parameter.kind == "choice" and number not in parameter.choices:
        return problem("parameter-choice", value=format_value(value), choices=", ".join(parameter.choices))
    if parameter.kind in ("integer", "float", "tuple") and not _in_range(parameter, number):
        return problem("parameter-range", value=format_value(value), range=range_words(parameter))
    return None


def range_words(parameter: Parameter) -> str:
    """The range as shown under a field: `1 to 65 536`, `at least 1`."""
    low, high = (_number(bound) for bound in (parameter.minimum, parameter.maximum))
    if low and high:
        return f"{low} to {high}"
    return f"at least {low}" if low else f"at most {high}" if high else "any number"


def _number(bound: float | None) -> str:
    if bound is None:
        return ""
    if abs(bound) >= 10_000:
        return f"{bound:,.0f}".replace(",", "\u2009")
    return f"{bound:g}"


def _of_kind(parameter: Parameter, value: Value) -> bool:
    match parameter.kind:
        case "integer":
            return _is_whole(value)
        case "float":
            return _is_number(value)
        case "boolean":
            return isinstance(value, bool)
        case "choice" | "text":
            return isinstance(value, str) or (parameter.kind == "text" and _is_texts(value))
        case "tuple":
            if not isinstance(value, tuple) or (parameter.length is not None and len(value) != parameter.length):
                return False
            return all(_is_whole(item) for item in value)


def _is_texts(value: Value) -> bool:
    return isinstance(value, tuple) and all(isinstance(item, str) for item in value)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) or (isinstance(value, float) and value.is_integer())


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _in_range(parameter: Parameter, value: Value) -> bool:
    items = value if isinstance(value, tuple) else (value,)
    return all(
        isinstance(item, (int, float))
        and (parameter.minimum is None or item >= parameter.minimum)
        and (parameter.maximum is None or item <= parameter.maximum)
        for item in items
    )
