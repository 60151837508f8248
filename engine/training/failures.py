"""What is told of runs that fail: where a loss became NaN, memory that was too small, anything else."""

from __future__ import annotations

import torch

from engine.compile.program import Call
from engine.graph.graph import Graph, Path
from engine.graph.problem import Fact, Fix, Problem, Refused, block_words
from engine.training.checkpoint import set_random_state
from engine.training.devices import choose_device, device_words
from engine.training.pace import clock
from engine.training.plan import ContrastiveDivergence, Supervised, TrainingRequest
from engine.training.run import NotFinite, Run
from engine.training.session import Session
from engine.training.stages import make_stage

_REPLAY_S = 15.0
"""How long the search for the block may take; a block is named or not, the step is always known."""
_RATES_THAT_LEARN = {"adam": 0.001, "sgd": 0.01, "contrastive-divergence": 0.1}


def problem_of(fault: Exception, request: TrainingRequest, run: Run | None) -> Problem:
    """What is told of whatever ended a run; `run` is None where it had not begun."""
    if isinstance(fault, Refused):
        return fault.problem
    if isinstance(fault, NotFinite):
        assert run is not None
        return not_finite_problem(run, fault)
    return memory_problem(request) if out_of_memory(fault) else unexpected_problem(fault, run)


def not_finite_problem(run: Run, fault: NotFinite) -> Problem:
    """Where the loss stopped being a number: epoch, step, block, and a rate to try, if weights had changed already.

    The block is found by replaying from the last snapshot.
    """
    rate = _rate_to_try(run)
    try:
        path = _block_at(run, fault.step)
    except Exception:  # noqa: BLE001 -- the search may meet what ended the run, or lack memory; the step is known
        path = None
    where, block = _place_of(run.session.network.call_of(path) if path is not None else None, run)
    words = f" in {block}" if block else ""
    facts: dict[str, Fact] = {"epoch": fault.epoch, "step": fault.step, "block_words": words, "rate": rate}
    if fault.step == 0:
        return Problem(code="nan-at-once", path=where, facts={"block_words": words})
    fix = Fix(edit="set_learning_rate", arguments=(rate, run.stage_index), facts={"value": rate})
    return Problem(code="nan-loss", path=where, facts=facts, fixes=(fix,))


def _rate_to_try(run: Run) -> float:
    """A tenth of the rate, and no more than what most networks learn with."""
    stage = run.plan.stages[run.stage_index]
    kind = stage.optimiser if isinstance(stage, Supervised) else "contrastive-divergence"
    return min(float(f"{run.learning_rate / 10:.1g}"), _RATES_THAT_LEARN[kind])


def go_back(run: Run) -> None:
    """Let the session hold the weights of the last snapshot, so that it can go on from there."""
    if run.snapshot is not None and run.snapshot.facts is not None:
        run.session.network.load_state(run.snapshot.weights)
        run.session.position = run.snapshot.facts.position


def out_of_memory(fault: Exception) -> bool:
    """Whether a device, or the machine, had too little memory."""
    return isinstance(fault, (torch.OutOfMemoryError, MemoryError)) or "can't allocate memory" in str(fault)


def memory_problem(request: TrainingRequest) -> Problem:
    """The device ran out of memory; half a batch may fit."""
    batch = request.plan.batch_size
    half = max(1, batch // 2)
    facts: dict[str, Fact] = {
        "device": device_words(choose_device(request.plan.device)),
        "batch": batch,
        "half": half,
    }
    fix = Fix(edit="set_batch_size", arguments=(half,), facts={"value": half})
    return Problem(code="out-of-memory", facts=facts, fixes=(fix,))


def unexpected_problem(fault: Exception, run: Run | None = None) -> Problem:
    """Anything else that a step raised, in its own first line, with the block it comes from where one is known."""
    if "does not require grad" in str(fault):
        return Problem(code="no-gradient")
    lines = str(fault).strip().splitlines()
    reason = f"{type(fault).__name__}: {lines[0]}" if lines else type(fault).__name__
    call = _call_inside(fault, run.session) if run is not None else None
    where, words = _place_of(call, run)
    if "index out of range" in reason or "not in the valid range" in reason:
        return Problem(code="id-beyond", path=where, facts={"block_words": f" in {words}" if words else ""})
    if words:
        reason = f"{words} raised {reason}"
    facts: dict[str, Fact] = {"reason": reason.rstrip("."), "hint": ""}
    return Problem(code="run-failed", path=where, facts=facts)


def _place_of(call: Call | None, run: Run | None) -> tuple[Path, str]:
    """The instance path of a block, and what it is called with the containers around it: Residual › Convolution."""
    if call is None or run is None:
        return (), ""
    *around, id = call.key.split("/")
    body: Graph | None = run.session.request.graph
    path: list[str | int] = []
    names = []
    for step in around:
        block = body.blocks.get(step) if body is not None else None
        if block is None:
            path.append(int(step) if step.isdecimal() else step)
        else:
            path.append(step)
            names.append(block.name)
            body = block.body
    return (*path, id), " › ".join((*names, block_words(call.type.title, call.block.name)))


def _call_inside(fault: Exception, session: Session) -> Call | None:
    """The innermost block whose module was running when `fault` was raised.

    Such a function takes the module first, be it a method's `self` or that of a function in the place of its forward.
    """
    calls = {id(session.network.root.get_submodule(call.target)): call for call in session.network.program.all_calls}
    found, trace = None, fault.__traceback__
    while trace is not None:
        frame, trace = trace.tb_frame, trace.tb_next
        if frame.f_code.co_argcount:
            first = frame.f_locals.get(frame.f_code.co_varnames[0])
            found = calls.get(id(first), found)
    return found


def _block_at(run: Run, failed_step: int) -> str | None:
    """The path of the first block, in execution order, that gave no finite number at `failed_step`."""
    session, plan, kept = run.session, run.plan.stages[run.stage_index], run.snapshot
    if isinstance(plan, ContrastiveDivergence):
        return plan.block
    if kept is None or kept.facts is None:
        return None
    changes = list(run.changes)
    stage = make_stage(session, plan, begin=False)
    session.network.load_state(kept.weights)
    stage.load_state(kept.optimiser)
    set_random_state(kept.run, session.device)
    stage.set_learning_rate(kept.facts.learning_rate)
    at, give_up = kept.facts.position, clock() + _REPLAY_S
    step, epoch, first = at.step, at.epoch, at.batch
    found: str | None = None
    while step <= failed_step:
        for batch in stage.batches(epoch, first):
            for _, rate in (change for change in changes if change[0] == step):
                stage.set_learning_rate(rate)
            if step == failed_step:
                found = _first_not_finite(session, batch)
            if step == failed_step or clock() > give_up:
                return found
            stage.step(batch)
            step += 1
        epoch, first = epoch + 1, 0
    return None


@torch.no_grad()
def _first_not_finite(session: Session, batch: tuple[torch.Tensor, ...]) -> str | None:
    """The path of the first block of the training step whose output holds what is no finite number."""
    network = session.network
    needed = {f"{loss.path}/loss" for loss in network.losses}
    calls = []
    for call in reversed(network.program.calls):
        if needed.intersection(call.outputs):
            needed.update(call.sources)
            calls.append(call)
    owners = [(call.key, output) for call in reversed(calls) for output in call.outputs]
    tensors = network.slice(tuple(output for _, output in owners)).module.forward(*batch)
    for (key, _), tensor in zip(owners, tensors, strict=True):
        if not bool(torch.isfinite(tensor).all()):
            return key
    return None
