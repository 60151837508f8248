"""What to tell a run so that it follows the plan of the document. No Qt."""

from __future__ import annotations

from engine.training.commands import Change
from engine.training.plan import Plan, Stage

_STEERED = ("learning_rate", "epochs")


class Steering:
    """Compares the plan with what a run was last told, for the stage that is running.

    A stage that was replaced by another kind, or that trains another block, or that others were put before, is no
    longer the one that runs: it steers nothing.
    """

    def __init__(self, plan: Plan) -> None:
        self._planned = plan
        stages = enumerate(plan.stages)
        self._told = {(index, name): getattr(stage, name) for index, stage in stages for name in _STEERED}
        self._epochs_before: dict[int, int] = {}

    def started(self, stages: tuple[int, ...]) -> None:
        """The run has begun, with so many epochs in each stage: those of earlier runs that it continues included."""
        for index, (epochs, planned) in enumerate(zip(stages, self._planned.stages, strict=False)):
            self._epochs_before[index] = epochs - planned.epochs

    def changes(self, plan: Plan, index: int) -> tuple[Change, ...]:
        """What the run, which is in stage `index`, has to be told to follow `plan`; each thing once."""
        if _likeness(plan.stages[: index + 1]) != _likeness(self._planned.stages[: index + 1]):
            return ()
        found: list[Change] = []
        for name in _STEERED:
            value = getattr(plan.stages[index], name)
            if self._told[index, name] != value:
                self._told[index, name] = value
                before = self._epochs_before.get(index, 0) if name == "epochs" else 0
                found.append(Change(name=name, value=float(value + before), stage=index))
        return tuple(found)


def _likeness(stages: tuple[Stage, ...]) -> list[tuple[type, str]]:
    return [(type(stage), getattr(stage, "block", "")) for stage in stages]
