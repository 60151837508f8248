"""The first rows of the training part as pictures."""

from __future__ import annotations

import numpy as np
import torch

from engine.measurements.results import Ask
from engine.measurements.subject import Subject, block_refused, dataset_pictures, labels_and_data

Arrays = dict[str, np.ndarray]


def measure_samples(subject: Subject, ask: Ask) -> Arrays:
    """The answer to a `samples` ask. Raises Refused: `no-pictures`, `no-dataset`, `no-fields`."""
    data, label_field = labels_and_data(subject, ask.block or None)
    rows = data.rows("train")[: max(ask.count, 1)]
    pictures = dataset_pictures(data, rows)
    if pictures is None:
        raise block_refused("no-pictures", subject.network, ask.block or subject.network.inputs[0].block)
    labels = data.tensors[label_field][rows] if label_field else torch.full_like(rows, -1)
    return {"pictures": pictures.numpy(), "labels": labels.cpu().numpy().astype(np.int64)}
