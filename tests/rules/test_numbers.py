"""Large numbers are written one way in all that the window says: with thin spaces, never commas."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import as_file, files

from engine.blocks.catalogue import BLOCK_TYPES
from engine.data.catalogue import DATASETS
from engine.graph.fix_words import FIX_LABELS
from engine.graph.sentences import SENTENCES
from engine.project.examples import ORDER, REFERENCES
from engine.project.project_file import read_project

COMMA = re.compile(r"\d,\d{3}\b")


def texts() -> Iterator[tuple[str, str]]:
    """Where, and what stands there."""
    for name, info in DATASETS.items():
        yield name, info.about
    for id, type in BLOCK_TYPES.items():
        yield id, " ".join((type.purpose, *(parameter.help for parameter in type.parameters)))
    for code, (headline, advice) in SENTENCES.items():
        yield code, f"{headline} {advice}"
    yield from FIX_LABELS.items()
    for page in (files("resources") / "help").rglob("*.md"):  # type: ignore[attr-defined]
        yield page.name, page.read_text(encoding="utf-8")
    for folder, ids in (("examples", ORDER), ("examples/reference", REFERENCES)):
        for id in ids:
            with as_file(files("resources") / folder / f"{id}.loom") as path:
                settings = read_project(path, BLOCK_TYPES).settings
            yield id, " ".join((settings.title, settings.about, *settings.tries))


def test_no_number_has_commas() -> None:
    found = dict(texts())
    assert len(found) > 300
    assert [where for where, text in found.items() if COMMA.search(text)] == []
    assert any(re.search("\\d\u2009\\d{3}", text) for text in found.values())
