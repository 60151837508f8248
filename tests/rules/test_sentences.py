"""Problems are told by code: each code in the source has a sentence, each sentence has a code that uses it."""

from __future__ import annotations

import ast
import string
from pathlib import Path

import pytest

from engine.graph.fix_words import FIX_LABELS
from engine.graph.sentences import SENTENCES

ROOT = Path(__file__).parents[2]
TABLES = [ROOT / "engine" / "graph" / name for name in ("sentences.py", "fix_words.py")]
FILES = sorted(
    path for folder in ("engine", "graph_editor", "app") for path in (ROOT / folder).rglob("*.py") if path not in TABLES
)
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
MAKERS = {"refused": 0, "Problem": 0, "Mismatch": 0}


def _calls(names: set[str]) -> list[tuple[str, ast.Call]]:
    found = []
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if name in names:
                    found.append((f"{path.relative_to(ROOT)}:{node.lineno}", node))
    return found


def _words(call: ast.Call, keyword: str) -> list[str]:
    """The texts that the first argument, or the named one, may be; the test of an `a if b else c` is none of them."""
    given = next((word.value for word in call.keywords if word.arg == keyword), call.args[0] if call.args else None)
    parts = [given.body, given.orelse] if isinstance(given, ast.IfExp) else [given]
    return [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]


def test_the_scan_finds_problems() -> None:
    assert len(_calls(set(MAKERS))) > 50


def test_each_code_has_a_sentence() -> None:
    faults = [
        f"{where}: {code}"
        for where, call in _calls(set(MAKERS))
        for code in _words(call, "code")
        if code not in SENTENCES
    ]
    assert not faults


def test_each_repair_has_a_label() -> None:
    faults = [
        f"{where}: {edit}" for where, call in _calls({"Fix"}) for edit in _words(call, "edit") if edit not in FIX_LABELS
    ]
    assert not faults


def test_facts_given_in_place_fill_the_sentence() -> None:
    """Where all facts of `refused("code", a=…, b=…)` stand in the call, none may be missing."""
    faults = []
    for where, call in _calls({"refused"}):
        codes = _words(call, "code")
        if not codes or any(word.arg is None for word in call.keywords):
            continue
        given = {str(word.arg) for word in call.keywords}
        for code in codes:
            if code not in SENTENCES:
                continue
            places = {name for part in SENTENCES[code] for _, name, _, _ in string.Formatter().parse(part) if name}
            wanted = (places - {"block"}) | ({"title"} if "block" in places else set())
            if wanted - given:
                faults.append(f"{where}: {code} lacks {', '.join(sorted(wanted - given))}")
    assert not faults


@pytest.mark.parametrize("table", [SENTENCES, FIX_LABELS], ids=["sentences", "labels"])
def test_each_sentence_is_used(table: dict[str, object]) -> None:
    texts = {
        node.value
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    unused = sorted(set(table) - texts)
    assert not unused
