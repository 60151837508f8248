import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.graph.values import (
    Formula,
    FormulaError,
    counted,
    evaluate,
    format_value,
    frozen_value,
    printable,
    resolve,
)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("64 * 2**i", 512),
        ("(units + 1) // 2", 16),
        ("7 % 4 - -1", 4),
        ("10 / 4", 2.5),
        ("min(3, units, 7) + max(1, 2)", 5),
        ("round(2.6) + floor(1.9) + ceil(1.1) + abs(-1)", 7),
        ("sqrt(16)", 4),
        ("double", 64),
        (" 1_000 ", 1000),
        ("0x10", 16),
    ],
)
def test_formulas_compute(text: str, number: float) -> None:
    assert evaluate(text, {"i": 3, "units": 32, "double": Formula("units * 2")}) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1 +",
        "import os",
        "(1).real",
        "units.bit_length()",
        "__import__('os')",
        "open(1)",
        "'text'",
        "b'1'",
        "True",
        "None",
        "[1]",
        "(1, 2)",
        "1 if 2 else 3",
        "1 < 2",
        "not 1",
        "~1",
        "1 << 3",
        "1 @ 2",
        "1j",
        "lambda: 1",
        "x := 1",
        "f'{1}'",
        "min(*units)",
        "round(1.5, ndigits=1)",
        "min()",
        "min(1)",
        "missing + 1",
        "1 / 0",
        "1 % 0",
        "0 ** -1",
        "(-1) ** 0.5",
        "1e400",
        "sqrt(-1)",
        "9 ** 9 ** 9",
        "10 ** 19",
        "2 ** 65",
        "1e300 * 1e300",
        "flag",
        "words",
        "pair",
        "1" * 201,
        "(" * 150 + "1",
        "\x00",
    ],
)
def test_what_is_no_formula_is_refused(text: str) -> None:
    with pytest.raises(FormulaError):
        evaluate(text, {"units": 32, "flag": True, "words": "abc", "pair": (1, 2)})


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("((((((9**64)**64)**64)**64)**64)**64)**64", {}),
        ("*".join(["(9**64)"] * 20), {}),
        ("round(5, -10**9)", {}),
        ("a40", {"a0": 3, **{f"a{n + 1}": Formula(f"a{n} * a{n}") for n in range(40)}}),
        ("a40", {"a0": 1, **{f"a{n + 1}": Formula(f"a{n} + a{n}") for n in range(40)}}),
    ],
)
def test_formulas_that_would_take_for_ever_are_refused_at_once(text: str, variables: dict[str, Formula | int]) -> None:
    start = time.process_time()
    with pytest.raises(FormulaError):
        evaluate(text, variables)
    assert time.process_time() - start < 1.0


def test_a_long_chain_of_variables_has_a_value() -> None:
    chain = {"a0": 1, **{f"a{n + 1}": Formula(f"a{n} + 1") for n in range(30)}}
    assert evaluate("a30", chain) == 31


def test_variables_that_need_each_other_are_refused_by_name() -> None:
    variables = {"a": Formula("b + 1"), "b": Formula("c"), "c": Formula("a")}
    with pytest.raises(FormulaError, match="the variable a is defined by itself"):
        evaluate("a", variables)


def test_an_unknown_variable_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(FormulaError, match=r"there is no project variable k \(known: i, units\)"):
        evaluate("k + 1", {"units": 1, "i": 2})


@given(st.text(max_size=60))
def test_any_text_has_a_finite_number_or_is_refused(text: str) -> None:
    try:
        number = evaluate(text, {"i": 2})
    except FormulaError:
        return
    assert isinstance(number, (int, float))
    assert abs(number) <= 1e18


_NUMBERS = st.integers(0, 50).map(str) | st.sampled_from(["i", "n"])
_FORMULAS = st.recursive(
    _NUMBERS,
    lambda inner: st.tuples(inner, st.sampled_from(["+", "-", "*", "//", "%"]), inner).map(
        lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"
    ),
    max_leaves=8,
)


@given(_FORMULAS, st.integers(1, 9), st.integers(1, 9))
def test_arithmetic_agrees_with_python(text: str, i: int, n: int) -> None:
    try:
        expected = eval(text, {"__builtins__": {}}, {"i": i, "n": n})  # noqa: S307 -- a formula made here
    except ZeroDivisionError:
        with pytest.raises(FormulaError, match="divides by zero"):
            evaluate(text, {"i": i, "n": n})
    else:
        assert evaluate(text, {"i": i, "n": n}) == expected


def test_resolve_computes_inside_tuples() -> None:
    assert resolve((Formula("k"), 3, (Formula("k + 1"), "text")), {"k": 5}) == (5, 3, (6, "text"))
    assert resolve("k", {"k": 5}) == "k"


@pytest.mark.parametrize(
    ("several", "one"),
    [
        ("units", "unit"),
        ("classes", "class"),
        ("copies", "copy"),
        ("axes", "axis"),
        ("pieces", "piece"),
        ("times", "time"),
    ],
)
def test_one_is_counted_in_the_singular(several: str, one: str) -> None:
    assert counted(1, several) == f"1 {one}"
    assert counted(2, several) == f"2 {several}"
    assert counted(0, several) == f"0 {several}"
    assert counted(21, several) == f"21 {several}"


def test_lists_become_tuples_at_every_depth() -> None:
    assert frozen_value([1, [2.5, "a"], None, True]) == (1, (2.5, "a"), None, True)
    with pytest.raises(TypeError, match="dict cannot be the value of a parameter"):
        frozen_value([{}])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ((3, 3), "3×3"),
        (0.5, "0.5"),
        (1e-05, "1e-05"),
        (True, "yes"),
        (False, "no"),
        (None, "none"),
        (Formula("64 * 2**i"), "64 * 2**i"),
        ((2, Formula("k")), "2×k"),
        ("same", "same"),
        (12, "12"),
    ],
)
def test_values_read_as_people_write_them(value: object, text: str) -> None:
    assert format_value(value) == text


def test_what_is_printable_is_one_line_of_letters() -> None:
    assert printable("two\nlines\tand\u2028more\x85") == "two lines and more "
    assert printable("\x1b[2J\0\x9b") == "�[2J��"
    assert printable("Größe 10\u2009000 ’3×3’ 図") == "Größe 10\u2009000 ’3×3’ 図"
