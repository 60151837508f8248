"""Every block type, written as Python, gives the program's bits, and the text is clean."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from tests.every_block.cases import MODULES, cases
from tests.every_block.exporting import ANALYSER, drawing_of, exported_equal, ruff_complaints

LAYERS = [type.id for type in MODULES if type.role == "layer"]
MOST = 8
"""Parameter sets of a type that are tried."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tests of this file put what they write."""
    return tmp_path_factory.mktemp("written")


@pytest.mark.parametrize("id", LAYERS)
def test_the_written_block_gives_the_same_bits(id: str, written: Path) -> None:
    type = BLOCK_TYPES[id]
    seen: list[object] = []
    tried = 0
    for parameters, inputs in cases(type):
        if parameters in seen or tried == MOST:
            continue
        graph = drawing_of(type, parameters, inputs)
        if graph is None or any(problem.severity == "error" for problem in ANALYSER.analyse(graph).problems):
            continue
        seen.append(parameters)
        tried += 1
        source = exported_equal(graph, training="stochastic" in type.traits, classes=1)
        (written / f"{id}_{tried}.py").write_text(source.text, encoding="utf-8")
    assert tried, "no case can be drawn"


def test_all_that_was_written_is_clean(written: Path) -> None:
    """Once for all files: starting ruff takes longer than reading them."""
    assert any(written.iterdir()), "the tests above write first"
    assert ruff_complaints(written) == ""


def test_all_layers_together_are_many() -> None:
    assert len(list(itertools.islice(LAYERS, 100))) == 100
