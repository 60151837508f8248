"""Whether an open session can be trained as its request says."""

from __future__ import annotations

from engine.compile.analyse import Analyser
from engine.graph.problem import Refused
from engine.training.check_plan import check_plan
from engine.training.session import Session


def refuse_faults(session: Session) -> None:
    """Raises Refused with the first error between plan, drawing and data."""
    request = session.request
    analysis = Analyser(session.types).analyse(request.graph)
    facts = {name: data.dataset for name, data in session.data.items()}
    rows = {name: len(data.dataset.train) for name, data in session.data.items()}
    for problem in check_plan(request.graph, request.plan, facts, session.types, analysis, training_rows=rows):
        if problem.severity == "error":
            raise Refused(problem)
