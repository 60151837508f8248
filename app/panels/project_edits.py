"""What the panels need of the engine's settings, handed in by the workspace: panels import no plan and no dataset."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ProjectEdits:
    """Makers of settings values, and facts of this machine.

    `new_supervised()` and `new_contrastive_divergence(block=…)` make a stage, `new_dataset(name=…, folder=…)` a
    reference. `optimisers` are the names that a supervised stage takes, `devices` what is on this machine.
    `titles` says how people read a device or an optimiser.
    """

    new_supervised: Callable[..., Any]
    new_contrastive_divergence: Callable[..., Any]
    new_dataset: Callable[..., Any]
    default_threads: int = 1
    optimisers: tuple[str, ...] = ("adam", "sgd")
    devices: tuple[str, ...] = ("cpu",)
    titles: Mapping[str, str] = field(
        default_factory=lambda: {"adam": "Adam", "sgd": "SGD", "cpu": "CPU", "auto": "Automatic"}
    )
