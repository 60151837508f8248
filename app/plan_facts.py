"""What follows from a plan on this machine: how many samples, how long, what the inspector can offer."""

from __future__ import annotations

from app.panels.project_edits import ProjectEdits
from app.wording import device_words
from engine.data.catalogue import DATASETS
from engine.data.split_counts import rows_to_train
from engine.graph.analysis import Analysis
from engine.training.plan import (
    ContrastiveDivergence,
    DatasetRef,
    Plan,
    Settings,
    Supervised,
    default_threads,
)


def speed_key(analysis: Analysis, plan: Plan) -> str:
    """Drawings of the same key train at the same rate on one machine."""
    total = analysis.total
    return f"{total.parameters}-{total.multiply_adds}-{plan.batch_size}-{plan.device}"


def training_samples(settings: Settings) -> int:
    """How many samples an epoch has; 0 where it is not known."""
    if not settings.datasets:
        return 0
    dataset = settings.datasets[0]
    info = DATASETS.get(dataset.name)
    return rows_to_train(info, dataset) if info is not None else 0


def estimate_s(settings: Settings, samples_per_second: float | None) -> float | None:
    """How long the plan takes at a rate; None where something is not known."""
    samples = training_samples(settings)
    if not samples or not samples_per_second:
        return None
    return sum(stage.epochs for stage in settings.plan.stages) * samples / samples_per_second


def project_edits(devices: tuple[str, ...]) -> ProjectEdits:
    """What the inspector needs to change plan and data."""
    named = {device: device_words(device) for device in devices}
    return ProjectEdits(
        new_supervised=Supervised,
        new_contrastive_divergence=ContrastiveDivergence,
        new_dataset=DatasetRef,
        default_threads=default_threads(),
        devices=devices,
        titles={"adam": "Adam", "sgd": "SGD", "auto": "Automatic", **named},
    )
