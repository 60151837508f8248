"""The curves of real runs: what comes from a worker stands where it belongs."""

from __future__ import annotations

import time
from collections.abc import Iterator

import msgspec
import numpy as np
import pytest

from app.curves import curves_of, histories_of
from app.run_records import RunRecords
from engine.graph.graph import Block, Graph, PortRef, Wire, sorted_wires
from engine.graph.problem import Problem
from engine.training.events import Checkpointed, Event, Failed, Finished, Loading, Losses, Started
from engine.training.plan import DatasetRef, Plan, Supervised, TrainingRequest
from engine.worker.client import WorkerClient
from engine.worker.protocol import Ready, Run

SAMPLES = 1257
GRAPH = Graph(
    blocks={
        block.id: block
        for block in (
            Block(id="a", type="input", name="Digits"),
            Block(id="b", type="flatten", name="Flatten"),
            Block(id="c", type="dense", name="classes", parameters={"out_features": 10}),
            Block(id="d", type="cross_entropy", name="Loss"),
        )
    },
    wires=sorted_wires(
        (
            Wire(PortRef("a", "image"), PortRef("b", "input")),
            Wire(PortRef("b", "output"), PortRef("c", "input")),
            Wire(PortRef("c", "output"), PortRef("d", "logits")),
            Wire(PortRef("a", "label"), PortRef("d", "target")),
        )
    ),
)
PLAN = Plan(stages=(Supervised(epochs=2),), batch_size=64, threads=1, device="cpu")


@pytest.fixture
def worker() -> Iterator[WorkerClient]:
    client = WorkerClient()
    client.start()
    until(client, Ready)
    yield client
    client.close()


def until(client: WorkerClient, kind: type, records: RunRecords | None = None) -> None:
    """Hand events on to `records` until one is of `kind`."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and client.alive:
        ended = False
        for message in client.take():
            if records is not None and isinstance(message, Event):
                records.add(message)
            ended = ended or isinstance(message, kind)
        if ended:
            return
        time.sleep(0.002)
    raise AssertionError(f"no {kind.__name__}: {client.exit_words} {client.last_lines[-5:]}")


def test_a_continuation_with_half_the_batch_size_leaves_the_epochs_where_they_were(worker: WorkerClient) -> None:
    records = RunRecords()
    request = TrainingRequest(run="one", graph=GRAPH, plan=PLAN, datasets=(DatasetRef(name="digits"),))
    worker.send(Run(request))
    until(worker, Finished, records)
    assert records.history is not None
    assert records.history.curve("train", "loss")[0].tolist() == [1, 2]
    plan = msgspec.structs.replace(PLAN, batch_size=32)
    worker.send(Run(msgspec.structs.replace(request, run="two", plan=plan), fresh=False))
    until(worker, Finished, records)
    large, small = -(-SAMPLES // 64), -(-SAMPLES // 32)
    back, _ = histories_of(curves_of(records.history, None))
    assert back is not None
    for history in (records.history, back):
        assert len(history.losses) == 2 * large + 2 * small
        for part in ("train", "validation"):
            assert history.curve(part, "loss")[0].tolist() == [1, 2, 3, 4]
        ends = np.array([large, 2 * large, 2 * large + small, 2 * large + 2 * small])
        assert history.axis().epochs_at(ends).tolist() == [1, 2, 3, 4]
        assert history.x_end() == 4


def test_after_a_reset_the_next_run_is_drawn_over_the_one_before() -> None:
    records = RunRecords()
    started = [Started(id, device="cpu", threads=1, steps_per_epoch=2, samples=4, stages=(1,)) for id in ("1", "2")]
    records.add(started[0])
    records.add(Losses("1", 0, 0, np.ones(2, np.float32).tobytes()))
    trained = records.history
    records.put_behind()
    assert (records.history, records.previous) == (None, trained)
    records.add(started[1])
    assert records.history is not trained
    assert records.previous is trained


def trained(steps: int, checkpoint: int) -> RunRecords:
    """The records of a run that has taken so many steps, its last checkpoint at one of them."""
    records = RunRecords()
    losses = np.linspace(2.0, 1.0, steps, dtype=np.float32)
    for event in (
        Started(run="r", device="cpu", threads=1, steps_per_epoch=10, samples=640, stages=(9,)),
        Losses(run="r", stage=0, first_step=0, values=losses.tobytes()),
        Checkpointed(run="r", step=checkpoint, path="r.safetensors"),
    ):
        records.add(event)
    return records


def test_a_run_that_never_starts_leaves_the_curves_of_the_one_before_as_they_were() -> None:
    records = trained(100, checkpoint=100)
    records.add(Finished("r", test={"loss": 0.1}, seconds=1.0, samples_per_second=1.0, device="cpu", threads=1))
    before = records.history
    for event in (Loading("never", "data"), Failed("never", problem=Problem(code="device"))):
        records.add(event)
    records.lose("killed")
    assert (records.history, before.run, before.state, before.words) == (before, "r", "finished", "")
    records.add(Loading("next", "data"))
    records.add(Started("next", device="cpu", threads=1, steps_per_epoch=10, samples=640, stages=(9,)))
    assert (records.previous, before.state, records.history.run) == (before, "finished", "next")


def test_curves_that_a_kill_left_end_where_their_weights_do() -> None:
    kept = trained(100, checkpoint=60).curves()
    records = RunRecords()
    records.open(kept, has_weights=True)
    assert records.history is not None
    assert len(records.history.losses) == 60
    records.open(kept, has_weights=True, later=True)
    assert len(records.history.losses) == 100
    assert len(histories_of(records.curves(until_checkpoint=True))[0].losses) == 100, "a save keeps all of it too"


def test_curves_whose_weights_are_lost_are_those_of_an_earlier_run() -> None:
    records = RunRecords()
    records.open(trained(100, checkpoint=60).curves(), has_weights=False)
    assert records.history is None
    assert records.previous is not None
    assert len(records.previous.losses) == 100
