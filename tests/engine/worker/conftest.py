"""A drawing that learns, and one warm worker for all tests that leave it whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from engine.graph.graph import Block, Graph, PortRef, Wire, sorted_wires
from engine.measurements.results import Ask
from engine.training.commands import Unwatch, Watch
from engine.training.plan import DatasetRef, Plan, Supervised, TrainingRequest
from engine.worker.client import WorkerClient
from engine.worker.protocol import FromWorker, Ready

M = TypeVar("M")
DIGITS = (DatasetRef(name="digits"),)


class Listener:
    """Collects what a client hears."""

    def __init__(self, client: WorkerClient) -> None:
        self.client = client
        self.heard: list[FromWorker] = []
        self._watched: list[str] = []

    def until(self, kind: type[M], where: Callable[[M], bool] = lambda message: True, timeout_s: float = 60.0) -> M:
        """The first message of `kind` that is like that, of all heard since `forget`."""
        deadline = time.monotonic() + timeout_s
        while True:
            self.heard.extend(self.client.take())
            for message in self.heard:
                if isinstance(message, kind) and where(message):
                    return message
            if not self.client.alive or time.monotonic() > deadline:
                self.heard.extend(self.client.take())
                kinds = [type(message).__name__ for message in self.heard]
                raise AssertionError(
                    f"no {kind.__name__} among {kinds}: {self.client.exit_words} {self.client.last_lines[-5:]}"
                )
            time.sleep(0.002)

    def until_dead(self, timeout_s: float = 60.0) -> str:
        """Why the worker died."""
        deadline = time.monotonic() + timeout_s
        while self.client.alive and time.monotonic() < deadline:
            self.heard.extend(self.client.take())
            time.sleep(0.002)
        assert self.client.exit_words is not None
        return self.client.exit_words

    def watch(self, ask: Ask, every_ms: int = 100) -> None:
        """Ask for measurements until the test ends."""
        self._watched.append(ask.id)
        self.client.send(Watch(ask, every_ms=every_ms))

    def unwatch(self) -> None:
        """Ask for no measurements any more."""
        for id in self._watched:
            self.client.send(Unwatch(id))
        self._watched.clear()

    def forget(self) -> None:
        """Forget what was heard and what waits."""
        self.client.take()
        self.heard.clear()


@pytest.fixture(scope="module")
def worker() -> Iterator[Listener]:
    """A warm worker."""
    listener = Listener(WorkerClient())
    listener.client.start()
    listener.until(Ready)
    yield listener
    listener.client.close()


@pytest.fixture(autouse=True)
def _fresh_ears(request: pytest.FixtureRequest) -> Iterator[None]:
    listener = request.getfixturevalue("worker") if "worker" in request.fixturenames else None
    if listener is not None:
        listener.forget()
    yield
    if listener is not None:
        listener.unwatch()


def digits_network() -> Graph:
    """A small convnet on the digits: Input a, convolution b, flatten c, dense d, loss e."""
    blocks = (
        Block(id="a", type="input", name="Digits"),
        Block(id="b", type="conv2d", name="convolution", parameters={"out_channels": 4}),
        Block(id="c", type="flatten", name="Flatten"),
        Block(id="d", type="dense", name="classes", parameters={"out_features": 10}),
        Block(id="e", type="cross_entropy", name="Loss"),
    )
    wires = (
        Wire(PortRef("a", "image"), PortRef("b", "input")),
        Wire(PortRef("b", "output"), PortRef("c", "input")),
        Wire(PortRef("c", "output"), PortRef("d", "input")),
        Wire(PortRef("d", "output"), PortRef("e", "logits")),
        Wire(PortRef("a", "label"), PortRef("e", "target")),
    )
    return Graph(blocks={block.id: block for block in blocks}, wires=sorted_wires(wires))


def plan(epochs: int) -> Plan:
    """Adam on one thread."""
    return Plan(stages=(Supervised(epochs=epochs),), threads=1, device="cpu")


def request(
    run: str, epochs: int, folder: str | None = None, weights: str | None = None, resume: bool = False
) -> TrainingRequest:
    """What Run sends."""
    return TrainingRequest(
        run=run,
        graph=digits_network(),
        plan=plan(epochs),
        datasets=DIGITS,
        weights=weights,
        resume=resume,
        checkpoint_folder=folder,
    )
