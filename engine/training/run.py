"""A run in progress: where it is, what it records, what it was told. The loop itself is in `loop.py`."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping

import numpy as np
import torch

from engine.training.checkpoint import (
    Position,
    RunFacts,
    Snapshot,
    on_cpu,
    random_state,
    set_random_state,
)
from engine.training.checkpoint_files import CheckpointFiles
from engine.training.commands import (
    Change,
    Checkpoint,
    Command,
    Control,
    Pause,
    Resume,
    SingleStep,
    Stop,
    Unwatch,
    Watch,
)
from engine.training.devices import set_threads
from engine.training.events import (
    Checkpointed,
    EpochEnded,
    Event,
    Finished,
    Losses,
    Marked,
    Paused,
    Progress,
    Resumed,
    Started,
    Stopped,
)
from engine.training.pace import Pace, clock
from engine.training.recorder import Recorder
from engine.training.session import Session
from engine.training.stages import Stage, make_stage
from engine.training.watches import Watches

TICK_S = 0.08
CHECKPOINT_S = 25.0
"""A checkpoint at least every 30 s: a step may take a few."""
DEAR_S = 1.0
"""Measurements that take longer come after a checkpoint: a window that closes meanwhile does not wait for their end."""


class NotFinite(ArithmeticError):
    """The loss of step `step` (0-based over the whole run), in `epoch` (from 1), is no finite number."""

    def __init__(self, step: int, epoch: int) -> None:
        super().__init__(step, epoch)
        self.step, self.epoch = step, epoch


class Run:
    """The state of one run: begun afresh, resumed from the session's snapshot, or continued beyond it."""

    stage: Stage
    pace: Pace

    def __init__(self, session: Session, control: Control, begun_at: float) -> None:
        self.session, self.control = session, control
        self.request, self.plan = session.request, session.request.plan
        self.id = self.request.run
        self.begun_at = begun_at
        self.recorder, self.watches = Recorder(), Watches()
        self.snapshot: Snapshot | None = None
        self.files = CheckpointFiles(self.request.checkpoint_folder, self.id)
        self.changes: list[tuple[int, float]] = []
        self.planned = tuple(stage.epochs for stage in self.plan.stages)
        self.epochs = list(self.planned)
        self.stage_index = self.epoch = self.batch = self.step = self.first_epoch = self.epochs_before = 0
        self.learning_rate = 0.0
        self.paused = self.stopped = False
        self.waiting: tuple[Command, ...] = ()
        self.due = self._tick_due = 0.0
        self._checkpoint_due = begun_at + CHECKPOINT_S
        self._announced, self.steps_allowed = -1, 0
        self._restored = self._take_up()

    # --- beginning ------------------------------------------------------------------------------
    def _take_up(self) -> Snapshot | None:
        """Go to where the session's snapshot left off, if there is one to resume or to continue from."""
        kept = self.session.snapshot
        facts = kept.facts if kept is not None else None
        recorded = facts.threads if facts is not None and self.request.resume else self.plan.threads
        self.threads = set_threads(recorded)
        torch.manual_seed(self.plan.seed)
        if kept is None or facts is None or facts.position.stage >= len(self.plan.stages):
            self.session.position = Position()
            return None
        at = facts.position
        self.stage_index, self.epoch, self.batch, self.step = at.stage, at.epoch, at.batch, at.step
        self.first_epoch = at.epoch
        self._plan_epochs(facts)
        return kept

    def _plan_epochs(self, facts: RunFacts) -> None:
        """Finish what the kept run left undone; where that is nothing, add the plan's epochs, unless told to resume."""
        at = facts.position
        self.epochs_before = facts.epochs_before
        if facts.planned_epochs == self.planned:
            self.epochs = list(facts.epochs)
        else:
            self.epochs[: at.stage] = facts.epochs[: at.stage]
            self.epochs[at.stage] += facts.epochs_before
        is_done = at.epoch >= min(self.epochs[at.stage], facts.epochs[at.stage])
        if is_done and at.stage == len(self.planned) - 1 and not self.request.resume:
            self.epochs_before = at.epoch
            self.epochs[-1] = at.epoch + self.planned[-1]

    def started(self) -> Started:
        """What the run is going to do."""
        self.begin_stage()
        self.pace = Pace()
        return Started(
            self.id,
            device=str(self.session.device),
            threads=self.threads,
            steps_per_epoch=self.steps_per_epoch,
            samples=self.stage.samples,
            stages=tuple(self.epochs),
            first_step=self.step,
            first_epoch=self.first_epoch,
            stage=self.stage_index,
            first_batch=self.batch,
        )

    def begin_stage(self) -> None:
        """Make the stage that comes now ready to step; its state comes from the snapshot where the run took one up."""
        plan, kept = self.plan.stages[self.stage_index], self._restored
        self._restored = None
        self.stage = make_stage(self.session, plan, begin=kept is None)
        self.learning_rate = plan.learning_rate
        if kept is not None and kept.facts is not None:
            facts = kept.facts
            self.stage.load_state(kept.optimiser)
            if self.request.resume and facts.planned_rate == plan.learning_rate:
                self._set_learning_rate(facts.learning_rate)
            if self.batch and not self._same_epoch(facts, kept.run["losses"].shape[1]):
                self.batch = 0
            if self.batch:
                self.recorder.restore(kept.run["losses"].numpy())
                self.stage.restore_counts(facts.right, facts.seen)
            if "random" in kept.run:
                set_random_state(kept.run, self.session.device)
        self._keep()

    def _same_epoch(self, facts: RunFacts, columns: int) -> bool:
        """Whether an epoch that was left in its middle has the batches, and `columns` of the losses, that it had."""
        planned = facts.batch_size == self.plan.batch_size and facts.seed == self.plan.seed
        return planned and facts.samples in (None, self.stage.samples) and columns == self.stage.columns

    @property
    def steps_per_epoch(self) -> int:
        """Steps of one epoch, the short last one included."""
        return -(-self.stage.samples // self.plan.batch_size)

    @property
    def position(self) -> Position:
        """Where the run is."""
        return Position(self.stage_index, self.epoch, self.batch, self.step)

    # --- between steps --------------------------------------------------------------------------
    def attend(self, commands: tuple[Command, ...]) -> Iterator[Event]:
        """All that is due between two steps: losses, commands, checkpoints, measurements, progress, a pause."""
        yield from self.flush()
        self.pace.hold()
        for command in (*self.waiting, *commands):
            if not self.stopped:
                yield from self.obey(command)
        self.waiting = ()
        if self.stopped:
            return
        if self.paused and not self.steps_allowed and self._announced != self.step:
            yield self._paused_here()
        now = clock()
        if now >= self._checkpoint_due or self.watches.cost_s(now) > DEAR_S:
            yield from self.checkpoint()
        if self.watches.due <= now:
            yield from self.watches.measure(self.session, clock)
        if now >= self._tick_due:
            yield self._progress()
        yield from self._wait()
        now = self.pace.go()
        # The first loss is shown at once
        self._tick_due = now + TICK_S if self.pace.samples else now
        self.due = min(self._tick_due, self.watches.due, self._checkpoint_due)

    def flush(self) -> Iterator[Event]:
        """The losses since the last time. Raises NotFinite where one is no number."""
        rows = self.recorder.take()
        self.session.position, self.session.epochs = self.position, tuple(self.epochs)
        if not len(rows):
            return
        losses = rows[:, 0]
        first = self.step - len(rows)
        bad = np.flatnonzero(~np.isfinite(losses))
        shown = losses[: bad[0] + 1] if len(bad) else losses
        yield Losses(self.id, self.stage_index, first, np.ascontiguousarray(shown, np.float32).tobytes())
        if len(bad):
            raise NotFinite(first + int(bad[0]), self.epoch + 1)
        size = self.plan.batch_size
        self.pace.steps += len(rows)
        # The last batch of an epoch may be short
        self.pace.samples += min(self.batch * size, self.stage.samples) - (self.batch - len(rows)) * size

    def _wait(self) -> Iterator[Event]:
        """Stand still while paused, until a step is allowed."""
        began = clock()
        while self.paused and not self.stopped and not self.steps_allowed:
            for command in self.control.wait():
                if not self.stopped:
                    yield from self.obey(command)
            if self.watches.due <= clock() and not self.stopped:
                yield from self.watches.measure(self.session, clock)
        if self.paused and self.steps_allowed:
            self.steps_allowed -= 1
        self.pace.stood_still(clock() - began)

    def obey(self, command: Command) -> Iterator[Event]:
        """Do what one command says."""
        match command:
            case Change(stage=int(index)) if index != self.stage_index:
                return
            case Change(name="learning_rate", value=value) if 0 < value < float("inf"):
                self._set_learning_rate(value)
                self.changes.append((self.step, value))
                yield Marked(self.id, self.step, "learning_rate", value)
            case Change(name="epochs", value=value) if 0 < value < float("inf"):
                self.epochs[self.stage_index] = max(int(value), self.epoch + 1)
                yield Marked(self.id, self.step, "epochs", float(self.epochs[self.stage_index]))
            case Pause() if not self.paused:
                self.paused = True
                yield from self.checkpoint()
                yield self._paused_here()
            case Resume() if self.paused:
                self.paused, self.steps_allowed = False, 0
                yield Resumed(self.id, self.step)
            case SingleStep():
                self.paused = True
                self.steps_allowed += 1
            case Stop():
                yield from self.stop()
            case Checkpoint():
                yield from self.checkpoint()
            case Watch():
                self.watches.add(command)
            case Unwatch(request=request):
                self.watches.remove(request)

    def stop(self) -> Iterator[Event]:
        """End here; the session can go on later."""
        yield from self.checkpoint()
        self.stopped = True
        yield Stopped(self.id, self.stage_index, self.epoch + 1, self.step, self.files.last)

    def _paused_here(self) -> Paused:
        self._announced = self.step
        self.watches.all_due()
        return Paused(self.id, self.stage_index, self.epoch + 1, self.step)

    def _set_learning_rate(self, value: float) -> None:
        self.learning_rate = value
        self.stage.set_learning_rate(value)

    def _progress(self) -> Progress:
        done = self.pace.steps
        left = sum(self.epochs[self.stage_index :]) - self.epoch
        steps_left = left * self.steps_per_epoch - self.batch
        rate = self.pace.samples_per_second_lately()
        seconds_left = steps_left * self.pace.spent_s() / done if done else 0.0
        return Progress(self.id, self.stage_index, self.epoch + 1, self.step, rate, seconds_left)

    # --- ends -----------------------------------------------------------------------------------
    def end_epoch(self) -> Iterator[Event]:
        """Metrics of the epoch on the training and validation part. A Stop during validation ends the run before it."""
        yield from self.flush()
        self.pace.hold()
        validation = yield from self._evaluate("validation")
        if self.stopped:
            return
        # The next step obeys the others, but whether there is one is for these to say
        for command in self.waiting:
            if isinstance(command, Change):
                yield from self.obey(command)
        self.waiting = tuple(command for command in self.waiting if not isinstance(command, Change))
        train = self.stage.metrics(self.recorder.end_epoch(self.plan.batch_size, self.stage.samples))
        self.epoch, self.batch = self.epoch + 1, 0
        self.session.position = self.position
        seconds = self.pace.begin_epoch()
        yield EpochEnded(self.id, self.stage_index, self.epoch, self.step, train, validation, seconds)
        layer = self.stage.layer_in(self.epoch)
        if self.epoch < self.epochs[self.stage_index] and layer != self.stage.layer_in(self.epoch - 1):
            yield Marked(self.id, self.step, "layer", float(layer))
        self.pace.go()

    def _evaluate(self, part: str) -> Generator[Event, None, Mapping[str, float]]:
        """Yields what a Stop in between says; its value are the metrics, empty then."""
        steps = self.stage.validation(part)
        while True:
            try:
                next(steps)
            except StopIteration as done:
                metrics: Mapping[str, float] = done.value
                return metrics
            commands = self.control.take()
            if any(isinstance(command, Checkpoint) for command in commands):
                # at once: the next look may find a job that takes for ever
                yield from self.checkpoint()
            self.waiting += tuple(command for command in commands if not isinstance(command, Checkpoint))
            if self.waiting:
                self.due = 0.0
            if any(isinstance(command, Stop) for command in self.waiting):
                steps.close()
                yield from self.stop()
                return {}

    def end_stage(self) -> Iterator[Event]:
        """A checkpoint; the next stage, if any, comes next."""
        self.pace.hold()
        yield from self.checkpoint()
        if self.stage_index + 1 < len(self.plan.stages):
            self.stage_index += 1
            self.epoch = self.batch = self.first_epoch = self.epochs_before = 0
            self.begin_stage()
        else:
            self.stage_index += 1
        self.pace.begin_epoch()
        self.pace.go()

    def finish(self) -> Iterator[Event]:
        """The metrics on the test part, and a last look for every view."""
        self.stage_index = len(self.plan.stages) - 1
        self.watches.all_due()
        test = yield from self._evaluate("test")
        if self.stopped:
            return
        if self.watches.due < float("inf"):
            yield from self.watches.measure(self.session, clock)
        yield Finished(
            self.id,
            test=test,
            seconds=self.pace.spent_s(),
            samples_per_second=self.pace.samples_per_second(),
            device=str(self.session.device),
            threads=self.threads,
            checkpoint=self.files.last,
        )

    # --- checkpoints ----------------------------------------------------------------------------
    def checkpoint(self) -> Iterator[Event]:
        """Keep the run as it is now, in memory and, where the request names a folder, as a file.

        A disk that is full does not end a run: then there is no event, and the last file stays the last.
        """
        snapshot = self._keep()
        self._checkpoint_due = clock() + CHECKPOINT_S
        path = self.files.write(snapshot, self.step)
        if path is not None:
            yield Checkpointed(self.id, self.step, path, self.stage_index, self.epoch + 1)

    def _keep(self) -> Snapshot:
        """The run as it is now, in memory; all recorded losses have been taken."""
        right, seen = self.stage.counts()
        facts = RunFacts(
            position=self.position,
            epochs=tuple(self.epochs),
            planned_epochs=self.planned,
            epochs_before=self.epochs_before,
            learning_rate=self.learning_rate,
            planned_rate=self.plan.stages[self.stage_index].learning_rate,
            threads=self.threads,
            device=str(self.session.device),
            batch_size=self.plan.batch_size,
            seed=self.plan.seed,
            right=right,
            seen=seen,
            lent=self.session.network.lent,
            samples=self.stage.samples,
        )
        self.snapshot = self.session.snapshot = Snapshot(
            weights=on_cpu(self.session.network.state()),
            optimiser=on_cpu(self.stage.state()),
            run={**random_state(self.session.device), "losses": torch.from_numpy(self.recorder.epoch_rows.copy())},
            facts=facts,
        )
        self.changes.clear()
        return self.snapshot
