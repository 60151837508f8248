"""Layouts in the real worker: answered beside runs and analyses, the newest alone, given up when nobody wants them."""

from __future__ import annotations

import random
import time

import msgspec

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.graph import Block, Graph, Look, PortRef, Wire, sorted_wires
from engine.graph.scope import Scope
from engine.graph.tidying import arrange, tidied
from engine.training.commands import Stop
from engine.training.events import EpochEnded, Stopped
from engine.worker.protocol import Analyse, Analysed, CancelLayout, LaidOut, LayOut, Run

from .conftest import DIGITS, Listener, digits_network, plan, request

replace = msgspec.structs.replace


def large(count: int) -> Graph:
    """ReLUs and Adds over 30 rows, all thrown about: a layout of some tenths of a second."""
    chance = random.Random(count)
    blocks: dict[str, Block] = {}
    wires: list[Wire] = []
    for number in range(count):
        id, type = f"b{number:05d}", chance.choice(("relu", "conv2d", "add"))
        blocks[id] = Block(id, type, id, look=Look(chance.randrange(9_000), chance.randrange(9_000)))
        for port in (("a", "b") if type == "add" else ("input",)) if number else ():
            wires.append(Wire(PortRef(f"b{max(0, number - chance.randrange(1, 60)):05d}", "output"), PortRef(id, port)))
    return Graph(blocks=blocks, wires=sorted_wires(wires))


def test_a_layout_is_that_of_the_sizes_given(worker: Listener) -> None:
    graph, id = digits_network(), worker.client.next_id()
    sizes = {block: (200, 96) for block in graph.blocks}
    worker.client.send(LayOut(id=id, body=graph, sizes=sizes))
    answer = worker.until(LaidOut, lambda message: message.id == id)
    assert answer.problem is None
    assert answer.arrangement == tidied(graph, BLOCK_TYPES, sizes)
    after = arrange(graph, Scope(types=BLOCK_TYPES), answer.arrangement)
    xs = [after.blocks[block].look.x for block in "abcde"]
    assert [later - x >= 264 for x, later in zip(xs, xs[1:], strict=False)] == [True] * 4
    again = worker.client.next_id()
    worker.client.send(LayOut(id=again, body=after, sizes=sizes))
    assert not worker.until(LaidOut, lambda message: message.id == again).arrangement


def test_only_the_newest_is_answered(worker: Listener) -> None:
    graph = large(4_000)
    ids = [worker.client.next_id() for _ in range(6)]
    for id in ids:
        worker.client.send(LayOut(id=id, body=graph))
    worker.until(LaidOut, lambda message: message.id == ids[-1])
    answered = [message.id for message in worker.heard if isinstance(message, LaidOut)]
    assert answered[-1] == ids[-1]
    # The first may be over before the second is read.
    assert len(answered) <= 2


def test_one_that_is_cancelled_is_given_up(worker: Listener) -> None:
    given_up, id = worker.client.next_id(), worker.client.next_id()
    worker.client.send(LayOut(id=given_up, body=large(5_000)))
    worker.client.send(CancelLayout(id=given_up))
    worker.client.send(CancelLayout(id=id + 1_000_000))
    worker.client.send(LayOut(id=id, body=digits_network()))
    worker.until(LaidOut, lambda message: message.id == id)
    assert [message.id for message in worker.heard if isinstance(message, LaidOut)] == [id]


def test_analyses_are_answered_while_a_layout_goes_on(worker: Listener) -> None:
    layout = worker.client.next_id()
    worker.client.send(LayOut(id=layout, body=large(5_000)))
    for _ in range(2):
        id = worker.client.next_id()
        worker.client.send(Analyse(id=id, graph=digits_network(), plan=plan(1), datasets=DIGITS))
        worker.until(Analysed, lambda message, id=id: message.id == id)
    worker.until(LaidOut, lambda message: message.id == layout)
    order = [type(message) for message in worker.heard if isinstance(message, Analysed | LaidOut)]
    assert order[0] is Analysed


def test_a_run_goes_on_while_layouts_are_asked_for(worker: Listener) -> None:
    worker.client.send(Run(request("tidy-run", epochs=10_000)))
    worker.until(EpochEnded)
    worker.forget()
    graph, count, end = large(5_000), 0, time.monotonic() + 60
    while count < 3 or not any(isinstance(message, EpochEnded) for message in worker.heard):
        assert time.monotonic() < end
        id = worker.client.next_id()
        worker.client.send(LayOut(id=id, body=graph))
        worker.until(LaidOut, lambda message, id=id: message.id == id)
        count += 1
    worker.client.send(Stop())
    worker.until(Stopped)
