"""Values of block parameters: plain items, tuples of them, and formulas that are parsed, never evaluated as code."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping

import msgspec

LONGEST_FORMULA = 200
LARGEST_POWER = 64
LARGEST_NUMBER = 1e18
LONGEST_INTEGER = 512
"""Bits that a number on the way to the result may take."""
MOST_STEPS = 2_000
"""How many variables a formula may ask for, counting what they ask for themselves."""


class Plain(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of the plain values of a project: frozen, strict when decoded."""


class Formula(Plain, frozen=True, tag="formula"):
    """An arithmetic expression over project variables and the Repeat index: `64 * 2**i`."""

    text: str


Item = bool | int | float | str | None | Formula
Value = Item | tuple[Item | tuple[Item, ...], ...]


class FormulaError(ValueError):
    """A formula that does not parse, names an unknown variable, or has no finite value. The text says which."""


def frozen_value(value: object) -> Value:
    """`value` with its lists turned into tuples, as edits keep it. Raises TypeError for anything that is no Value."""
    if isinstance(value, (list, tuple)):
        return tuple(frozen_value(item) for item in value)  # type: ignore[misc]
    if value is None or isinstance(value, (bool, int, float, str, Formula)):
        return value
    raise TypeError(f"{type(value).__name__} cannot be the value of a parameter")


def singular(several: str) -> str:
    """The word for one of them: `unit`, `class`, `copy`, `axis`."""
    for end, one in (("axes", "axis"), ("ies", "y"), ("sses", "ss"), ("s", "")):
        if several.endswith(end):
            return several.removesuffix(end) + one
    return several


def counted(count: int | str, several: str) -> str:
    """A number and what it counts: `838 steps`, `1 step`."""
    return f"{count} {singular(several) if str(count) == '1' else several}"


def format_value(value: object) -> str:
    """The value as people write it: `3×3`, `0.5`, `64 * 2**i`, `true`."""
    if isinstance(value, Formula):
        return value.text
    if isinstance(value, tuple):
        return "×".join(format_value(item) for item in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return "none" if value is None else str(value)


_CONTROLS = {code: " " if chr(code).isspace() else "\ufffd" for code in (*range(32), *range(127, 160), 0x2028, 0x2029)}


def printable(text: str) -> str:
    """The text on one line: space instead of line breaks, � for controls, which a terminal would obey."""
    return text.translate(_CONTROLS)


def list_words(value: object) -> str:
    """As `format_value`, but a tuple as a list: `2, 1`. For orders, widths and weights; × is for sizes."""
    return ", ".join(format_value(item) for item in value) if isinstance(value, tuple) else format_value(value)


def is_finite(number: float) -> bool:
    """Whether a float can hold it: a whole number may have hundreds of digits."""
    try:
        return math.isfinite(number)
    except OverflowError:
        return False


def resolve(value: Value, variables: Mapping[str, Value]) -> Value:
    """`value` with every formula in it replaced by its number. Raises FormulaError."""
    if isinstance(value, Formula):
        return evaluate(value.text, variables)
    if isinstance(value, tuple):
        return tuple(resolve(item, variables) for item in value)  # type: ignore[misc]
    return value


def evaluate(text: str, variables: Mapping[str, Value]) -> int | float:
    """The number that a formula stands for.

    Known are numbers, the variables (which may be formulas themselves), + - * / // % **, brackets, and
    min, max, abs, round, floor, ceil, sqrt. Raises FormulaError.
    """
    return _evaluate(text, variables, (), [0])


_BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_UNARY: dict[type[ast.unaryop], Callable[[float], float]] = {ast.UAdd: operator.pos, ast.USub: operator.neg}
_FUNCTIONS: dict[str, Callable[..., float]] = {
    "min": min,
    "max": max,
    "abs": abs,
    "round": round,
    "floor": math.floor,
    "ceil": math.ceil,
    "sqrt": math.sqrt,
}


def _evaluate(text: str, variables: Mapping[str, Value], asked: tuple[str, ...], steps: list[int]) -> int | float:
    if len(text) > LONGEST_FORMULA:
        raise FormulaError(f"it is longer than {LONGEST_FORMULA} characters")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as fault:
        raise FormulaError(f"“{text}” is not a formula such as 64 * 2**i") from fault
    try:
        number = _walk(tree, variables, asked, steps)
    except ZeroDivisionError as fault:
        raise FormulaError(f"“{text}” divides by zero") from fault
    except (OverflowError, ValueError, TypeError, RecursionError) as fault:
        if isinstance(fault, FormulaError):
            raise
        raise FormulaError(f"“{text}” has no value") from fault
    if isinstance(number, complex) or not math.isfinite(number) or abs(number) > LARGEST_NUMBER:
        raise FormulaError(f"“{text}” has no finite value")
    return number


def _walk(node: ast.expr, variables: Mapping[str, Value], asked: tuple[str, ...], steps: list[int]) -> int | float:
    number = _computed(node, variables, asked, steps)
    if isinstance(number, int) and number.bit_length() > LONGEST_INTEGER:
        raise OverflowError
    return number


def _computed(node: ast.expr, variables: Mapping[str, Value], asked: tuple[str, ...], steps: list[int]) -> int | float:
    match node:
        case ast.Constant(value=bool()):
            raise FormulaError("a formula is made of numbers")
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.Name(id=name):
            return _variable(name, variables, asked, steps)
        case ast.UnaryOp(op=sign, operand=operand) if type(sign) in _UNARY:
            return _UNARY[type(sign)](_walk(operand, variables, asked, steps))
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _power(_walk(left, variables, asked, steps), _walk(right, variables, asked, steps))
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _BINARY:
            return _BINARY[type(sign)](_walk(left, variables, asked, steps), _walk(right, variables, asked, steps))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if (
            name in _FUNCTIONS and arguments and (len(arguments) == 1 or name in ("min", "max"))
        ):
            return _FUNCTIONS[name](*(_walk(argument, variables, asked, steps) for argument in arguments))
    raise FormulaError("only numbers, variables, + - * / // % **, brackets and min, max, abs, round, floor, ceil, sqrt")


def _power(base: int | float, exponent: int | float) -> int | float:
    if abs(exponent) > LARGEST_POWER:
        raise FormulaError(f"an exponent is at most {LARGEST_POWER}")
    result: int | float = base**exponent
    return result


def _variable(name: str, variables: Mapping[str, Value], asked: tuple[str, ...], steps: list[int]) -> int | float:
    steps[0] += 1
    if steps[0] > MOST_STEPS:
        raise FormulaError("its variables lead to too many others")
    if name in asked:
        raise FormulaError(f"the variable {name} is defined by itself")
    if name not in variables:
        known = ", ".join(sorted(variables)) or "none"
        raise FormulaError(f"there is no project variable {name} (known: {known})")
    value = variables[name]
    if isinstance(value, Formula):
        return _evaluate(value.text, variables, (*asked, name), steps)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise FormulaError(f"the variable {name} is not a number")
    return value
