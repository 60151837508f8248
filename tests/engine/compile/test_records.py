"""Whether what was remembered of a block still stands."""

from __future__ import annotations

import msgspec
import pytest

from engine.compile.records import Record
from engine.graph.graph import Block, PortRef
from engine.graph.problem import Problem
from engine.graph.tensor_spec import TensorSpec

replace = msgspec.structs.replace
SPEC, WIDER = TensorSpec((8,), "float32"), TensorSpec((9,), "float32")
SEEN = Record(
    block=Block("d", "dense", "Dense"),
    inputs={"input": SPEC},
    sources={"input": PortRef("in", "x")},
    delayed={"d/delay": SPEC},
)
KNOWN = replace(SEEN, outputs={"output": WIDER}, specs={"d/output": WIDER})


def test_a_record_stands_while_all_that_it_followed_from_is_equal():
    assert KNOWN.stands_for(SEEN)
    assert KNOWN.stands_for(replace(SEEN, block=Block("d", "dense", "Dense"), inputs={"input": SPEC}))


@pytest.mark.parametrize(
    "change",
    [
        {"block": Block("d", "dense", "Dense", {"out_features": 9})},
        {"inputs": {"input": WIDER}},
        {"inputs": {}},
        {"sources": {"input": PortRef("in", "y")}},
        {"delayed": {}},
    ],
    ids=["block", "shape", "nothing comes", "another source", "delays"],
)
def test_a_record_stands_no_more_after_a_change(change):
    assert not KNOWN.stands_for(replace(SEEN, **change))


def test_what_had_a_problem_is_looked_at_anew():
    problem = Problem(code="empty")
    assert not replace(KNOWN, problems=(problem,)).stands_for(SEEN)
