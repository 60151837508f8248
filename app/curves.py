"""A run's history, and the one before it, as the arrays that a project file keeps."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import numpy as np

    from app.views.history import RunHistory

FACTS = "facts"
RUN, PREVIOUS = "run", "previous"


def curves_of(history: RunHistory | None, previous: RunHistory | None) -> dict[str, np.ndarray]:
    """Arrays by name: `run.losses`, `run.facts` (JSON as uint8) …, and the same under `previous.`."""
    import numpy as np

    arrays: dict[str, np.ndarray] = {}
    for name, told in ((RUN, history), (PREVIOUS, previous)):
        if told is not None and not told.is_empty:
            columns, facts = told.arrays()
            arrays.update((f"{name}.{key}", column) for key, column in columns.items())
            data = msgspec.json.encode(facts, order="sorted")
            arrays[f"{name}.{FACTS}"] = np.frombuffer(data, dtype=np.uint8)
    return arrays


def histories_of(curves: Mapping[str, np.ndarray]) -> tuple[RunHistory | None, RunHistory | None]:
    """The history and the previous one that `curves_of` wrote; None where there is none, or it cannot be read."""
    return _history(curves, RUN), _history(curves, PREVIOUS)


def trained_further(curves: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same for weights that were trained further than the last checkpoint these tell of; takes microseconds."""
    import numpy as np

    arrays, key = dict(curves), f"{RUN}.{FACTS}"
    if key in arrays:
        with suppress(msgspec.MsgspecError):
            facts = msgspec.json.decode(arrays[key].tobytes(), type=dict[str, object])
            data = msgspec.json.encode({**facts, "checkpoint_step": None}, order="sorted")
            arrays[key] = np.frombuffer(data, dtype=np.uint8)
    return arrays


def _history(curves: Mapping[str, np.ndarray], name: str) -> RunHistory | None:
    prefix = f"{name}."
    arrays = {key.removeprefix(prefix): array for key, array in curves.items() if key.startswith(prefix)}
    facts = arrays.pop(FACTS, None)
    if facts is None:
        return None
    from app.views.history import RunHistory

    try:
        return RunHistory.from_arrays(arrays, msgspec.json.decode(facts.tobytes(), type=dict[str, object]))
    except (ValueError, TypeError, KeyError, msgspec.MsgspecError):
        return None
