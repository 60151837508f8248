"""The thread of a run and the threads that help it; which session the worker holds afterwards."""

from __future__ import annotations

import io
from pathlib import Path

import torch

from engine.graph.graph import Graph
from engine.training.commands import Command
from engine.training.events import Failed, Finished, Started
from engine.training.plan import replace
from engine.worker.loop_control import LoopControl
from engine.worker.outbox import Outbox
from engine.worker.protocol import OpenSession, Run, SessionOpened
from engine.worker.session_host import Training

from .conftest import Listener, digits_network, plan, request

DENORMAL = 2.0**-140
MANY = 1 << 21
"""So many numbers that every thread takes a share of them."""


def test_helpers_take_denormals_as_zero_in_a_run_that_computes_before_its_loop() -> None:
    class Listening(LoopControl):
        def take(self) -> tuple[Command, ...]:
            if len(seen) < 3:
                seen.append(kept())
            return super().take()

    def kept() -> int:
        return int(torch.count_nonzero(numbers + numbers))

    def before() -> None:
        # as where a drawing was changed, and the weights of the session are carried over
        torch.ones(MANY).add_(1.0)

    numbers = torch.full((MANY,), DENORMAL)
    seen: list[int] = []
    asked = request("r", 1)
    asked = replace(asked, plan=replace(asked.plan, threads=2))
    training = Training(asked, Listening(), before, Outbox(io.BytesIO()), lambda ended: None)
    threads = torch.get_num_threads()
    training.start()
    training.join()
    torch.set_num_threads(threads)
    assert seen == [0, 0, 0]
    assert kept() == MANY, "this thread and its helpers keep them"


def test_a_run_that_never_starts_leaves_the_weights_that_were_trained(worker: Listener) -> None:
    worker.client.send(Run(request("old", 2)))
    worker.until(Finished, lambda m: m.run == "old")
    graph = digits_network()
    blocks = {id: block for id, block in graph.blocks.items() if block.type != "cross_entropy"}
    wires = tuple(wire for wire in graph.wires if wire.target.block in blocks)
    worker.client.send(Run(replace(request("lossless", 1), graph=replace(graph, blocks=blocks, wires=wires))))
    worker.until(Failed, lambda m: m.run == "lossless")
    worker.client.send(Run(request("more", 1), fresh=False))
    started = worker.until(Started, lambda m: m.run == "more")
    assert started.first_step == 2 * started.steps_per_epoch
    worker.until(Finished, lambda m: m.run == "more")


def test_a_run_goes_on_from_the_file_only_where_no_session_is_held(worker: Listener, tmp_path: Path) -> None:
    worker.client.send(Run(request("old", 2, str(tmp_path))))
    file = worker.until(Finished, lambda m: m.run == "old").checkpoint
    worker.client.send(Run(request("held", 1, weights="/nowhere/w.safetensors"), fresh=False))
    held = worker.until(Started, lambda m: m.run == "held")
    worker.until(Finished, lambda m: m.run == "held")
    worker.client.send(OpenSession(id=(id := worker.client.next_id()), graph=Graph(), plan=plan(1), datasets=()))
    assert worker.until(SessionOpened, lambda m: m.id == id).problems
    worker.client.send(Run(request("read", 1, weights=file), fresh=False))
    read = worker.until(Started, lambda m: m.run == "read")
    assert held.first_step == read.first_step == 2 * held.steps_per_epoch
    worker.until(Finished, lambda m: m.run == "read")
