from __future__ import annotations

import json

import pytest

from engine.graph import edits
from engine.graph.graph import Graph
from engine.graph.problem import Refused
from graph_editor.clipboard import fragment_from, text_of
from tests.graph_editor.conftest import digits


def test_blocks_come_back_as_they_went() -> None:
    fragment = edits.fragment_of(digits(), ("cv", "re", "rs"))
    assert fragment_from(text_of(fragment)) == fragment
    assert json.loads(text_of(fragment))["format"] == "tensorloom-blocks"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "{}",
        '{"format":"tensorloom-blocks"}',
        '{"format":"tensorloom-blocks","version":9,"graph":{}}',
        text_of(Graph()),
        text_of(digits())[:-20],
        text_of(digits()).replace('"id":"cv"', '"id":"zz"'),
        text_of(Graph(blocks={"cv": digits().blocks["cv"]}, wires=digits().wires)),
        "import os; os.system('x')",
        "[" * 5000,
    ],
)
def test_anything_else_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(Refused) as caught:
        fragment_from(text)
    assert caught.value.problem.sentence.startswith("The clipboard cannot be pasted: ")


def test_wires_that_leave_the_fragment_stay_behind() -> None:
    fragment = edits.fragment_of(digits(), ("cv", "re"))
    assert [wire.target.block for wire in fragment.wires] == ["re"]
