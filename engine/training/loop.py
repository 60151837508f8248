"""The training loop: a generator of events, to be read from top to bottom."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.blocks.catalogue import BLOCK_TYPES
from engine.training.commands import Control
from engine.training.denormals import flush_denormals
from engine.training.devices import choose_device, device_words
from engine.training.events import Event, Failed, Loading
from engine.training.failures import go_back, problem_of
from engine.training.pace import clock
from engine.training.pages import give_back_pages, keep_pages
from engine.training.plan import TrainingRequest
from engine.training.ready import refuse_faults
from engine.training.run import Run
from engine.training.session import Session, open_session


def train(
    request: TrainingRequest,
    control: Control,
    session: Session | None = None,
    on_session: Callable[[Session], None] | None = None,
) -> Iterator[Event]:
    """Train as `request` says, and tell what happens.

    Without `session` one is opened, and handed to `on_session` before the first step; with `request.resume` its
    checkpoint's run goes on to the last bit. A given session goes on from its weights, steps and epochs are counted on:
    what its last run left undone is finished; where that is nothing, the plan's epochs are added, unless
    `request.resume` asks for the rest alone.

    What goes wrong is told by Failed; raised is only what keeps the last sound weights from being loaded then. The same
    plan, seed, device and number of threads give the same losses to the last bit, whatever is measured meanwhile and
    whenever the clock ticks.
    """
    run: Run | None = None
    begun_at = clock()
    keep_pages()
    were_flushed = flush_denormals(True)
    try:
        if session is None:
            yield Loading(request.run, f"Loading data onto the {device_words(choose_device(request.plan.device))}")
            session = open_session(request, BLOCK_TYPES)
            if on_session is not None:
                on_session(session)
        session.request = request
        refuse_faults(session)
        run = Run(session, control, begun_at)
        yield run.started()
        yield from _stages(run)
    except Exception as fault:  # noqa: BLE001 -- whatever torch or a block raises ends the run, not the worker
        problem = problem_of(fault, request, run)
        if run is not None:
            go_back(run)
        yield Failed(request.run, problem, run.files.last if run is not None else None)
    finally:
        if session is not None:
            session.network.root.zero_grad(set_to_none=True)
        flush_denormals(were_flushed)
        give_back_pages()


def _stages(run: Run) -> Iterator[Event]:
    take = run.control.take
    while run.stage_index < len(run.plan.stages):
        step, add = run.stage.step, run.recorder.add
        while run.epoch < run.epochs[run.stage_index]:
            for batch in run.stage.batches(run.epoch, run.batch):
                commands = take()
                if commands or run.paused or clock() >= run.due:
                    yield from run.attend(commands)
                    if run.stopped:
                        return
                add(step(batch))
                run.batch += 1
                run.step += 1
            yield from run.end_epoch()
            if run.stopped:
                return
        yield from run.end_stage()
    yield from run.finish()
