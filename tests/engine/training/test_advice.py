"""What would run but is seldom meant."""

from __future__ import annotations

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.data.catalogue import DATASETS
from engine.graph import edits
from engine.graph.graph import Graph
from engine.graph.paths import within
from engine.graph.problem import Problem
from engine.graph.scope import Scope
from engine.project.drawing import Drawing
from engine.project.examples import example_ids, read_example
from engine.training.check_plan import check_plan
from engine.training.plan import Plan

SCOPE = Scope(types=BLOCK_TYPES)


def said(graph: Graph) -> dict[str, Problem]:
    """Problems of the plan by code; none of them may stop the run."""
    analysis = Analyser(BLOCK_TYPES).analyse(graph)
    assert analysis.problems == ()
    problems = check_plan(graph, Plan(), DATASETS, BLOCK_TYPES, analysis)
    assert all(problem.severity != "error" for problem in problems), [problem.sentence for problem in problems]
    return {problem.code: problem for problem in problems}


def mended(graph: Graph, problem: Problem) -> Graph:
    """The drawing after the problem's first fix."""
    fix = problem.fixes[0]
    ids = (("new",),) if fix.new_blocks else ()
    return within(graph, fix.body, getattr(edits, fix.edit), SCOPE, *ids, *fix.arguments)


def chain(*types: str, last: int = 10, loss: str = "cross_entropy") -> Graph:
    """Digits, flattened, through `types`, into a loss."""
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("input", "input")
    ids = [drawing.add(f"b{number}", type) for number, type in enumerate(("flatten", *types))]
    drawing.add("output", "dense", out_features=last)
    drawing.add("loss", loss)
    drawing.chain("input.image", *ids, "output", "loss.logits")
    drawing.wire("input.label", "loss.target")
    return drawing.graph


@pytest.mark.parametrize(("doubled", "code"), [("softmax", "softmax-twice"), ("sigmoid", "sigmoid-twice")])
def test_what_a_loss_does_itself_is_not_done_before_it(doubled, code):
    drawing = Drawing(BLOCK_TYPES)
    binary = doubled == "sigmoid"
    data = {"dataset": "moons", "fields": ("point: 2 float32", "label: 2 classes")} if binary else {}
    drawing.add("input", "input", **data)
    drawing.add("flatten", "flatten")
    drawing.add("dense", "dense", out_features=1 if binary else 10)
    drawing.add("twice", doubled)
    drawing.add("loss", "binary_cross_entropy" if binary else "cross_entropy")
    drawing.chain("input", "flatten", "dense", "twice", "loss.logits")
    drawing.wire("input.label", "loss.target")
    problem = said(drawing.graph)[code]
    assert problem.severity == "warning"
    assert f"Remove “{BLOCK_TYPES[doubled].title}” before it" in problem.sentence
    healed = mended(drawing.graph, problem)
    assert "twice" not in healed.blocks
    assert code not in said(healed)


def test_dense_upon_dense_gets_an_activation_between():
    graph = chain("dense")
    problem = said(graph)["linear-chain"]
    assert problem.severity == "advice"
    assert problem.path == ("output",)
    better = mended(graph, problem)
    assert better.blocks["new"].type == "relu"
    assert "linear-chain" not in said(better)


def test_dropout_between_dense_layers_is_no_activation():
    assert "linear-chain" in said(chain("dense", "dropout"))
    assert "linear-chain" not in said(chain("dense", "dropout", "tanh"))


def test_a_branch_that_leads_nowhere_is_named():
    drawing = Drawing(BLOCK_TYPES)
    drawing.graph = chain("dense", "relu")
    drawing.add("spare", "tanh")
    drawing.wire("b1", "spare")
    assert said(drawing.graph)["dead-branch"].path == ("spare",)


def test_a_very_deep_plain_stack_is_told_and_a_normalised_one_is_not():
    deep = ("dense", "relu") * 21
    assert said(chain(*deep))["too-deep-plain"].facts["layers"] == 22
    assert "too-deep-plain" not in said(chain(*(("dense", "relu") * 12), "batch_norm1d", *(("dense", "relu") * 9)))


@pytest.mark.parametrize("id", example_ids()[:7])
def test_the_first_examples_need_no_advice(id):
    project = read_example(id)
    analysis = Analyser(BLOCK_TYPES).analyse(project.graph)
    assert check_plan(project.graph, project.settings.plan, DATASETS, BLOCK_TYPES, analysis) == ()
