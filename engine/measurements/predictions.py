"""What the network says beside what is true."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from engine.compile.network import NetworkLoss
from engine.data.batches import DeviceData
from engine.measurements.results import Ask
from engine.measurements.subject import (
    Subject,
    data_of,
    dataset_pictures,
    grey,
    is_finished,
    labels_and_data,
    origin,
    outputs,
    part_length,
    picture_shape,
    spread,
    unstandardised,
)
from engine.measurements.transforms import chosen_loss, transformed

Arrays = dict[str, np.ndarray]

_LIVE_ROWS = 1000  # looked at while training goes on, so that a large validation part does not hold it up
_MOST_NUMBERS = 1000


def measure_predictions(subject: Subject, ask: Ask) -> Arrays:
    """The answer to a `predictions` ask. Raises Refused: `no-loss`, `no-dataset`."""
    loss = chosen_loss(subject.network, ask.block)
    part = "test" if is_finished(subject) else "validation"
    length = part_length(subject, part)
    positions = spread(length, length if part == "test" else _LIVE_ROWS)
    assert loss.prediction is not None
    assert loss.target is not None
    assert loss.target_spec is not None
    is_class = loss.transform != "none" and loss.target_spec.dtype in ("int64", "bool")
    if not is_class:
        positions = spread(length, min(max(ask.count, 1), _MOST_NUMBERS))
    prediction, target = outputs(subject, (loss.prediction, loss.target), part, positions)
    if is_class:
        return _classes(subject, loss, part, positions, prediction, target, ask.count)
    return _numbers(subject, loss, transformed(prediction, loss), target)


def _classes(
    subject: Subject,
    loss: NetworkLoss,
    part: str,
    positions: Tensor,
    prediction: Tensor,
    target: Tensor,
    count: int,
) -> Arrays:
    values = transformed(prediction, loss)
    if loss.transform == "softmax":
        probability, predicted = values.max(1)
    else:
        predicted = (values > 0.5).long()
        probability = torch.maximum(values, 1 - values)
    each = target[0].numel() if len(target) else 1  # labels a sample
    true, predicted, probability = (tensor.reshape(-1).cpu() for tensor in (target, predicted, probability))
    wrong = true != predicted
    certainty = torch.nan_to_num(probability, nan=0.0)
    # Where most is to be learnt: the surest of the wrong ones, then the least sure of the right ones.
    telling = torch.where(wrong, -certainty, certainty)
    order = torch.from_numpy(np.lexsort((telling.numpy(), ~wrong.numpy())))[: max(count, 1)]
    data, _ = labels_and_data(subject)
    rows = data.rows(part).cpu()[positions].repeat_interleave(each)[order]
    answer = {
        "true": true[order].long().numpy(),
        "predicted": predicted[order].numpy(),
        "probability": probability[order].float().numpy(),
        "rows": rows.numpy(),
        "wrong": np.asarray(int(wrong.sum()), np.int64),
        "count": np.asarray(len(true), np.int64),
    }
    pictures = dataset_pictures(data, rows)
    if pictures is not None:
        answer["pictures"] = pictures.numpy()
        return answer
    read = _values_read(subject, data, rows)
    if read is not None:
        answer["values"] = read
    return answer


def _values_read(subject: Subject, data: DeviceData, rows: Tensor) -> np.ndarray | None:
    """The first field of numbers that the network reads of these rows, M×F or M×T×C float32; None without one."""
    for source in subject.network.inputs:
        known = data_of(subject, source) is data and source.field != data.dataset.label_field
        values = data.dataset.arrays.get(source.field) if known else None
        if values is not None and values.ndim in (2, 3) and values.dtype.kind == "f":
            return np.asarray(values[rows.numpy()], np.float32)
    return None


def _numbers(subject: Subject, loss: NetworkLoss, prediction: Tensor, target: Tensor) -> Arrays:
    network = subject.network
    assert loss.target is not None
    prediction, target = prediction.float(), target.float().reshape(prediction.shape)
    source = origin(network, loss.target)
    if source is not None:
        prediction, target = (unstandardised(subject, source, values) for values in (prediction, target))
    answer = {
        "true": target.reshape(-1)[:_MOST_NUMBERS].cpu().numpy(),
        "predicted": prediction.reshape(-1)[:_MOST_NUMBERS].cpu().numpy(),
    }
    shape = picture_shape(network, loss.target) if source is not None else None
    if shape is not None:
        for name, values in (("pictures", target), ("rebuilt", prediction)):
            answer[name] = grey(values.reshape(-1, *shape)).clamp(0, 1).cpu().numpy()
    return answer
