"""Answers what views ask: the arrays told in `results.py`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.measurements.boundary import measure_boundary
from engine.measurements.curve import measure_curve
from engine.measurements.filters import measure_filters
from engine.measurements.latent import measure_latent
from engine.measurements.predictions import measure_predictions
from engine.measurements.preview import measure_preview
from engine.measurements.results import Ask
from engine.measurements.samples import measure_samples
from engine.measurements.subject import Subject, quietly

_KINDS: dict[str, Callable[[Subject, Ask], dict[str, np.ndarray]]] = {
    "boundary": measure_boundary,
    "curve": measure_curve,
    "filters": measure_filters,
    "latent": measure_latent,
    "predictions": measure_predictions,
    "preview": measure_preview,
    "samples": measure_samples,
}


def measure(session: Subject, ask: Ask) -> dict[str, np.ndarray]:
    """The answer to `ask`: copies on the CPU, C order. Raises Refused.

    Leaves no trace: mode, gradients, running statistics and the global random state are as before, so training goes on
    with the same bits whether measured or not. Call it on the loop's thread, between steps.
    """
    with quietly(session.network):
        answer = _KINDS[ask.kind](session, ask)
    return {name: np.array(array, order="C") for name, array in answer.items()}
