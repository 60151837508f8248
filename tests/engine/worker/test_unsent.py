"""Requests that cannot be put into bytes: whoever waits hears a sentence, and the worker goes on."""

from __future__ import annotations

import pytest

from engine.graph.graph import Block, Graph
from engine.training.commands import Unwatch
from engine.training.events import Failed
from engine.training.plan import DatasetRef, Plan, TrainingRequest
from engine.worker.protocol import (
    Analyse,
    Analysed,
    DatasetDescribed,
    DescribeDataset,
    Done,
    Export,
    Exported,
    ExportWeights,
    LaidOut,
    LayOut,
    OpenSession,
    Run,
    SessionOpened,
    SourceWritten,
    ToWorker,
    WriteSource,
)

from .conftest import Listener

HUGE = Graph(blocks={"d": Block(id="d", type="dense", name="d", parameters={"out_features": 10**30})})
TOO_LARGE = "This could not be handed to the training process: a whole number in it has more than 64 bits."
HALF = "caf\udce9"
NO_TEXT = "This could not be handed to the training process: a name or path in it is not Unicode."


def test_a_drawing_that_cannot_be_sent_has_a_problem_and_the_next_one_is_analysed(worker: Listener) -> None:
    client = worker.client
    first, second, third = client.next_id(), client.next_id(), client.next_id()
    client.send(Analyse(id=first, graph=HUGE, plan=Plan()))
    folder = DatasetRef(name="mine", folder=f"/home/me/{HALF}")
    client.send(Analyse(id=second, graph=Graph(), plan=Plan(), datasets=(folder,)))
    client.send(Analyse(id=third, graph=Graph(), plan=Plan()))
    (problem,) = worker.until(Analysed, lambda m: m.id == first).problems
    assert problem.severity == "error"
    assert problem.sentence.startswith(TOO_LARGE)
    (problem,) = worker.until(Analysed, lambda m: m.id == second).problems
    assert problem.sentence.startswith(NO_TEXT)
    assert worker.until(Analysed, lambda m: m.id == third).problems == ()
    assert any("could not be sent" in line for line in client.last_lines)


def test_a_seed_that_cannot_be_sent_is_named(worker: Listener) -> None:
    id = worker.client.next_id()
    worker.client.send(Analyse(id=id, graph=Graph(), plan=Plan(seed=10**30)))
    (problem,) = worker.until(Analysed, lambda m: m.id == id).problems
    assert problem.sentence.startswith("Seed is 1")
    assert problem.sentence.endswith(f"000, out of range: 0 to {2**63 - 1}. Give it a value in range.")


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (OpenSession(id=7, graph=HUGE, plan=Plan(), datasets=()), SessionOpened),
        (Export(id=7, kind="python", path=HALF, graph=Graph(), title="net"), Exported),
        (ExportWeights(id=7, path=HALF), Done),
        (WriteSource(id=7, graph=Graph(), title=HALF), SourceWritten),
        (LayOut(id=7, body=HUGE), LaidOut),
        (DescribeDataset(id=7, dataset=DatasetRef(name="mnist", folder=HALF)), DatasetDescribed),
    ],
)
def test_whoever_asked_is_told(worker: Listener, message: ToWorker, kind: type) -> None:
    worker.client.send(message)
    answer = worker.until(kind, lambda m: m.id == 7)
    (problem,) = answer.problems if kind is SessionOpened else (answer.problem,)
    assert problem.code == "unsent"


def test_a_run_fails_and_what_nobody_waits_for_is_passed_over(worker: Listener) -> None:
    worker.client.send(Unwatch(request=HALF))
    worker.client.send(Run(TrainingRequest(run="r", graph=HUGE, plan=Plan(), datasets=())))
    failed = worker.until(Failed)
    assert (failed.run, failed.problem.code, failed.checkpoint) == ("r", "unsent", None)
    assert worker.client.alive
