"""Help pages: each belongs to a block type and says what the type itself says."""

from __future__ import annotations

from importlib import resources

import pytest

from engine.blocks.catalogue import BLOCK_TYPES

FOLDER = resources.files("resources") / "help" / "blocks"
PAGES = sorted(page.name.removesuffix(".md") for page in FOLDER.iterdir() if page.name.endswith(".md"))
FAMILIES = {
    "input",
    "loss",
    "dense",
    "convolution",
    "pooling",
    "normalisation",
    "activation",
    "regularisation",
    "recurrent",
    "attention",
    "merge",
    "energy",
}


def test_these_families_have_a_page_for_every_type() -> None:
    assert [type.id for type in BLOCK_TYPES.values() if type.family in FAMILIES and type.id not in PAGES] == []


def test_no_page_is_left_of_a_type_that_is_no_more() -> None:
    assert [page for page in PAGES if page not in BLOCK_TYPES] == []


@pytest.mark.parametrize("id", [id for id in PAGES if id in BLOCK_TYPES and BLOCK_TYPES[id].family in FAMILIES])
def test_a_page_tells_title_formula_and_paper_in_few_words(id: str) -> None:
    text = (FOLDER / f"{id}.md").read_text(encoding="utf-8")
    title, _, rest = text.partition("\n\n")
    assert title == f"# {BLOCK_TYPES[id].title}"
    assert f"\n    {BLOCK_TYPES[id].formula}\n" in rest
    paper = rest.rstrip().splitlines()[-1]
    assert paper.startswith("Paper: ")
    assert paper.endswith(".")
    assert any(character.isdigit() for character in paper)
    assert 60 <= len(rest.split()) <= 150
