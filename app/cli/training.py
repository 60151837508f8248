"""`train` and `evaluate`: the same loop as the window's, on the command line's own thread."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

import msgspec

from app.cli.own_code import take_code_along
from engine.graph.problem import Refused, refused
from engine.project.atomic_file import NO_FILE, is_device_or_pipe, reason_of
from engine.project.project_file import Info, Project, write_project
from engine.training.commands import Command, Stop
from engine.training.events import Checkpointed, EpochEnded, Event, Failed, Finished, Losses, Progress, Started, Stopped
from engine.training.plan import TrainingRequest

Tell = Callable[[Event], None]


class Interrupted:
    """A Control that hears Ctrl-C as a Stop at the next step."""

    def __init__(self) -> None:
        self._stop = False

    def take(self) -> tuple[Command, ...]:
        """A Stop once Ctrl-C was pressed."""
        return (Stop(),) if self._stop else ()

    def wait(self) -> tuple[Command, ...]:
        """Nothing pauses a run here but its end."""
        return (Stop(),)

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """While inside, the first Ctrl-C stops the run in order; a second one ends the program."""

        def stop(number: int, frame: object) -> None:
            self._stop = True
            signal.signal(signal.SIGINT, before)

        before = signal.signal(signal.SIGINT, stop)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)


def train_project(project: Project, resume: bool, out: Path | None, tell: Tell) -> Finished | Stopped:
    """Run the project's plan and save what came of it to `out`. Raises Refused where the run cannot start or fails.

    The file holds drawing, plan, weights and curves. Without `resume` weights are fresh from the seed, and curves new.
    """
    from app.curves import curves_of, histories_of
    from app.views.history import RunHistory
    from engine.training.loop import train

    if out is not None:
        _check_place(out)
    history, previous = histories_of(project.curves) if resume else (None, None)
    history = history or RunHistory()
    control = Interrupted()
    end: Finished | Stopped | None = None
    checkpoint: Path | None = None
    with tempfile.TemporaryDirectory(prefix="tensorloom-") as folder:
        weights = project.weights_file(Path(folder)) if resume else None
        if resume and weights is None:
            raise refused("no-weights", file=project.path.name if project.path else "the example")
        request = TrainingRequest(
            run="command-line",
            graph=project.graph,
            plan=project.settings.plan,
            datasets=project.settings.datasets,
            weights=str(weights) if weights is not None else None,
            resume=resume,
            checkpoint_folder=folder,
        )
        with control.listening():
            for event in train(request, control):
                history.add(event)
                tell(event)
                if isinstance(event, Checkpointed):
                    checkpoint = Path(event.path)
                if isinstance(event, Failed):
                    raise Refused(event.problem)
                if isinstance(event, (Finished, Stopped)):
                    end = event
        assert end is not None, "a run ends with Finished, Stopped or Failed"
        if out is not None:
            # The weights are of this very drawing, whatever the file said that it was read from.
            project = dataclasses.replace(project, info=Info())
            _save(out, project, checkpoint, curves_of(history, previous))
            take_code_along(project, out.resolve().parent)
    return end


def _check_place(out: Path) -> None:
    """Raises Refused where nothing can be saved as `out`: what is trained before that is known would be lost."""
    folder = out.resolve().parent
    if not folder.is_dir():
        raise refused("no-folder", file=out.name, folder=str(out.parent))
    try:
        there = out.exists()
    except OSError as fault:
        raise refused("save-failed", file=str(out), reason=reason_of(fault)) from fault
    if out.is_dir():
        raise refused("save-failed", file=str(out), reason="there is a folder of that name")
    if is_device_or_pipe(out):
        raise refused("save-failed", file=str(out), reason=NO_FILE)
    if not all(os.access(place, os.W_OK) for place in ((folder, out) if there else (folder,))):
        raise refused("save-failed", file=str(out), reason="permission denied")


def _save(out: Path, project: Project, checkpoint: Path | None, curves: Mapping[str, Any]) -> None:
    """Write what was trained to `out`. Raises Refused where that fails, with the place where it is kept instead."""
    if checkpoint is None:
        raise refused("training-lost", fault=refused("disk-full", file=out.name).problem.headline)
    try:
        write_project(out, project, weights_file=checkpoint, curves=curves)
    except Refused as fault:
        said = fault.problem.headline
        try:
            kept = Path(tempfile.mkdtemp(prefix="tensorloom-")) / out.name
            write_project(kept, project, weights_file=checkpoint, curves=curves)
        except (OSError, Refused):
            raise refused("training-lost", fault=said) from fault
        raise refused("training-kept", fault=said, kept=str(kept)) from fault


def json_teller(stream: TextIO) -> Tell:
    """Prints one object a line: every epoch, then the end."""

    def tell(event: Event) -> None:
        said: dict[str, Any] | None = None
        if isinstance(event, EpochEnded):
            said = {
                "epoch": event.epoch,
                "stage": event.stage,
                "train": event.train,
                "validation": event.validation,
            }
        elif isinstance(event, Finished):
            said = {
                "finished": True,
                "test": event.test,
                "seconds": event.seconds,
                "samples_per_second": event.samples_per_second,
                "device": event.device,
                "threads": event.threads,
            }
        elif isinstance(event, Stopped):
            said = {"finished": False, "stopped": {"stage": event.stage, "epoch": event.epoch, "step": event.step}}
        if said is not None:
            stream.write(msgspec.json.encode(said).decode() + "\n")
            stream.flush()

    return tell


@contextlib.contextmanager
def progress_teller() -> Iterator[Tell]:
    """Shows a progress bar with the latest figures, then the end as one line."""
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    bar = Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[said]}", markup=False),
        TimeRemainingColumn(),
    )
    total = 0
    done = 0
    with bar:
        task = bar.add_task("Starting", total=None, said="")

        def tell(event: Event) -> None:
            nonlocal total, done
            if isinstance(event, Started):
                total = event.planned_steps
                bar.update(task, total=total, description="Training", completed=event.first_step)
            elif isinstance(event, Losses):
                done = event.first_step + len(event.values) // 4
                bar.update(task, completed=done)
            elif isinstance(event, Progress):
                bar.update(task, description=f"Epoch {event.epoch}")
            elif isinstance(event, EpochEnded):
                bar.update(task, description=f"Epoch {event.epoch}", said=figures(event.validation or event.train))
            elif isinstance(event, Finished):
                bar.update(task, completed=total, description="Finished")

        yield tell


def figures(metrics: Any) -> str:
    """`loss 0.0951  accuracy 97.8 %`."""
    return "  ".join(figure(name, value) for name, value in metrics.items())


def figure(name: str, value: float) -> str:
    """One metric with its unit."""
    words = name.replace("_", " ")
    return f"{words} {100 * value:.1f} %" if name.startswith("accuracy") else f"{words} {value:.4g}"


def evaluate_project(project: Project, part: str) -> dict[str, float]:
    """The metrics of the project's trained weights on one part: train, validation or test. Raises Refused."""
    from engine.training.evaluate import evaluate

    return evaluate(trained_session(project), part)


def trained_session(project: Project) -> Any:
    """A session with the project's own weights. Raises Refused `no-weights` where it has none."""
    from engine.blocks.catalogue import BLOCK_TYPES
    from engine.training.session import open_session

    with tempfile.TemporaryDirectory(prefix="tensorloom-") as folder:
        weights = project.weights_file(Path(folder))
        if weights is None:
            raise refused("no-weights", file=project.path.name if project.path else "The example")
        request = TrainingRequest(
            run="command-line",
            graph=project.graph,
            plan=project.settings.plan,
            datasets=project.settings.datasets,
            weights=str(weights),
        )
        return open_session(request, BLOCK_TYPES)
