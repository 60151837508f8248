"""The thread of a run, and the threads that help it."""

from __future__ import annotations

import io

import torch

from engine.training.commands import Command
from engine.training.plan import replace
from engine.worker.loop_control import LoopControl
from engine.worker.outbox import Outbox
from engine.worker.session_host import Training

from .conftest import request

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
