"""Colours live in resources/themes; of the window's code only theme.py may name one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# "#RRGGBB" and its relatives in quotes, as code writes colours; text such as "#1" or a CSS id is left alone.
HEX = re.compile(r"""["'( :]#(?:[0-9A-Fa-f]{8}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{3})\b(?![\w-])""")
# Transparent is no colour, and color0 and color1 are the bits of a mask.
NAMED = re.compile(r"""GlobalColor\.(?!(?:transparent|color[01])\b)\w+|QColor\(\s*["'\d]|\brgba?\(\s*\d""")


def _files() -> list[Path]:
    return sorted(path for folder in ("app", "graph_editor") for path in (ROOT / folder).rglob("*.py"))


def test_there_is_something_to_look_at() -> None:
    assert len(_files()) > 5


@pytest.mark.parametrize("path", [path for path in _files() if path.name != "theme.py"], ids=lambda path: path.stem)
def test_no_colour_is_written_in_code(path: Path) -> None:
    faults = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if HEX.search(line) or NAMED.search(line)
    ]
    assert not faults


@pytest.mark.parametrize(
    "line", ['x = "#2160E0"', "color: #fff;", 'QColor("red")', "QColor(1, 2, 3)", "Qt.GlobalColor.red", "rgb(1, 2, 3)"]
)
def test_the_rule_sees_colours(line: str) -> None:
    assert HEX.search(line) or NAMED.search(line)


@pytest.mark.parametrize(
    "line", ["QColor(color)", "#!/usr/bin/env python", "issue #1234", "GlobalColor.transparent", "GlobalColor.color1"]
)
def test_the_rule_leaves_the_rest_alone(line: str) -> None:
    assert not HEX.search(line)
    assert not NAMED.search(line)
