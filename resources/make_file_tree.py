"""Writes the tree of the program's files into the README, each with its docstring's first line."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("engine", "graph_editor", "app", "resources")
BEGIN, END = "<!-- files -->\n```\n", "```\n<!-- end of files -->"


def file_tree() -> str:
    """One line a folder or Python file, folders first."""
    return "".join(line for package in PACKAGES for line in _lines(ROOT / package, 0))


def _lines(folder: Path, depth: int) -> Iterator[str]:
    files = [path for path in sorted(folder.glob("*.py")) if path.name != "__init__.py"]
    folders = [path for path in sorted(folder.iterdir()) if path.is_dir() and any(path.rglob("*.py"))]
    yield f"{'  ' * depth}{folder.name}/\n"
    for inner in folders:
        yield from _lines(inner, depth + 1)
    for path in files:
        about = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        purpose = " ".join(about.split("\n\n")[0].split())
        yield f"{'  ' * (depth + 1) + path.name:<34} {purpose}\n"


def main() -> None:
    """Put the tree as it is now between its marks."""
    path = ROOT / "README.md"
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    path.write_text(f"{before}{BEGIN}{file_tree()}{END}{after}", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
