"""No test fails because a machine is busy: what is waited for has 20 s at least."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

TESTS = Path(__file__).parents[1]
LEAST_MS = 20_000
WAITS = ("waitUntil", "waitSignal", "waitSignals", "waitCallback", "waitExposed", "waitActive")


@pytest.mark.parametrize("name", WAITS)
def test_qtbot_is_patient_by_itself(name: str) -> None:
    assert inspect.signature(getattr(QtBot, name)).parameters["timeout"].default >= LEAST_MS


def test_no_test_is_less_patient() -> None:
    hasty = [
        f"{path.relative_to(TESTS)}:{call.lineno}"
        for path in sorted(TESTS.rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in WAITS
        for given in call.keywords
        if given.arg == "timeout" and isinstance(given.value, ast.Constant) and given.value.value < LEAST_MS
    ]
    assert hasty == []
