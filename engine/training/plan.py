"""The plan of a run: settings only, saved beside the graph. Also the edits that change them."""

from __future__ import annotations

import os
import re
from typing import Literal, get_args

import msgspec

from engine.graph.graph import Graph
from engine.graph.values import Plain

replace = msgspec.structs.replace

Optimiser = Literal["adam", "sgd"]
OPTIMISERS: tuple[str, ...] = get_args(Optimiser)
_UNKNOWN = re.compile(r"Invalid enum value ['\"](.*)['\"] - at `\$.*\.optimiser`", re.DOTALL)
MOST_THREADS = 1024


class Supervised(Plain, frozen=True, tag="supervised"):
    """Gradient descent on the losses of the drawing. `momentum` is used by SGD only."""

    epochs: int = 20
    optimiser: Optimiser = "adam"
    learning_rate: float = 0.001
    momentum: float = 0.9
    weight_decay: float = 0.0


class ContrastiveDivergence(Plain, frozen=True, tag="contrastive-divergence"):
    """CD-k on one Boltzmann machine `block` (an id path joined by "/"); everything before it stays fixed.

    `persistent`: the model speaks through chains that go on from step to step. A deep Boltzmann machine then learns all
    its layers together, else one after the other, each in its share of the epochs.
    """

    block: str
    epochs: int = 10
    learning_rate: float = 0.1
    k: int = 1
    momentum: float = 0.5
    weight_decay: float = 0.0002
    persistent: bool = False


Stage = Supervised | ContrastiveDivergence


class Plan(Plain, frozen=True):
    """Stages in order, and what they share. `threads` None: `default_threads()`, and a run records the number."""

    stages: tuple[Stage, ...] = (Supervised(),)
    batch_size: int = 64
    seed: int = 0
    threads: int | None = None
    device: str = "auto"


class DatasetRef(Plain, frozen=True):
    """A dataset by name, or a folder of files; `split` is train, validation, test.

    A set with its own test part keeps it. `split_seed` is not the plan's: another seed keeps the test set.
    `standardise` subtracts μ and divides by σ of the training part, per field of values.
    """

    name: str
    folder: str | None = None
    hash: str | None = None
    split: tuple[float, float, float] = (0.7, 0.15, 0.15)
    split_seed: int = 0
    standardise: bool = False


class ViewSpec(Plain, frozen=True):
    """A live view: its kind (`loss`, `accuracy`, `filters`, `latent`, `boundary`, `predictions`) and block."""

    id: str
    kind: str
    block: str | None = None
    options: dict[str, bool | int | float | str] = {}


class Settings(Plain, frozen=True):
    """What a project holds beside its graph: one frozen value in the document, undone like any edit."""

    plan: Plan = Plan()
    datasets: tuple[DatasetRef, ...] = ()
    views: tuple[ViewSpec, ...] = ()
    title: str = ""
    about: str = ""
    tries: tuple[str, ...] = ()


class TrainingRequest(Plain, frozen=True):
    """What Run freezes and sends. `weights` is a checkpoint file to start from; `resume` continues its run."""

    run: str
    graph: Graph
    plan: Plan
    datasets: tuple[DatasetRef, ...]
    weights: str | None = None
    resume: bool = False
    checkpoint_folder: str | None = None


def unknown_optimiser(fault: Exception) -> str | None:
    """The optimiser that settings name and that there is not, if that is why they do not decode."""
    found = _UNKNOWN.fullmatch(str(fault))
    return found[1] if found else None


def default_threads() -> int:
    """Threads for training where a plan names none: all cores but one, at least one."""
    return max(1, (os.cpu_count() or 2) - 1)


def set_batch_size(settings: Settings, value: int) -> Settings:
    """The settings with another batch size."""
    return replace(settings, plan=replace(settings.plan, batch_size=value))


def set_device(settings: Settings, value: str) -> Settings:
    """The settings with another device: `auto`, `cpu`, `cuda` …"""
    return replace(settings, plan=replace(settings.plan, device=value))


def set_stage(settings: Settings, index: int, stage: Stage) -> Settings:
    """The settings with stage `index` replaced."""
    stages = list(settings.plan.stages)
    stages[index] = stage
    return replace(settings, plan=replace(settings.plan, stages=tuple(stages)))


def remove_stage(settings: Settings, index: int) -> Settings:
    """The settings without stage `index`."""
    stages = settings.plan.stages
    return replace(settings, plan=replace(settings.plan, stages=(*stages[:index], *stages[index + 1 :])))


def set_learning_rate(settings: Settings, value: float, index: int = 0) -> Settings:
    """The settings with another learning rate in stage `index`."""
    return set_stage(settings, index, replace(settings.plan.stages[index], learning_rate=value))


def set_epochs(settings: Settings, value: int, index: int = 0) -> Settings:
    """The settings with another number of epochs in stage `index`."""
    return set_stage(settings, index, replace(settings.plan.stages[index], epochs=value))


def add_contrastive_divergence(settings: Settings, block: str) -> Settings:
    """The settings with CD-1 on `block` in place of supervised stages that have no loss to learn from."""
    kept = tuple(stage for stage in settings.plan.stages if not isinstance(stage, Supervised))
    return replace(settings, plan=replace(settings.plan, stages=(*kept, ContrastiveDivergence(block=block))))


def set_views(settings: Settings, views: tuple[ViewSpec, ...]) -> Settings:
    """The settings with other live views."""
    return replace(settings, views=views)
