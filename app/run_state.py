"""What the run bar shows: a state machine over events and edits, and the view of it. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec
from msgspec.structs import replace

from app.wording import count_words, duration_words, number_words, result_words
from engine.graph.problem import Problem
from engine.training.events import (
    Checkpointed,
    EpochEnded,
    Event,
    Failed,
    Finished,
    Loading,
    Losses,
    Marked,
    Paused,
    Progress,
    Resumed,
    Started,
    Stopped,
)

Phase = Literal["idle", "trained", "starting", "training", "paused", "finished", "stopped", "failed", "dead"]
Slot = Literal["run", "starting", "pause", "resume", "continue"]
Link = Literal["", "show_problems", "run_new", "continue_fitting", "apply_fix", "start_again", "bring_back"]

BLANK = "Nothing to run yet"
BRING_BACK = "Bring back what was trained"
RUNNING: frozenset[Phase] = frozenset({"starting", "training", "paused"})


class RunState(msgspec.Struct, frozen=True):
    """Where the run stands. `edited`: the drawing means something else than the one the weights belong to.

    `epoch` counts from 1 within `stage`; `stages` holds how many epochs each stage has in all, continued ones
    included. `errors` counts the problems that stop a run. `discarded`: what Reset threw away can be brought back.
    `before`: the phase without the worker's death, while that is "dead". `kept`: stage, epoch and step of the weights
    that such a death leaves. `former`: where the run before stood, until this one has started. `problem`: why it
    or the next run failed.
    """

    phase: Phase = "idle"
    run: str = ""
    loading: str = ""
    edited: bool = False
    errors: int = 0
    device: str = ""
    stages: tuple[int, ...] = ()
    stage: int = 0
    epoch: int = 0
    step: int = 0
    first_step: int = 0
    first_epoch: int = 0
    steps_per_epoch: int = 0
    steps_more: int = 0
    samples_per_second: float = 0.0
    seconds_left: float = 0.0
    test: Mapping[str, float] = {}
    epochs_trained: int = 0
    problem: Problem | None = None
    words: str = ""
    discarded: bool = False
    before: Phase = "idle"
    kept: tuple[int, int, int] = (0, 0, 0)
    former: RunState | None = None

    @property
    def is_running(self) -> bool:
        """Whether a run exists that has not ended."""
        return self.phase in RUNNING

    @property
    def has_weights(self) -> bool:
        """Whether the session holds weights that have learned something."""
        return self.phase in ("trained", "finished", "stopped") or (self.phase == "failed" and self.step > 0)


class Part(msgspec.Struct, frozen=True):
    """A piece of the message, in a token of the theme."""

    text: str
    bold: bool = False
    colour: str = "secondary"


class RunBarView(msgspec.Struct, frozen=True):
    """What the run bar draws. `progress` is a share of 1, None without a bar; `sweeping` while its share is unknown."""

    slot: Slot
    label: str
    icon: str
    filled: bool
    enabled: bool
    step: bool = False
    stop: bool = False
    reset: bool = False
    icon_before: str = ""
    message: tuple[Part, ...] = ()
    link: str = ""
    action: Link = ""
    progress: float | None = None
    progress_colour: str = "accent"
    sweeping: bool = False


def requested(state: RunState, run: str) -> RunState:
    """Run or Continue was pressed: the request `run` is on its way to the worker."""
    former = state.former or state
    return RunState(phase="starting", run=run, errors=state.errors, epochs_trained=state.epochs_trained, former=former)


def took(state: RunState, event: Event) -> RunState:
    """After one event of the run; events of other runs change nothing."""
    if event.run != state.run or not state.is_running:
        return state
    match event:
        case Loading():
            return replace(state, loading=event.what)
        case Started():
            return replace(
                state,
                phase="training",
                device=event.device,
                stages=event.stages,
                stage=event.stage,
                epoch=event.first_epoch + 1,
                step=event.first_step,
                first_step=event.first_step,
                first_epoch=event.first_epoch,
                steps_per_epoch=event.steps_per_epoch,
                steps_more=event.planned_steps - sum(event.stages) * event.steps_per_epoch,
                kept=(event.stage, event.first_epoch + 1, event.first_step),
                former=None,
            )
        case Checkpointed():
            return replace(state, kept=(event.stage, event.epoch, event.step))
        case Progress():
            return replace(
                state,
                stage=event.stage,
                epoch=event.epoch,
                step=event.step,
                samples_per_second=event.samples_per_second,
                seconds_left=event.seconds_left,
            )
        case Losses():
            epoch = state.epoch if event.stage == state.stage else 1
            return replace(state, stage=event.stage, epoch=epoch, step=event.first_step + len(event.values) // 4)
        case EpochEnded():
            return replace(state, stage=event.stage, epoch=event.epoch + 1, step=event.step)
        case Marked(name="epochs"):
            stages = list(state.stages)
            stages[state.stage] = round(event.value)
            return replace(state, stages=tuple(stages))
        case Paused():
            return replace(state, phase="paused", stage=event.stage, epoch=event.epoch, step=event.step)
        case Resumed():
            return replace(state, phase="training", step=event.step)
        case Stopped():
            return replace(state, phase="stopped", stage=event.stage, epoch=event.epoch, step=event.step)
        case Finished():
            return replace(
                state,
                phase="finished",
                test=event.test,
                epochs_trained=sum(state.stages),
                samples_per_second=event.samples_per_second,
            )
        case Failed() if state.former is not None and state.former.has_weights:
            return replace(state.former, errors=state.errors, edited=state.edited, problem=event.problem)
        case Failed():
            return replace(state, phase="failed", problem=event.problem)
        case _:
            return state


def edited(state: RunState, differs: bool) -> RunState:
    """After an edit of the drawing; `differs` says whether it now means another network than the weights'."""
    if state.phase == "failed":
        return replanned(state) if differs else replace(state, edited=False)
    return replace(state, edited=differs, problem=None)


def replanned(state: RunState) -> RunState:
    """After an edit of the plan: a failed run is over and done with."""
    return RunState(errors=state.errors) if state.phase == "failed" else replace(state, problem=None)


def counted(state: RunState, errors: int) -> RunState:
    """With another number of problems that stop a run."""
    return replace(state, errors=errors)


def opened(state: RunState, epochs: int | None, test: Mapping[str, float]) -> RunState:
    """A project was opened; unless `epochs` is None it brought weights, trained for so many whole epochs."""
    return RunState(phase="idle" if epochs is None else "trained", epochs_trained=epochs or 0, test=test)


def reset(state: RunState, discarded: bool = False) -> RunState:
    """Fresh weights from the seed; `discarded`: those that were trained can be brought back."""
    return RunState(errors=state.errors, discarded=discarded)


def died(state: RunState, words: str) -> RunState:
    """The worker ended without being asked to; `words` say why."""
    before = state.before if state.phase == "dead" else state.phase
    return replace(state, phase="dead", before=before, words=words, problem=None)


def revived(state: RunState, resumable: bool) -> RunState:
    """The worker was started again; `resumable` where trained weights are left: only a run that went on has ended.

    It stands where those weights do: what was trained after them died with the worker. A run that never started left
    those from before it; those from the end of a stage go on in the next.
    """
    if not resumable:
        return RunState(errors=state.errors, discarded=state.discarded)
    if state.former is not None:
        former = replace(state.former, errors=state.errors, edited=state.edited)
        return revived(died(former, ""), resumable)
    ended = replace(state, phase=state.before, before="idle", words="", seconds_left=0.0)
    if state.before not in RUNNING and state.before != "failed":
        return ended
    if not state.stages:
        return replace(ended, phase="trained")
    stage, epoch, step = state.kept
    if stage + 1 < len(state.stages) and epoch > state.stages[stage]:
        stage, epoch = stage + 1, 1
    return replace(ended, phase="stopped", stage=stage, epoch=epoch, step=step)


def view(
    state: RunState, epochs: int, estimate_s: float | None = None, samples: int = 0, blank: bool = False
) -> RunBarView:
    """What the run bar shows. `epochs`: of the plan's stages together; `estimate_s`: how long they will take.

    `blank`: nothing is drawn, which is a beginning and no fault.
    """
    if state.phase == "dead":
        return RunBarView(
            **_RUN,
            enabled=False,
            icon_before="ph.x-circle-fill",
            message=(Part(state.words or "The training process ended unexpectedly", colour="error"),),
            link="Start again",
            action="start_again",
            progress=_share(state),
            progress_colour="error",
        )
    if state.phase == "starting":
        what = state.loading or "Starting the training process"
        return RunBarView(
            slot="starting",
            label="Starting",
            icon="ph.spinner",
            filled=False,
            enabled=False,
            stop=True,
            message=(Part(f"{what} …"),),
            progress=0.0,
            sweeping=True,
        )
    if state.is_running:
        return _running_view(state)
    if blank:
        return RunBarView(**_RUN, enabled=False, reset=state.has_weights, message=(Part(BLANK),))
    if state.errors:
        words = "1 problem stops the run" if state.errors == 1 else f"{state.errors} problems stop the run"
        return RunBarView(
            **_RUN,
            enabled=False,
            reset=state.has_weights,
            icon_before="ph.x-circle-fill",
            message=(Part(words, colour="error"),),
            link="Show",
            action="show_problems",
        )
    if state.phase == "failed":
        return _failed_view(state)
    if state.has_weights:
        trained = _edited_view(state) if state.edited else _trained_view(state)
        return _with_problem(trained, state.problem) if state.problem is not None else trained
    ready = f"Ready: {count_words(epochs, 'epoch')}"
    if estimate_s is not None:
        ready += f" {'take' if epochs != 1 else 'takes'} about {duration_words(estimate_s)}"
    elif samples:
        ready = f"Ready: {number_words(samples)} samples, {count_words(epochs, 'epoch')}"
    link, action = (BRING_BACK, "bring_back") if state.discarded else ("", "")
    return RunBarView(**_RUN, enabled=True, step=True, message=(Part(ready),), link=link, action=action)  # type: ignore[arg-type]


_RUN: Mapping[str, object] = {"slot": "run", "label": "Run", "icon": "ph.play-fill", "filled": True}
_CONTINUE: Mapping[str, object] = {"slot": "continue", "label": "Continue", "icon": "ph.play-fill", "filled": True}


def _running_view(state: RunState) -> RunBarView:
    paused = state.phase == "paused"
    at = _where(state)
    icon, link, action = "", "", ""
    colour = "secondary" if paused else "accent"
    if state.edited:
        icon, colour, link, action = "ph.warning-fill", "warning", "Run the new one", "run_new"
        message: tuple[Part, ...] = (Part("Trains the network before your last edit", colour="warning"),)
        if state.errors:
            link, action = ("Show its problem" if state.errors == 1 else "Show its problems"), "show_problems"
    elif paused:
        icon = "ph.pause-fill"
        message = (Part(f"Paused at {at}", bold=True, colour="text"), Part(f"step {number_words(state.step)}"))
    else:
        message = (Part(at[0].upper() + at[1:], bold=True, colour="text"),)
        if state.samples_per_second > 0:
            left = int(state.seconds_left + 0.5)
            message += (
                Part(f"{number_words(round(state.samples_per_second))} samples/s"),
                Part(f"{left // 60}:{left % 60:02} left"),
            )
    return RunBarView(
        slot="resume" if paused else "pause",
        label="Resume" if paused else "Pause",
        icon="ph.play-fill" if paused else "ph.pause-fill",
        filled=paused,
        enabled=True,
        step=paused,
        stop=True,
        reset=True,
        icon_before=icon,
        message=message,
        link=link,
        action=action,  # type: ignore[arg-type]
        progress=_share(state),
        progress_colour=colour,
    )


def _failed_view(state: RunState) -> RunBarView:
    assert state.problem is not None, "a failed run has a problem"
    failed = RunBarView(**_RUN, enabled=True, reset=state.has_weights, progress=_share(state), progress_colour="error")
    return _with_problem(failed, state.problem)


def _with_problem(view: RunBarView, problem: Problem) -> RunBarView:
    """It says why the run failed, and offers the repair if there is one."""
    link, action = (problem.fixes[0].label, "apply_fix") if problem.fixes else (view.link, view.action)
    message = (Part(problem.headline, colour="error"),)
    return replace(view, icon_before="ph.x-circle-fill", message=message, link=link, action=action)


def _edited_view(state: RunState) -> RunBarView:
    return RunBarView(
        **_RUN,
        enabled=True,
        step=True,
        reset=True,
        message=(Part("Starts a new run"),),
        link="Continue with the weights that fit",
        action="continue_fitting",
    )


def _trained_view(state: RunState) -> RunBarView:
    progress: float | None = None
    colour = "secondary"
    if state.phase == "finished":
        progress, colour = 1.0, "good"
        message: tuple[Part, ...] = (
            Part(f"Finished {count_words(state.epochs_trained, 'epoch')}", bold=True, colour="text"),
        )
        result = result_words(state.test)
        if result:
            message += (Part(f"{result} on the test set"),)
    elif state.phase == "stopped":
        progress = _share(state)
        message = (Part(f"Stopped in {_where(state)}", bold=True, colour="text"),)
    else:
        result = result_words(state.test)
        done = count_words(state.epochs_trained, "epoch") if state.epochs_trained else "less than an epoch"
        words = f"Trained {done}"
        message = (Part(f"{words}, {result}" if result else words),)
    return RunBarView(
        **_CONTINUE, enabled=True, step=True, reset=True, message=message, progress=progress, progress_colour=colour
    )


def _where(state: RunState) -> str:
    """`epoch 12 of 20`, with several stages `stage 1 of 2, epoch 3 of 10`."""
    of = state.stages[state.stage] if state.stage < len(state.stages) else state.epoch
    words = f"epoch {min(state.epoch, of)} of {of}"
    return f"stage {state.stage + 1} of {len(state.stages)}, {words}" if len(state.stages) > 1 else words


def _share(state: RunState) -> float | None:
    total = sum(state.stages) * state.steps_per_epoch + state.steps_more
    return min(state.step / total, 1.0) if total > 0 else None
