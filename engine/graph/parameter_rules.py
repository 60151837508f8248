"""Which values a parameter takes."""

from __future__ import annotations

from collections.abc import Mapping

from engine.graph.block_type import BlockType, Parameter
from engine.graph.graph import Block
from engine.graph.problem import Fact, Problem
from engine.graph.values import FormulaError, Value, resolve

_EXPECTED = {
    "integer": "a whole number",
    "float": "a number",
    "choice": "one of its choices",
    "boolean": "yes or no",
    "tuple": "whole numbers such as 3×3",
    "text": "text",
}
_ALIKE = 0.7
"""How much of its letters a choice shares with what was written for it, where that is meant."""


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
    if not parameter.is_kind(number):
        return problem("parameter-type", expected=_EXPECTED[parameter.kind], value=parameter.words(value))
    if parameter.in_range(number):
        return None
    if parameter.kind == "choice":
        nearest = nearest_choice(parameter, str(number))
        others = ", ".join(choice for choice in parameter.choices if choice != nearest)
        if nearest is None:
            return problem("parameter-choice", value=parameter.words(value), choices=others)
        return problem("parameter-spelling", value=parameter.words(value), nearest=nearest, others=others)
    return problem("parameter-range", value=parameter.words(value), range=range_words(parameter))


def nearest_choice(parameter: Parameter, text: str) -> str | None:
    """The choice that is written most like `text`, whatever its capitals; None where none is like it."""
    # Imported here: most drawings have no choice that is misspelt.
    from difflib import get_close_matches

    folded = {choice.casefold(): choice for choice in reversed(parameter.choices)}
    found = get_close_matches(text.strip().casefold(), folded, n=1, cutoff=_ALIKE)
    return folded[found[0]] if found else None


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
