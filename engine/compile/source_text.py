"""How Python is laid out: lines that fit, values, imports in order, as `ruff format` would leave them."""

from __future__ import annotations

import math
import sys
import textwrap
from collections.abc import Iterable, Sequence

from engine.graph.values import Value

WIDTH = 120
"""What is longer is broken, one item a line with a comma behind the last."""
DOCSTRING_WIDTH = 88

Import = tuple[str, str]
"""A module and the name taken from it; the name is empty for `import module`."""


def written(value: Value) -> str:
    """A value as Python source."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, tuple):
        items = ", ".join(written(item) for item in value)
        return f"({items},)" if len(value) == 1 else f"({items})"
    return repr(value)


def quoted(text: str) -> str:
    """`text` as a string literal, in double quotes where it holds none."""
    plain = repr(text)
    if '"' in text or plain[0] == '"':
        return plain
    return '"' + plain[1:-1].replace("\\'", "'") + '"'


def call(before: str, arguments: Sequence[str], after: str = "", indent: int = 4) -> list[str]:
    """`before(arguments)after`, on one line where it fits."""
    return bracketed(f"{before}(", arguments, f"){after}", indent)


def bracketed(opening: str, items: Sequence[str], closing: str, indent: int) -> list[str]:
    """The items between their brackets, on one line where it fits."""
    margin = " " * indent
    line = f"{margin}{opening}{', '.join(items)}{closing}"
    if len(line) <= WIDTH or not items:
        return [line]
    return [f"{margin}{opening}", *(f"{margin}    {item}," for item in items), f"{margin}{closing}"]


def listed(before: str, items: Sequence[str], after: str = "", indent: int = 4) -> list[str]:
    """`before a, b after`, in brackets where it does not fit: what is returned, or assigned to."""
    line = f"{' ' * indent}{before}{', '.join(items)}{after}"
    if len(line) <= WIDTH or len(items) == 1:
        return [line]
    return bracketed(f"{before}(", items, f"){after}", indent)


def docstring(text: str, indent: int) -> list[str]:
    """`text` as a docstring; what could end it early is written in other signs."""
    margin = " " * indent
    safe = " ".join(text.replace("\\", "/").replace('"', "'").split())
    safe = "".join(sign if sign.isprintable() else " " for sign in safe).strip() or "A network."
    if safe[-1] not in ".!?":
        safe += "."
    if len(margin) + len(safe) + 6 <= WIDTH:
        return [f'{margin}"""{safe}"""']
    lines = textwrap.wrap(safe, DOCSTRING_WIDTH - indent - 3, break_long_words=True)
    return [f'{margin}"""{lines[0]}', *(f"{margin}{line}" for line in lines[1:]), f'{margin}"""']


_INSTALLED = frozenset({"torch", "safetensors"})


def import_lines(imports: Iterable[Import]) -> list[str]:
    """Import statements in the order of isort: the standard library, what is installed, files that lie beside it."""
    sections: tuple[dict[str, set[str]], ...] = ({}, {}, {})
    for module, name in imports:
        package = module.partition(".")[0]
        place = 0 if package in sys.stdlib_module_names else 1 if package in _INSTALLED else 2
        sections[place].setdefault(module, set()).add(name)
    lines: list[str] = []
    for found in sections:
        plain = [f"import {module}" for module in sorted(found) if "" in found[module]]
        taken: list[str] = []
        for module in sorted(found, key=_natural):
            names = sorted(found[module] - {""}, key=_name_order)
            if names:
                taken.extend(bracketed_import(module, names))
        if lines and (plain or taken):
            lines.append("")
        lines.extend([*plain, *taken])
    return lines


def bracketed_import(module: str, names: Sequence[str]) -> list[str]:
    """`from module import names`."""
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= WIDTH:
        return [line]
    return [f"from {module} import (", *(f"    {name}," for name in names), ")"]


def _natural(module: str) -> tuple[str, ...]:
    return tuple(module.casefold().split("."))


def _name_order(name: str) -> tuple[int, str, str]:
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2
    return kind, name.casefold(), name
