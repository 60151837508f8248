"""What modules refuse is told in the symbols of the drawing."""

from __future__ import annotations

import pytest

from engine.compile.refusals import Unfit, refusing
from engine.compile.trials import BATCH
from engine.graph.problem import Problem, Refused
from engine.graph.tensor_spec import Dim, TensorSpec

CHANGED = Dim("T′", steps=((13440, 13438), (6720, 6718)))
INPUTS = {"input": TensorSpec((Dim("N"), CHANGED), "float32")}


@pytest.mark.parametrize(
    ("symbolic", "words"),
    [(6720, "got N, 4N, T, T′, 2T and 17"), (None, "got N, 4N, 6720, 6718, 13440 and 17")],
)
def test_numbers_of_the_run_are_symbols(symbolic: int | None, words: str) -> None:
    with pytest.raises(Unfit) as raised, refusing(INPUTS, symbolic):
        raise RuntimeError(f"got {BATCH}, {4 * BATCH}, 6720, 6718, 13440 and 17.\nwhere it stood")
    assert (raised.value.reason, raised.value.problem) == (words, None)


def test_what_says_nothing_is_told_by_its_kind() -> None:
    with pytest.raises(Unfit) as raised, refusing(INPUTS):
        raise NotImplementedError
    assert raised.value.reason == "NotImplementedError"


def test_a_problem_keeps_its_words() -> None:
    problem = Problem(code="code-failed", path=(), facts={"file": "mine.py", "line": 3, "reason": f"not {BATCH}"})
    with pytest.raises(Unfit) as raised, refusing(INPUTS):
        raise Refused(problem)
    assert raised.value.problem is not None
    assert raised.value.problem.facts == {**problem.facts, "reason": "not N"}


def test_the_innermost_run_tells() -> None:
    with pytest.raises(Unfit) as raised, refusing(INPUTS), refusing(INPUTS, 6720):
        raise ValueError("of 6720 steps")
    assert raised.value.reason == "of T steps"
