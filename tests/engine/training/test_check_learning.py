"""What only a file can say of how a block starts and learns is told with the block, the figure and the remedy."""

from __future__ import annotations

import msgspec
import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.graph import Block, Graph, Initialiser, Learning
from engine.graph.initialiser_kinds import INITIALISER_KINDS
from engine.graph.problem import Refused
from engine.graph.values import Formula
from engine.training.check_learning import learning_problems
from engine.training.check_plan import check_plan
from engine.training.events import Failed
from engine.training.loop import train
from engine.training.plan import Plan, Supervised
from engine.training.session import open_session
from tests.engine.training.conftest import draw


def started(name: str, **arguments: object) -> Learning:
    return Learning(initialisers={"weight": Initialiser(name, arguments)})


def with_learning(learning: Learning) -> Graph:
    graph = draw("flatten", ("dense", {"out_features": 10}))
    block = msgspec.structs.replace(graph.blocks["l1"], name="Head", learning=learning)
    return msgspec.structs.replace(graph, blocks={**graph.blocks, "l1": block})


FAULTS = {
    "rate factor": (Learning(rate_factor=-3), "Rate factor of Dense “Head” is -3, out of range: 0 or more."),
    "no number": (
        Learning(rate_factor=float("nan")),
        "Rate factor of Dense “Head” is nan, out of range: 0 or more.",
    ),
    "decay": (Learning(decay=-5), "Weight decay of Dense “Head” is -5, out of range: 0 or more."),
    "unknown": (
        started("banana"),
        "There is no initialiser banana for the weight of Dense “Head”. Choose one of he-normal, he-uniform, ",
    ),
    "deviation": (
        started("normal", std=-3),
        "Deviation of the weight of Dense “Head” is -3, out of range: 0 or more.",
    ),
    "bound": (started("uniform", bound=-0.5), "Bound of the weight of Dense “Head” is -0.5, out of range: 0 or more."),
    "share": (
        started("sparse", sparsity=2),
        "Share of zeros of the weight of Dense “Head” is 2, out of range: 0 to 1.",
    ),
    "text": (
        started("constant", value="much"),
        "Value of the weight of Dense “Head” is much, out of range: any number.",
    ),
    "yes": (started("normal", std=True), "Deviation of the weight of Dense “Head” is yes, out of range: 0 or more."),
    "formula": (
        started("normal", std=Formula("1 / 2")),
        "Deviation of the weight of Dense “Head” is 1 / 2, out of range: 0 or more.",
    ),
    "name": (
        started("normal", stdev=0.1),
        "Normal, by which the weight of Dense “Head” starts, has no argument stdev. Give it std.",
    ),
    "none": (
        started("zeros", value=1),
        "Zeros, by which the weight of Dense “Head” starts, has no argument value. Leave it out: it takes none.",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_fault_is_told_with_its_block(name: str) -> None:
    learning, words = FAULTS[name]
    (problem,) = check_plan(with_learning(learning), Plan(), {}, BLOCK_TYPES, for_run=False)[:1]
    assert (problem.severity, problem.path) == ("error", ("l1",))
    assert problem.sentence.startswith(words)


@pytest.mark.parametrize("name", FAULTS)
def test_a_run_ends_with_the_same_sentence_before_weights_are_drawn(name: str, requested, script) -> None:
    learning, words = FAULTS[name]
    request = requested(with_learning(learning), Supervised(1))
    with pytest.raises(Refused) as told:
        open_session(request, BLOCK_TYPES)
    assert str(told.value).startswith(words)
    failed = list(train(request, script()))[-1]
    assert isinstance(failed, Failed)
    assert failed.problem == told.value.problem


def test_a_block_inside_a_container_is_told_by_its_path() -> None:
    inner = Block("in", "dense", "Inner", learning=Learning(decay=-1))
    graph = Graph(blocks={"outer": Block("outer", "residual", "Outer", body=Graph(blocks={"in": inner}))})
    assert [problem.path for problem in learning_problems(graph, BLOCK_TYPES)] == [("outer", "in")]


@pytest.mark.parametrize("kind", INITIALISER_KINDS, ids=lambda kind: kind.id)
def test_what_fields_can_say_is_no_fault(kind) -> None:
    arguments = {kind.argument: kind.default} if kind.argument else {}
    sound = Learning(
        initialisers={"weight": Initialiser(kind.id, arguments), "bias": Initialiser(kind.id)}, rate_factor=0, decay=0
    )
    assert list(learning_problems(with_learning(sound), BLOCK_TYPES)) == []


def test_a_number_of_hundreds_of_digits_is_told_and_not_computed_with() -> None:
    (problem,) = learning_problems(with_learning(started("normal", std=10**400)), BLOCK_TYPES)
    assert problem.code == "setting-range"
