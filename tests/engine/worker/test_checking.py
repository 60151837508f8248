"""What Analyse says of plan and datasets together."""

from __future__ import annotations

from pathlib import Path

import msgspec

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.training.plan import DatasetRef, Plan, Supervised
from engine.worker.checking import answer_analyse
from engine.worker.protocol import Analyse

from .conftest import digits_network


def test_a_dataset_that_is_not_here_hides_no_problem_of_the_plan(tmp_path: Path) -> None:
    whole = digits_network()
    blocks = {id: block for id, block in whole.blocks.items() if id != "e"}
    wires = tuple(wire for wire in whole.wires if wire.target.block != "e")
    graph = msgspec.structs.replace(whole, blocks=blocks, wires=wires)
    refs = (DatasetRef(name="digits", folder=str(tmp_path / "gone")),)
    message = Analyse(id=1, graph=graph, plan=Plan((Supervised(learning_rate=-1.0),)), datasets=refs)
    problems = answer_analyse(message, Analyser(BLOCK_TYPES), BLOCK_TYPES).problems
    errors = [problem.code for problem in problems if problem.severity == "error"]
    assert errors == ["idx-missing", "setting-range", "no-loss"]


def test_a_dataset_of_an_unknown_name_that_is_not_here_is_told_once(tmp_path: Path) -> None:
    whole = digits_network()
    block = msgspec.structs.replace(
        whole.blocks["a"], parameters={**whole.blocks["a"].parameters, "dataset": "of mine"}
    )
    graph = msgspec.structs.replace(whole, blocks={**whole.blocks, "a": block})
    refs = (DatasetRef(name="of mine", folder=str(tmp_path / "gone")),)
    message = Analyse(id=1, graph=graph, plan=Plan(), datasets=refs)
    problems = answer_analyse(message, Analyser(BLOCK_TYPES), BLOCK_TYPES).problems
    assert [problem.code for problem in problems if problem.severity == "error"] == ["idx-missing"]
