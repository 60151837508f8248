"""Help pages: each belongs to a block type and says what the type itself says."""

from __future__ import annotations

from importlib import resources

import pytest

from engine.blocks.catalogue import BLOCK_TYPES

FOLDER = resources.files("resources") / "help" / "blocks"
PAGES = sorted(page.name.removesuffix(".md") for page in FOLDER.iterdir() if page.name.endswith(".md"))
SOURCES = ("Paper: ", "Source: ")


def test_every_type_has_a_page() -> None:
    assert [id for id in BLOCK_TYPES if id not in PAGES] == []


def test_no_page_is_left_of_a_type_that_is_no_more() -> None:
    assert [page for page in PAGES if page not in BLOCK_TYPES] == []


@pytest.mark.parametrize("id", [id for id in PAGES if id in BLOCK_TYPES])
def test_a_page_tells_title_formula_and_source_in_few_words(id: str) -> None:
    text = (FOLDER / f"{id}.md").read_text(encoding="utf-8")
    title, _, rest = text.partition("\n\n")
    assert title == f"# {BLOCK_TYPES[id].title}"
    assert f"\n    {BLOCK_TYPES[id].formula}\n" in rest
    source = rest.rstrip().splitlines()[-1]
    assert source.startswith(SOURCES)
    assert source.endswith(".")
    assert any(character.isdigit() for character in source), "a year"
    assert 60 <= len(rest.split()) <= 150
