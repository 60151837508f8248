"""What a network makes of samples that somebody hands it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.compile.network import Network
from engine.data.batches import DeviceData
from engine.graph.problem import fault_words, refused
from engine.training.modes import evaluating

Arrays = Mapping[str, npt.NDArray[Any]]


def predict(network: Network, data: Mapping[str, DeviceData], inputs: Arrays) -> dict[str, npt.NDArray[Any]]:
    """The network's predictions for samples by input key "block/field", each N×(shape of one sample).

    Returns them by the name of the loss, transformed as it says (softmax, sigmoid, none); where no loss predicts, the
    outputs that nothing reads but losses, by the name of their block: float32, N×…. Values are standardised as in
    training. Runs in eval mode, without gradients, and leaves modes as they were. Raises Refused `no-field-input`.
    """
    wanted = predicted_ports(network)
    part = network.slice(tuple(port for port, _ in wanted.values()))
    tensors = tuple(_tensor(network, data, inputs, key) for key in part.inputs)
    if len({len(tensor) for tensor in tensors}) > 1:
        raise refused(
            "no-field-input", file=part.inputs[0], reason="the inputs differ in their number of samples", hint=""
        )
    with evaluating(network), torch.no_grad():
        try:
            outputs = part.module(*tensors)
        except (RuntimeError, ValueError, IndexError) as fault:
            raise refused("no-field-input", file=part.inputs[0], reason=fault_words(fault), hint="") from fault
        pairs = zip(wanted.items(), outputs, strict=True)
        return {name: _transformed(output, how).float().cpu().numpy() for (name, (_, how)), output in pairs}


def predicted_ports(network: Network) -> dict[str, tuple[str, str]]:
    """What `predict` returns, by name: the port key and the transform (softmax, sigmoid, none)."""
    predicting: dict[str, tuple[str, str]] = {
        loss.name: (loss.prediction, loss.transform) for loss in network.losses if loss.prediction is not None
    }
    if predicting:
        return predicting
    calls = [call for call in network.program.calls if call.type.role != "loss"]
    read = {source for call in calls for source in call.sources}
    return {
        call.block.name: (call.outputs[0], "none")
        for call in calls
        if call.outputs and not read.intersection(call.outputs)
    }


def needed_inputs(network: Network) -> tuple[str, ...]:
    """The keys "block/field" of the inputs that `predict` asks for."""
    return network.slice(tuple(port for port, _ in predicted_ports(network).values())).inputs


def _tensor(network: Network, data: Mapping[str, DeviceData], inputs: Arrays, key: str) -> Tensor:
    known = next(known for known in network.inputs if known.key == key)
    if key not in inputs:
        raise refused("no-field-input", file=key, reason="nothing was given for it", hint="")
    spec = network.program.specs[key]
    array = np.asarray(inputs[key])
    sample = tuple(length for length in spec.shape[1:])
    fits = array.ndim == spec.rank and all(
        not isinstance(length, int) or length == given for length, given in zip(sample, array.shape[1:], strict=True)
    )
    if not fits:
        received = "×".join(map(str, array.shape))
        raise refused("no-field-input", file=key, reason=f"it expects {spec} but receives {received}", hint="")
    tensor = torch.from_numpy(np.array(array)).to(network.device, getattr(torch, spec.dtype))
    held = data.get(known.dataset)
    if held is not None and known.field in held.dataset.moments:
        mean, deviation = (torch.from_numpy(part).to(tensor.device) for part in held.dataset.moments[known.field])
        tensor = (tensor - mean) / deviation
    return tensor


def _transformed(output: Tensor, transform: str) -> Tensor:
    if transform == "softmax":
        return torch.softmax(output, dim=1)
    return torch.sigmoid(output) if transform == "sigmoid" else output
