"""What is heard in place of an answer where a request cannot be put into bytes."""

from __future__ import annotations

from engine.graph.analysis import Analysis
from engine.graph.problem import Problem
from engine.training.events import Failed
from engine.worker.protocol import (
    Analyse,
    Analysed,
    DatasetDescribed,
    DescribeDataset,
    Done,
    Export,
    Exported,
    ExportWeights,
    FromWorker,
    LaidOut,
    LayOut,
    OpenSession,
    Run,
    SessionOpened,
    SourceWritten,
    ToWorker,
    WriteSource,
)


def unsent(message: ToWorker, fault: Exception) -> FromWorker | None:
    """The answer to `message`, which `fault` kept from being sent; None where nobody waits for one."""
    problem = Problem(code="unsent", facts={"reason": _reason(fault)})
    match message:
        case Analyse():
            return Analysed(id=message.id, analysis=Analysis(), problems=_of_plan(message) or (problem,))
        case Run():
            return Failed(message.request.run, problem, None)
        case OpenSession():
            return SessionOpened(id=message.id, problems=(problem,))
        case Export():
            return Exported(id=message.id, problem=problem)
        case ExportWeights():
            return Done(id=message.id, problem=problem)
        case DescribeDataset():
            dataset = message.dataset
            return DatasetDescribed(id=message.id, name=dataset.name, folder=dataset.folder, problem=problem)
        case WriteSource():
            return SourceWritten(id=message.id, problem=problem)
        case LayOut():
            return LaidOut(id=message.id, problem=problem)
        case _:
            return None


def _of_plan(message: Analyse) -> tuple[Problem, ...]:
    # imported here: only a file made by other hands leads to it
    from engine.training.check_plan import setting_problems

    return tuple(setting_problems(message.plan))


def _reason(fault: Exception) -> str:
    if isinstance(fault, UnicodeEncodeError):
        return "a name or path in it is not Unicode"
    return "a whole number in it has more than 64 bits" if isinstance(fault, OverflowError) else str(fault).rstrip(".")
