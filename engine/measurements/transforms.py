"""From what a loss compares to what a person reads: probabilities, classes, numbers."""

from __future__ import annotations

from torch import Tensor

from engine.compile.network import Network, NetworkLoss
from engine.graph.problem import refused


def chosen_loss(network: Network, key: str) -> NetworkLoss:
    """The loss at the path `key`, else the first one, of those that read a prediction. Raises Refused `no-loss`."""
    losses = [loss for loss in network.losses if loss.prediction is not None]
    if not losses:
        raise refused("no-loss")
    return next((loss for loss in losses if loss.path == key), losses[0])


def transformed(prediction: Tensor, loss: NetworkLoss) -> Tensor:
    """Logits as probabilities (softmax over axis 1, sigmoid), values as they are."""
    if loss.transform == "softmax":
        return prediction.softmax(1)
    return prediction.sigmoid() if loss.transform == "sigmoid" else prediction
